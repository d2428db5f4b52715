/*
 * What the configuration wants heads to be read by, as the readers of http/ take it.
 */
#ifndef SALLYPORT_SESSION_HEAD_RULES_H
#define SALLYPORT_SESSION_HEAD_RULES_H

#include "config/config.h"
#include "http/h1_head.h"

/* Of the requests that come in on this listener. */
struct h1_rules head_rules_of_requests(const struct config_listener *listener);
/* Of the responses that this cluster's backends give. */
struct h1_rules head_rules_of_responses(const struct config_cluster *cluster);

#endif
