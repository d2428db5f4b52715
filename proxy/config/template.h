/*
 * A value with variables of the request: `https://${request.host}${request.target}`.
 */
#ifndef SALLYPORT_CONFIG_TEMPLATE_H
#define SALLYPORT_CONFIG_TEMPLATE_H

#include "base/error.h"
#include "config/schema.h"

enum { TEMPLATE_PIECES_MAX = 32 };

/*
 * Decodes a scalar into the struct config_template at `at`. An unknown variable is reported at its
 * place, with the nearest name that there is; the template is then left as it was.
 * ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error template_decode(struct schema_reader *reader, const struct node *node,
                                      void *at);

#endif
