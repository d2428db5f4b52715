#include "sim/origin_script.h"

#include "sim/trace.h"

enum { BODY_SMALL = 3000, HEAD_BIG = 26000, HEAD_HUGE = 90000, DELAY_MS_MAX = 300, FILLER = 400 };

/* What is wrong with an answer: its head, or its chunks. */
enum wrong {
	WRONG_NOTHING,
	WRONG_START_LINE,
	WRONG_STATUS,
	WRONG_FIELD,
	WRONG_TWO_LENGTHS,
	WRONG_TWO_FRAMINGS,
	WRONG_HUGE_HEAD,
	WRONG_BARE_LF,
	WRONG_SWITCH, /* a 101 unasked, or not a valid one */
	WRONG_CHUNK,
	WRONG_COUNT
};

struct plan {
	enum wrong wrong;
	int status;
	int minor;
	enum body_form form; /* as the head says */
	uint64_t body_size;
	bool is_bodiless; /* HEAD, 204, 304 */
	bool is_switch;
	bool keep_alive;
	bool is_big;        /* its head */
	unsigned announces; /* a keep-alive time of one second less; 0: none */
	bool offers;        /* authentication that is bound to the connection */
};

static void put_filler(struct bytes *out, size_t size)
{
	for (size_t i = 0; i < size; i += FILLER)
		bytes_printf(out, "X-Filler: %0*d\r\n", FILLER, 0);
}

static void put_interims(struct origin *origin)
{
	struct random *random = origin->random;
	const struct request *request = origin->request;
	struct bytes *out = &origin->answer.out;
	unsigned floods = 0;

	if (request->expects && !origin->answer.is_early && random_chance(random, 70))
		bytes_printf(out, "HTTP/1.1 100 Continue\r\nX-Sim-Answer: %u %u\r\n\r\n", request->id,
		             origin->attempt_number);
	/* A flood, more than the buffers on the way to a client that does not read. */
	if (random_chance(random, 4))
		floods = (unsigned)random_between(random, 5, 15);
	for (unsigned i = 0; i < floods || random_chance(random, 8); i++) {
		bytes_printf(out, "HTTP/1.1 %s\r\nX-Sim-Answer: %u %u\r\nLink: </x>\r\n",
		             random_chance(random, 50) ? "103 Early Hints" : "102 Processing", request->id,
		             origin->attempt_number);
		put_filler(out, floods > 0 || random_chance(random, 30) ? HEAD_BIG : 0);
		bytes_put_string(out, "\r\n");
	}
}

static uint64_t choose_size(const struct origin *origin)
{
	size_t max = (size_t)origin->mood->body_max;

	if (max > BODY_SMALL && random_chance(origin->random, 90))
		max = BODY_SMALL;
	return random_size(origin->random, max);
}

static struct plan choose_plan(struct origin *origin)
{
	static const int statuses[] = {200, 200, 200, 200, 200, 201, 204, 304, 301, 404, 500};
	struct random *random = origin->random;
	const struct request *request = origin->request;
	struct plan plan = {.status = statuses[random_below(random, 11)], .body_size = 0};

	plan.minor = random_chance(random, 85) ? 1 : 0;
	plan.keep_alive = random_chance(random, 85);
	plan.is_bodiless = request->is_head || plan.status == 204 || plan.status == 304;
	plan.form = (enum body_form)random_between(random, FORM_LENGTH, FORM_UNTIL_CLOSE);
	if (plan.form == FORM_CHUNKED && plan.minor == 0)
		plan.form = FORM_LENGTH;
	if (plan.is_bodiless && (plan.status == 204 || random_chance(random, 30)))
		plan.form = FORM_NONE;
	else if (plan.is_bodiless && plan.form == FORM_UNTIL_CLOSE)
		plan.form = FORM_LENGTH;
	plan.body_size = choose_size(origin);
	plan.is_switch = request->upgrades && random_chance(random, 75);
	plan.is_big = random_chance(random, 5);
	plan.announces = random_chance(random, 20) ? (unsigned)random_between(random, 1, 10) : 0;
	plan.offers = request->binds || random_chance(random, 3);
	if (random_chance(random, origin->mood->backend_faults / 2)) {
		plan.wrong = (enum wrong)random_between(random, 1, WRONG_COUNT - 1);
		if (plan.wrong == WRONG_CHUNK && (plan.form != FORM_CHUNKED || plan.is_bodiless))
			plan.wrong = WRONG_FIELD;
	}
	if (plan.is_switch && plan.wrong != WRONG_SWITCH)
		plan.wrong = WRONG_NOTHING;
	if (plan.is_switch)
		plan.minor = 1;
	if (plan.wrong == WRONG_SWITCH || plan.is_switch)
		plan.status = 101;
	return plan;
}

