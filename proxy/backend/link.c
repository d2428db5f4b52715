#include "backend/link.h"

#include "base/memory.h"
#include "net/loop.h"

static struct clusters *clusters_of(const struct link *link)
{
	return link->backend->cluster->clusters;
}

static void on_idle_timeout(void *owner)
{
	link_drop(owner);
}

enum error link_new(struct backend *backend, wire_event *on_event, void *owner,
                    struct link **ret_link)
{
	struct clusters *clusters = backend->cluster->clusters;
	struct link *link = memory_new(1, sizeof(*link));
	struct wire *wire;

	if (!link)
		return ERROR_OUT_OF_MEMORY;

	enum error error = wire_connect(clusters->loop, clusters->pool, backend->addresses,
	                                backend->address_count, on_event, owner, &wire);

	if (error) {
		memory_free(link);
		return error;
	}
	transport_init(&link->transport, wire, NULL, clusters->pool);
	link->backend = backend;
	link->announced_ms = KEEP_ALIVE_UNKNOWN;
	list_init(&link->node);
	deadline_init(&link->idle_timeout, on_idle_timeout, link);
	clusters_ref(clusters);
	++*backend->metrics.connects;
	++*backend->metrics.open;
	backend->link_count++;
	*ret_link = link;
	return OK;
}

static void leave_pool(struct link *link)
{
	if (list_is_empty(&link->node))
		return;
	list_remove(&link->node);
	link->idle_ms = loop_now_ms(clusters_of(link)->loop) - link->idle_since_ms;
	link->backend->cluster->idle_count--;
	--*link->backend->metrics.idle;
	deadline_clear(&link->idle_timeout);
}

void link_wake(struct link *link, wire_event *on_event, void *owner)
{
	leave_pool(link);
	link->reused = true;
	wire_set_owner(link->transport.wire, on_event, owner);
}

bool link_is_clean(struct link *link)
{
	struct transport *transport = &link->transport;

	return transport_is_open(transport) && transport_is_flushed(transport) && !transport->error &&
	       !transport->end_wanted && !transport_out_failed(transport) &&
	       buffer_is_empty(transport_in(transport)) && !transport_in_ended(transport);
}

void link_note_response(struct link *link, const struct message *response)
{
	link->announced_ms = keep_alive_announced_ms(response);
}

void link_note_closed(struct link *link)
{
	leave_pool(link);
	keep_alive_note_close(&link->backend->keep_alive, link->idle_ms,
	                      loop_now_ms(clusters_of(link)->loop));
}

/* Whatever happens on an idle connection, it can not be used any more. */
static void on_idle_event(void *owner)
{
	struct link *link = owner;

	if (buffer_is_empty(transport_in(&link->transport)))
		link_note_closed(link);
	link_drop(link);
}

void link_keep(struct link *link, wire_event *on_event, void *owner)
{
	transport_rest(&link->transport);
	wire_set_owner(link->transport.wire, on_event, owner);
	transport_want_read(&link->transport, true);
}

struct link *link_oldest(const struct cluster *cluster)
{
	struct link *oldest = NULL;

	for (size_t i = 0; i < cluster->backend_count; i++) {
		struct list *idle = &cluster->backends[i].idle;

		if (list_is_empty(idle))
			continue;

		struct link *last = LIST_OBJECT(idle->previous, struct link, node);

		if (!oldest || last->idle_timeout.at_ms < oldest->idle_timeout.at_ms)
			oldest = last;
	}
	return oldest;
}

void link_give_back(struct link *link)
{
	struct cluster *cluster = link->backend->cluster;
	struct loop *loop = cluster->clusters->loop;
	uint64_t idle_max = cluster->config->pool.idle_max;
	uint64_t limit_ms =
		keep_alive_limit_ms(&link->backend->keep_alive, link->announced_ms, loop_now_ms(loop));

	bool is_one_clients = cluster->config->proxy_protocol != CONFIG_PROXY_OFF;

	if (limit_ms > cluster->config->pool.idle_timeout_ms)
		limit_ms = cluster->config->pool.idle_timeout_ms;
	if (!link_is_clean(link) || cluster->clusters->is_closed || idle_max == 0 || limit_ms == 0 ||
	    is_one_clients || link->backend->is_drained) {
		link_drop(link);
		return;
	}
	if (cluster->idle_count >= idle_max)
		link_drop(link_oldest(cluster));
	link_keep(link, on_idle_event, link);
	list_add_first(&link->backend->idle, &link->node);
	cluster->idle_count++;
	++*link->backend->metrics.idle;
	link->idle_since_ms = loop_now_ms(loop);
	loop_set_deadline(loop, &link->idle_timeout, limit_ms);
}

void link_drop(struct link *link)
{
	if (!link)
		return;

	struct clusters *clusters = clusters_of(link);

	leave_pool(link);
	--*link->backend->metrics.open;
	link->backend->link_count--;
	transport_done(&link->transport, false);
	memory_free(link);
	clusters_unref(clusters);
}
