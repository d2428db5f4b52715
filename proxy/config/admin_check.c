#include "config/admin_check.h"

#include <stdio.h>

#include "config/nearest.h"

enum { PATH_SIZE = 64 };

/* Nothing but this host can reach it. */
static bool is_local(const struct address *address)
{
	static const struct address_block here = {.kind = ADDRESS_IPV4, .prefix = 8, .bytes = {127}};
	static const struct address_block here_6 = {
		.kind = ADDRESS_IPV6, .prefix = 128, .bytes = {[15] = 1}};

	return address->kind == ADDRESS_UNIX || address_block_contains(&here, address) ||
	       address_block_contains(&here_6, address);
}

static void check_address(const struct config *config, struct diagnostics *diagnostics)
{
	const struct config_admin *admin = &config->admin;
	unsigned mode;

	if (admin->mode_text.text.data && !config_admin_mode(admin, &mode))
		diagnostics_error(diagnostics, admin->mode_text.place, "admin.mode",
		                  "a mode has three octal digits, perhaps after a 0, such as 0660");
	/* A text that is missing could not be decoded. */
	if (!admin->address_text.text.data || config_admin_is_auto(admin) || config_admin_is_off(admin))
		return;
	if (!is_local(&admin->address))
		diagnostics_error(diagnostics, admin->address_text.place, "admin.address",
		                  "anybody on the network could reach it: only a unix socket or an address "
		                  "of the loopback interface (127.0.0.1, [::1]) will do");
	for (size_t i = 0; i < config->listener_count; i++)
		if (config->listeners[i].address_text.text.data &&
		    address_equal(&config->listeners[i].address, &admin->address))
			diagnostics_error(diagnostics, admin->address_text.place, "admin.address",
			                  "a listener has this address");
}

static void check_clusters(const struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->admin.ready.cluster_count; i++) {
		const struct config_text *name = &config->admin.ready.clusters[i];
		struct nearest nearest;
		bool is_known = !name->text.data;
		char path[PATH_SIZE];

		nearest_init(&nearest, name->text);
		for (size_t j = 0; j < config->cluster_count && !is_known; j++) {
			is_known = span_equal(config->clusters[j].name.text, name->text);
			nearest_offer(&nearest, config->clusters[j].name.text);
		}
		if (is_known)
			continue;
		(void)snprintf(path, sizeof(path), "admin.ready.clusters[%zu]", i);
		diagnostics_error_suggest(diagnostics, name->place, path, nearest.best,
		                          "unknown cluster \"%s\"", name->text.data);
	}
}

void admin_check(const struct config *config, bool clusters_are_known,
                 struct diagnostics *diagnostics)
{
	check_address(config, diagnostics);
	if (clusters_are_known)
		check_clusters(config, diagnostics);
}
