/*
 * Loads configurations as the tests want them: in the folder /etc/sallyport, with a fixed
 * environment.
 */
#ifndef SALLYPORT_TEST_CONFIG_LOADING_H
#define SALLYPORT_TEST_CONFIG_LOADING_H

#include "base/span.h"
#include "config/config.h"

/* The environment of the tests: HOST, PORT, CLUSTER, NESTED, ONCE, EMPTY, EVIL. */
char *loading_lookup(const char *name);

/* config_load_text() with all that. */
MUST_CHECK enum error loading_load(const char *name, struct span source,
                                   struct diagnostics *diagnostics, struct config **ret_config);

/* Reads a file whole. Owner: the caller, until free(). Fails the test if there is none. */
struct span loading_read_file(const char *path);

#endif
