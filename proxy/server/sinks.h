/*
 * Where the logs of a setup go.
 *
 * Owner of the sinks: the server. Threads: the server's own; the sinks are everybody's.
 */
#ifndef SALLYPORT_SERVER_SINKS_H
#define SALLYPORT_SERVER_SINKS_H

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "config/config.h"

struct sinks {
	struct log_sink *of[LOG_STREAM_COUNT];
};

/*
 * Opens them. A log that went to the same place before a reload keeps its sink; `before` and
 * `old`: those of before, or NULL. `why` says what is wrong. ERROR_SYSTEM, ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error sinks_open(const struct config_logging *logging,
                                 const struct config_logging *before, const struct sinks *old,
                                 struct sinks *ret_sinks, struct text *why);
/* A log writes to them from now on, in the form and at the level that go with them. */
void sinks_give(const struct sinks *sinks, const struct config_logging *logging, struct log *log);
/* The files were moved away, to be kept or packed: new ones are begun. Tells how that went. */
void sinks_reopen(struct sinks *sinks, const struct config_logging *logging, struct log *log);
/* Closes those that `kept` does not have; NULL: all. */
void sinks_close(struct sinks *sinks, const struct sinks *kept);

#endif
