#include "base/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/syslog.h"

enum { CLOSE_WAIT_MS = 1000, LINE_MAX_BYTES = 1000 };

enum sink_kind { SINK_OFF, SINK_STREAM, SINK_FILE, SINK_SYSLOG };

struct log_sink {
	enum sink_kind kind;  /* never changes, like `path` */
	char *path;           /* of a file */
	pthread_mutex_t lock; /* guards all below but `waiting` */
	int fd;               /* of a stream or file */
	bool is_ours;         /* to be closed */
	struct syslog syslog;
	struct text pending; /* not yet written */
	uint64_t dropped;    /* lines, since this was last told */
	atomic_bool waiting; /* `pending` is not empty: readable without the lock */
};

/* A description of its own, so that O_NONBLOCK does not reach others who share standard output. */
static int reopen_nonblocking(int fd)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static void open_standard(struct log_sink *sink, int fd)
{
	struct stat facts;
	/* A file never blocks, and with two descriptions its writers would overwrite each other. */
	bool is_file = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
	int own = is_file ? -1 : reopen_nonblocking(fd);

	sink->kind = SINK_STREAM;
	sink->is_ours = own >= 0;
	sink->fd = own >= 0 ? own : fd; /* A socket can not be reopened: it is used as it is. */
}

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0640);
}

static enum error new_sink(struct log_sink **ret_sink)
{
	struct log_sink *sink = memory_new(1, sizeof(*sink));

	if (!sink)
		return ERROR_OUT_OF_MEMORY;
	if (pthread_mutex_init(&sink->lock, NULL)) {
		memory_free(sink);
		return ERROR_SYSTEM;
	}
	text_init(&sink->pending, 2 * (size_t)LOG_BATCH_MAX);
	sink->fd = sink->syslog.fd = -1;
	*ret_sink = sink;
	return OK;
}

static enum error open_path(struct log_sink *sink, const char *path)
{
	sink->kind = SINK_FILE;
	sink->path = memory_new(1, strlen(path) + 1);
	if (!sink->path)
		return ERROR_OUT_OF_MEMORY;
	memcpy(sink->path, path, strlen(path) + 1);
	sink->fd = open_file(path);
	sink->is_ours = true;
	return sink->fd < 0 ? ERROR_SYSTEM : OK;
}

enum error log_sink_open(const char *target, struct log_sink **ret_sink)
{
	struct log_sink *sink;
	enum error error = new_sink(&sink);

	if (error)
		return error;
	if (strcmp(target, "stdout") == 0)
		open_standard(sink, STDOUT_FILENO);
	else if (strcmp(target, "stderr") == 0)
		open_standard(sink, STDERR_FILENO);
	else if (strcmp(target, "off") != 0)
		error = open_path(sink, target);
	if (error) {
		int system_error = errno;

		log_sink_close(sink);
		errno = system_error;
		return error;
	}
	*ret_sink = sink;
	return OK;
}

enum error log_sink_open_syslog(const struct log_syslog *syslog, struct log_sink **ret_sink)
{
	struct log_sink *sink;
	enum error error = new_sink(&sink);

	if (error)
		return error;
	sink->kind = SINK_SYSLOG;
	error = syslog_init(syslog, &sink->syslog);
	if (error) {
		int system_error = errno;

		log_sink_close(sink);
		errno = system_error;
		return error;
	}
	*ret_sink = sink;
	return OK;
}

/* How much of it was done with: 0 if nobody takes more now. */
static size_t write_stream(struct log_sink *sink, struct span bytes)
{
	ssize_t written;

	do
		written = write(sink->fd, bytes.data, bytes.size);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		/* Nobody reads any more, or the disk is full: there is nowhere to complain. */
		return errno == EAGAIN ? 0 : bytes.size;
	return (size_t)written;
}

/* The first line of it, as one datagram. */
static size_t write_message(struct log_sink *sink, struct span bytes)
{
	const char *end = memchr(bytes.data, '\n', bytes.size);
	size_t size = end ? (size_t)(end - bytes.data) : bytes.size;
	enum syslog_sent sent = syslog_send(&sink->syslog, span_cut(bytes, 0, size));

	if (sent == SYSLOG_FULL)
		return 0;
	sink->dropped += sent == SYSLOG_LOST;
	return end ? size + 1 : size;
}

/* Writes what the reader takes now. True if nothing is left. */
static bool write_pending(struct log_sink *sink)
{
	struct span pending = text_span(&sink->pending);

	while (pending.size > 0) {
		size_t done =
			sink->kind == SINK_SYSLOG ? write_message(sink, pending) : write_stream(sink, pending);

		if (done == 0)
			break;
		pending = span_from(pending, done);
	}
	text_taken(&sink->pending, sink->pending.size - pending.size);
	return pending.size == 0;
}

