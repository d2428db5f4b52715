#include "config/rules.h"

#include <stdio.h>
#include <string.h>

#include "config/admin_check.h"
#include "config/equal_routes.h"
#include "config/nearest.h"
#include "config/route_check.h"

enum {
	PATH_SIZE = 128,      /* the longest: `clusters.` and a name of 64 */
	LONG_PATH_SIZE = 384, /* `listeners[63].tls.names.`, a name of 253, and a key */
};

static bool is_given(struct config_text text)
{
	return text.text.data != NULL;
}

/* The text, or "" for one that is not given. */
static const char *string_of(struct config_text text)
{
	return text.text.data ? text.text.data : "";
}

/* The item of a list that stands in the file under this key. */
static const struct node *item_of(const struct node *root, struct span key, size_t index)
{
	const struct node *list = node_child(root, key);
	const struct node *item = list ? list->first : NULL;

	while (item && index-- > 0)
		item = item->next;
	return item;
}

/* The place of a key of `map`, or `otherwise` if it is not there. */
static struct place key_place(const struct node *map, struct span key, struct place otherwise)
{
	const struct node *child = node_child(map, key);

	return child ? child->key_place : otherwise;
}

/* False if there are clusters, but none could be decoded: then nothing is known about names. */
static bool clusters_are_known(const struct config *config, const struct node *root)
{
	const struct node *clusters = node_child(root, SPAN("clusters"));

	return config->cluster_count > 0 || !clusters || node_is_nothing(clusters) ||
	       (clusters->kind == NODE_MAP && clusters->count == 0);
}

static bool find_cluster(const struct config *config, struct span name, size_t *ret_index)
{
	for (size_t i = 0; i < config->cluster_count; i++) {
		if (!span_equal(config->clusters[i].name.text, name))
			continue;
		*ret_index = i;
		return true;
	}
	return false;
}

static void check_route_clusters(struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->route_count; i++) {
		struct config_route *route = &config->routes[i];
		struct nearest nearest;
		char path[PATH_SIZE];

		if (!is_given(route->cluster) ||
		    find_cluster(config, route->cluster.text, &route->cluster_index))
			continue;
		nearest_init(&nearest, route->cluster.text);
		for (size_t j = 0; j < config->cluster_count; j++)
			nearest_offer(&nearest, config->clusters[j].name.text);
		(void)snprintf(path, sizeof(path), "routes[%zu].cluster", i);
		diagnostics_error_suggest(diagnostics, route->cluster.place, path, nearest.best,
		                          "unknown cluster \"%s\"%s", string_of(route->cluster),
		                          config->cluster_count == 0 ? "; there are no clusters" : "");
	}
}

static bool asks(const struct config_client_certificates *clients)
{
	return clients && clients->mode > CONFIG_CLIENT_NONE;
}

/* `keys`: what leads to it, such as `listeners[0].tls`. */
static void check_client_certificates(const struct config_client_certificates *clients,
                                      const char *keys, struct diagnostics *diagnostics)
{
	char path[LONG_PATH_SIZE];

	if (!clients)
		return;
	(void)snprintf(path, sizeof(path), "%s.client_certificates", keys);
	if (asks(clients) && !is_given(clients->ca))
		diagnostics_error(diagnostics, clients->place, path,
		                  "ca is missing: the CA certificates that clients may be certified by");
	if (clients->mode == CONFIG_CLIENT_NONE && (is_given(clients->ca) || is_given(clients->crl)))
		diagnostics_error(
			diagnostics, clients->place, path,
			"with mode none nobody is asked for a certificate, so there is no use for "
			"ca and crl");
}

static void check_ticket_keys(const struct config_tls *tls, size_t index,
                              struct diagnostics *diagnostics)
{
	char path[PATH_SIZE];

	if (!tls->ticket_keys || tls->tickets)
		return;
	(void)snprintf(path, sizeof(path), "listeners[%zu].tls.ticket_keys", index);
	diagnostics_error(diagnostics, tls->ticket_keys->place, path,
	                  "this listener gives no tickets (tickets: false)");
}

