#include "base/syslog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MSGID_MAX = 32 };

static int open_socket(const struct log_syslog *options)
{
	int family = options->address.kind == ADDRESS_UNIX   ? AF_UNIX
	             : options->address.kind == ADDRESS_IPV6 ? AF_INET6
	                                                     : AF_INET;

	return socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* A HOSTNAME is printable ASCII without spaces, or `-`. */
static void find_host_name(struct syslog *syslog)
{
	if (gethostname(syslog->host_name, sizeof(syslog->host_name)) < 0)
		syslog->host_name[0] = '\0';
	syslog->host_name[sizeof(syslog->host_name) - 1] = '\0';
	for (char *at = syslog->host_name; *at; at++)
		if (*at <= ' ' || *at > '~')
			*at = '_';
	if (syslog->host_name[0] == '\0')
		(void)snprintf(syslog->host_name, sizeof(syslog->host_name), "-");
}

static bool connect_socket(struct syslog *syslog)
{
	struct sockaddr_storage socket;
	socklen_t length = address_to_socket(&syslog->options.address, &socket);

	if (syslog->fd < 0)
		syslog->fd = open_socket(&syslog->options);
	if (syslog->fd >= 0 && connect(syslog->fd, (const struct sockaddr *)&socket, length) == 0)
		return true;
	syslog_disconnect(syslog);
	return false;
}

enum error syslog_init(const struct log_syslog *options, struct syslog *ret_syslog)
{
	int fd = open_socket(options);

	if (fd < 0)
		return ERROR_SYSTEM;
	*ret_syslog = (struct syslog){.options = *options, .fd = fd};
	find_host_name(ret_syslog);
	(void)connect_socket(ret_syslog);
	return OK;
}

void syslog_disconnect(struct syslog *syslog)
{
	if (syslog->fd >= 0)
		(void)close(syslog->fd);
	syslog->fd = -1;
}

void syslog_done(struct syslog *syslog)
{
	syslog_disconnect(syslog);
}

void syslog_put_header(const struct syslog *syslog, enum log_level level, const char *now,
                       const char *event, struct text *text)
{
	/* RFC 5424 §6.2.1: Error, Warning, Notice, Debug. */
	static const unsigned severities[LOG_LEVEL_COUNT] = {3, 4, 5, 7};

	text_printf(text, "<%u>1 %s %s %s %ld %.*s - ",
	            syslog->options.facility * 8 + severities[level], now, syslog->host_name,
	            syslog->options.app_name, (long)getpid(), MSGID_MAX, event);
}

enum syslog_sent syslog_send(struct syslog *syslog, struct span message)
{
	/* UDP tells with one message that an earlier one was refused: not both need be lost. */
	for (unsigned attempt = 0; attempt < 2; attempt++) {
		if (syslog->fd < 0 && !connect_socket(syslog))
			return SYSLOG_LOST;
		if (send(syslog->fd, message.data, message.size, MSG_NOSIGNAL) >= 0)
			return SYSLOG_SENT;
		if (errno == EAGAIN || errno == ENOBUFS)
			return SYSLOG_FULL;
		if (errno == EMSGSIZE)
			return SYSLOG_LOST;
		syslog_disconnect(syslog);
	}
	return SYSLOG_LOST;
}
