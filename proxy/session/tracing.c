#include "session/tracing.h"

#include <string.h>

#include "session/exchange.h"

enum { PER_CENT = 100 };

static const struct config_tracing *config_of(const struct exchange *exchange)
{
	return &exchange->session->services->setup->config->tracing;
}

/* The chance that a number of this many random bits is below per cent of all. */
static bool is_drawn(const char *digits, uint64_t per_cent)
{
	unsigned number = 0;

	for (unsigned i = 0; i < 4; i++)
		number =
			number << 4 | (unsigned)(digits[i] <= '9' ? digits[i] - '0' : digits[i] - 'a' + 10);
	return (uint64_t)number * PER_CENT < per_cent << 16;
}

/* Whether the request brings a trace that we believe. */
static bool go_on(struct exchange *exchange)
{
	bool is_believed =
		exchange->session->peer_trusted || config_of(exchange)->from == CONFIG_TRACE_FROM_ANYONE;

	return is_believed && trace_read(&exchange->request, &exchange->arena, &exchange->trace);
}

static bool is_wanted(const struct exchange *exchange)
{
	return config_of(exchange)->traceparent == CONFIG_TRACE_CREATE ||
	       message_find(&exchange->request, FIELD_TRACEPARENT);
}

static void start(struct exchange *exchange)
{
	struct trace *trace = &exchange->trace;

	*trace = (struct trace){.is_on = true};
	memcpy(trace->id, exchange->own_id, TRACE_ID_SIZE);
	trace->is_sampled = is_drawn(trace->id, config_of(exchange)->sample);
}

enum error tracing_begin(struct exchange *exchange)
{
	char random[REQUEST_ID_SIZE];

	if (config_of(exchange)->traceparent == CONFIG_TRACE_OFF || !is_wanted(exchange))
		return OK;

	enum error error = request_ids_next(exchange->session->services->ids, random);

	if (error)
		return error;
	if (!go_on(exchange))
		start(exchange);
	memcpy(exchange->trace.span, random, TRACE_SPAN_SIZE);
	return OK;
}
