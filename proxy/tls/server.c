#include "tls/server.h"

#include <mbedtls/ssl.h>
#include <string.h>

#include "base/memory.h"
#include "tls/alert.h"
#include "tls/compat.h"
#include "tls/handshake.h"
#include "tls/names.h"
#include "tls/prebuilt.h"
#include "tls/random.h"
#include "tls/ticket.h"

enum {
	/* Two, as OpenSSL sends: browsers open several connections at once, and use a ticket once. */
	TICKETS_PER_HANDSHAKE = 2,
};

/* RFC 8446 §5.5 allows AES-GCM 2^24.5 records of full size with one key. */
static const uint64_t records_max = 23726566;

/* The worker's own copy of a private key, parsed when it is first used. */
struct own_key {
	mbedtls_pk_context key;
	bool is_parsed;
};

struct tls_server {
	unsigned references;
	struct tls_certificate **certificates;
	struct own_key *keys; /* one for each certificate */
	size_t certificate_count;
	struct tls_names names;
	struct tls_candidates fallback; /* for names that are not ours; both -1: they are refused */
	struct tls_tickets *tickets;
	struct tls_ticket_keys ticket_keys;
	struct tls_random *random;
	struct budget *budget;
	uint64_t records_max;
	struct tls_prebuilts configs;
	struct tls_handshake *active; /* Borrows: from a session, while the library works on it */
	int *active_alert;
};

static const char *protocols[] = {"http/1.1", NULL};

/* --- The certificate ---------------------------------------------------------------------- */

static const struct tls_candidates *choose(const struct tls_server *server, struct span name)
{
	const struct tls_candidates *choice = tls_names_find(&server->names, name);

	if (choice)
		return choice;
	return server->fallback.ecdsa < 0 && server->fallback.rsa < 0 ? NULL : &server->fallback;
}

bool tls_server_is_for(const struct tls_server *server, struct span server_name)
{
	return choose(server, server_name) != NULL;
}

static enum tls_key_kind kind_of(const struct tls_server *server, int certificate)
{
	return tls_certificate_facts(server->certificates[certificate])->kind;
}

static unsigned kinds_of(const struct tls_server *server, const struct tls_candidates *candidates)
{
	unsigned kinds = 0;

	if (candidates->ecdsa >= 0)
		kinds |= 1u << kind_of(server, candidates->ecdsa);
	if (candidates->rsa >= 0)
		kinds |= 1u << TLS_KEY_RSA;
	return kinds;
}

/* Hands a certificate and its key to the library. */
static int give_certificate(struct tls_server *server, mbedtls_ssl_context *ssl, int index)
{
	struct own_key *own = &server->keys[index];
	struct tls_certificate *certificate = server->certificates[index];

	if (!own->is_parsed) {
		struct span der = tls_certificate_key(certificate);
		int code = compat_parse_key(&own->key, (const unsigned char *)der.data, der.size,
		                            &server->random->source);

		if (code != 0) {
			mbedtls_pk_free(&own->key);
			mbedtls_pk_init(&own->key);
			return code;
		}
		own->is_parsed = true;
	}
	return mbedtls_ssl_set_hs_own_cert(ssl, tls_certificate_chain(certificate), &own->key);
}

static int give_chosen(struct tls_server *server, mbedtls_ssl_context *ssl,
                       struct tls_handshake *handshake, const struct tls_candidates *candidates)
{
	int ecdsa = candidates->ecdsa;
	int rsa = candidates->rsa;
	int code = 0;

	if (handshake->decision.step == TLS_STEP_DONE) {
		handshake->certificate = handshake->decision.kind == TLS_KEY_RSA ? rsa : ecdsa;
		return give_certificate(server, ssl, handshake->certificate);
	}

	/* Nothing was decided: the library finds out, or fails. */
	if (ecdsa >= 0)
		code = give_certificate(server, ssl, ecdsa);
	if (code == 0 && rsa >= 0)
		code = give_certificate(server, ssl, rsa);
	if (ecdsa < 0 || rsa < 0)
		handshake->certificate = ecdsa >= 0 ? ecdsa : rsa;
	return code;
}

static int stop_handshake(struct tls_handshake *handshake, enum error error, int alert,
                          const char *reason, int code)
{
	handshake->error = error;
	handshake->alert = alert;
	tls_handshake_note(handshake, reason);
	return code;
}

/*
 * The library has read the ClientHello. After a HelloRetryRequest it calls a second time, so that
 * what was given the first time is taken back.
 */