static void check_tls(const struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_tls *tls = config->listeners[i].tls;
		char path[LONG_PATH_SIZE];

		if (!tls)
			continue;
		(void)snprintf(path, sizeof(path), "listeners[%zu].tls", i);
		check_client_certificates(tls->client_certificates, path, diagnostics);
		check_ticket_keys(tls, i, diagnostics);
		for (size_t j = 0; j < tls->name_count; j++) {
			(void)snprintf(path, sizeof(path), "listeners[%zu].tls.names.%s", i,
			               string_of(tls->names[j].name));
			check_client_certificates(tls->names[j].client_certificates, path, diagnostics);
		}
	}
}

static bool asks_for_certificates(const struct config_tls *tls)
{
	bool found = asks(tls->client_certificates);

	for (size_t i = 0; i < tls->name_count; i++)
		found = found || asks(tls->names[i].client_certificates);
	return found;
}

/* Routes are those of all listeners: a plain one is a way around. */
static void check_ways_around(const struct config *config, struct diagnostics *diagnostics)
{
	bool is_asked = false;

	for (size_t i = 0; i < config->listener_count; i++)
		is_asked = is_asked ||
		           (config->listeners[i].tls && asks_for_certificates(config->listeners[i].tls));
	for (size_t i = 0; i < config->listener_count && is_asked; i++) {
		const struct config_listener *listener = &config->listeners[i];
		char path[PATH_SIZE];

		if (listener->tls || listener->redirect_to_https)
			continue;
		(void)snprintf(path, sizeof(path), "listeners[%zu]", i);
		diagnostics_warning(diagnostics, listener->place, path,
		                    "whoever comes this way gets everywhere without a client certificate, "
		                    "which another listener asks for; redirect_to_https?");
	}
}

static bool only_redirects(const struct config *config)
{
	for (size_t i = 0; i < config->listener_count; i++)
		if (!config->listeners[i].redirect_to_https)
			return false;
	return true;
}

static void check_routes_exist(const struct config *config, const struct node *root,
                               struct diagnostics *diagnostics)
{
	const struct node *routes = node_child(root, SPAN("routes"));
	struct place place = {.line = 1, .column = 1, .length = 1};

	if (config->route_count > 0 || only_redirects(config))
		return;
	if (routes && !node_is_nothing(routes) && !(routes->kind == NODE_LIST && routes->count == 0))
		return; /* there are some that could not be decoded */
	diagnostics_error(diagnostics, routes ? routes->key_place : place, "routes",
	                  "at least one route is needed, unless all listeners redirect to HTTPS");
}

static void check_equal_listeners(const struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *listener = &config->listeners[i];
		char path[PATH_SIZE];

		for (size_t j = 0; j < i && is_given(listener->address_text); j++) {
			const struct config_listener *first = &config->listeners[j];

			if (!is_given(first->address_text) ||
			    !address_equal(&listener->address, &first->address))
				continue;
			(void)snprintf(path, sizeof(path), "listeners[%zu].address", i);
			diagnostics_error(diagnostics, listener->address_text.place, path,
			                  "the same address as the listener on line %u",
			                  first->address_text.place.line);
			break;
		}
	}
}

static void check_acme_cluster(const struct config *config, struct config_acme_challenge *acme,
                               size_t listener, struct diagnostics *diagnostics)
{
	struct nearest nearest;
	char path[PATH_SIZE];

	if (find_cluster(config, acme->cluster.text, &acme->cluster_index))
		return;
	nearest_init(&nearest, acme->cluster.text);
	for (size_t i = 0; i < config->cluster_count; i++)
		nearest_offer(&nearest, config->clusters[i].name.text);
	(void)snprintf(path, sizeof(path), "listeners[%zu].acme_challenge.cluster", listener);
	diagnostics_error_suggest(diagnostics, acme->cluster.place, path, nearest.best,
	                          "unknown cluster \"%s\"%s", string_of(acme->cluster),
	                          config->cluster_count == 0 ? "; there are no clusters" : "");
}

/* Either the one or the other; a value that is wrong has been told. */
static void check_acme(struct config *config, const struct node *root,
                       struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		struct config_acme_challenge *acme = config->listeners[i].acme_challenge;
		const struct node *node =
			node_child(item_of(root, SPAN("listeners"), i), SPAN("acme_challenge"));
		bool has_directory = node && node_child(node, SPAN("directory"));
		bool has_cluster = node && node_child(node, SPAN("cluster"));
		char path[PATH_SIZE];

		if (!acme)
			continue;
		(void)snprintf(path, sizeof(path), "listeners[%zu].acme_challenge", i);
		if (has_directory == has_cluster)
			diagnostics_error(diagnostics, acme->place, path,
			                  has_cluster ? "either directory or cluster, not both"
			                              : "directory or cluster is missing: who has the answers");
		else if (is_given(acme->cluster) && clusters_are_known(config, root))
			check_acme_cluster(config, acme, i, diagnostics);
	}
}

