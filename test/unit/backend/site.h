/*
 * A configuration of one cluster whose backends are sockets of the test, the clusters made of it,
 * and a resolver that answers as the test tells it.
 */
#ifndef SALLYPORT_TEST_BACKEND_SITE_H
#define SALLYPORT_TEST_BACKEND_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/cluster.h"
#include "backend/link.h"

enum {
	SITE_BACKENDS_MAX = 4,
	SITE_IDLE_MAX = 3,
	SITE_IDLE_MS = 50000,
	SITE_AVOID_MS = 5000,
	SITE_RESOLVE_MS = 30000,
	SITE_SERIES_MAX = 100,
	SITE_SLACK_MS =
		2500, /* more than anything is late; more than the pause after a failed lookup */
};

extern struct config site_config;
extern struct config_cluster site_cluster_config;
extern struct config_backend site_backends[SITE_BACKENDS_MAX];
extern struct clusters *site_clusters;
extern struct cluster *site_cluster;
extern struct series_table *site_series;    /* where they count */
extern int site_sockets[SITE_BACKENDS_MAX]; /* where the backends listen */

/* For cmocka, around rig_set_up() and rig_tear_down(). */
int site_set_up(void **state);
int site_tear_down(void **state);
/* Makes the clusters, of the first `count` backends. */
void site_open(size_t count);
/* Closes them, if they still are open. */
void site_close(void);
/* The log's lines so far that hold the text. */
unsigned site_log_count(const char *text);

/* What the resolver says from now on; a NULL text: that there is no such name. */
void site_resolve_to(const char *address);
/* The resolver does not answer until it is let go on. */
void site_hold_resolver(bool held);
/* Times that it was asked so far. */
unsigned site_asked(void);

/* A user of links: counts their events. */
struct user {
	unsigned events;
};

void on_user_event(void *owner);

/* The link that a new exchange gets, connected. */
struct link *site_take(struct user *user);
/* As cluster_take() for an exchange under way. */
struct link *site_take_next(struct attempts *attempts, struct user *user);
/* The backend's end of a link that was just made. */
int site_accept(const struct link *link);
size_t site_index(const struct link *link);

#endif
