#include "admin/connection.h"

#include <stdbool.h>
#include <unistd.h>

#include "admin/guard.h"
#include "base/arena.h"
#include "base/memory.h"
#include "http/h1_body.h"
#include "http/h1_head.h"
#include "http/h1_write.h"
#include "http/status.h"
#include "net/loop.h"
#include "net/wire.h"

enum {
	ARENA_MAX = 256 << 10, /* a head of at most 60 KiB twice, its fields, the answer's head */
	LINGER_MS = 1000,      /* for the client to read the end and close */
	LINGER_BYTES = 64 << 10,
};

enum phase { READ_HEAD, READ_BODY, ASKED, WRITE, LINGER, OVER };

struct connection {
	struct list node; /* on service->connections */
	struct service *service;
	struct wire *wire;
	enum phase phase;
	bool is_pumping; /* the pump goes on by itself */
	struct deadline deadline;
	struct arena arena;
	struct h1_head head;
	struct message request;
	struct h1_body body;
	struct text payload;
	struct admin_ask ask;
	struct span allow; /* for the answer; empty: it does not say */
	struct span answer_head;
	struct text answer;
	size_t written; /* of both */
	size_t discarded;
};

static struct connection *connection_of(struct admin_ask *ask)
{
	return LIST_OBJECT(ask, struct connection, ask);
}

static void free_connection(struct connection *connection)
{
	deadline_clear(&connection->deadline);
	wire_close(connection->wire);
	list_remove(&connection->node);
	connection->service->connection_count--;
	text_done(&connection->payload);
	text_done(&connection->answer);
	arena_done(&connection->arena);
	memory_free(connection);
}

void connection_close(struct list *node)
{
	free_connection(LIST_OBJECT(node, struct connection, node));
}

static void set_deadline(struct connection *connection, uint64_t after_ms)
{
	loop_set_deadline(connection->service->options.loop, &connection->deadline, after_ms);
}

/* --- The answer ------------------------------------------------------------------------------- */

static enum error build_head(struct connection *connection, int status, const char *content_type)
{
	struct arena *arena = &connection->arena;
	bool is_head = connection->request.method == METHOD_HEAD;
	struct message message = {
		.kind = MESSAGE_RESPONSE,
		.version = HTTP_VERSION_1_1,
		.status = status,
		.reason = status_reason(status),
		.framing = is_head ? BODY_NONE : BODY_LENGTH,
		.length = connection->answer.size,
		.length_stated = is_head,
	};
	enum error error =
		message_add_field(&message, arena, SPAN("Content-Type"), span_of_string(content_type));

	if (!error)
		error = message_add_field(&message, arena, SPAN("Cache-Control"), SPAN("no-store"));
	/* For a browser on this host: it is no page to be framed, sniffed or scripted. */
	if (!error)
		error = message_add_field(&message, arena, SPAN("Content-Security-Policy"),
		                          SPAN("default-src 'none'; frame-ancestors 'none'"));
	if (!error)
		error = message_add_field(&message, arena, SPAN("X-Content-Type-Options"), SPAN("nosniff"));
	if (!error && connection->allow.size > 0)
		error = message_add_field(&message, arena, SPAN("Allow"), connection->allow);
	return error ? error : h1_write_head(&message, arena, &connection->answer_head);
}

static void pump(void *owner);

void connection_answer(struct admin_ask *ask, int status, const char *content_type,
                       struct text *content)
{
	struct connection *connection = connection_of(ask);

	check(connection->phase <= ASKED);
	connection->answer = *content;
	connection->phase = build_head(connection, status, content_type) ? OVER : WRITE;
	if (connection->request.method == METHOD_HEAD)
		text_clear(&connection->answer);
	set_deadline(connection, connection->service->options.limits.time_ms);
	if (!connection->is_pumping)
		pump(connection);
}

static void put(struct connection *connection, struct span bytes)
{
	size_t size = buffer_put(&connection->wire->out, bytes);

	connection->written += size;
}

/* True if all has gone out. */
static bool step_write(struct connection *connection)
{
	struct wire *wire = connection->wire;
	size_t head_size = connection->answer_head.size;
	size_t left = head_size + connection->answer.size - connection->written;

	if (wire->phase == WIRE_FAILED || wire->out_failed || !wire_open_out(wire, left)) {
		connection->phase = OVER;
		return false;
	}
	if (connection->written < head_size)
		put(connection, span_from(connection->answer_head, connection->written));
	if (connection->written >= head_size)
		put(connection, span_from(text_span(&connection->answer), connection->written - head_size));
	wire_flush(wire);
	/* What the kernel took at once is gone, and its block with it: nobody will tell. */
	if (connection->written < head_size + connection->answer.size)
		return buffer_is_empty(&wire->out) || buffer_room(&wire->out) > 0;
	if (!buffer_is_empty(&wire->out))
		return false;
	wire_end(wire);
	set_deadline(connection, LINGER_MS);
	connection->phase = LINGER;
	return true;
}

static bool step_linger(struct connection *connection)
{
	struct wire *wire = connection->wire;
	size_t size = buffer_size(&wire->in);

	connection->discarded += size;
	buffer_taken(&wire->in, size);
	if (wire->in_ended || wire->phase == WIRE_FAILED || connection->discarded > LINGER_BYTES)
		connection->phase = OVER;
	return false;
}

/* --- The request ------------------------------------------------------------------------------ */

static void refuse(struct connection *connection, enum error error)
{
	admin_answer_error(&connection->ask, 0, error, "%s", error_words(error));
}

