#include "unit/http/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "http/h1_body.h"
#include "http/h1_head.h"
#include "unit/http/case_reader.h"

enum { TRACE_SIZE_MAX = 1 << 22, ARENA_SIZE_MAX = 1 << 20 };

/* Where in the stream of messages. */
enum stage { STAGE_HEAD, STAGE_BODY, STAGE_OVER };

struct run {
	const struct trace_input *input;
	size_t payload_max;
	enum stage stage;
	struct h1_head head;
	struct h1_body body;
	struct arena arena;
	struct text *text;
	struct text payload;
	size_t start; /* of what has not been taken */
};

static void put_line(struct text *text, const char *word, struct span value)
{
	text_put_string(text, word);
	if (value.size > 0)
		text_put_char(text, ' ');
	put_escaped(text, value);
	text_put_char(text, '\n');
}

static void put_framing(struct text *text, const struct message *message)
{
	static const char *const words[BODY_COUNT] = {"none", "length", "chunked", "until_close"};

	text_printf(text, "body %s", words[message->framing]);
	if (message->framing == BODY_LENGTH || message->length_stated)
		text_printf(text, " %" PRIu64, message->length);
	text_put_char(text, '\n');
}

static void put_message(struct text *text, const struct message *message)
{
	static const char *const upgrades[UPGRADE_COUNT] = {NULL, "websocket", "other"};

	if (message->kind == MESSAGE_REQUEST) {
		text_put_string(text, "request ");
		put_escaped(text, message->method_token);
		text_put_char(text, ' ');
		put_escaped(text, message->target);
		text_printf(text, " %s\n", http_version_text(message->version));
		put_line(text, "host", message->authority);
		put_line(text, "path", message->path_query);
	} else {
		text_printf(text, "response %d ", message->status);
		put_escaped(text, message->reason);
		text_printf(text, " %s\n", http_version_text(message->version));
	}
	for (size_t i = 0; i < message->field_count; i++) {
		text_put_string(text, "field ");
		put_escaped(text, message->fields[i].name);
		put_line(text, ":", message->fields[i].value);
	}
	put_framing(text, message);
	if (!message->keep_alive)
		text_put_string(text, "close\n");
	if (message->expects_continue)
		text_put_string(text, "continue\n");
	if (message->upgrade != UPGRADE_NONE)
		text_printf(text, "upgrade %s\n", upgrades[message->upgrade]);
}

static void begin_head(struct run *run)
{
	enum message_kind kind =
		run->input->kind == TRACE_REQUESTS ? MESSAGE_REQUEST : MESSAGE_RESPONSE;

	run->stage = STAGE_HEAD;
	h1_head_init(&run->head, kind, run->input->to, run->input->limits);
	run->head.rules = run->input->rules;
}

static void end_run(struct run *run, const char *word, struct span value)
{
	if (run->stage == STAGE_BODY && run->payload.size > 0)
		put_line(run->text, "payload", text_span(&run->payload));
	put_line(run->text, word, value);
	run->stage = STAGE_OVER;
}

static void refuse(struct run *run, enum error error)
{
	end_run(run, "refused", span_of_string(error_code(error)));
}

/* Returns whether it got on. */
static bool step_head(struct run *run, struct span content)
{
	struct message message;
	bool complete = false;
	enum error error;

	if (content.size == 0)
		return false;
	error = h1_head_scan(&run->head, content, &complete);
	if (!error && !complete)
		return false;
	if (!error)
		error = h1_head_finish(&run->head, content, &run->arena, &message);
	if (!error)
		error = h1_body_init(&run->body, &message, run->input->limits);
	if (error) {
		refuse(run, error);
		return false;
	}
	put_message(run->text, &message);
	run->start += run->head.size;
	run->stage = STAGE_BODY;
	text_clear(&run->payload);
	if (message.kind == MESSAGE_RESPONSE && message.status == 101)
		end_run(run, "switched", span_of(NULL, 0));
	else if (message.upgrade == UPGRADE_WEBSOCKET)
		end_run(run, "handshake", span_of(NULL, 0));
	arena_done(&run->arena); /* the message was written down */
	return run->stage == STAGE_BODY;
}

