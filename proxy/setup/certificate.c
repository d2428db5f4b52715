#include "setup/certificate.h"

#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "setup/file.h"

enum { EXPIRY_WARNING_DAYS = 21, WHY_MAX = 1024, KEY_PATH_MAX = 128 };

static void warn_of_expiry(struct diagnostics *diagnostics, const struct config_text *path,
                           const char *key, const struct tls_certificate *certificate)
{
	int64_t left_s = tls_certificate_facts(certificate)->not_after_s - (int64_t)time(NULL);
	long long days = (long long)(left_s / (24 * 3600));

	/* One that has expired is not loaded at all. */
	if (days < 1)
		diagnostics_warning(diagnostics, path->place, key, "%s expires in less than a day",
		                    path->text.data);
	else if (days < EXPIRY_WARNING_DAYS)
		diagnostics_warning(diagnostics, path->place, key, "%s expires in %lld day%s",
		                    path->text.data, days, days == 1 ? "" : "s");
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

static enum error load(const struct config_certificate *config, const struct certificate_keys *keys,
                       struct diagnostics *diagnostics, struct tls_certificate **ret_certificate)
{
	struct span chain = {0};
	struct span key = {0};
	enum error chain_error = file_read(config->chain.text.data, &chain);

	if (chain_error)
		file_tell_unreadable(diagnostics, &config->chain, keys->chain, chain_error);

	enum error key_error = file_read_secret(config->key.text.data, &key);

	if (key_error)
		file_tell_unreadable(diagnostics, &config->key, keys->key, key_error);

	enum error error = chain_error ? chain_error : key_error;

	if (!error)
		error = parse_certificate(config, chain, key, keys, diagnostics, ret_certificate);
	file_free(chain);
	file_free(key);
	return error;
}

enum error setup_certificate_load(const struct config_certificate *config, size_t listener,
                                  size_t index, struct diagnostics *diagnostics,
                                  struct tls_certificate **ret_certificate)
{
	struct certificate_keys keys;

	/* A path that is wrong or missing has been told already. */
	if (!config->chain.text.data || !config->key.text.data)
		return OK;
	(void)snprintf(keys.chain, sizeof(keys.chain), "listeners[%zu].tls.certificates[%zu].chain",
	               listener, index);
	(void)snprintf(keys.key, sizeof(keys.key), "listeners[%zu].tls.certificates[%zu].key", listener,
	               index);

	enum error error = load(config, &keys, diagnostics, ret_certificate);

	return error == ERROR_OUT_OF_MEMORY || error == ERROR_TLS_INTERNAL ? error : OK;
}
