#include "net/lookup.h"

#include <netdb.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/memory.h"
#include "net/loop_private.h"

/* Owner: libuv's loop, until its callback. */
struct lookup {
	uv_getaddrinfo_t request;
	lookup_done *on_done; /* NULL: cancelled */
	void *owner;
	uint16_t port;
};

static size_t collect(const struct addrinfo *info, uint16_t port, struct address *ret_addresses)
{
	size_t count = 0;

	for (; info && count < LOOKUP_ADDRESSES_MAX; info = info->ai_next) {
		if (info->ai_family != AF_INET && info->ai_family != AF_INET6)
			continue;
		if (address_from_socket(info->ai_addr, info->ai_addrlen, &ret_addresses[count]) == OK)
			ret_addresses[count++].port = port;
	}
	return count;
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *info)
{
	struct lookup *lookup = request->data;

	if (lookup->on_done) {
		struct address addresses[LOOKUP_ADDRESSES_MAX];
		size_t count = status == 0 ? collect(info, lookup->port, addresses) : 0;

		lookup->on_done(lookup->owner, count > 0 ? OK : ERROR_NAME_UNRESOLVED, addresses, count);
	}
	uv_freeaddrinfo(info);
	memory_free(lookup);
}

enum error lookup_start(struct loop *loop, const struct address *address, lookup_done *on_done,
                        void *owner, struct lookup **ret_lookup)
{
	struct lookup *lookup = memory_new(1, sizeof(*lookup));
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};

	check(address->kind == ADDRESS_NAME);
	if (!lookup)
		return ERROR_OUT_OF_MEMORY;
	lookup->on_done = on_done;
	lookup->owner = owner;
	lookup->port = address->port;
	lookup->request.data = lookup;
	if (uv_getaddrinfo(&loop->uv, &lookup->request, on_answer, address->host, NULL, &hints)) {
		memory_free(lookup);
		return ERROR_SYSTEM;
	}
	*ret_lookup = lookup;
	return OK;
}

void lookup_cancel(struct lookup *lookup)
{
	if (!lookup)
		return;
	lookup->on_done = NULL;
	(void)uv_cancel((uv_req_t *)&lookup->request);
}
