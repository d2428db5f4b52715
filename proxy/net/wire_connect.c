/* Connecting: the addresses of a wire are tried in turn. */

#include "base/memory.h"
#include "net/loop.h"
#include "net/wire_private.h"

enum { ADDRESSES_MAX = 8 }; /* tried for one connection */

static bool try_next_address(struct owned_wire *w);

static enum error connect_error(int uv_status)
{
	if (uv_status == UV_EMFILE || uv_status == UV_ENFILE)
		return ERROR_NO_DESCRIPTOR;
	return uv_status == UV_ECONNREFUSED ? ERROR_CONNECT_REFUSED : ERROR_CONNECT_FAILED;
}

static void on_connect(uv_connect_t *request, int status)
{
	struct socket *socket = request->data;
	struct owned_wire *w = socket->wire;

	if (!w)
		return;
	if (status == 0) {
		memory_free(w->addresses);
		w->addresses = NULL;
		w->wire.phase = WIRE_OPEN;
		w->wire.system_error = 0; /* of an address before */
		w->wire.moved_ms = loop_now_ms(w->loop);
		wire_emit(w);
		return;
	}
	w->wire.system_error = -status;
	wire_abandon(w);
	if (!try_next_address(w)) {
		wire_fail(w, connect_error(status), status);
		wire_emit(w);
	}
}

static int connect_to(struct socket *socket, const struct address *address)
{
	socket->connect.data = socket;
	if (address->kind == ADDRESS_UNIX) {
		uv_pipe_connect(&socket->connect, &socket->uv.pipe, address->host, on_connect);
		return 0;
	}

	struct sockaddr_storage storage;

	(void)address_to_socket(address, &storage);

	int status = uv_tcp_connect(&socket->connect, &socket->uv.tcp,
	                            (const struct sockaddr *)&storage, on_connect);

	if (status == 0)
		(void)uv_tcp_nodelay(&socket->uv.tcp, 1);
	return status;
}

/* Begins to connect to the next address that lets us; false: none is left. */
static bool try_next_address(struct owned_wire *w)
{
	while (w->address_next < w->address_count) {
		const struct address *address = &w->addresses[w->address_next++];

		if (wire_open_socket(w, address->kind == ADDRESS_UNIX))
			continue;

		int status = connect_to(w->socket, address);

		if (status == 0)
			return true;
		w->wire.system_error = -status;
		wire_abandon(w);
	}
	return false;
}

enum error wire_connect(struct loop *loop, struct pool *pool, const struct address *addresses,
                        size_t address_count, wire_event *on_event, void *owner,
                        struct wire **ret_wire)
{
	struct owned_wire *w = wire_new(loop, pool, on_event, owner);

	if (!w)
		return ERROR_OUT_OF_MEMORY;
	w->address_count = address_count < ADDRESSES_MAX ? address_count : ADDRESSES_MAX;
	w->addresses = memory_new(w->address_count, sizeof(*w->addresses));
	if (!w->addresses) {
		memory_free(w);
		return ERROR_OUT_OF_MEMORY;
	}
	for (size_t i = 0; i < w->address_count; i++)
		w->addresses[i] = addresses[i];
	w->wire.phase = WIRE_CONNECTING;
	if (!try_next_address(w)) {
		if (w->wire.system_error == 0) {
			/* It was not even tried: that is not the address's fault. */
			wire_close(&w->wire);
			return ERROR_OUT_OF_MEMORY;
		}
		wire_fail(w, connect_error(-w->wire.system_error), -w->wire.system_error);
	}
	*ret_wire = &w->wire;
	return OK;
}
