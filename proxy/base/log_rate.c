#include "base/log_rate.h"

#include <string.h>

enum { US_PER_S = 1000 * 1000 };

void log_rate_init(struct log_rate *rate, uint64_t access_max, uint64_t errors_max)
{
	*rate = (struct log_rate){.max = {[LOG_TO_ACCESS] = access_max, [LOG_TO_ERRORS] = errors_max}};
}

/* NULL: there is no room for another one. */
static struct log_rate_event *find(struct log_rate *rate, enum log_stream stream, const char *event)
{
	for (size_t i = 0; i < rate->event_count; i++) {
		struct log_rate_event *known = &rate->events[i];

		/* Nearly always the same constant. */
		if (known->stream == stream && (known->event == event || strcmp(known->event, event) == 0))
			return known;
	}
	if (rate->event_count == LOG_RATE_EVENTS_MAX)
		return NULL;
	rate->events[rate->event_count] = (struct log_rate_event){.event = event, .stream = stream};
	return &rate->events[rate->event_count++];
}

bool log_rate_allows(struct log_rate *rate, uint64_t now_us, enum log_stream stream,
                     const char *event)
{
	struct log_rate_event *counted = rate->max[stream] > 0 ? find(rate, stream, event) : NULL;
	uint64_t second = now_us / US_PER_S;

	if (!counted)
		return true;
	if (counted->second != second) {
		counted->second = second;
		counted->written = 0;
	}
	if (counted->written < rate->max[stream]) {
		counted->written++;
		return true;
	}
	rate->suppressed_count += counted->suppressed++ == 0;
	return false;
}

bool log_rate_has_some(const struct log_rate *rate)
{
	return rate->suppressed_count > 0;
}

bool log_rate_take(struct log_rate *rate, uint64_t now_us, bool is_end, const char **ret_event,
                   enum log_stream *ret_stream, uint64_t *ret_count)
{
	for (size_t i = 0; rate->suppressed_count > 0 && i < rate->event_count; i++) {
		struct log_rate_event *counted = &rate->events[i];

		if (counted->suppressed == 0 || (!is_end && counted->second == now_us / US_PER_S))
			continue;
		*ret_event = counted->event;
		*ret_stream = counted->stream;
		*ret_count = counted->suppressed;
		counted->suppressed = 0;
		rate->suppressed_count--;
		return true;
	}
	return false;
}
