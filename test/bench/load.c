/*
 * The client of scripts/bench: HTTP/1.1 over TLS (OpenSSL) or plain TCP, one thread, one epoll.
 *
 *     load --to 127.0.0.1:8443 --connections 64 --seconds 3 --get 1024
 *     load --to … --tls 1.3 --fresh --connections 16 --count 2000       a handshake per request
 *     load --to … --rate 5000                                           at a constant rate
 *     load --to … --idle --connections 1000                             until stdin ends
 *
 * It ends by itself, after --seconds or --count. With --rate, requests become due at even
 * distances whether or not earlier ones were answered, and latency counts from when one was due,
 * so that a server that stalls is not flattered. Prints one line of JSON.
 *
 * Certificates are not verified: this is the same work for every server and not what is measured.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "latencies.h"

enum {
	BLOCK = 256 * 1024,
	HEAD_MAX = 4096,
	EVENTS = 256,
	WAIT_MAX_US = 100000,
	SOURCES = 100,      /* addresses 127.0.0.2 and on: each has its own ports */
	SETTLE_US = 500000, /* connections are opened meanwhile: latencies count from then on */
};

enum state { UNUSED, CONNECTING, HANDSHAKE, READY, SENDING, RECEIVING };

struct connection {
	enum state state;
	int socket;
	SSL *tls;
	uint64_t due_us; /* of the request that is under way */
	size_t sent;     /* of head and body */
	char head[HEAD_MAX];
	size_t head_size;
	uint64_t body_left;
	bool in_body;
	uint32_t watched; /* epoll's events */
};

static struct {
	struct sockaddr_in to;
	const char *name; /* SNI and Host */
	unsigned connections;
	double seconds;
	uint64_t count;
	double rate; /* 0: as fast as it goes */
	size_t get, post;
	bool fresh, resume, idle;
	SSL_CTX *tls; /* NULL: plain */
} options = {.name = "bench.example", .connections = 1, .get = 1024, .seconds = 3};

static struct {
	uint64_t started, done, errors, bytes, handshakes, resumed;
	uint64_t begin_us, end_us;
	struct latencies latencies;
	unsigned open;
} run;

static int poller;
static struct connection *connections;
static SSL_SESSION *session;
static char block[BLOCK];
static char request[512];
static size_t request_size;
static unsigned next_source;

static uint64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

_Noreturn static void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- Input and output --------------------------------------------------------------------- */

static void watch(struct connection *connection, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = connection};

	if (connection->watched == events)
		return;
	if (epoll_ctl(poller, connection->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, connection->socket,
	              &event) != 0)
		fail("epoll_ctl");
	connection->watched = events;
}

/* Bytes moved, 0 for "not now", -1 for the end or an error. */
static ssize_t result_of(struct connection *connection, int code)
{
	if (code > 0)
		return code;
	switch (SSL_get_error(connection->tls, code)) {
	case SSL_ERROR_WANT_READ:
		watch(connection, EPOLLIN);
		return 0;
	case SSL_ERROR_WANT_WRITE:
		watch(connection, EPOLLOUT);
		return 0;
	default:
		ERR_clear_error();
		return -1;
	}
}

static ssize_t give(struct connection *connection, const char *bytes, size_t size)
{
	if (connection->tls)
		return result_of(connection, SSL_write(connection->tls, bytes, (int)size));

	ssize_t moved = send(connection->socket, bytes, size, MSG_NOSIGNAL);

	if (moved < 0 && errno == EAGAIN) {
		watch(connection, EPOLLOUT);
		return 0;
	}
	return moved;
}

static ssize_t take(struct connection *connection, char *bytes, size_t size)
{
	if (connection->tls)
		return result_of(connection, SSL_read(connection->tls, bytes, (int)size));

	ssize_t moved = recv(connection->socket, bytes, size, 0);

	if (moved < 0 && errno == EAGAIN) {
		watch(connection, EPOLLIN);
		return 0;
	}
	return moved == 0 ? -1 : moved;
}

/* --- Connections -------------------------------------------------------------------------- */

static void hang_up(struct connection *connection)
{
	if (connection->tls) {
		if (connection->state >= READY)
			(void)SSL_shutdown(connection->tls);
		ERR_clear_error();
		SSL_free(connection->tls);
	}
	(void)close(connection->socket);
	memset(connection, 0, sizeof(*connection));
	run.open--;
}