static void end_body(struct run *run)
{
	if (run->payload.size > 0)
		put_line(run->text, "payload", text_span(&run->payload));
	text_put_string(run->text, "end\n");
	if (run->input->kind == TRACE_CHUNKED)
		run->stage = STAGE_OVER;
	else
		begin_head(run);
}

static bool step_body(struct run *run, struct span content)
{
	size_t taken = 0;
	struct span payload = span_of(NULL, 0);

	if (h1_body_is_done(&run->body)) {
		end_body(run);
		return true;
	}

	enum error error = h1_body_read(&run->body, content, run->payload_max, &taken, &payload);

	if (error) {
		refuse(run, error);
		return false;
	}
	if (taken > content.size || payload.size > taken || payload.size > run->payload_max)
		abort();
	text_put(&run->payload, payload);
	run->start += taken;
	return taken > 0 || h1_body_is_done(&run->body);
}

/* As far as it goes with the first `size` bytes. */
static void pump(struct run *run, size_t size)
{
	bool more = true;

	while (more && run->stage != STAGE_OVER) {
		struct span content = span_cut(run->input->bytes, run->start, size);

		more = run->stage == STAGE_HEAD ? step_head(run, content) : step_body(run, content);
	}
}

static void finish(struct run *run)
{
	if (run->stage == STAGE_BODY && run->input->eof && h1_body_end_of_stream(&run->body) == OK)
		end_body(run);
	if (run->stage == STAGE_BODY || (run->stage == STAGE_HEAD && run->head.scanned > 0))
		end_run(run, "incomplete", span_of(NULL, 0));
	else if (run->stage == STAGE_OVER && run->input->kind == TRACE_CHUNKED &&
	         h1_body_is_done(&run->body))
		put_line(run->text, "rest", span_from(run->input->bytes, run->start));
}

void trace_run(const struct trace_input *input, const struct trace_cut *cut, struct text *text)
{
	struct run run = {
		.input = input,
		.text = text,
		.payload_max = cut->payload_max > 0 ? cut->payload_max : SIZE_MAX,
	};

	arena_init(&run.arena, NULL, ARENA_SIZE_MAX);
	text_init(&run.payload, TRACE_SIZE_MAX);
	begin_head(&run);
	if (input->kind == TRACE_CHUNKED) {
		const struct message message = {.framing = BODY_CHUNKED};

		run.stage = STAGE_BODY;
		if (h1_body_init(&run.body, &message, input->limits) != OK)
			abort();
	}
	for (size_t i = 1; i <= input->bytes.size && cut->byte_by_byte; i++)
		pump(&run, i);
	if (cut->split > 0)
		pump(&run, cut->split);
	pump(&run, input->bytes.size);
	finish(&run);
	text_done(&run.payload);
	arena_done(&run.arena);
}

bool trace_same(const struct trace_input *input, const struct trace_cut *cut,
                const struct text *whole)
{
	struct text text;

	text_init(&text, TRACE_SIZE_MAX);
	trace_run(input, cut, &text);

	bool same = span_equal(text_span(&text), text_span(whole));

	if (!same)
		fprintf(stderr, "cut at %zu, byte by byte %d, room %zu:\n%swhole:\n%s", cut->split,
		        cut->byte_by_byte, cut->payload_max, text_string(&text), text_string(whole));
	text_done(&text);
	return same;
}

bool trace_all(const struct trace_input *input, size_t split_max, struct text *whole)
{
	struct trace_cut cut = {.byte_by_byte = true};
	bool same = true;

	text_init(whole, TRACE_SIZE_MAX);
	trace_run(input, &(struct trace_cut){0}, whole);
	/* Both with little room: 1 to 3 bytes, and with plenty. */
	for (cut.payload_max = 0; cut.payload_max <= 3; cut.payload_max++)
		same = trace_same(input, &cut, whole) && same;
	cut.byte_by_byte = false;
	for (cut.payload_max = 1; cut.payload_max <= 3; cut.payload_max++)
		same = trace_same(input, &cut, whole) && same;
	cut.payload_max = 0;
	for (cut.split = 1; cut.split < input->bytes.size && cut.split <= split_max; cut.split++)
		same = trace_same(input, &cut, whole) && same;
	return same;
}
