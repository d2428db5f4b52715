#include "setup/certificate.h"

#include <stdio.h>

#include "base/clock.h"
#include "setup/expiry.h"

enum { KEY_PATH_MAX = 128 };

/* One that has expired is not loaded at all. */
static void warn_of_expiry(struct diagnostics *diagnostics, const struct config_text *path,
                           const char *key, const struct material *material)
{
	int64_t now_s = (int64_t)(clock_wall_us() / 1000000);
	struct expiry expiry = expiry_of_material(material, now_s);

	if (expiry.state != EXPIRY_NEAR)
		return;
	if (expiry.days_left < 1)
		diagnostics_warning(diagnostics, path->place, key, "%s expires in less than a day",
		                    path->text.data);
	else
		diagnostics_warning(diagnostics, path->place, key, "%s expires in %lld day%s",
		                    path->text.data, (long long)expiry.days_left,
		                    expiry.days_left == 1 ? "" : "s");
}

struct certificate_keys {
	char of[MATERIAL_FILES][KEY_PATH_MAX];
};

static enum error load(const struct config_text *const files[MATERIAL_FILES],
                       const struct certificate_keys *keys, struct material *material,
                       struct materials *materials, struct diagnostics *diagnostics)
{
	struct material_words words;

	material_words_init(&words);

	enum error error = material_read(material, &words);

	for (size_t i = 0; i < MATERIAL_FILES; i++)
		if (words.faults[i].size > 0)
			diagnostics_error(diagnostics, files[i]->place, keys->of[i], "%s",
			                  text_string(&words.faults[i]));
	if (!error && words.warning.size > 0)
		diagnostics_warning(diagnostics, files[0]->place, keys->of[0], "%s: %s",
		                    files[0]->text.data, text_string(&words.warning));
	material_words_done(&words);
	if (!error) {
		error = materials_add(materials, material);
		if (error)
			material_done(material);
	}
	return error;
}

enum error setup_certificate_load(const struct config_tls *tls, size_t listener, size_t index,
                                  struct materials *materials, struct diagnostics *diagnostics,
                                  struct tls_certificate **ret_certificate)
{
	const struct config_certificate *config = &tls->certificates[index];
	const struct config_text *const files[MATERIAL_FILES] = {&config->chain, &config->key};
	struct certificate_keys keys;
	struct material wanted = {
		.kind = MATERIAL_CERTIFICATE,
		.paths = {config->chain.text.data, config->key.text.data},
	};

	/* A path that is wrong or missing has been told already. */
	if (!config->chain.text.data || !config->key.text.data)
		return OK;
	(void)snprintf(keys.of[0], KEY_PATH_MAX, "listeners[%zu].tls.certificates[%zu].chain", listener,
	               index);
	(void)snprintf(keys.of[1], KEY_PATH_MAX, "listeners[%zu].tls.certificates[%zu].key", listener,
	               index);

	enum error error = materials_find(materials, &wanted)
	                       ? OK
	                       : load(files, &keys, &wanted, materials, diagnostics);
	struct material *found = materials_find(materials, &wanted);

	if (error || !found)
		return error == ERROR_INVALID ? OK : error;
	found->listeners |= (uint64_t)1 << listener;
	if (found->expiry_warning_ms < tls->expiry_warning_ms)
		found->expiry_warning_ms = tls->expiry_warning_ms;
	warn_of_expiry(diagnostics, &config->chain, keys.of[0], found);
	*ret_certificate = tls_certificate_ref(found->certificate);
	return OK;
}