static void set_up_tls(struct connection *connection)
{
	connection->tls = SSL_new(options.tls);
	if (!connection->tls || SSL_set_fd(connection->tls, connection->socket) != 1)
		fail("SSL_new");
	(void)SSL_set_tlsext_host_name(connection->tls, options.name);
	if (options.resume && session)
		(void)SSL_set_session(connection->tls, session);
	SSL_set_connect_state(connection->tls);
}

static void dial(struct connection *connection)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	int one = 1;

	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + next_source++ % SOURCES);
	connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->socket < 0)
		fail("socket");
	(void)setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(connection->socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (bind(connection->socket, (struct sockaddr *)&from, sizeof(from)) != 0)
		fail("bind");
	if (connect(connection->socket, (struct sockaddr *)&options.to, sizeof(options.to)) != 0 &&
	    errno != EINPROGRESS)
		fail("connect");
	if (options.tls)
		set_up_tls(connection);
	connection->state = CONNECTING;
	run.open++;
	watch(connection, EPOLLOUT);
}

static void lose(struct connection *connection)
{
	run.errors++;
	hang_up(connection);
}

/* --- Requests ----------------------------------------------------------------------------- */

/* The moment at which the next request is due, or 0: there is none more. */
static uint64_t next_due_us(uint64_t now)
{
	if (options.count ? run.started >= options.count : now >= run.end_us)
		return 0;
	if (options.rate <= 0)
		return now;

	uint64_t due = run.begin_us + (uint64_t)((double)run.started * 1e6 / options.rate);

	return due >= run.end_us ? 0 : due;
}

static void answered(struct connection *connection)
{
	uint64_t took = now_us() - connection->due_us;

	run.done++;
	if (connection->due_us >= run.begin_us + SETTLE_US)
		latencies_add(&run.latencies, took);
	connection->state = READY;
	if (!options.fresh)
		return;
	/* The ticket of TLS 1.3 comes with the answer. */
	if (options.resume && !session)
		session = SSL_get1_session(connection->tls);
	hang_up(connection);
}

/* True once all of the head is here, with what follows it counted. */
static bool take_head(struct connection *connection, const char *bytes, size_t size)
{
	size_t room = HEAD_MAX - 1 - connection->head_size;
	size_t old = connection->head_size;
	size_t copied = size < room ? size : room;

	memcpy(connection->head + old, bytes, copied);
	connection->head_size += copied;
	connection->head[connection->head_size] = 0;

	const char *end = strstr(connection->head, "\r\n\r\n");
	const char *length = strcasestr(connection->head, "\r\ncontent-length:");

	if (!end)
		return false;
	if (strncmp(connection->head, "HTTP/1.1 200", 12) != 0 || !length) {
		fprintf(stderr, "load: an answer that is not expected: %.60s\n", connection->head);
		exit(1);
	}
	connection->body_left = strtoull(length + 17, NULL, 10);
	connection->in_body = true;
	connection->body_left -= size - ((size_t)(end + 4 - connection->head) - old);
	return true;
}

static void receive(struct connection *connection)
{
	for (;;) {
		ssize_t size = take(connection, block, sizeof(block));

		if (size == 0)
			return;
		if (size < 0) {
			lose(connection);
			return;
		}
		run.bytes += (uint64_t)size;
		if (connection->in_body)
			connection->body_left -= (uint64_t)size;
		else if (!take_head(connection, block, (size_t)size))
			continue;
		if (connection->body_left == 0) {
			answered(connection);
			return;
		}
	}
}

static void transmit(struct connection *connection)
{
	size_t whole = request_size + options.post;

	while (connection->sent < whole) {
		bool in_head = connection->sent < request_size;
		size_t left = in_head ? request_size - connection->sent : whole - connection->sent;
		const char *bytes = in_head ? request + connection->sent : block;
		ssize_t size = give(connection, bytes, left < BLOCK ? left : BLOCK);

		if (size == 0)
			return;
		if (size < 0) {
			lose(connection);
			return;
		}
		connection->sent += (size_t)size;
		run.bytes += in_head ? 0 : (uint64_t)size;
	}
	connection->state = RECEIVING;
	watch(connection, EPOLLIN);
}

