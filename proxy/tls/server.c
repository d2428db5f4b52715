#include "tls/server.h"

#include <mbedtls/ssl.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"
#include "tls/alert.h"
#include "tls/compat.h"
#include "tls/handshake.h"
#include "tls/name.h"
#include "tls/prebuilt.h"
#include "tls/random.h"
#include "tls/resumption.h"

/* The worker's own copy of a private key, parsed when it is first used. Owner: each tls_server that
 * has it; one that follows another shares it. */
struct own_key {
	unsigned references;
	mbedtls_pk_context key;
};

/* What the worker has for one of the sites' terms. */
struct own_terms {
	struct tls_server *server;
	const struct tls_terms *terms;
	struct tls_prebuilts configs;
};

struct tls_server {
	unsigned references;
	struct tls_sites *sites; /* referenced */
	struct own_key **keys;   /* one for each certificate; NULL: not parsed yet */
	size_t key_count;
	struct own_terms *terms; /* one for each of the sites' terms, in their order */
	size_t terms_count;
	struct tls_resumption resumption;
	struct tls_random *random;
	struct budget *budget;
	uint64_t *memory; /* NULL: nobody is told */
	uint64_t records_max;
	struct tls_handshake *active; /* Borrows: from a session, while the library works on it */
	int *active_alert;
};

static const char *protocols[] = {"http/1.1", NULL};

/* --- The certificate ---------------------------------------------------------------------- */

bool tls_server_is_for(const struct tls_server *server, struct span server_name)
{
	return tls_sites_find(server->sites, server_name) != NULL;
}

static void unref_key(struct own_key *own)
{
	if (!own || --own->references > 0)
		return;
	mbedtls_pk_free(&own->key);
	memory_free(own);
}

static int parse_key(const struct tls_server *server, const struct tls_certificate *certificate,
                     struct own_key **ret_key)
{
	struct span der = tls_certificate_key(certificate);
	struct own_key *own = memory_new(1, sizeof(*own));

	if (!own)
		return MBEDTLS_ERR_SSL_ALLOC_FAILED;
	own->references = 1;
	mbedtls_pk_init(&own->key);

	secret_begin();

	int code = compat_parse_key(&own->key, (const unsigned char *)der.data, der.size,
	                            &server->random->source);

	secret_end();
	if (code == 0)
		*ret_key = own;
	else
		unref_key(own);
	return code;
}

/* Hands a certificate and its key to the library. */
static int give_certificate(struct tls_server *server, mbedtls_ssl_context *ssl, int index)
{
	struct own_key **own = &server->keys[index];
	struct tls_certificate *certificate = tls_sites_certificate(server->sites, (size_t)index);
	int code = *own ? 0 : parse_key(server, certificate, own);

	return code != 0
	           ? code
	           : mbedtls_ssl_set_hs_own_cert(ssl, tls_certificate_chain(certificate), &(*own)->key);
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

	const struct tls_site *site = tls_sites_find(server->sites, span_of(name, size));

	if (!site)
		return stop_handshake(handshake, ERROR_TLS_UNKNOWN_NAME, TLS_ALERT_UNRECOGNIZED_NAME,
		                      "no certificate for this server name",
		                      MBEDTLS_ERR_SSL_UNRECOGNIZED_NAME);

	/* Unread, the ClientHello got the terms of the listener: they must not open other names. */
	if (site->terms != handshake->terms)
		return stop_handshake(handshake, ERROR_TLS_HANDSHAKE, TLS_ALERT_HANDSHAKE_FAILURE,
		                      "this server name has a policy of its own, and the ClientHello that "
		                      "asks for it can not be read",
		                      MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE);
	handshake->certificate_us = clock_now_us();

	tls_client_auth_begin(&handshake->client, ssl, site->terms);

	int code = mbedtls_ssl_set_hs_own_cert(ssl, NULL, NULL);

	if (code == 0)
		code = give_chosen(server, ssl, handshake, &site->candidates);
	if (code != 0)
		return stop_handshake(handshake,
		                      code == MBEDTLS_ERR_SSL_ALLOC_FAILED ? ERROR_OUT_OF_MEMORY
		                                                           : tls_library_failure(),
		                      TLS_ALERT_INTERNAL_ERROR, "the private key could not be used", code);
	return 0;
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
	struct own_terms *own = owner;
	struct tls_server *server = own->server;

	mbedtls_ssl_conf_tls13_key_exchange_modes(config,
	                                          MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ALL);
	mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_cert_cb(config, on_certificate_wanted);
	mbedtls_ssl_conf_dbg(config, on_debug, server);
	compat_conf_random(config, &server->random->source);
	tls_resumption_configure(&server->resumption, own->terms, config);
	return mbedtls_ssl_conf_alpn_protocols(config, protocols);
}

