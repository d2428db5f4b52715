#include "setup/setup.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "route/hops.h"
#include "setup/confinement.h"
#include "setup/sites.h"

static atomic_size_t alive;
static _Atomic uint64_t loaded;

static enum error load_tickets(struct setup_listener *listener, size_t index,
                               struct diagnostics *diagnostics)
{
	const struct config_tls *tls = listener->config->tls;

	if (!tls->ticket_keys)
		return tls_tickets_new(tls->ticket_lifetime_ms, &listener->tickets);

	enum error error = ticket_keys_new(tls, index, diagnostics, &listener->ticket_keys);

	if (listener->ticket_keys)
		listener->tickets = tls_tickets_ref(ticket_keys_tickets(listener->ticket_keys));
	return error;
}

/* Everything of a listener with TLS. */
static enum error load_tls(struct setup *setup, struct setup_listener *listener, size_t index,
                           struct diagnostics *diagnostics)
{
	const struct config_tls *tls = listener->config->tls;
	enum error error = setup_sites_new(tls, index, setup->policies, &setup->materials, diagnostics,
	                                   &listener->sites);

	return !error && tls->tickets ? load_tickets(listener, index, diagnostics) : error;
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

/* Once in a file, where the first policy is named or left to the default. */
static void tell_of_quantum(const struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_tls *tls = config->listeners[i].tls;
		char path[64];

		if (!tls)
			continue;
		(void)snprintf(path, sizeof(path), "listeners[%zu].tls.policy", i);
		diagnostics_notice(diagnostics, tls->policy.place.line > 0 ? tls->policy.place : tls->place,
		                   path,
		                   "no policy has X25519MLKEM768, the first group of Mozilla's guideline "
		                   "6.0: it is not available in Mbed TLS");
		return;
	}
}

/* An ACME client may make it when it first needs it. */
static void look_for_challenges(const struct config_listener *listener, size_t index,
                                struct diagnostics *diagnostics)
{
	const struct config_acme_challenge *acme = listener->acme_challenge;
	const char *path = acme ? acme->directory.text.data : NULL;
	struct stat facts;
	char key[64];

	if (!path || (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode)))
		return;
	(void)snprintf(key, sizeof(key), "listeners[%zu].acme_challenge.directory", index);
	diagnostics_warning(diagnostics, acme->directory.place, key, "there is no folder %s", path);
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
		look_for_challenges(listener->config, i, diagnostics);

		enum error error = listener->config->tls ? load_tls(setup, listener, i, diagnostics) : OK;

		if (error)
			return error;
	}
	if (diagnostics->errors == 0) { /* else what uses a policy may be wrong itself */
		setup_policies_review(setup->policies, diagnostics);
		tell_of_quantum(setup->config, diagnostics);
	}
	return diagnostics->errors > 0 ? ERROR_CONFIG : OK;
}

static enum error keep_path(struct setup *setup, const char *path)
{
	size_t size = strlen(path) + 1;

	setup->path = memory_new(size, 1);
	if (!setup->path)
		return ERROR_OUT_OF_MEMORY;
	memcpy(setup->path, path, size);
	return OK;
}

enum error setup_load(const char *path, struct diagnostics *diagnostics, struct setup **ret_setup)
{
	struct setup *setup = memory_new(1, sizeof(*setup));

	if (!setup)
		return ERROR_OUT_OF_MEMORY;
	atomic_init(&setup->references, 1);

	enum error error = config_load(path, diagnostics, &setup->config);

	/* All mistakes are told in one run: those of the certificates beside those of the file. */
	if (!error || (error == ERROR_CONFIG && setup->config)) {
		error = setup_policies_new(setup->config, diagnostics, &setup->policies);
		if (!error)
			error = load_listeners(setup, diagnostics);
	}
	if (setup->config && (!error || error == ERROR_CONFIG)) {
		enum error rules_error = setup_rules_load(setup->config, diagnostics, &setup->rules);

		confinement_review(setup->config, diagnostics);
		error = rules_error ? rules_error : diagnostics->errors > 0 ? ERROR_CONFIG : error;
	}
	if (!error)
		error = route_table_new(setup->config, &setup->routes);
	if (!error)
		error = keep_path(setup, path);
	if (error) {
		setup_unref(setup);
		return error;
	}
	setup->number = atomic_fetch_add(&loaded, 1) + 1;
	(void)atomic_fetch_add(&alive, 1);
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
	tls_sites_unref(listener->sites);
	tls_tickets_unref(listener->tickets);
	ticket_keys_free(listener->ticket_keys);
}

void setup_unref(struct setup *setup)
{
	if (!setup || atomic_fetch_sub_explicit(&setup->references, 1, memory_order_acq_rel) > 1)
		return;
	if (setup->number > 0)
		(void)atomic_fetch_sub(&alive, 1);
	for (size_t i = 0; i < setup->listener_count; i++)
		free_listener(&setup->listeners[i]);
	memory_free(setup->listeners);
	materials_done(&setup->materials);
	setup_policies_free(setup->policies);
	setup_rules_done(&setup->rules);
	route_table_free(setup->routes);
	config_free(setup->config);
	memory_free(setup->path);
	memory_free(setup);
}

size_t setup_count_alive(void)
{
	return atomic_load(&alive);
}

/* Only keys of our own: those of a file are in the file. */
static void inherit_tickets(struct setup_listener *listener, const struct setup_listener *before)
{
	if (!listener->tickets || !before->tickets || listener->ticket_keys || before->ticket_keys ||
	    listener->config->tls->ticket_lifetime_ms != before->config->tls->ticket_lifetime_ms)
		return;
	tls_tickets_unref(listener->tickets);
	listener->tickets = tls_tickets_ref(before->tickets);
}

void setup_inherit(struct setup *setup, const struct setup *before)
{
	for (size_t i = 0; i < setup->listener_count; i++)
		for (size_t j = 0; j < before->listener_count; j++)
			if (address_equal(&setup->listeners[i].config->address,
			                  &before->listeners[j].config->address))
				inherit_tickets(&setup->listeners[i], &before->listeners[j]);
	setup_rules_inherit(&setup->rules, &before->rules);
}

bool setup_trusts(const struct setup *setup, const struct address *peer)
{
	return hops_is_trusted(setup->config, peer);
}