static bool accept_continue(struct connection *connection)
{
	const struct span words = SPAN("HTTP/1.1 100 Continue\r\n\r\n");
	struct wire *wire = connection->wire;

	if (!wire_open_out(wire, words.size) || buffer_put(&wire->out, words) < words.size)
		return false;
	wire_flush(wire);
	return true;
}

/* The request can be looked at: may it be answered, and does it have a body? */
static enum error begin_request(struct connection *connection)
{
	const struct message *request = &connection->request;
	struct service *service = connection->service;
	enum error error = OK;

	connection->ask.wants_text = admin_accepts(request, SPAN("text/plain"));
	if (admin_parameter(&connection->ask, "format").size > 0)
		connection->ask.wants_text =
			span_equal(admin_parameter(&connection->ask, "format"), SPAN("text"));
	if (service->options.is_tcp)
		error = method_is_safe(request->method) ? guard_request(request) : guard_change(request);
	if (!error)
		error = h1_body_init(&connection->body, request, &service->limits);
	if (!error && request->expects_continue && !accept_continue(connection))
		error = ERROR_OVERLOADED;
	return error;
}

static bool step_head(struct connection *connection)
{
	struct wire *wire = connection->wire;
	struct span content = buffer_content(&wire->in);
	bool is_complete = false;
	enum error error = h1_head_scan(&connection->head, content, &is_complete);

	if (!error && !is_complete) {
		if (wire->in_ended || wire->phase == WIRE_FAILED)
			connection->phase = OVER;
		return false;
	}
	if (!error)
		error =
			h1_head_finish(&connection->head, content, &connection->arena, &connection->request);
	if (error) {
		connection->request.method = h1_head_method(&connection->head, content);
		refuse(connection, error);
		return true;
	}
	buffer_taken(&wire->in, connection->head.size);
	error = begin_request(connection);
	if (error)
		refuse(connection, error);
	else
		connection->phase = READ_BODY;
	return true;
}

/* RFC 9110 §15.5.6: the answer says which methods there are. */
static void refuse_method(struct connection *connection, const struct admin_page *page)
{
	connection->allow = page->method == METHOD_GET ? SPAN("GET, HEAD") : SPAN("POST");
	refuse(connection, ERROR_ADMIN_METHOD);
}

static void ask_page(struct connection *connection)
{
	struct admin_ask *ask = &connection->ask;
	const struct admin_page *other;
	const struct admin_page *page = admin_find_page(ask, &connection->arena, &other);

	connection->phase = ASKED;
	deadline_clear(&connection->deadline);
	ask->body = text_span(&connection->payload);
	if (page)
		page->answer(ask);
	else if (other)
		refuse_method(connection, other);
	else
		admin_answer_error(ask, 0, ERROR_NOT_FOUND, "there is no such page; GET / lists them");
}

static bool step_body(struct connection *connection)
{
	struct wire *wire = connection->wire;
	struct span payload;
	size_t taken;

	do {
		enum error error =
			h1_body_read(&connection->body, buffer_content(&wire->in), SIZE_MAX, &taken, &payload);

		if (error) {
			refuse(connection, error);
			return true;
		}
		text_put(&connection->payload, payload);
		buffer_taken(&wire->in, taken);
	} while (taken > 0);
	if (h1_body_is_done(&connection->body)) {
		ask_page(connection);
		return true;
	}
	if (wire->in_ended || wire->phase == WIRE_FAILED)
		connection->phase = OVER;
	return false;
}

/* --- The whole -------------------------------------------------------------------------------- */

/* True if another step may move something. */
static bool step(struct connection *connection)
{
	switch (connection->phase) {
	case READ_HEAD:
		return step_head(connection);
	case READ_BODY:
		return step_body(connection);
	case WRITE:
		return step_write(connection);
	case LINGER:
		return step_linger(connection);
	default:
		return false;
	}
}

/* The connection may be gone afterwards. */
static void pump(void *owner)
{
	struct connection *connection = owner;

	connection->is_pumping = true;
	while (step(connection))
		;
	connection->is_pumping = false;
	if (connection->phase == OVER)
		free_connection(connection);
	else
		wire_want_read(connection->wire,
		               connection->phase <= READ_BODY || connection->phase == LINGER);
}

static void on_deadline(void *owner)
{
	struct connection *connection = owner;

	if (connection->phase <= READ_BODY && connection->wire->received_bytes > 0)
		refuse(connection, ERROR_HEAD_TIMEOUT); /* and pumps */
	else
		free_connection(connection);
}

enum error connection_open(struct service *service, int fd, bool is_unix)
{
	struct connection *connection = memory_new(1, sizeof(*connection));
	const struct service_options *options = &service->options;

	if (!connection) {
		(void)close(fd);
		return ERROR_OUT_OF_MEMORY;
	}

	enum error error =
		wire_accept(options->loop, options->pool, fd, is_unix, pump, connection, &connection->wire);

	if (error) {
		memory_free(connection);
		return error;
	}
	connection->service = service;
	connection->ask = (struct admin_ask){
		.owner = options->owner,
		.request = &connection->request,
		.pages = options->pages,
		.page_count = options->page_count,
	};
	arena_init(&connection->arena, NULL, ARENA_MAX);
	text_init(&connection->payload, options->limits.body_size);
	h1_head_init(&connection->head, MESSAGE_REQUEST, METHOD_OTHER, &service->limits);
	deadline_init(&connection->deadline, on_deadline, connection);
	list_add_last(&service->connections, &connection->node);
	service->connection_count++;
	set_deadline(connection, options->limits.time_ms);
	wire_want_read(connection->wire, true);
	return OK;
}