enum error tls_server_config(struct tls_server *server, struct tls_handshake *handshake,
                             const struct mbedtls_ssl_config **ret_config)
{
	const struct tls_site *site = NULL;
	struct own_terms *own = server->terms;

	if (handshake->is_read)
		site = tls_sites_find(server->sites, tls_handshake_name(handshake));
	handshake->site = site;
	if (site) {
		own += site->terms - own->terms; /* both are in the same order */
		handshake->kinds = site->kinds;
		tls_choose(site->terms->policy, site->kinds, &handshake->hello, &handshake->decision);
	}
	handshake->terms = own->terms;
	return tls_prebuilts_get(&own->configs, &handshake->decision, ret_config);
}

struct tls_certificate *tls_server_certificate(const struct tls_server *server, int index)
{
	return tls_sites_certificate(server->sites, (size_t)index);
}

/* --- Making one --------------------------------------------------------------------------- */

static enum error add_keys(struct tls_server *server)
{
	size_t count = tls_sites_certificate_count(server->sites);

	server->keys = memory_new(count, sizeof(*server->keys));
	if (!server->keys)
		return ERROR_OUT_OF_MEMORY;
	server->key_count = count;
	return OK;
}

/* For each of the terms the configuration that allows all: what can go wrong shall do so now. */
static enum error add_terms(struct tls_server *server)
{
	const struct tls_terms *terms = tls_sites_terms(server->sites, &server->terms_count);
	enum error error = OK;

	server->terms = memory_new(server->terms_count, sizeof(*server->terms));
	if (!server->terms)
		return ERROR_OUT_OF_MEMORY;
	for (size_t i = 0; i < server->terms_count && !error; i++) {
		struct own_terms *own = &server->terms[i];
		const struct mbedtls_ssl_config *config;

		own->server = server;
		own->terms = &terms[i];
		tls_prebuilts_init(&own->configs, &terms[i], on_configure, own);
		error = tls_prebuilts_get(&own->configs, &(struct tls_decision){0}, &config);
	}
	return error;
}

enum error tls_server_new(const struct tls_server_options *options, struct tls_server **ret_server)
{
	check(options->sites && options->random && options->budget);

	struct tls_server *server = memory_new(1, sizeof(*server));

	if (!server)
		return ERROR_OUT_OF_MEMORY;
	server->references = 1;
	server->sites = tls_sites_ref(options->sites);
	server->random = options->random;
	server->budget = options->budget;
	server->memory = options->memory;
	server->records_max = options->records_max;
	tls_resumption_init(&server->resumption, options->tickets, server->sites, server->random);

	enum error error = add_keys(server);

	if (!error)
		error = add_terms(server);
	if (error) {
		tls_server_unref(server);
		return error;
	}
	*ret_server = server;
	return OK;
}

void tls_server_inherit(struct tls_server *server, const struct tls_server *before)
{
	for (size_t i = 0; i < server->key_count && i < before->key_count; i++) {
		struct own_key *own = before->keys[i];

		if (!own || server->keys[i] ||
		    tls_sites_certificate(server->sites, i) != tls_sites_certificate(before->sites, i))
			continue;
		own->references++;
		server->keys[i] = own;
	}
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
	for (size_t i = 0; server->terms && i < server->terms_count; i++)
		tls_prebuilts_done(&server->terms[i].configs);
	for (size_t i = 0; i < server->key_count; i++)
		unref_key(server->keys[i]);
	tls_resumption_done(&server->resumption);
	tls_sites_unref(server->sites);
	memory_free(server->keys);
	memory_free(server->terms);
	memory_free(server);
}

void tls_server_work_on(struct tls_server *server, struct tls_handshake *handshake, int *alert)
{
	server->active = handshake;
	server->resumption.active = handshake;
	server->active_alert = alert;
}

const struct tls_sites *tls_server_sites(const struct tls_server *server)
{
	return server->sites;
}

struct budget *tls_server_budget(const struct tls_server *server)
{
	return server->budget;
}

void tls_server_note_memory(struct tls_server *server, uint64_t bytes)
{
	if (server->memory)
		*server->memory += bytes;
}

uint64_t tls_server_records_max(const struct tls_server *server)
{
	return server->records_max;
}