static void begin(struct connection *connection, uint64_t due)
{
	connection->due_us = due;
	connection->sent = 0;
	connection->head_size = 0;
	connection->in_body = false;
	run.started++;
	if (connection->state == UNUSED) {
		dial(connection);
		return;
	}
	connection->state = SENDING;
	transmit(connection);
}

static void shake_hands(struct connection *connection)
{
	if (options.tls) {
		ssize_t code = result_of(connection, SSL_do_handshake(connection->tls));

		if (code == 0)
			return;
		if (code < 0) {
			lose(connection);
			return;
		}
		run.handshakes++;
		run.resumed += SSL_session_reused(connection->tls) == 1;
	}
	connection->state = SENDING;
	transmit(connection);
}

static void step(struct connection *connection)
{
	int error = 0;
	socklen_t size = sizeof(error);

	switch (connection->state) {
	case CONNECTING:
		(void)getsockopt(connection->socket, SOL_SOCKET, SO_ERROR, &error, &size);
		if (error != 0) {
			lose(connection);
			return;
		}
		connection->state = HANDSHAKE;
		shake_hands(connection);
		break;
	case HANDSHAKE:
		shake_hands(connection);
		break;
	case SENDING:
		transmit(connection);
		break;
	case RECEIVING:
		receive(connection);
		break;
	default: /* closed by the server, or a ticket that nobody waits for */
		if (take(connection, block, sizeof(block)) < 0)
			hang_up(connection);
		break;
	}
}

/* --- The run ------------------------------------------------------------------------------ */

static bool is_free(const struct connection *connection)
{
	return connection->state == UNUSED || connection->state == READY;
}

/* Starts what is due. How long nothing more will be due, in µs; WAIT_MAX_US: until something
 * comes, and the end may come while nothing is under way. */
static uint64_t start_due(void)
{
	for (unsigned i = 0; i < options.connections; i++) {
		uint64_t now = now_us();
		uint64_t due = next_due_us(now);

		if (due == 0)
			return WAIT_MAX_US;
		if (due > now)
			return due - now < WAIT_MAX_US ? due - now : WAIT_MAX_US;
		if (is_free(&connections[i]))
			begin(&connections[i], due);
	}
	return WAIT_MAX_US;
}

static bool is_over(void)
{
	for (unsigned i = 0; i < options.connections; i++)
		if (!is_free(&connections[i]))
			return false;
	return next_due_us(now_us()) == 0;
}

/* To the microsecond: a load that turns while it waits would take the core that the backend needs,
 * and be measured instead of the proxy. */
static void turn(uint64_t wait_us)
{
	struct timespec wait = {(time_t)(wait_us / 1000000), (long)(wait_us % 1000000) * 1000};
	struct epoll_event events[EVENTS];
	int count = epoll_pwait2(poller, events, EVENTS, &wait, NULL);

	if (count < 0 && errno != EINTR)
		fail("epoll_pwait2");

	for (int i = 0; i < count; i++)
		step(events[i].data.ptr);
}

static void report(void)
{
	double seconds = (double)(now_us() - run.begin_us) / 1e6;

	printf("{\"requests\": %llu, \"errors\": %llu, \"bytes\": %llu, \"handshakes\": %llu, "
	       "\"resumed\": %llu, \"seconds\": %.6f, \"p50_us\": %.0f, \"p99_us\": %.0f}\n",
	       (unsigned long long)run.done, (unsigned long long)run.errors,
	       (unsigned long long)run.bytes, (unsigned long long)run.handshakes,
	       (unsigned long long)run.resumed, seconds, latencies_part(&run.latencies, 0.5),
	       latencies_part(&run.latencies, 0.99));
}

/* One request on each connection, then nothing until stdin ends. */
static void sit_idle(void)
{
	char byte;

	for (unsigned i = 0; i < options.connections; i++) {
		begin(&connections[i], now_us());
		while (!is_free(&connections[i]))
			turn(WAIT_MAX_US);
		if (connections[i].state == UNUSED) {
			fprintf(stderr, "load: connection %u was closed\n", i);
			exit(1);
		}
	}
	printf("ready\n");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0) {
	}
}

