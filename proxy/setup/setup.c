#include "setup/setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "setup/file.h"

enum { EXPIRY_WARNING_DAYS = 21, WHY_MAX = 1024, KEY_PATH_MAX = 128 };

/* Tells why a file could not be read. */
static void tell_unreadable(struct diagnostics *diagnostics, const struct config_text *path,
                            const char *key, enum error error)
{
	const char *why = error == ERROR_SYSTEM    ? strerror(errno)
	                  : error == ERROR_INVALID ? "it is not a regular file"
	                                           : error_words(error);

	diagnostics_error(diagnostics, path->place, key, "can not read %s: %s", path->text.data, why);
}

static void warn_of_expiry(struct diagnostics *diagnostics, const struct config_text *path,
                           const char *key, const struct tls_certificate *certificate)
{
	int64_t left_s = tls_certificate_facts(certificate)->not_after_s - (int64_t)time(NULL);

	if (left_s < (int64_t)EXPIRY_WARNING_DAYS * 24 * 3600)
		diagnostics_warning(diagnostics, path->place, key, "%s expires in %lld days",
		                    path->text.data, (long long)(left_s / (24 * 3600)));
}

struct certificate_keys {
	char chain[KEY_PATH_MAX];
	char key[KEY_PATH_MAX];
};

/* Parses the pair. An error is told at the file whose fault it is. */
static enum error parse_certificate(const struct config_certificate *config, struct span chain,
                                    struct span key, const struct certificate_keys *keys,
                                    struct diagnostics *diagnostics,
                                    struct tls_certificate **ret_certificate)
{
	struct text why;

	text_init(&why, WHY_MAX);

	enum error error = tls_certificate_load(chain, key, ret_certificate, &why);

	if (error == ERROR_TLS_KEY || error == ERROR_TLS_KEY_MISMATCH)
		diagnostics_error(diagnostics, config->key.place, keys->key, "%s: %s",
		                  config->key.text.data, text_string(&why));
	else if (error == ERROR_TLS_CERTIFICATE)
		diagnostics_error(diagnostics, config->chain.place, keys->chain, "%s: %s",
		                  config->chain.text.data, text_string(&why));
	else if (!error && why.size > 0)
		diagnostics_warning(diagnostics, config->chain.place, keys->chain, "%s: %s",
		                    config->chain.text.data, text_string(&why));
	if (!error)
		warn_of_expiry(diagnostics, &config->chain, keys->chain, *ret_certificate);
	text_done(&why);
	return error;
}

static enum error load_certificate(const struct config_certificate *config,
                                   const struct certificate_keys *keys,
                                   struct diagnostics *diagnostics,
                                   struct tls_certificate **ret_certificate)
{
	struct span chain = {0};
	struct span key = {0};
	enum error chain_error = file_read(config->chain.text.data, &chain);

	if (chain_error)
		tell_unreadable(diagnostics, &config->chain, keys->chain, chain_error);

	enum error key_error = file_read(config->key.text.data, &key);

	if (key_error)
		tell_unreadable(diagnostics, &config->key, keys->key, key_error);

	enum error error = chain_error ? chain_error : key_error;

	if (!error)
		error = parse_certificate(config, chain, key, keys, diagnostics, ret_certificate);
	file_free(chain);
	file_free(key);
	return error;
}

static bool is_fatal(enum error error)
{
	return error == ERROR_OUT_OF_MEMORY || error == ERROR_TLS_INTERNAL;
}

/* Loads all certificates of a listener, the ones after a bad one too, so that all is told. */
static enum error load_tls(struct setup_listener *listener, size_t index,
                           struct diagnostics *diagnostics)
{
	const struct config_tls *tls = listener->config->tls;