static int on_certificate_wanted(mbedtls_ssl_context *ssl)
{
	struct tls_handshake *handshake = mbedtls_ssl_get_user_data_p(ssl);
	struct tls_server *server = handshake->server;
	size_t size = 0;
	const char *sent = (const char *)mbedtls_ssl_get_hs_sni(ssl, &size);
	char name[TLS_NAME_SIZE_MAX];

	size = tls_name_normalize(span_of(sent, sent ? size : 0), name);
	/* What was decided by our own reading must be what the library read. */
	if (handshake->is_read && !span_equal(span_of(name, size), tls_handshake_name(handshake)))
		return stop_handshake(handshake, ERROR_TLS_HANDSHAKE, TLS_ALERT_ILLEGAL_PARAMETER,
		                      "the ClientHello changed its server name",
		                      MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER);
	memcpy(handshake->name, name, size);
	handshake->name_size = size;

	const struct tls_candidates *choice = choose(server, span_of(name, size));

	if (!choice)
		return stop_handshake(handshake, ERROR_TLS_UNKNOWN_NAME, TLS_ALERT_UNRECOGNIZED_NAME,
		                      "no certificate for this server name",
		                      MBEDTLS_ERR_SSL_UNRECOGNIZED_NAME);

	int code = mbedtls_ssl_set_hs_own_cert(ssl, NULL, NULL);

	if (code == 0)
		code = give_chosen(server, ssl, handshake, choice);
	if (code != 0)
		return stop_handshake(handshake, tls_library_failure(), TLS_ALERT_INTERNAL_ERROR,
		                      "the private key could not be used", code);
	return 0;
}

/* --- Tickets ------------------------------------------------------------------------------ */

/* A ticket without a known name must open nothing: no name holds a question mark. */
static struct span ticket_name(const struct tls_handshake *handshake)
{
	return handshake->is_read ? tls_handshake_name(handshake) : SPAN("?");
}

static int on_ticket_write(void *context, const mbedtls_ssl_session *session, unsigned char *start,
                           const unsigned char *end, size_t *ret_size, uint32_t *ret_lifetime_s)
{
	struct tls_server *server = context;
	unsigned char state[TLS_TICKET_STATE_MAX];
	size_t size = 0;
	int code = mbedtls_ssl_session_save(session, state, sizeof(state), &size);

	*ret_size = 0;
	if (code == 0) {
		enum error error = tls_ticket_seal(
			&server->ticket_keys, server->random, ticket_name(server->active),
			span_of((char *)state, size), (char *)start, (size_t)(end - start), ret_size);

		if (error)
			code = error == ERROR_OUT_OF_MEMORY ? MBEDTLS_ERR_SSL_ALLOC_FAILED
			                                    : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
	}
	memory_wipe(state, sizeof(state));
	*ret_lifetime_s = (uint32_t)(tls_tickets_lifetime_ms(server->tickets) / 1000);
	return code;
}

static int check_age(const struct tls_server *server, mbedtls_ssl_session *session)
{
	mbedtls_ms_time_t created_ms = 0;
	mbedtls_ms_time_t lifetime_ms = (mbedtls_ms_time_t)tls_tickets_lifetime_ms(server->tickets);
	int code = mbedtls_ssl_session_get_ticket_creation_time(session, &created_ms);
	mbedtls_ms_time_t age_ms = mbedtls_ms_time() - created_ms;

	if (code == 0 && (age_ms < 0 || age_ms > lifetime_ms))
		code = MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
	return code;
}

/*
 * Whether the ticket's suite is the one that was decided on. The library does not look in TLS 1.2,
 * and then answers with another suite than the ticket's, which clients refuse (RFC 5246 §7.4.1.3);
 * in TLS 1.3 it ends the handshake if the suite is not configured or no longer offered, where it
 * should go on without.
 */
static bool fits(const struct tls_handshake *handshake, int suite)
{
	return handshake->decision.step == TLS_STEP_DONE && suite >= 0 &&
	       handshake->decision.suite == (unsigned)suite;
}

/* A ticket that can not be used is no error: the library goes on with a full handshake. */
static int on_ticket_parse(void *context, mbedtls_ssl_session *session, unsigned char *bytes,
                           size_t size)
{
	struct tls_server *server = context;
	char state[TLS_TICKET_STATE_MAX];
	struct span ticket = span_of((char *)bytes, size);

	if (!server->active->is_read ||
	    tls_ticket_open(&server->ticket_keys, ticket_name(server->active), ticket, state, &size))
		return MBEDTLS_ERR_SSL_INVALID_MAC;

	int code = mbedtls_ssl_session_load(session, (unsigned char *)state, size);

	memory_wipe(state, sizeof(state));
	if (code == 0)
		code = check_age(server, session);
	if (code == 0 && !fits(server->active, mbedtls_ssl_session_get_ciphersuite_id(session)))
		code = MBEDTLS_ERR_SSL_INVALID_MAC; /* as if it were not ours */
	return code;
}

/* --- Configuration ------------------------------------------------------------------------ */

static void on_debug(void *context, int level, const char *file, int line, const char *text)
{
	struct tls_server *server = context;

	(void)file;
	(void)line;
	if (level != 1)
		return;
	if (server->active)
		tls_handshake_note(server->active, text);
	if (server->active_alert && tls_alert_in(text) >= 0)
		*server->active_alert = tls_alert_in(text);
}

/* What the configurations of all outcomes have in common. */
static int on_configure(void *owner, mbedtls_ssl_config *config)
{
	struct tls_server *server = owner;

	mbedtls_ssl_conf_tls13_key_exchange_modes(config,
	                                          MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ALL);
	mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_cert_cb(config, on_certificate_wanted);
	mbedtls_ssl_conf_dbg(config, on_debug, server);
	compat_conf_random(config, &server->random->source);
	if (server->tickets) {
		mbedtls_ssl_conf_session_tickets_cb(config, on_ticket_write, on_ticket_parse, server);
		mbedtls_ssl_conf_new_session_tickets(config, TICKETS_PER_HANDSHAKE);
	}
	return mbedtls_ssl_conf_alpn_protocols(config, protocols);
}

