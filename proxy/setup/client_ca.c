#include "setup/client_ca.h"

#include <stdio.h>

enum { KEY_PATH_MAX = 384 };

_Static_assert((int)CONFIG_CLIENT_DEPTH_MAX == (int)TLS_CLIENT_CA_DEPTH_MAX, "the same limit");

/* Warnings do not say which file they are about, but they name what they mean. */
static void tell(const struct config_client_certificates *config, const char *keys,
                 const struct material_words *words, struct diagnostics *diagnostics)
{
	const struct config_text *const files[MATERIAL_FILES] = {&config->ca, &config->crl};
	static const char *const names[MATERIAL_FILES] = {"ca", "crl"};

	for (size_t i = 0; i < MATERIAL_FILES; i++) {
		const struct text *fault = &words->faults[i];
		const struct text *warning = i == 0 && fault->size == 0 ? &words->warning : NULL;
		char key[KEY_PATH_MAX];

		(void)snprintf(key, sizeof(key), "%s.client_certificates.%s", keys, names[i]);
		if (fault->size > 0)
			diagnostics_error(diagnostics, files[i]->place, key, "%s", text_string(fault));
		else if (warning && warning->size > 0)
			diagnostics_warning(diagnostics, files[i]->place, key, "%s: %s", files[i]->text.data,
			                    text_string(warning));
	}
}

static enum error load(const struct config_client_certificates *config, const char *keys,
                       struct material *material, struct materials *materials,
                       struct diagnostics *diagnostics)
{
	struct material_words words;

	material_words_init(&words);

	enum error error = material_read(material, &words);

	tell(config, keys, &words, diagnostics);
	material_words_done(&words);
	if (!error) {
		error = materials_add(materials, material);
		if (error)
			material_done(material);
	}
	return error;
}

enum error setup_client_ca_load(const struct config_client_certificates *config,
                                const struct client_ca_place *place, struct materials *materials,
                                struct diagnostics *diagnostics, struct tls_terms *terms)
{
	struct material wanted = {.kind = MATERIAL_CLIENT_CA};

	/* A path that is wrong or missing has been told already. */
	if (!config || config->mode <= CONFIG_CLIENT_NONE || !config->ca.text.data)
		return OK;
	wanted.paths[0] = config->ca.text.data;
	wanted.paths[1] = config->crl.text.data;
	wanted.depth = (unsigned)config->depth;

	enum error error = materials_find(materials, &wanted)
	                       ? OK
	                       : load(config, place->keys, &wanted, materials, diagnostics);
	struct material *found = materials_find(materials, &wanted);

	if (error || !found)
		return error == ERROR_INVALID ? OK : error;
	found->listeners |= (uint64_t)1 << place->listener;
	terms->client_mode =
		config->mode == CONFIG_CLIENT_REQUIRED ? TLS_CLIENT_REQUIRED : TLS_CLIENT_OPTIONAL;
	terms->client_ca = tls_client_ca_ref(found->client_ca);
	terms->client_chain_size_max = config->chain_size;
	terms->identity_size_max = config->fields_size;
	return OK;
}
