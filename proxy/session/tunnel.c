#include "session/tunnel.h"

#include "session/copy.h"

/* Passes the end on once everything before it has been copied. */
static bool pass_end(struct transport *from, struct transport *to)
{
	if (to->end_wanted || !transport_in_ended(from) || !buffer_is_empty(transport_in(from)))
		return false;
	transport_end(to);
	return true;
}

bool tunnel_step(struct tunnel *tunnel)
{
	bool moved = transport_advance(tunnel->backend);
	size_t from_client = copy_bytes(tunnel->client, tunnel->backend);
	size_t from_backend = copy_bytes(tunnel->backend, tunnel->client);

	tunnel->client_bytes += from_client;
	tunnel->backend_bytes += from_backend;
	moved |= pass_end(tunnel->client, tunnel->backend);
	moved |= pass_end(tunnel->backend, tunnel->client);
	return moved || from_client > 0 || from_backend > 0;
}

static bool is_lost(const struct transport *transport)
{
	return transport->error || transport_out_failed(transport);
}

bool tunnel_is_broken(const struct tunnel *tunnel)
{
	/* What a lost backend had sent before still reaches the client. */
	return is_lost(tunnel->client) ||
	       (is_lost(tunnel->backend) && buffer_is_empty(transport_in(tunnel->backend)) &&
	        transport_is_flushed(tunnel->client));
}

bool tunnel_is_over(const struct tunnel *tunnel)
{
	return tunnel_is_broken(tunnel) ||
	       (transport_out_ended(tunnel->client) && transport_out_ended(tunnel->backend));
}

uint64_t tunnel_moved_ms(const struct tunnel *tunnel)
{
	uint64_t client_ms = tunnel->client->wire->moved_ms;
	uint64_t backend_ms = tunnel->backend->wire->moved_ms;

	return client_ms > backend_ms ? client_ms : backend_ms;
}
