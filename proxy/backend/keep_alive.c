#include "backend/keep_alive.h"

#include "base/number.h"

enum { SECOND_MS = 1000, ANNOUNCED_S_MAX = 100 * 24 * 3600, LIKENESS = 10 /* a tenth */ };

static void read_parameter(struct span parameter, uint64_t *ret_timeout_ms)
{
	size_t equals = span_find(parameter, '=');
	struct span name = span_trim(span_cut(parameter, 0, equals));
	struct span value = span_trim(span_from(parameter, equals + 1));
	uint64_t number;

	if (number_decimal(value, UINT64_MAX, &number))
		return;
	/* No more requests than so many: only the last one matters to us. */
	if (span_equal_nocase(name, SPAN("max")) && number == 0)
		*ret_timeout_ms = 0;
	if (span_equal_nocase(name, SPAN("timeout")) && number <= ANNOUNCED_S_MAX &&
	    number * SECOND_MS < *ret_timeout_ms)
		*ret_timeout_ms = number * SECOND_MS;
}

uint64_t keep_alive_announced_ms(const struct message *response)
{
	uint64_t timeout_ms = KEEP_ALIVE_UNKNOWN;

	for (size_t i = 0; i < response->field_count; i++) {
		struct span rest = response->fields[i].value;
		struct span parameter;

		if (response->fields[i].id != FIELD_KEEP_ALIVE)
			continue;
		while (span_next(&rest, ',', &parameter))
			read_parameter(parameter, &timeout_ms);
	}
	return timeout_ms;
}

/* Within a tenth, or what a busy loop may be late. */
static bool is_alike(uint64_t a_ms, uint64_t b_ms)
{
	uint64_t less_ms = a_ms < b_ms ? a_ms : b_ms;
	uint64_t more_ms = a_ms < b_ms ? b_ms : a_ms;

	return more_ms - less_ms <= less_ms / LIKENESS;
}

void keep_alive_note_close(struct keep_alive *keep_alive, uint64_t idle_ms, uint64_t now_ms)
{
	bool is_same_moment = now_ms - keep_alive->seen_at_ms < SECOND_MS;

	if (idle_ms < KEEP_ALIVE_SHORTEST_MS)
		return;
	if (keep_alive->seen_ms > 0 && !is_same_moment && is_alike(idle_ms, keep_alive->seen_ms)) {
		keep_alive->learned_ms = idle_ms < keep_alive->seen_ms ? idle_ms : keep_alive->seen_ms;
		keep_alive->learned_at_ms = now_ms;
	}
	keep_alive->seen_ms = idle_ms;
	keep_alive->seen_at_ms = now_ms;
}

static uint64_t with_margin(uint64_t time_ms)
{
	return time_ms / 2 < KEEP_ALIVE_MARGIN_MS ? time_ms / 2 : time_ms - KEEP_ALIVE_MARGIN_MS;
}

uint64_t keep_alive_limit_ms(const struct keep_alive *keep_alive, uint64_t announced_ms,
                             uint64_t now_ms)
{
	bool is_fresh = now_ms - keep_alive->learned_at_ms < KEEP_ALIVE_FORGOTTEN_MS;
	uint64_t time_ms = announced_ms;

	if (keep_alive->learned_ms > 0 && is_fresh && keep_alive->learned_ms < time_ms)
		time_ms = keep_alive->learned_ms;
	return time_ms == KEEP_ALIVE_UNKNOWN ? KEEP_ALIVE_UNKNOWN : with_margin(time_ms);
}
