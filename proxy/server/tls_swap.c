#include "server/tls_swap.h"

#include "base/memory.h"

enum error tls_swap_new(struct setup *setup, size_t listener,
                        const struct tls_server_options *options, struct tls_swap **ret_swap)
{
	struct tls_swap *swap = memory_new(1, sizeof(*swap));

	if (!swap)
		return ERROR_OUT_OF_MEMORY;

	enum error error = tls_server_new(options, &swap->server);

	if (error) {
		memory_free(swap);
		return error;
	}
	list_init(&swap->post.node);
	swap->setup = setup_ref(setup);
	swap->listener = listener;
	*ret_swap = swap;
	return OK;
}

void tls_swap_free(struct tls_swap *swap)
{
	if (!swap)
		return;
	tls_server_unref(swap->server);
	setup_unref(swap->setup);
	memory_free(swap);
}

void tls_swap_into(struct tls_swap *swap, struct tls_server **place)
{
	struct tls_server *before = *place;

	tls_server_inherit(swap->server, before);
	*place = swap->server;
	swap->server = NULL;
	tls_server_unref(before);
}