static bool has_tls(const struct config *config)
{
	for (size_t i = 0; i < config->listener_count; i++)
		if (config->listeners[i].tls)
			return true;
	return false;
}

static void check_redirects(const struct config *config, const struct node *root,
                            struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *listener = &config->listeners[i];
		struct place place = key_place(item_of(root, SPAN("listeners"), i),
		                               SPAN("redirect_to_https"), listener->place);
		char path[PATH_SIZE];

		if (!listener->redirect_to_https)
			continue;
		(void)snprintf(path, sizeof(path), "listeners[%zu].redirect_to_https", i);
		if (listener->tls)
			diagnostics_error(diagnostics, place, path, "a listener with tls speaks HTTPS already");
		else if (!has_tls(config))
			diagnostics_warning(diagnostics, place, path,
			                    "no listener here speaks HTTPS; clients are sent to another "
			                    "server's port 443");
	}
}

static void check_hsts(const struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->route_count && !has_tls(config); i++) {
		char path[PATH_SIZE];

		if (!config->routes[i].hsts)
			continue;
		(void)snprintf(path, sizeof(path), "routes[%zu].hsts", i);
		diagnostics_warning(diagnostics, config->routes[i].hsts->place, path,
		                    "this is said over HTTPS only (RFC 6797 §7.2), and no listener here "
		                    "speaks it");
	}
}

static bool is_used(const struct config *config, struct span name)
{
	for (size_t i = 0; i < config->route_count; i++)
		if (is_given(config->routes[i].cluster) && span_equal(config->routes[i].cluster.text, name))
			return true;
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_acme_challenge *acme = config->listeners[i].acme_challenge;

		if (acme && is_given(acme->cluster) && span_equal(acme->cluster.text, name))
			return true;
	}
	return false;
}

static void check_unused_clusters(const struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->cluster_count; i++) {
		const struct config_cluster *cluster = &config->clusters[i];
		char path[PATH_SIZE];

		if (!is_given(cluster->name) || is_used(config, cluster->name.text))
			continue;
		(void)snprintf(path, sizeof(path), "clusters.%s", string_of(cluster->name));
		diagnostics_warning(diagnostics, cluster->place, path, "no route leads to this cluster");
	}
}

static bool is_on_this_host(const struct address *address)
{
	static const struct address_block loopback4 = {ADDRESS_IPV4, 8, {127}};
	static const struct address_block loopback6 = {ADDRESS_IPV6, 128, {[15] = 1}};

	return address_block_contains(&loopback4, address) ||
	       address_block_contains(&loopback6, address) ||
	       (address->kind == ADDRESS_NAME && strcmp(address->host, "localhost") == 0);
}

/* True for 0.0.0.0 and [::]. */
static bool is_any_address(const struct address *address)
{
	static const unsigned char zeros[16];

	return (address->kind == ADDRESS_IPV4 || address->kind == ADDRESS_IPV6) &&
	       memcmp(address->bytes, zeros, sizeof(zeros)) == 0;
}

static bool reaches(const struct address *backend, const struct address *listener)
{
	return address_equal(backend, listener) ||
	       (backend->port == listener->port && is_any_address(listener) &&
	        is_on_this_host(backend));
}

static void check_loop(const struct config *config, const struct config_cluster *cluster,
                       size_t index, struct diagnostics *diagnostics)
{
	const struct config_backend *backend = &cluster->backends[index];

	for (size_t i = 0; is_given(backend->address_text) && i < config->listener_count; i++) {
		const struct config_listener *listener = &config->listeners[i];
		char path[PATH_SIZE];

		if (!is_given(listener->address_text) || !reaches(&backend->address, &listener->address))
			continue;
		(void)snprintf(path, sizeof(path), "clusters.%s.backends[%zu].address",
		               string_of(cluster->name), index);
		diagnostics_error(diagnostics, backend->address_text.place, path,
		                  "the proxy would connect to itself: this is the listener on line %u",
		                  listener->address_text.place.line);
		return;
	}
}

