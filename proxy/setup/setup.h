/*
 * What all workers share: the configuration, and everything compiled from it.
 *
 * Built whole and checked before anything uses it; immutable afterwards. A reload builds another
 * one; sessions keep the one that they began with.
 *
 * Owner: whoever holds a reference. Threads: shared by all; the counter is atomic.
 */
#ifndef SALLYPORT_SETUP_SETUP_H
#define SALLYPORT_SETUP_SETUP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/config.h"
#include "config/diagnostics.h"
#include "route/table.h"
#include "setup/material.h"
#include "setup/policies.h"
#include "setup/rules.h"
#include "setup/ticket_keys.h"
#include "tls/site.h"
#include "tls/tickets.h"

struct setup_listener {
	const struct config_listener *config;
	/* Only with TLS. */
	struct tls_sites *sites;         /* a reference */
	struct tls_tickets *tickets;     /* a reference; NULL: tickets are off */
	struct ticket_keys *ticket_keys; /* the file that they come from; NULL: from none */
};

struct setup {
	char *path;      /* of the file, as it was given */
	uint64_t number; /* 1 for the first that this process has loaded, then one more each */
	struct config *config;
	struct setup_policies *policies;
	struct materials materials; /* what it was loaded with; see server/renewal.h */
	struct route_table *routes;
	struct setup_rules rules;
	struct setup_listener *listeners;
	size_t listener_count;
	/* `:port` of the first listener with TLS, for redirects; empty for 443. NULL: there is none. */
	const char *https_port;
	char https_port_text[sizeof(":65535")];
	atomic_uint references;
};

/*
 * Loads the configuration and all files that it names. Errors and warnings go to `diagnostics`,
 * each with its place in the file. Needs tls_library_open(). Holds one reference.
 * ERROR_CONFIG: as told. ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error setup_load(const char *path, struct diagnostics *diagnostics,
                                 struct setup **ret_setup);
/*
 * Before anybody uses the setup that a reload has loaded: it goes on with the ticket keys of our
 * own that a listener with the same address and ticket_lifetime had, so that clients can still
 * resume, and with the counts of clients and requests of routes with the same host and path, so
 * that nobody gets more than a limit allows by a reload.
 */
void setup_inherit(struct setup *setup, const struct setup *before);
/* How many there are in this process: 1, unless connections from before a reload go on. A file that
 * is being loaded does not count. */
size_t setup_count_alive(void);
struct setup *setup_ref(struct setup *setup);
/* NULL is allowed. */
void setup_unref(struct setup *setup);

/* True if the address is in trusted_proxies. */
bool setup_trusts(const struct setup *setup, const struct address *peer);

#endif
