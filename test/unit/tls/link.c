#include "unit/tls/link.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/memory.h"

enum { BUFFER_SIZE = 20480, CERTIFICATES_MAX = 16, MOVE_MAX = 65536 };

struct world world;

int world_open(void **state)
{
	(void)state;
	world.budget.max = (size_t)64 << 20;
	if (tls_library_open() != OK || tls_random_new(&world.random) != OK)
		return -1;
	return 0;
}

int world_close(void **state)
{
	(void)state;
	pki_done();
	tls_random_free(world.random);
	tls_library_close();
	return atomic_load(&world.budget.used) == 0 ? 0 : -1;
}

struct tls_sites *make_sites(const struct tls_policy *policy, bool refuse_unknown_name,
                             struct tls_certificate *const *certificates, size_t count)
{
	struct tls_terms terms = {.policy = policy ? policy : tls_policy_default()};
	struct tls_sites_options options = {
		.certificates = certificates,
		.certificate_count = count,
		.terms = &terms,
		.refuse_unknown_name = refuse_unknown_name,
	};
	struct tls_sites *sites = NULL;

	assert_int_equal(tls_terms_seal(&terms), OK);
	assert_int_equal(tls_sites_new(&options, &sites), OK);
	for (size_t i = 0; i < count; i++)
		tls_certificate_unref(certificates[i]);
	return sites;
}

struct tls_server *make_server_for(struct tls_sites *sites, struct tls_tickets *tickets)
{
	struct tls_server_options options = {
		.sites = sites,
		.tickets = tickets,
		.random = world.random,
		.budget = &world.budget,
	};
	struct tls_server *server = NULL;

	assert_int_equal(tls_server_new(&options, &server), OK);
	tls_sites_unref(sites);
	return server;
}

struct tls_server *make_server(struct tls_tickets *tickets, bool refuse_unknown_name,
                               struct tls_certificate *first, ...)
{
	struct tls_certificate *certificates[CERTIFICATES_MAX];
	size_t count = 0;
	va_list rest;

	va_start(rest, first);
	while (first) {
		certificates[count++] = first;
		/* clang-tidy 14 does not see va_start(). */
		first = va_arg(rest, struct tls_certificate *); /* NOLINT(clang-analyzer-valist.*) */
	}
	va_end(rest);
	return make_server_for(make_sites(NULL, refuse_unknown_name, certificates, count), tickets);
}

struct tls_server *make_server_with(const struct tls_policy *policy, struct tls_certificate *first,
                                    struct tls_certificate *second)
{
	struct tls_certificate *certificates[] = {first, second};

	return make_server_for(make_sites(policy, false, certificates, second ? 2 : 1), NULL);
}

static int on_new_ticket(SSL *client, SSL_SESSION *session)
{
	struct link *link = SSL_get_app_data(client);

	SSL_SESSION_free(link->ticket);
	link->ticket = session;
	link->tickets++;
	return 1;
}

/* OpenSSL's macros cast const away, which our compilers do not let pass. */
static void set_text(SSL *client, int command, long argument, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (copy)
		assert_true(SSL_ctrl(client, command, argument, copy));
	free(copy);
}