/* A file on a full disk, or a directory that went away, must not cost what can still be written. */
static enum error reopen_file(struct log_sink *sink)
{
	int fd = open_file(sink->path);
	int old = sink->fd;

	if (fd < 0)
		return ERROR_SYSTEM;
	(void)pthread_mutex_lock(&sink->lock);
	(void)write_pending(sink);
	sink->fd = fd;
	(void)pthread_mutex_unlock(&sink->lock);
	(void)close(old);
	return OK;
}

enum error log_sink_reopen(struct log_sink *sink)
{
	if (sink->kind == SINK_FILE)
		return reopen_file(sink);
	if (sink->kind == SINK_SYSLOG) {
		(void)pthread_mutex_lock(&sink->lock);
		syslog_disconnect(&sink->syslog);
		(void)pthread_mutex_unlock(&sink->lock);
	}
	return OK;
}

static bool wait_writable(const struct log_sink *sink)
{
	struct pollfd writable = {
		.fd = sink->kind == SINK_SYSLOG ? sink->syslog.fd : sink->fd,
		.events = POLLOUT,
	};

	return poll(&writable, 1, CLOSE_WAIT_MS) > 0;
}

void log_sink_give(struct log_sink *sink, uid_t user, gid_t group)
{
	struct stat facts;

	/* A device is everybody's. */
	if (sink->kind == SINK_FILE && fstat(sink->fd, &facts) == 0 && S_ISREG(facts.st_mode) &&
	    fchown(sink->fd, user, group) < 0)
		return; /* Whoever may not has no other user to give it to either. */
}

void log_sink_close(struct log_sink *sink)
{
	if (!sink)
		return;
	while (!write_pending(sink) && wait_writable(sink))
		;
	if (sink->is_ours && sink->fd >= 0)
		(void)close(sink->fd);
	syslog_done(&sink->syslog);
	(void)pthread_mutex_destroy(&sink->lock);
	text_done(&sink->pending);
	memory_free(sink->path);
	memory_free(sink);
}

bool log_sink_is_off(const struct log_sink *sink)
{
	return sink->kind == SINK_OFF;
}

void log_sink_put_header(const struct log_sink *sink, enum log_level level, const char *now,
                         const char *event, struct text *text)
{
	if (sink->kind == SINK_SYSLOG)
		syslog_put_header(&sink->syslog, level, now, event, text);
}

static uint64_t count_lines(struct span bytes)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < bytes.size; i++)
		lines += bytes.data[i] == '\n';
	return lines;
}

static void tell_dropped(struct log_sink *sink, enum log_format format)
{
	char now[CLOCK_TEXT_SIZE];
	struct text line;
	bool is_told = true;

	clock_format(clock_wall_us(), now);
	text_init(&line, LINE_MAX_BYTES);
	log_sink_put_header(sink, LOG_WARNING, now, "log_lines_dropped", &line);
	text_printf(&line,
	            format == LOG_JSON
	                ? "{\"time\":\"%s\",\"level\":\"warning\",\"event\":\"log_lines_dropped\","
	                  "\"count\":%llu}"
	                : "%s warning log_lines_dropped count=%llu",
	            now, (unsigned long long)sink->dropped);
	if (sink->kind == SINK_SYSLOG)
		is_told = syslog_send(&sink->syslog, text_span(&line)) == SYSLOG_SENT;
	else
		text_printf(&sink->pending, "%s\n", text_string(&line));
	text_done(&line);
	if (is_told)
		sink->dropped = 0;
}

/* Lines are taken whole or not at all. */
static void take(struct log_sink *sink, struct span batch, enum log_format format)
{
	bool has_room = write_pending(sink) || batch.size + sink->pending.size <= LOG_BATCH_MAX;
	size_t before;

	if (!has_room) {
		sink->dropped += count_lines(batch);
		return;
	}
	if (sink->dropped > 0 && sink->pending.size == 0)
		tell_dropped(sink, format);
	before = sink->pending.size;
	text_put(&sink->pending, batch);
	if (sink->pending.cut) {
		/* Memory is used up: half a line is worse than none. */
		sink->pending.size = before;
		sink->pending.cut = false;
		sink->dropped += count_lines(batch);
	}
	atomic_store(&sink->waiting, !write_pending(sink));
}

bool log_sink_write(struct log_sink *sink, struct span batch, enum log_format format)
{
	if (sink->kind == SINK_OFF || (batch.size == 0 && !atomic_load(&sink->waiting)))
		return true;
	if (pthread_mutex_trylock(&sink->lock) != 0) {
		if (batch.size < LOG_BATCH_MAX / 2)
			return false;
		(void)pthread_mutex_lock(&sink->lock);
	}
	take(sink, batch, format);
	(void)pthread_mutex_unlock(&sink->lock);
	return true;
}
