#include "session/pinned.h"

void pinned_init(struct pinned *pinned)
{
	list_init(&pinned->links);
	pinned->count = 0;
}

static struct link *link_at(struct list *node)
{
	return LIST_OBJECT(node, struct link, node);
}

static struct link *take_out(struct pinned *pinned, struct link *link)
{
	list_remove(&link->node);
	pinned->count--;
	return link;
}

void pinned_drop(struct pinned *pinned)
{
	while (!list_is_empty(&pinned->links))
		link_drop(take_out(pinned, link_at(pinned->links.next)));
}

void pinned_keep(struct pinned *pinned, struct link *link, wire_event *on_event, void *owner)
{
	if (pinned->count == PINNED_MAX)
		link_drop(take_out(pinned, link_at(pinned->links.previous)));
	link_keep(link, on_event, owner);
	list_add_first(&pinned->links, &link->node);
	pinned->count++;
}

static struct link *find(struct pinned *pinned, const struct cluster *cluster)
{
	for (struct list *node = pinned->links.next; node != &pinned->links; node = node->next)
		if (link_at(node)->backend->cluster == cluster)
			return link_at(node);
	return NULL;
}

bool pinned_has(struct pinned *pinned, const struct cluster *cluster)
{
	return find(pinned, cluster) != NULL;
}

struct link *pinned_take(struct pinned *pinned, const struct cluster *cluster)
{
	struct link *link = find(pinned, cluster);

	return link ? take_out(pinned, link) : NULL;
}

void pinned_watch(struct pinned *pinned)
{
	for (struct list *node = pinned->links.next; node != &pinned->links; node = node->next)
		transport_want_read(&link_at(node)->transport, true);
}

bool pinned_is_broken(const struct pinned *pinned)
{
	for (struct list *node = pinned->links.next; node != &pinned->links; node = node->next)
		if (!link_is_clean(link_at(node)))
			return true;
	return false;
}