enum error tls_server_config(struct tls_server *server, struct tls_handshake *handshake,
                             const struct mbedtls_ssl_config **ret_config)
{
	const struct tls_candidates *candidates = NULL;

	if (handshake->is_read)
		candidates = choose(server, tls_handshake_name(handshake));
	if (candidates) {
		handshake->kinds = kinds_of(server, candidates);
		tls_choose(server->configs.policy, handshake->kinds, &handshake->hello,
		           &handshake->decision);
	}
	return tls_prebuilts_get(&server->configs, &handshake->decision, ret_config);
}

const struct tls_policy *tls_server_policy(const struct tls_server *server)
{
	return server->configs.policy;
}

/* --- Making one --------------------------------------------------------------------------- */

static enum error fill_names(struct tls_server *server)
{
	size_t count = 0;

	for (size_t i = 0; i < server->certificate_count; i++)
		count += tls_certificate_facts(server->certificates[i])->name_count;

	enum error error = tls_names_init(&server->names, count);

	for (size_t i = 0; i < server->certificate_count && !error; i++) {
		const struct tls_certificate_facts *facts = tls_certificate_facts(server->certificates[i]);

		for (size_t j = 0; j < facts->name_count; j++)
			tls_names_add(&server->names, facts->names[j], facts->kind != TLS_KEY_RSA, (int)i);
	}
	return error;
}

/* The first certificate, and with it the one of the other kind for its first name. */
static void set_fallback(struct tls_server *server)
{
	const struct tls_certificate_facts *facts = tls_certificate_facts(server->certificates[0]);
	const struct tls_candidates *choice = NULL;

	if (facts->name_count > 0)
		choice = tls_names_find(&server->names, facts->names[0]);
	if (choice)
		server->fallback = *choice;
	else if (facts->kind == TLS_KEY_RSA)
		server->fallback.rsa = 0;
	else
		server->fallback.ecdsa = 0;
}

static enum error fill(struct tls_server *server, const struct tls_server_options *options)
{
	size_t count = options->certificate_count;

	server->certificates = memory_new(count, sizeof(struct tls_certificate *));
	server->keys = memory_new(count, sizeof(*server->keys));
	if (!server->certificates || !server->keys)
		return ERROR_OUT_OF_MEMORY;
	for (size_t i = 0; i < count; i++) {
		server->certificates[i] = tls_certificate_ref(options->certificates[i]);
		mbedtls_pk_init(&server->keys[i].key);
	}
	server->certificate_count = count;

	enum error error = fill_names(server);

	if (error)
		return error;
	if (!options->refuse_unknown_name)
		set_fallback(server);

	/* The one that allows all: what can go wrong with it shall do so now. */
	const struct mbedtls_ssl_config *config;

	return tls_prebuilts_get(&server->configs, &(struct tls_decision){0}, &config);
}

enum error tls_server_new(const struct tls_server_options *options, struct tls_server **ret_server)
{
	check(options->certificate_count > 0 && options->random && options->budget);

	struct tls_server *server = memory_new(1, sizeof(*server));

	if (!server)
		return ERROR_OUT_OF_MEMORY;
	server->references = 1;
	server->fallback = (struct tls_candidates){-1, -1};
	tls_prebuilts_init(&server->configs, options->policy ? options->policy : tls_policy_default(),
	                   on_configure, server);
	server->random = options->random;
	server->budget = options->budget;
	server->records_max = options->records_max > 0 ? options->records_max : records_max;
	if (options->tickets) {
		server->tickets = tls_tickets_ref(options->tickets);
		tls_ticket_keys_init(&server->ticket_keys, server->tickets);
	}

	enum error error = fill(server, options);

	if (error) {
		tls_server_unref(server);
		return error;
	}
	*ret_server = server;
	return OK;
}

struct tls_server *tls_server_ref(struct tls_server *server)
{
	server->references++;
	return server;
}

void tls_server_unref(struct tls_server *server)
{
	if (!server || --server->references > 0)
		return;
	tls_prebuilts_done(&server->configs);
	for (size_t i = 0; i < server->certificate_count; i++) {
		mbedtls_pk_free(&server->keys[i].key);
		tls_certificate_unref(server->certificates[i]);
	}
	tls_names_done(&server->names);
	tls_ticket_keys_done(&server->ticket_keys);
	tls_tickets_unref(server->tickets);
	memory_free(server->keys);
	memory_free(server->certificates);
	memory_free(server);
}

void tls_server_work_on(struct tls_server *server, struct tls_handshake *handshake, int *alert)
{
	server->active = handshake;
	server->active_alert = alert;
}

struct budget *tls_server_budget(const struct tls_server *server)
{
	return server->budget;
}

uint64_t tls_server_records_max(const struct tls_server *server)
{
	return server->records_max;
}
