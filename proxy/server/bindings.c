#include "server/bindings.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/listener.h"

/* Owner: the bindings. */
struct binding {
	struct list node;
	struct address address;
	int *sockets; /* one for each worker; -1: none */
};

void bindings_init(struct bindings *bindings, size_t worker_count)
{
	list_init(&bindings->all);
	bindings->worker_count = worker_count;
}

static void close_binding(struct bindings *bindings, struct binding *binding)
{
	for (size_t i = 0; binding->sockets && i < bindings->worker_count; i++)
		if (binding->sockets[i] >= 0)
			listener_unbind(&binding->address, binding->sockets[i], i == 0);
	list_remove(&binding->node);
	memory_free(binding->sockets);
	memory_free(binding);
}

void bindings_done(struct bindings *bindings)
{
	while (!list_is_empty(&bindings->all))
		close_binding(bindings, LIST_OBJECT(bindings->all.next, struct binding, node));
}

static struct binding *find(const struct bindings *bindings, const struct address *address)
{
	for (struct list *node = bindings->all.next; node != &bindings->all; node = node->next) {
		struct binding *binding = LIST_OBJECT(node, struct binding, node);

		if (binding->address.kind == address->kind && address_equal(&binding->address, address))
			return binding;
	}
	return NULL;
}

/* We have the port already, with another address, such as all of them: that it is not another
 * process that has it can not be asked of the kernel then. */
static bool has_port(const struct bindings *bindings, const struct address *address)
{
	for (struct list *node = bindings->all.next; node != &bindings->all; node = node->next) {
		const struct binding *binding = LIST_OBJECT(node, struct binding, node);

		if (binding->address.kind == address->kind && binding->address.port == address->port)
			return true;
	}
	return false;
}

/* A unix socket can not be bound twice: all workers accept on copies of one. */
static enum error bind_one(struct binding *binding, size_t worker, bool asks, int *ret_system_error)
{
	int *ret_socket = &binding->sockets[worker];

	if (binding->address.kind != ADDRESS_UNIX || worker == 0)
		return listener_bind(&binding->address, asks && worker == 0, ret_socket, ret_system_error);
	*ret_socket = dup(binding->sockets[0]);
	*ret_system_error = errno;
	return *ret_socket < 0 ? ERROR_SYSTEM : OK;
}

static enum error new_binding(struct bindings *bindings, const struct address *address,
                              struct text *why)
{
	struct binding *binding = memory_new(1, sizeof(*binding));
	bool asks = address->kind == ADDRESS_UNIX || !has_port(bindings, address);
	char text[ADDRESS_TEXT_SIZE];
	int system_error = 0;
	enum error error = OK;

	if (!binding)
		return ERROR_OUT_OF_MEMORY;
	binding->address = *address;
	list_add_last(&bindings->all, &binding->node);
	binding->sockets = memory_new(bindings->worker_count, sizeof(int));
	if (!binding->sockets)
		error = ERROR_OUT_OF_MEMORY;
	for (size_t i = 0; !error && i < bindings->worker_count; i++)
		binding->sockets[i] = -1;
	for (size_t i = 0; !error && i < bindings->worker_count; i++)
		error = bind_one(binding, i, asks, &system_error);
	if (error == ERROR_SYSTEM) {
		address_format(address, text, sizeof(text));
		text_printf(why, "can not listen on %s: %s", text, strerror(system_error));
	}
	if (error)
		close_binding(bindings, binding);
	return error;
}

static enum error bind_all(struct bindings *bindings, const struct setup *setup, struct text *why)
{
	enum error error = OK;

	for (size_t i = 0; i < setup->listener_count && !error; i++) {
		const struct address *address = &setup->listeners[i].config->address;

		if (!find(bindings, address))
			error = new_binding(bindings, address, why);
	}
	return error;
}

enum error bindings_open(struct bindings *bindings, const struct setup *setup, int **ret_sockets,
                         struct text *why)
{
	size_t count = setup->listener_count;
	int *sockets = memory_new(bindings->worker_count * count, sizeof(*sockets));
	struct list *last = bindings->all.previous;
	enum error error = sockets ? bind_all(bindings, setup, why) : ERROR_OUT_OF_MEMORY;

	if (error) {
		while (bindings->all.previous != last)
			close_binding(bindings, LIST_OBJECT(bindings->all.previous, struct binding, node));
		memory_free(sockets);
		return error;
	}
	for (size_t i = 0; i < count; i++) {
		const struct binding *binding = find(bindings, &setup->listeners[i].config->address);

		for (size_t worker = 0; worker < bindings->worker_count; worker++)
			sockets[worker * count + i] = binding->sockets[worker];
	}
	*ret_sockets = sockets;
	return OK;
}

static bool has_address(const struct setup *setup, const struct address *address)
{
	for (size_t i = 0; i < setup->listener_count; i++)
		if (setup->listeners[i].config->address.kind == address->kind &&
		    address_equal(&setup->listeners[i].config->address, address))
			return true;
	return false;
}

void bindings_keep(struct bindings *bindings, const struct setup *setup)
{
	for (struct list *node = bindings->all.next, *next; node != &bindings->all; node = next) {
		struct binding *binding = LIST_OBJECT(node, struct binding, node);

		next = node->next;
		if (!has_address(setup, &binding->address))
			close_binding(bindings, binding);
	}
}
