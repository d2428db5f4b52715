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
	list_init(&link->node);
	deadline_init(&link->idle_timeout, on_idle_timeout, link);
	clusters->references++;
	*ret_link = link;
	return OK;
}

static void leave_pool(struct link *link)
{
	if (list_is_empty(&link->node))
		return;
	list_remove(&link->node);
	link->backend->cluster->idle_count--;
	deadline_clear(&link->idle_timeout);
}

void link_wake(struct link *link, wire_event *on_event, void *owner)
{
	leave_pool(link);
	link->reused = true;
	wire_set_owner(link->transport.wire, on_event, owner);
}

static bool is_clean(struct link *link)
{
	struct transport *transport = &link->transport;

	return transport_is_open(transport) && transport_is_flushed(transport) && !transport->error &&
	       !transport->end_wanted && !transport_out_failed(transport) &&
	       buffer_is_empty(transport_in(transport)) && !transport_in_ended(transport);
}

/* Whatever happens on an idle connection, it can not be used any more. */
static void on_idle_event(void *owner)
{
	link_drop(owner);
}

/* The link that has been idle longest, of any backend, makes room. */
static void drop_oldest(struct cluster *cluster)
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
	link_drop(oldest);
}

void link_give_back(struct link *link)
{
	struct cluster *cluster = link->backend->cluster;
	uint64_t idle_max = cluster->config->pool.idle_max;

	if (!is_clean(link) || cluster->clusters->is_closed || idle_max == 0) {
		link_drop(link);
		return;
	}
	if (cluster->idle_count >= idle_max)
		drop_oldest(cluster);
	transport_rest(&link->transport);
	wire_set_owner(link->transport.wire, on_idle_event, link);
	transport_want_read(&link->transport, true);
	list_add_first(&link->backend->idle, &link->node);
	cluster->idle_count++;
	loop_set_deadline(cluster->clusters->loop, &link->idle_timeout,
	                  cluster->config->pool.idle_timeout_ms);
}

void link_drop(struct link *link)
{
	if (!link)
		return;

	struct clusters *clusters = clusters_of(link);

	leave_pool(link);
	transport_done(&link->transport, false);
	memory_free(link);
	clusters_unref(clusters);
}
