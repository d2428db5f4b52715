#include "server/sinks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct config_text *target_of(const struct config_logging *logging, unsigned stream)
{
	return stream == LOG_TO_ACCESS ? &logging->access : &logging->errors;
}

static bool is_syslog(const struct config_text *target)
{
	return span_equal(target->text, SPAN("syslog"));
}

/* Whether a stream goes where it went before. */
static bool is_same(const struct config_logging *a, const struct config_logging *b, unsigned stream)
{
	const struct config_text *target = target_of(a, stream);

	return span_equal(target->text, target_of(b, stream)->text) &&
	       (!is_syslog(target) ||
	        (span_equal(a->syslog.address_text.text, b->syslog.address_text.text) &&
	         span_equal(a->syslog.app_name.text, b->syslog.app_name.text) &&
	         a->syslog.facility == b->syslog.facility));
}

static enum error open_sink(const struct config_logging *logging, const struct config_text *target,
                            struct log_sink **ret_sink)
{
	struct log_syslog syslog = {
		.address = logging->syslog.address,
		.facility = logging->syslog.facility,
	};

	if (!is_syslog(target))
		return log_sink_open(target->text.data, ret_sink);
	(void)snprintf(syslog.app_name, sizeof(syslog.app_name), "%s",
	               logging->syslog.app_name.text.data);
	return log_sink_open_syslog(&syslog, ret_sink);
}

enum error sinks_open(const struct config_logging *logging, const struct config_logging *before,
                      const struct sinks *old, struct sinks *ret_sinks, struct text *why)
{
	struct sinks sinks = {0};

	for (unsigned i = 0; i < LOG_STREAM_COUNT; i++) {
		const struct config_text *target = target_of(logging, i);

		if (before && is_same(logging, before, i)) {
			sinks.of[i] = old->of[i];
			continue;
		}

		enum error error = open_sink(logging, target, &sinks.of[i]);

		if (error) {
			text_printf(why, "can not open the log %s: %s", target->text.data,
			            error == ERROR_SYSTEM ? strerror(errno) : error_words(error));
			sinks_close(&sinks, old);
			return error;
		}
	}
	*ret_sinks = sinks;
	return OK;
}

void sinks_close(struct sinks *sinks, const struct sinks *kept)
{
	for (unsigned i = 0; i < LOG_STREAM_COUNT; i++) {
		if (!kept || sinks->of[i] != kept->of[i])
			log_sink_close(sinks->of[i]);
		sinks->of[i] = NULL;
	}
}