	listener->policy = tls_policy_find(span_of_string(config_policy_name(tls->policy)));
	check(listener->policy);
	listener->certificates = memory_new(tls->certificate_count, sizeof(*listener->certificates));
	if (!listener->certificates)
		return ERROR_OUT_OF_MEMORY;
	listener->certificate_count = tls->certificate_count;
	for (size_t i = 0; i < tls->certificate_count; i++) {
		struct certificate_keys keys;

		/* A path that is wrong or missing has been told already. */
		if (!tls->certificates[i].chain.text.data || !tls->certificates[i].key.text.data)
			continue;

		(void)snprintf(keys.chain, sizeof(keys.chain), "listeners[%zu].tls.certificates[%zu].chain",
		               index, i);
		(void)snprintf(keys.key, sizeof(keys.key), "listeners[%zu].tls.certificates[%zu].key",
		               index, i);

		enum error error =
			load_certificate(&tls->certificates[i], &keys, diagnostics, &listener->certificates[i]);

		if (is_fatal(error))
			return error;
	}
	return tls->tickets ? tls_tickets_new(tls->ticket_lifetime_ms, &listener->tickets) : OK;
}

static void note_https_port(struct setup *setup, const struct config_listener *listener)
{
	if (setup->https_port || !listener->tls || listener->address.kind == ADDRESS_UNIX)
		return;
	if (listener->address.port != 443)
		(void)snprintf(setup->https_port_text, sizeof(setup->https_port_text), ":%u",
		               (unsigned)listener->address.port);
	setup->https_port = setup->https_port_text;
}

static enum error load_listeners(struct setup *setup, struct diagnostics *diagnostics)
{
	setup->listeners = memory_new(setup->config->listener_count, sizeof(*setup->listeners));
	if (!setup->listeners)
		return ERROR_OUT_OF_MEMORY;
	setup->listener_count = setup->config->listener_count;
	for (size_t i = 0; i < setup->listener_count; i++) {
		struct setup_listener *listener = &setup->listeners[i];

		listener->config = &setup->config->listeners[i];
		note_https_port(setup, listener->config);

		enum error error = listener->config->tls ? load_tls(listener, i, diagnostics) : OK;

		if (error)
			return error;
	}
	return diagnostics->errors > 0 ? ERROR_CONFIG : OK;
}

enum error setup_load(const char *path, struct diagnostics *diagnostics, struct setup **ret_setup)
{
	struct setup *setup = memory_new(1, sizeof(*setup));

	if (!setup)
		return ERROR_OUT_OF_MEMORY;
	atomic_init(&setup->references, 1);

	enum error error = config_load(path, diagnostics, &setup->config);

	/* All mistakes are told in one run: those of the certificates beside those of the file. */
	if (!error || (error == ERROR_CONFIG && setup->config))
		error = load_listeners(setup, diagnostics);
	if (!error)
		error = route_table_new(setup->config, &setup->routes);
	if (error) {
		setup_unref(setup);
		return error;
	}
	*ret_setup = setup;
	return OK;
}

struct setup *setup_ref(struct setup *setup)
{
	(void)atomic_fetch_add_explicit(&setup->references, 1, memory_order_relaxed);
	return setup;
}

static void free_listener(struct setup_listener *listener)
{
	for (size_t i = 0; i < listener->certificate_count; i++)
		tls_certificate_unref(listener->certificates[i]);
	memory_free(listener->certificates);
	tls_tickets_unref(listener->tickets);
}

void setup_unref(struct setup *setup)
{
	if (!setup || atomic_fetch_sub_explicit(&setup->references, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < setup->listener_count; i++)
		free_listener(&setup->listeners[i]);
	memory_free(setup->listeners);
	route_table_free(setup->routes);
	config_free(setup->config);
	memory_free(setup);
}

bool setup_trusts(const struct setup *setup, const struct address *peer)
{
	for (size_t i = 0; i < setup->config->trusted_proxy_count; i++)
		if (address_block_contains(&setup->config->trusted_proxies[i].block, peer))
			return true;
	return false;
}
