/*
 * A syslog server as a datagram socket: RFC 5424 messages, over UDP (RFC 5426) or a unix socket.
 *
 * Owner: one log sink, which also serialises its callers.
 */
#ifndef SALLYPORT_BASE_SYSLOG_H
#define SALLYPORT_BASE_SYSLOG_H

#include "base/log_sink.h"

enum syslog_sent {
	SYSLOG_SENT,
	SYSLOG_FULL, /* later */
	SYSLOG_LOST, /* nobody is there, or the message is too long for a datagram */
};

struct syslog {
	struct log_syslog options;
	int fd; /* -1: not connected */
	char host_name[256];
};

/* ERROR_SYSTEM (see errno): no socket can be had; not that the server is away. */
MUST_CHECK enum error syslog_init(const struct log_syslog *options, struct syslog *ret_syslog);
void syslog_done(struct syslog *syslog);
/* The next message looks for the server again. */
void syslog_disconnect(struct syslog *syslog);
/* `<PRI>1 TIME HOST APP PROCID MSGID - ` (RFC 5424 §6). */
void syslog_put_header(const struct syslog *syslog, enum log_level level, const char *now,
                       const char *event, struct text *text);
/* Sends one message; connects first, and once again if the server was started anew. */
enum syslog_sent syslog_send(struct syslog *syslog, struct span message);

#endif