static void set_up_client(struct link *link, const struct wish *wish)
{
	link->context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_session_cache_mode(link->context,
	                               SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(link->context, on_new_ticket);
	SSL_CTX_set_security_level(link->context, 1);
	if (wish->no_ticket)
		SSL_CTX_set_options(link->context, SSL_OP_NO_TICKET);
	if (wish->verify) {
		assert_true(X509_STORE_add_cert(SSL_CTX_get_cert_store(link->context), pki_root()));
		SSL_CTX_set_verify(link->context, SSL_VERIFY_PEER, NULL);
	}
	link->client = SSL_new(link->context);
	SSL_set_app_data(link->client, link);
	SSL_set_bio(link->client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	if (wish->version) {
		assert_true(SSL_set_min_proto_version(link->client, wish->version));
		assert_true(SSL_set_max_proto_version(link->client, wish->version));
	}
	if (wish->suites_1_2)
		assert_true(SSL_set_cipher_list(link->client, wish->suites_1_2));
	if (wish->suites_1_3)
		assert_true(SSL_set_ciphersuites(link->client, wish->suites_1_3));
	set_text(link->client, SSL_CTRL_SET_GROUPS_LIST, 0, wish->groups);
	set_text(link->client, SSL_CTRL_SET_SIGALGS_LIST, 0, wish->signatures);
	set_text(link->client, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, wish->name);
	if (wish->name && wish->verify)
		assert_true(SSL_set1_host(link->client, wish->name));
	if (wish->protocols)
		assert_int_equal(SSL_set_alpn_protos(link->client, (const unsigned char *)wish->protocols,
		                                     (unsigned)strlen(wish->protocols)),
		                 0);
	if (wish->session)
		assert_true(SSL_set_session(link->client, wish->session));
	SSL_set_connect_state(link->client);
}

void link_resize(struct buffer *buffer, size_t capacity)
{
	assert_true(buffer_is_empty(buffer));
	free(buffer->data);
	*buffer = (struct buffer){.data = capacity ? malloc(capacity) : NULL, .capacity = capacity};
}

void link_open(struct link *link, struct tls_server *server, const struct wish *wish)
{
	*link = (struct link){0};
	text_init(&link->received, (size_t)64 << 20);
	link_resize(&link->wire_in, BUFFER_SIZE);
	link_resize(&link->wire_out, BUFFER_SIZE);
	link_resize(&link->plain_in, BUFFER_SIZE);
	assert_int_equal(tls_session_new(server, &link->session), OK);
	set_up_client(link, wish);
}

void link_close(struct link *link)
{
	ERR_clear_error();
	/* Else OpenSSL takes the session for broken, and its ticket with it. */
	SSL_set_shutdown(link->client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(link->client);
	SSL_CTX_free(link->context);
	SSL_SESSION_free(link->ticket);
	tls_session_free(link->session);
	text_done(&link->received);
	free(link->wire_in.data);
	free(link->wire_out.data);
	free(link->plain_in.data);
}

static size_t at_once(const struct link *link, size_t size, size_t room)
{
	if (link->step > 0 && size > link->step)
		size = link->step;
	return size < room ? size : room;
}

static void note_client(struct link *link, int result)
{
	switch (SSL_get_error(link->client, result)) {
	case SSL_ERROR_SSL:
		if (link->client_error == 0)
			link->client_error = ERR_peek_error();
		break;
	case SSL_ERROR_ZERO_RETURN:
		link->client_closed = true;
		break;
	default:
		break;
	}
	ERR_clear_error();
}

/* The client does what it can; returns whether it received anything. */
static bool run_client(struct link *link)
{
	char bytes[16384];
	bool moved = false;
	int result;

	if (link->client_error)
		return false;
	ERR_clear_error();
	if (!SSL_is_init_finished(link->client)) {
		result = SSL_do_handshake(link->client);
		if (result <= 0) {
			note_client(link, result);
			return false;
		}
	}
	while ((result = SSL_read(link->client, bytes, sizeof(bytes))) > 0) {
		text_put(&link->received, span_of(bytes, (size_t)result));
		moved = true;
	}
	note_client(link, result);
	return moved;
}

bool link_turn(struct link *link)
{
	bool moved = run_client(link);
	BIO *in = SSL_get_rbio(link->client);
	BIO *out = SSL_get_wbio(link->client);
	size_t size = at_once(link, BIO_ctrl_pending(out), buffer_room(&link->wire_in));
	bool has_moved = false;

	if (size > 0) {
		assert_int_equal(BIO_read(out, buffer_room_at(&link->wire_in), (int)size), size);
		buffer_filled(&link->wire_in, size);
		moved = true;
	}
	link->error = tls_session_advance(link->session, &link->wire_in, link->wire_ended,
	                                  &link->wire_out, &link->plain_in, &has_moved);
	size = at_once(link, buffer_size(&link->wire_out), MOVE_MAX);
	if (size > 0) {
		assert_int_equal(BIO_write(in, buffer_content(&link->wire_out).data, (int)size), size);
		buffer_taken(&link->wire_out, size);
		moved = true;
	}
	return moved || has_moved;
}

void link_run(struct link *link)
{
	for (unsigned turns = 0; link_turn(link); turns++)
		assert_true(turns < 1000000);
	(void)run_client(link);
}

void link_shake(struct link *link)
{
	struct text why;

	link_run(link);
	text_init(&why, 1000);
	tls_session_explain(link->session, &why);
	if (tls_session_phase(link->session) != TLS_OPEN || !SSL_is_init_finished(link->client))
		fail_msg("phase %s, %s, %s, %s", tls_phase_name(tls_session_phase(link->session)),
		         error_code(link->error), text_string(&why),
		         ERR_reason_error_string(link->client_error));
	text_done(&why);
}

void link_client_says(struct link *link, const char *text)
{
	size_t size = strlen(text);

	assert_int_equal(SSL_write(link->client, text, (int)size), size);
	link_run(link);
	assert_int_equal(buffer_size(&link->plain_in), size);
	assert_memory_equal(buffer_content(&link->plain_in).data, text, size);
	buffer_taken(&link->plain_in, size);
}

void link_session_says(struct link *link, const char *text)
{
	size_t taken = 0;

	text_clear(&link->received);
	assert_int_equal(
		tls_session_write(link->session, span_of_string(text), &link->wire_out, &taken), OK);
	assert_int_equal(taken, strlen(text));
	link_run(link);
	assert_string_equal(text_string(&link->received), text);
}

int link_client_alert(const struct link *link)
{
	int reason = ERR_GET_REASON(link->client_error);

	return link->client_error && reason >= SSL_AD_REASON_OFFSET ? reason - SSL_AD_REASON_OFFSET
	                                                            : -1;
}
