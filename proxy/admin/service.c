#include "admin/service.h"

#include "admin/connection.h"
#include "base/memory.h"
#include "net/listener.h"
#include "net/loop.h"

enum { FIELDS_MAX = 100 };

static bool may_accept(void *owner)
{
	struct service *service = owner;

	return service->connection_count < service->options.limits.connections;
}

static void on_accept(void *owner, int fd, const struct address *peer)
{
	struct service *service = owner;

	/* It has been closed then; there is nobody to tell. */
	if (connection_open(service, fd, peer->kind == ADDRESS_UNIX))
		return;
}

static void on_exhausted(void *owner, int system_error)
{
	(void)owner;
	(void)system_error;
}

static const struct listener_events events = {
	.may_accept = may_accept,
	.on_accept = on_accept,
	.on_exhausted = on_exhausted,
};

void service_set_limits(struct service *service, const struct service_limits *limits)
{
	service->options.limits = *limits;
	service->limits = (struct h1_limits){
		.head_size_max = limits->head_size,
		.field_count_max = FIELDS_MAX,
		.target_size_max = limits->head_size,
		.body_size_max = limits->body_size,
	};
}

enum error service_open(const struct service_options *options, struct service **ret_service)
{
	struct service *service = memory_new(1, sizeof(*service));

	if (!service)
		return ERROR_OUT_OF_MEMORY;
	service->options = *options;
	service_set_limits(service, &options->limits);
	list_init(&service->connections);

	enum error error =
		listener_open(options->loop, options->socket, &events, service, &service->listener);

	if (error) {
		memory_free(service);
		return error;
	}
	*ret_service = service;
	return OK;
}

void service_stop_accepting(struct service *service)
{
	listener_close(service->listener);
	service->listener = NULL;
}

void service_close(struct service *service)
{
	if (!service)
		return;
	service_stop_accepting(service);
	while (!list_is_empty(&service->connections))
		connection_close(service->connections.next);
	memory_free(service);
}
