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

static bool is_same(const struct config_logging *a, const struct config_logging *b, unsigned stream)
{
	const struct config_text *target = target_of(a, stream);

	return span_equal(target->text, target_of(b, stream)->text) &&
	       (!is_syslog(target) || (a->syslog.facility == b->syslog.facility &&
	                               address_equal(&a->syslog.address, &b->syslog.address) &&
	                               span_equal(a->syslog.app_name.text, b->syslog.app_name.text)));
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

void sinks_give(const struct sinks *sinks, const struct config_logging *logging, struct log *log)
{
	log_set_sinks(log, sinks->of);
	log->format = logging->format == CONFIG_LOG_TEXT ? LOG_TEXT : LOG_JSON;
	log->level = (enum log_level)logging->level;
	if (log->rate.max[LOG_TO_ACCESS] != logging->access_rate ||
	    log->rate.max[LOG_TO_ERRORS] != logging->error_rate)
		log_rate_init(&log->rate, logging->access_rate, logging->error_rate);
}

void sinks_reopen(struct sinks *sinks, const struct config_logging *logging, struct log *log)
{
	bool all = true;

	for (unsigned i = 0; i < LOG_STREAM_COUNT; i++) {
		if (log_sink_reopen(sinks->of[i]) == OK)
			continue;
		log_message(log, LOG_WARNING, "log_not_reopened",
		            "the old file goes on being written, since %s can not be opened: %s",
		            target_of(logging, i)->text.data, strerror(errno));
		all = false;
	}
	if (all)
		log_message(log, LOG_NOTICE, "logs_reopened", "files of the log are open anew");
}

void sinks_close(struct sinks *sinks, const struct sinks *kept)
{
	for (unsigned i = 0; i < LOG_STREAM_COUNT; i++) {
		if (!kept || sinks->of[i] != kept->of[i])
			log_sink_close(sinks->of[i]);
		sinks->of[i] = NULL;
	}
}
