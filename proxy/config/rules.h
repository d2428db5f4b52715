/*
 * What must be true between the parts of a configuration, after each part was decoded by itself.
 */
#ifndef SALLYPORT_CONFIG_RULES_H
#define SALLYPORT_CONFIG_RULES_H

#include "config/config.h"
#include "config/document.h"

/*
 * Reports each broken rule, and resolves the routes' clusters (cluster_index). Parts that could not
 * be decoded are passed over in silence: they have been complained about. `root`: the document that
 * the configuration came from, for places. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error rules_check(struct config *config, const struct node *root,
                                  struct diagnostics *diagnostics);

#endif
