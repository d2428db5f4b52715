#include "unit/backend/site.h"

#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/net/peer.h"
#include "unit/net/rig.h"

struct config site_config;
struct config_cluster site_cluster_config;
struct config_backend site_backends[SITE_BACKENDS_MAX];
struct clusters *site_clusters;
struct cluster *site_cluster;
int site_sockets[SITE_BACKENDS_MAX];
struct series_table *site_series;

static struct log lines;
static struct log_sink *sink;
static char log_path[32];

/* --- The resolver: libuv finds this one before the system's ----------------------------------- */

static pthread_mutex_t resolver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resolver_freed = PTHREAD_COND_INITIALIZER;
static bool resolver_is_held;
static bool resolver_knows;
static struct address resolver_answer;
static unsigned resolver_asked;

/* glibc's own names of the parameters are reserved. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret_info)
{
	struct answer {
		struct addrinfo info;
		struct sockaddr_storage storage;
	} *answer = calloc(1, sizeof(*answer));
	bool knows;

	(void)node;
	(void)service;
	(void)hints;
	(void)pthread_mutex_lock(&resolver_lock);
	while (resolver_is_held)
		(void)pthread_cond_wait(&resolver_freed, &resolver_lock);
	resolver_asked++;
	knows = resolver_knows && answer;
	if (knows) {
		answer->info.ai_addrlen = address_to_socket(&resolver_answer, &answer->storage);
		answer->info.ai_addr = (struct sockaddr *)&answer->storage;
		answer->info.ai_family = answer->storage.ss_family;
		*ret_info = &answer->info;
	} else {
		free(answer);
	}
	(void)pthread_mutex_unlock(&resolver_lock);
	return knows ? 0 : EAI_NONAME;
}

/* glibc's own names of the parameters are reserved. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
void freeaddrinfo(struct addrinfo *info)
{
	free(info);
}

void site_resolve_to(const char *address)
{
	(void)pthread_mutex_lock(&resolver_lock);
	resolver_knows = address != NULL;
	if (address)
		assert_int_equal(address_parse(span_of_string(address), &resolver_answer), OK);
	(void)pthread_mutex_unlock(&resolver_lock);
}

void site_hold_resolver(bool held)
{
	(void)pthread_mutex_lock(&resolver_lock);
	resolver_is_held = held;
	(void)pthread_cond_broadcast(&resolver_freed);
	(void)pthread_mutex_unlock(&resolver_lock);
}

unsigned site_asked(void)
{
	unsigned asked;

	(void)pthread_mutex_lock(&resolver_lock);
	asked = resolver_asked;
	(void)pthread_mutex_unlock(&resolver_lock);
	return asked;
}

/* --- The site --------------------------------------------------------------------------------- */

static void open_log(void)
{
	int fd;

	(void)snprintf(log_path, sizeof(log_path), "/tmp/sallyport-log-XXXXXX");
	fd = mkstemp(log_path);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(log_sink_open(log_path, &sink), OK);
	log_init(&lines, sink, sink, LOG_JSON);
}

unsigned site_log_count(const char *text)
{
	char line[4096];
	unsigned count = 0;

	log_flush(&lines);

	FILE *file = fopen(log_path, "r");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		count += strstr(line, text) != NULL;
	(void)fclose(file);
	return count;
}

int site_set_up(void **state)
{
	if (rig_set_up(state))
		return -1;
	open_log();
	assert_int_equal(series_table_new(SITE_SERIES_MAX, &site_series), OK);
	resolver_asked = 0;
	site_resolve_to(NULL);
	for (size_t i = 0; i < SITE_BACKENDS_MAX; i++) {
		site_backends[i] = (struct config_backend){0};
		site_sockets[i] = peer_listen(&site_backends[i].address);
	}
	site_cluster_config = (struct config_cluster){
		.name.text = SPAN("app"),
		.backends = site_backends,
		.pool = {.idle_max = SITE_IDLE_MAX, .idle_timeout_ms = SITE_IDLE_MS},
		.retries = {.per_second = 1000},
		.timeouts = {.avoid_ms = SITE_AVOID_MS, .resolve_ms = SITE_RESOLVE_MS},
	};
	site_config = (struct config){.clusters = &site_cluster_config, .cluster_count = 1};
	return 0;
}

void site_open(size_t count)
{
	site_cluster_config.backend_count = count;
	assert_int_equal(
		clusters_new(rig_loop, &rig_pool, site_series, &lines, &site_config, &site_clusters), OK);
	site_cluster = &site_clusters->clusters[0];
}

void site_close(void)
{
	clusters_close(site_clusters);
	site_clusters = NULL;
	site_cluster = NULL;
}

int site_tear_down(void **state)
{
	site_hold_resolver(false);
	site_close();
	for (size_t i = 0; i < SITE_BACKENDS_MAX; i++)
		(void)close(site_sockets[i]);
	log_done(&lines);
	log_sink_close(sink);
	(void)unlink(log_path);
	series_table_free(site_series);
	site_series = NULL;
	return rig_tear_down(state);
}

void on_user_event(void *owner)
{
	((struct user *)owner)->events++;
}

struct link *site_take_next(struct attempts *attempts, struct user *user)
{
	struct link *link = NULL;

	assert_int_equal(cluster_take(site_cluster, attempts, false, on_user_event, user, &link), OK);
	if (!link->reused)
		RIG_UNTIL(link->transport.wire->phase != WIRE_CONNECTING);
	assert_int_equal(link->transport.wire->phase, WIRE_OPEN);
	return link;
}

struct link *site_take(struct user *user)
{
	struct attempts attempts;

	cluster_begin(site_cluster, &attempts);
	return site_take_next(&attempts, user);
}

size_t site_index(const struct link *link)
{
	return (size_t)(link->backend - site_cluster->backends);
}

int site_accept(const struct link *link)
{
	int listening = site_sockets[site_index(link)];

	assert_true(peer_is_asked(listening));
	return peer_accept(listening);
}
