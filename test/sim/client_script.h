/*
 * What a client is going to do, and its requests as bytes.
 */
#ifndef SALLYPORT_SIM_CLIENT_SCRIPT_H
#define SALLYPORT_SIM_CLIENT_SCRIPT_H

#include "sim/client.h"

/* Decides everything that is decided before the run. `body_limit`: limits.body_size, or 0. */
void client_script(struct client *client, struct ledger *ledger, uint64_t body_limit);
/* The request's bytes; *ret_head_size: of them, the head. */
void request_render(const struct request *request, struct random *random, struct bytes *ret_bytes,
                    size_t *ret_head_size);

#endif
