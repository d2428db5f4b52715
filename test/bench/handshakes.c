/*
 * A client that does nothing but handshakes: connects, shakes hands, sends one request, reads the
 * answer, closes; as often as it is told. OpenSSL's `s_time` asks for no version or group.
 *
 * usage: handshakes PORT COUNT [VERSION [GROUPS [SUITES [resume]]]]
 *        VERSION 1.3 or 1.2; GROUPS as X25519:P-256; SUITES of TLS 1.3, or - for OpenSSL's order
 * Prints how many of them were resumed; exits with 1 at the first that fails.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char request[] = "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";

static int connect_to(unsigned long port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static bool exchange(SSL *ssl)
{
	char answer[16384];
	int size = 0;
	int all = 0;

	if (SSL_write(ssl, request, (int)strlen(request)) <= 0)
		return false;
	while ((size = SSL_read(ssl, answer, sizeof(answer))) > 0)
		all += size;
	return all > 0;
}

/* One connection. `ticket`: NULL, or the session to resume; replaced by the one that was got. */
static bool run(SSL_CTX *context, unsigned long port, SSL_SESSION **ticket, unsigned long *resumed)
{
	int fd = connect_to(port);
	SSL *ssl = SSL_new(context);
	bool done = fd >= 0 && ssl && SSL_set_fd(ssl, fd) == 1 &&
	            SSL_set_tlsext_host_name(ssl, "a.example") == 1;

	if (done && ticket && *ticket)
		done = SSL_set_session(ssl, *ticket) == 1;
	done = done && SSL_connect(ssl) == 1 && exchange(ssl);
	if (done && SSL_session_reused(ssl))
		++*resumed;
	if (done && ticket) {
		SSL_SESSION_free(*ticket);
		*ticket = SSL_get1_session(ssl);
	}
	if (ssl) /* so that the session can be resumed */
		SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(ssl);
	if (fd >= 0)
		(void)close(fd);
	return done;
}

static SSL_CTX *make_context(int argc, char **argv)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	int version = argc > 3 && strcmp(argv[3], "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;

	if (!context)
		return NULL;
	(void)SSL_CTX_set_min_proto_version(context, version);
	(void)SSL_CTX_set_max_proto_version(context, version);
	if ((argc > 4 && SSL_CTX_set1_groups_list(context, argv[4]) != 1) ||
	    (argc > 5 && strcmp(argv[5], "-") != 0 &&
	     SSL_CTX_set_ciphersuites(context, argv[5]) != 1)) {
		SSL_CTX_free(context);
		return NULL;
	}
	return context;
}

int main(int argc, char **argv)
{
	SSL_CTX *context = argc > 2 ? make_context(argc, argv) : NULL;
	bool resumes = argc > 6 && strcmp(argv[6], "resume") == 0;
	unsigned long port = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned long resumed = 0;
	SSL_SESSION *ticket = NULL;

	if (!context) {
		(void)fprintf(stderr,
		              "usage: handshakes PORT COUNT [VERSION [GROUPS [SUITES [resume]]]]\n");
		return 2;
	}
	for (unsigned long i = 0; i < count; i++) {
		if (!run(context, port, resumes ? &ticket : NULL, &resumed)) {
			(void)fprintf(stderr, "handshakes: connection %lu failed\n", i);
			return 1;
		}
	}
	(void)printf("%lu connections, %lu resumed\n", count, resumed);
	SSL_SESSION_free(ticket);
	SSL_CTX_free(context);
	return 0;
}
