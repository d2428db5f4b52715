#include "session/proxy_protocol.h"

#include <string.h>

#include "net/proxy_header.h"
#include "session/handshake_log.h"
#include "session/session.h"

static bool is_trusted(const struct config_proxy_protocol *config, const struct address *peer)
{
	for (size_t i = 0; i < config->from_count; i++)
		if (address_block_contains(&config->from[i].block, peer))
			return true;
	return false;
}

static void take_addresses(struct session *session, const struct proxy_header *header)
{
	if (!header->has_addresses)
		return;
	session->peer = header->source;
	session->peer_trusted = setup_trusts(session->services->setup, &session->peer);
	session->reached = header->destination;
	session->has_reached = true;
}

/* Enters the phase that the session would have begun with; its time has been running all along. */
static enum error go_on(struct session *session)
{
	uint64_t began_ms = session->phase_began_ms;

	if (session->tls) {
		struct tls_session *tls;
		enum error error = tls_session_new(session->tls, &tls);

		if (error)
			return error;
		transport_begin_tls(&session->client, tls);
	}
	session_enter(session, session->tls ? SESSION_HANDSHAKE : SESSION_AWAIT_REQUEST);
	session->phase_began_ms = began_ms;
	return OK;
}

static bool refuse(struct session *session, enum error error)
{
	handshake_log_refused(session->services, session->listener, &session->peer, error,
	                      error_words(error));
	session_enter(session, SESSION_CLOSING);
	return true;
}

/* Nothing, or not all of it, has come. */
static bool wait_for_more(struct session *session)
{
	bool said_nothing = session->client.wire->received_bytes == 0;

	if (transport_in_ended(&session->client) && !said_nothing)
		return refuse(session, ERROR_PROXY_HEADER_MALFORMED);
	if (!transport_in_ended(&session->client) && !(session->services->draining && said_nothing))
		return false;
	session_enter(session, SESSION_CLOSING);
	return true;
}

bool proxy_protocol_step(struct session *session)
{
	const struct config_proxy_protocol *config = session->listener->config->proxy_protocol;
	struct buffer *in = transport_in(&session->client);
	struct proxy_header header;
	size_t size = 0;

	if (!is_trusted(config, &session->peer))
		return refuse(session, ERROR_PROXY_HEADER_UNTRUSTED);

	enum error error =
		proxy_header_read(buffer_content(in), (size_t)config->header_size, &header, &size);

	if (!error && size == 0)
		return wait_for_more(session);
	if (!error) {
		buffer_taken(in, size);
		session->proxy_header_bytes = size;
		take_addresses(session, &header);
		error = go_on(session);
	}
	if (error)
		return refuse(session, error);
	return true;
}

void proxy_protocol_time_out(struct session *session)
{
	if (session->client.wire->received_bytes > 0)
		(void)refuse(session, ERROR_PROXY_HEADER_TIMEOUT);
	else
		session_enter(session, SESSION_CLOSING);
}

/* Who the client is, and what it connected to. */
static struct proxy_header header_of(const struct session *session)
{
	struct proxy_header header = {
		.has_addresses = true,
		.source = session->peer,
		.destination = session->reached,
	};

	if (!session->has_reached &&
	    wire_local_address(session->client.wire, &header.destination) != OK)
		header.has_addresses = false;
	return header;
}

enum error proxy_protocol_put(const struct session *session, enum config_proxy_header wanted,
                              struct arena *arena, struct span *head)
{
	char bytes[PROXY_HEADER_WRITTEN_MAX];
	struct proxy_tls tls = {0};

	if (wanted == CONFIG_PROXY_OFF)
		return OK;
	if (session->client.tls) {
		const struct tls_facts *facts = tls_session_facts(session->client.tls);

		tls = (struct proxy_tls){
			.version = span_of_string(facts->version),
			.suite = span_of_string(facts->suite),
			.server_name = facts->server_name,
			.protocol = span_of_string(facts->alpn),
		};
	}

	struct proxy_header header = header_of(session);
	size_t size = proxy_header_write(wanted == CONFIG_PROXY_V1 ? PROXY_VERSION_1 : PROXY_VERSION_2,
	                                 &header, session->client.tls ? &tls : NULL, bytes);
	char *both = arena_bytes(arena, size + head->size);

	if (!both)
		return ERROR_OUT_OF_MEMORY;
	memcpy(both, bytes, size);
	memcpy(both + size, head->data, head->size);
	*head = span_of(both, size + head->size);
	return OK;
}
