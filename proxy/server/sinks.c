#include "server/sinks.h"

#include <errno.h>
#include <string.h>

static const struct config_text *target_of(const struct config_logging *logging, unsigned stream)
{
	return stream == LOG_TO_ACCESS ? &logging->access : &logging->errors;
}

enum error sinks_open(const struct config_logging *logging, const struct config_logging *before,
                      const struct sinks *old, struct sinks *ret_sinks, struct text *why)
{
	struct sinks sinks = {0};

	for (unsigned i = 0; i < LOG_STREAM_COUNT; i++) {
		const struct config_text *target = target_of(logging, i);

		if (before && span_equal(target->text, target_of(before, i)->text)) {
			sinks.of[i] = old->of[i];
			continue;
		}

		enum error error = log_sink_open(target->text.data, &sinks.of[i]);

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