static void go(void)
{
	run.begin_us = now_us();
	run.end_us = run.begin_us + (uint64_t)(options.seconds * 1e6);
	while (!is_over())
		turn(start_due());
	report();
}

/* --- Options ------------------------------------------------------------------------------ */

static void set_tls(const char *version)
{
	int number = strcmp(version, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;

	options.tls = SSL_CTX_new(TLS_client_method());
	if (!options.tls)
		fail("SSL_CTX_new");
	(void)SSL_CTX_set_min_proto_version(options.tls, number);
	(void)SSL_CTX_set_max_proto_version(options.tls, number);
	SSL_CTX_set_mode(options.tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
	                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                                  SSL_MODE_RELEASE_BUFFERS);
	/* With a cache, OpenSSL uses a session once. */
	(void)SSL_CTX_set_session_cache_mode(options.tls, SSL_SESS_CACHE_OFF);
}

static void set_to(char *text)
{
	char *colon = strrchr(text, ':');

	if (!colon) {
		fprintf(stderr, "load: --to ADDRESS:PORT\n");
		exit(2);
	}
	*colon = 0;
	options.to.sin_family = AF_INET;
	options.to.sin_port = htons((uint16_t)atoi(colon + 1));
	if (inet_pton(AF_INET, text, &options.to.sin_addr) != 1)
		fail(text);
}

static void read_options(int count, char **arguments)
{
	static const struct option known[] = {
		{"to", required_argument, NULL, 't'},
		{"connections", required_argument, NULL, 'c'},
		{"seconds", required_argument, NULL, 's'},
		{"count", required_argument, NULL, 'n'},
		{"rate", required_argument, NULL, 'r'},
		{"get", required_argument, NULL, 'g'},
		{"post", required_argument, NULL, 'p'},
		{"tls", required_argument, NULL, 'v'},
		{"name", required_argument, NULL, 'h'},
		{"fresh", no_argument, NULL, 'f'},
		{"resume", no_argument, NULL, 'u'},
		{"idle", no_argument, NULL, 'i'},
		{0},
	};

	for (int letter; (letter = getopt_long(count, arguments, "", known, NULL)) != -1;) {
		switch (letter) {
		case 't':
			set_to(optarg);
			break;
		case 'c':
			options.connections = (unsigned)atoi(optarg);
			break;
		case 's':
			options.seconds = atof(optarg);
			break;
		case 'n':
			options.count = strtoull(optarg, NULL, 10);
			break;
		case 'r':
			options.rate = atof(optarg);
			break;
		case 'g':
			options.get = strtoull(optarg, NULL, 10);
			break;
		case 'p':
			options.post = strtoull(optarg, NULL, 10);
			break;
		case 'v':
			set_tls(optarg);
			break;
		case 'h':
			options.name = optarg;
			break;
		case 'f':
			options.fresh = true;
			break;
		case 'u':
			options.resume = options.fresh = true;
			break;
		case 'i':
			options.idle = true;
			break;
		default:
			exit(2);
		}
	}
	if (options.to.sin_port == 0 || options.connections == 0) {
		fprintf(stderr, "load: --to ADDRESS:PORT is needed\n");
		exit(2);
	}
}

static void write_request(void)
{
	int size = snprintf(request, sizeof(request),
	                    "%s /%zu HTTP/1.1\r\nHost: %s\r\nUser-Agent: load\r\nAccept: */*\r\n",
	                    options.post ? "POST" : "GET", options.post ? (size_t)2 : options.get,
	                    options.name);

	request_size = (size_t)size;
	size = snprintf(request + request_size, sizeof(request) - request_size,
	                options.post ? "Content-Length: %zu\r\n\r\n" : "\r\n", options.post);
	request_size += (size_t)size;
}

int main(int count, char **arguments)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_TIMERSLACK, 1); /* waits end when they shall, not 50 µs later */
	read_options(count, arguments);
	write_request();
	poller = epoll_create1(EPOLL_CLOEXEC);
	connections = calloc(options.connections, sizeof(*connections));
	if (poller < 0 || !connections || !latencies_init(&run.latencies))
		fail("start");
	memset(block, 'x', sizeof(block));
	if (options.idle)
		sit_idle();
	else
		go();
	return run.errors > 0;
}