static void check_loops(const struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->cluster_count; i++)
		for (size_t j = 0; j < config->clusters[i].backend_count; j++)
			check_loop(config, &config->clusters[i], j, diagnostics);
}

/* A part can not be larger than the whole; a part's default gives way to a small whole. */
static void check_part(const struct node *part, uint64_t *size, uint64_t whole, const char *path,
                       const char *why, struct diagnostics *diagnostics)
{
	if (whole == 0 || *size <= whole)
		return; /* 0: it could not be decoded */
	if (part)
		diagnostics_error(diagnostics, part->place, path, "%s", why);
	else
		*size = whole;
}

static void check_limits(struct config *config, const struct node *root,
                         struct diagnostics *diagnostics)
{
	const struct node *node = node_child(root, SPAN("limits"));
	struct config_limits *limits = &config->limits;

	check_part(node_child(node, SPAN("target_size")), &limits->target_size, limits->head_size,
	           "limits.target_size",
	           "the target is a part of the head and can not be larger than head_size",
	           diagnostics);
	check_part(node_child(node, SPAN("handshakes_per_address")), &limits->handshakes_per_address,
	           limits->handshakes, "limits.handshakes_per_address",
	           "those of one address are a part of all and can not be more than handshakes",
	           diagnostics);
}

/* A unix socket's clients have no address by which they could be trusted. */
static void check_proxy_listeners(const struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *listener = &config->listeners[i];
		char path[PATH_SIZE];

		if (!listener->proxy_protocol || listener->address.kind != ADDRESS_UNIX ||
		    !is_given(listener->address_text))
			continue;
		(void)snprintf(path, sizeof(path), "listeners[%zu].proxy_protocol", i);
		diagnostics_error(diagnostics, listener->proxy_protocol->place, path,
		                  "who connects to a unix socket has no address that could be in \"from\"");
	}
}

/* What would be ignored is not taken. */
static void check_proxy_pools(const struct config *config, const struct node *root,
                              struct diagnostics *diagnostics)
{
	const struct node *clusters = node_child(root, SPAN("clusters"));

	for (size_t i = 0; i < config->cluster_count; i++) {
		const struct config_cluster *cluster = &config->clusters[i];
		const struct node *pool =
			node_child(node_child(clusters, cluster->name.text), SPAN("pool"));
		char path[PATH_SIZE];

		if (cluster->proxy_protocol == CONFIG_PROXY_OFF || !pool || node_is_nothing(pool))
			continue;
		(void)snprintf(path, sizeof(path), "clusters.%s.pool", string_of(cluster->name));
		diagnostics_error(diagnostics, pool->key_place, path,
		                  "with proxy_protocol there is no pool: each connection is one client's");
	}
}

/* Each with its node, which stands in the same place of the list. */
static void check_routes(struct config *config, const struct node *root,
                         struct diagnostics *diagnostics)
{
	const struct node *node = item_of(root, SPAN("routes"), 0);

	for (size_t i = 0; i < config->route_count; i++, node = node ? node->next : NULL)
		route_check(config, i, node, diagnostics);
}

enum error rules_check(struct config *config, const struct node *root,
                       struct diagnostics *diagnostics)
{
	check_equal_listeners(config, diagnostics);
	check_redirects(config, root, diagnostics);
	check_acme(config, root, diagnostics);
	check_hsts(config, diagnostics);
	check_tls(config, diagnostics);
	check_ways_around(config, diagnostics);
	check_routes_exist(config, root, diagnostics);

	enum error error = equal_routes_check(config, item_of(root, SPAN("routes"), 0), diagnostics);

	if (error)
		return error;
	check_routes(config, root, diagnostics);
	route_check_error_pages(config->error_pages, config->error_page_count, "", diagnostics);
	if (clusters_are_known(config, root))
		check_route_clusters(config, diagnostics);
	check_loops(config, diagnostics);
	check_limits(config, root, diagnostics);
	check_proxy_listeners(config, diagnostics);
	check_proxy_pools(config, root, diagnostics);
	admin_check(config, clusters_are_known(config, root), diagnostics);
	if (diagnostics->errors == 0) /* else it may only be that a route is wrong */
		check_unused_clusters(config, diagnostics);
	return OK;
}