static void put_wrong(enum wrong wrong, struct bytes *out)
{
	switch (wrong) {
	case WRONG_FIELD:
		bytes_put_string(out, "X-Wrong : a\r\n");
		break;
	case WRONG_TWO_LENGTHS:
		bytes_put_string(out, "Content-Length: 1\r\nContent-Length: 2\r\n");
		break;
	case WRONG_TWO_FRAMINGS:
		bytes_put_string(out, "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n");
		break;
	case WRONG_BARE_LF:
		bytes_put_string(out, "X-Bare: lf\n");
		break;
	case WRONG_SWITCH:
		bytes_put_string(out, "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		                      "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n");
		break;
	default:
		break;
	}
}

static void put_framing(const struct plan *plan, struct bytes *out)
{
	if (plan->is_switch && plan->wrong == WRONG_NOTHING) {
		bytes_put_string(out, "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		                      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
		return;
	}
	if (plan->status == 101)
		return;
	if (plan->form == FORM_LENGTH)
		bytes_printf(out, "Content-Length: %llu\r\n", (unsigned long long)plan->body_size);
	else if (plan->form == FORM_CHUNKED)
		bytes_put_string(out, "Transfer-Encoding: chunked\r\n");
	if (plan->announces)
		bytes_printf(out, "Keep-Alive: timeout=%u, max=%u\r\n", plan->announces - 1,
		             plan->announces);
	if (!plan->keep_alive)
		bytes_put_string(out, "Connection: close\r\n");
	else if (plan->minor == 0)
		bytes_put_string(out, "Connection: keep-alive\r\n");
}

static void put_head(const struct origin *origin, const struct plan *plan, struct bytes *out)
{
	size_t filler = plan->wrong == WRONG_HUGE_HEAD ? HEAD_HUGE : plan->is_big ? HEAD_BIG : 0;

	if (plan->wrong == WRONG_START_LINE)
		bytes_put_string(out, "ICY 200 OK\r\n");
	else if (plan->wrong == WRONG_STATUS)
		bytes_put_string(out, "HTTP/1.1 20 OK\r\n");
	else
		bytes_printf(out, "HTTP/1.%d %d Whatever\r\n", plan->minor, plan->status);
	bytes_printf(out, "X-Sim-Answer: %u %u\r\nServer: sim\r\n", origin->request->id,
	             origin->attempt_number);
	if (plan->offers)
		bytes_put_string(out, "WWW-Authenticate: Basic realm=\"a\", NTLM\r\n");
	put_filler(out, filler);
	put_wrong(plan->wrong, out);
	if (plan->wrong != WRONG_TWO_LENGTHS && plan->wrong != WRONG_TWO_FRAMINGS)
		put_framing(plan, out);
	bytes_put_string(out, "\r\n");
}

static void put_chunks(struct origin *origin, const struct plan *plan, uint64_t key,
                       struct bytes *out)
{
	struct random *random = origin->random;
	size_t at = 0;
	size_t wrong_at = random_below(random, (size_t)plan->body_size + 1);

	while (at < plan->body_size) {
		size_t size = 1 + random_size(random, (size_t)plan->body_size - at - 1);

		if (plan->wrong == WRONG_CHUNK && at + size > wrong_at)
			break;
		bytes_printf(out, random_chance(random, 5) ? "%zX;a\r\n" : "%zx\r\n", size);
		bytes_put_body(out, key, at, size);
		bytes_put_string(out, "\r\n");
		at += size;
	}
	if (plan->wrong == WRONG_CHUNK)
		bytes_put_string(out, "-1\r\n");
	else
		bytes_put_string(out,
		                 random_chance(random, 10) ? "0\r\nX-Trailer: 1\r\n\r\n" : "0\r\n\r\n");
}

static void put_answer(struct origin *origin, const struct plan *plan)
{
	struct bytes *out = &origin->answer.out;
	uint64_t key = response_body_key(origin->request, origin->attempt_number);

	put_head(origin, plan, out);
	if (plan->is_bodiless || plan->status == 101)
		return;
	if (plan->form == FORM_CHUNKED)
		put_chunks(origin, plan, key, out);
	else
		bytes_put_body(out, key, 0, (size_t)plan->body_size);
}

static void note(const struct origin *origin, const struct plan *plan)
{
	struct attempt *attempt = origin->attempt;
	const struct answer *answer = &origin->answer;
	bool has_body = !plan->is_bodiless && plan->status != 101;

	attempt->is_planned = true;
	attempt->is_early = answer->is_early;
	attempt->status = plan->wrong == WRONG_NOTHING || plan->wrong == WRONG_CHUNK ? plan->status : 0;
	attempt->form = has_body ? plan->form : FORM_NONE;
	attempt->body_size = has_body ? plan->body_size : 0;
	attempt->keep_alive = plan->keep_alive && plan->wrong == WRONG_NOTHING &&
	                      attempt->form != FORM_UNTIL_CLOSE && plan->status != 101;
	/* Closed with the request unread, an early answer may get lost. */
	attempt->is_good = plan->wrong == WRONG_NOTHING && answer->cut == CUT_NONE &&
	                   (!answer->is_early || (answer->reads_on && attempt->keep_alive));
	attempt->offers = plan->offers && plan->wrong == WRONG_NOTHING;
	attempt->is_switch = plan->is_switch && plan->wrong == WRONG_NOTHING;
	trace("backend: connection %u will answer request %u: %d, form %d, %llu bytes%s%s%s",
	      origin->connection->number, origin->request->id, attempt->status, (int)attempt->form,
	      (unsigned long long)attempt->body_size, attempt->keep_alive ? "" : ", close",
	      attempt->is_early ? ", early" : "", attempt->is_good ? "" : ", not good");
}

static void choose_cut(struct origin *origin, const struct plan *plan)
{
	struct answer *answer = &origin->answer;

	if (!random_chance(origin->random, origin->mood->backend_faults / 2))
		return;
	answer->cut = (enum cut)random_between(origin->random, CUT_RESET, CUT_STALL);
	/* What ends with the connection is whole wherever that ends in order. */
	if (plan->form == FORM_UNTIL_CLOSE && answer->cut == CUT_CLOSE)
		answer->cut = CUT_RESET;
	answer->cut_after = random_below(origin->random, bytes_size(&answer->out));
	/* Right after an interim response, which may be on its way to the client still. */
	if (answer->interim_left > 0 && random_chance(origin->random, 30))
		answer->cut_after = answer->interim_left;
}

void origin_plan(struct origin *origin)
{
	struct random *random = origin->random;
	struct answer *answer = &origin->answer;
	unsigned faults = origin->mood->backend_faults;
	struct plan plan = choose_plan(origin);

	bytes_clear(&answer->out);
	*answer = (struct answer){.out = answer->out};
	answer->is_early = !plan.is_switch && random_chance(random, 5 + faults / 4);
	answer->reads_on = !random_chance(random, faults);
	answer->is_flawed = plan.wrong != WRONG_NOTHING;
	answer->sequel = SEQUEL_KEEP;
	if (!answer->is_early && random_chance(random, 20 + faults))
		answer->sequel = (enum sequel)random_between(random, SEQUEL_CLOSE, SEQUEL_CLOSE_ON_NEXT);
	if (!answer->is_early && origin->mood->is_stale)
		answer->sequel = random_chance(random, 70) ? SEQUEL_CLOSE_ON_NEXT : SEQUEL_CLOSE_LATER;
	put_interims(origin);
	answer->interim_left = bytes_size(&answer->out);
	put_answer(origin, &plan);
	choose_cut(origin, &plan);
	note(origin, &plan);
	origin->wake_ms = origin->connection->loop->now_ms + random_size(random, DELAY_MS_MAX);
}

void origin_put_extra(struct origin *origin)
{
	struct bytes extra = {0};

	if (random_chance(origin->random, 50))
		bytes_put_string(&extra, "extra\r\n");
	else
		bytes_printf(&extra,
		             "HTTP/1.1 200 OK\r\nX-Sim-Answer: %d 0\r\n"
		             "Content-Length: 5\r\n\r\nextra",
		             EXTRA_ID);
	trace("backend: connection %u sends extra bytes", origin->connection->number);
	(void)connection_send(origin->connection, bytes_content(&extra));
	bytes_done(&extra);
}
