/*
 * Where the lines of several threads end up: a standard output, a file, or a syslog server.
 *
 * Nothing here blocks a loop: what a slow reader does not take is kept up to 1 MiB, lines beyond it
 * are dropped whole, and their number is told once it reads again.
 *
 * Syslog: each line is one message of RFC 5424 in one datagram, over UDP (RFC 5426) or to a unix
 * socket such as /dev/log. A server that is away loses what is said meanwhile; what is lost is
 * counted and told.
 *
 * Threads: shared by all.
 */
#ifndef SALLYPORT_BASE_LOG_SINK_H
#define SALLYPORT_BASE_LOG_SINK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/error.h"
#include "base/span.h"
#include "base/text.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_DEBUG, LOG_LEVEL_COUNT };
enum log_format { LOG_JSON, LOG_TEXT };

enum {
	LOG_BATCH_MAX = 1 << 20, /* bytes of one thread's turn, and of what a slow reader leaves */
	LOG_APP_NAME_MAX = 48,   /* bytes, RFC 5424 §6 */
};

struct log_sink;

/* How lines go to a syslog server. */
struct log_syslog {
	struct address address;              /* ADDRESS_IPV4, ADDRESS_IPV6 or ADDRESS_UNIX */
	unsigned facility;                   /* 0 to 23, RFC 5424 §6.2.1 */
	char app_name[LOG_APP_NAME_MAX + 1]; /* printable ASCII without spaces */
};

/*
 * `target`: `stdout`, `stderr`, `off`, or the path of a file to append to (created 0640).
 * ERROR_SYSTEM (see errno), ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error log_sink_open(const char *target, struct log_sink **ret_sink);
/* A server that does not answer is no error: it may come. ERROR_SYSTEM (see errno): no socket can
 * be had. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error log_sink_open_syslog(const struct log_syslog *syslog,
                                           struct log_sink **ret_sink);
/*
 * Opens the path, or connects to the server, anew: after the file was moved away. Others do
 * nothing. ERROR_SYSTEM (see errno), ERROR_OUT_OF_MEMORY: the old one goes on being written.
 */
MUST_CHECK enum error log_sink_reopen(struct log_sink *sink);
/* A file becomes that user's, who can then open it again. As far as we may. */
void log_sink_give(struct log_sink *sink, uid_t user, gid_t group);
/* Writes what is left, waiting up to a second for a slow reader. NULL is allowed. */
void log_sink_close(struct log_sink *sink);

/* True if nobody will ever read it. */
bool log_sink_is_off(const struct log_sink *sink);
/* What a line needs before its first byte: nothing, or the header of a syslog message. `now`: RFC
 * 3339. `event` is its MSGID. */
void log_sink_put_header(const struct log_sink *sink, enum log_level level, const char *now,
                         const char *event, struct text *text);
/*
 * Takes whole lines, each with its header. False if another thread is writing and `batch` may wait
 * a turn: it was not taken.
 */
bool log_sink_write(struct log_sink *sink, struct span batch, enum log_format format);

#endif
