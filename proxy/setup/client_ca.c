#include "setup/client_ca.h"

#include <stdio.h>

#include "base/text.h"
#include "setup/file.h"

enum { WHY_MAX = 4096, KEY_PATH_MAX = 384 };

_Static_assert((int)CONFIG_CLIENT_DEPTH_MAX == (int)TLS_CLIENT_CA_DEPTH_MAX, "the same limit");

struct work {
	const struct config_client_certificates *config;
	struct diagnostics *diagnostics;
	char ca_key[KEY_PATH_MAX];
	char crl_key[KEY_PATH_MAX];
};

static enum error read_file(const struct config_text *path, const char *key,
                            struct diagnostics *diagnostics, struct span *ret_content)
{
	enum error error = file_read(path->text.data, ret_content);

	if (error)
		file_tell_unreadable(diagnostics, path, key, error);
	return error;
}

/* Warnings do not say which file they are about, but they name what they mean. */
static void tell(const struct work *work, enum error error, const char *why)
{
	const struct config_client_certificates *config = work->config;

	if (error == ERROR_TLS_CLIENT_CA)
		diagnostics_error(work->diagnostics, config->ca.place, work->ca_key, "%s: %s",
		                  config->ca.text.data, why);
	else if (error == ERROR_TLS_CRL)
		diagnostics_error(work->diagnostics, config->crl.place, work->crl_key, "%s: %s",
		                  config->crl.text.data, why);
	else if (!error && why[0])
		diagnostics_warning(work->diagnostics, config->ca.place, work->ca_key, "%s: %s",
		                    config->ca.text.data, why);
}

static enum error parse(const struct work *work, struct span ca, struct span crl,
                        struct tls_client_ca **ret_ca)
{
	struct tls_client_ca_source source = {
		.ca_pem = ca, .crl_pem = crl, .depth = (unsigned)work->config->depth};
	struct text why;

	text_init(&why, WHY_MAX);

	enum error error = tls_client_ca_load(&source, ret_ca, &why);

	tell(work, error, text_string(&why));
	text_done(&why);
	return error;
}

static enum error load(const struct work *work, struct tls_client_ca **ret_ca)
{
	const struct config_client_certificates *config = work->config;
	struct span ca = {0};
	struct span crl = {0};
	enum error ca_error = read_file(&config->ca, work->ca_key, work->diagnostics, &ca);
	enum error crl_error = config->crl.text.data
	                           ? read_file(&config->crl, work->crl_key, work->diagnostics, &crl)
	                           : OK;
	enum error error = ca_error ? ca_error : crl_error;

	if (!error)
		error = parse(work, ca, crl, ret_ca);
	file_free(ca);
	file_free(crl);
	return error;
}

enum error setup_client_ca_load(const struct config_client_certificates *config, const char *keys,
                                struct diagnostics *diagnostics, struct tls_terms *terms)
{
	struct work work = {.config = config, .diagnostics = diagnostics};
	struct tls_client_ca *ca = NULL;

	/* A path that is wrong or missing has been told already. */
	if (!config || config->mode <= CONFIG_CLIENT_NONE || !config->ca.text.data)
		return OK;
	(void)snprintf(work.ca_key, sizeof(work.ca_key), "%s.client_certificates.ca", keys);
	(void)snprintf(work.crl_key, sizeof(work.crl_key), "%s.client_certificates.crl", keys);

	enum error error = load(&work, &ca);

	if (error)
		return error == ERROR_OUT_OF_MEMORY || error == ERROR_TLS_INTERNAL ? error : OK;
	terms->client_mode =
		config->mode == CONFIG_CLIENT_REQUIRED ? TLS_CLIENT_REQUIRED : TLS_CLIENT_OPTIONAL;
	terms->client_ca = ca;
	terms->client_chain_size_max = config->chain_size;
	terms->identity_size_max = config->fields_size;
	return OK;
}
