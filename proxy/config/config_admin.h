/*
 * The admin interface as the file has it.
 *
 * Owner: the configuration (config/config.h). Threads: immutable once loaded.
 */
#ifndef SALLYPORT_CONFIG_CONFIG_ADMIN_H
#define SALLYPORT_CONFIG_CONFIG_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "config/config_route.h" /* struct config_text */

/* When the proxy says that it is ready, as far as backends go. */
enum config_ready { CONFIG_READY_EVERY_CLUSTER, CONFIG_READY_ANY_CLUSTER, CONFIG_READY_ALWAYS };

struct config_admin {
	struct config_text address_text; /* `auto`, `off`, or: */
	struct address address;          /* a unix socket, or TCP of the loopback interface */
	struct config_text mode_text;    /* of the socket's file, octal */
	struct config_text user;         /* its owner; not given: ours */
	struct config_text group;
	struct {
		enum config_ready when;
		struct config_text *clusters; /* that count; none: all */
		size_t cluster_count;
		uint64_t connect_ms; /* for a backend to accept */
	} ready;
	uint64_t handshakes; /* failed ones that each worker remembers; 0: none */
	uint64_t sessions;   /* of each worker in one list */
	uint64_t connections;
	uint64_t head_size;
	uint64_t body_size;
	uint64_t timeout_ms;
	uint64_t worker_ms; /* for a worker to answer */
};

bool config_admin_is_auto(const struct config_admin *admin);
bool config_admin_is_off(const struct config_admin *admin);
/* The mode in its bits; false: it is not one. */
bool config_admin_mode(const struct config_admin *admin, unsigned *ret_mode);

#endif
