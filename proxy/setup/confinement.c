#include "setup/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "sandbox/permits.h"
#include "sandbox/sandbox.h"

enum { PORT_DNS = 53, KEY_SIZE = 128, WHY_MAX = 1024 };

struct confinement {
	struct permits permits;
	struct login user;
	struct sandbox_options options;
};

/* --- What a configuration needs --------------------------------------------------------------- */

enum need_kind {
	NEED_FILE,   /* which may be replaced */
	NEED_PATH,   /* that one file or folder */
	NEED_SOCKET, /* a unix socket to listen on */
	NEED_UNIX,   /* one to connect to */
	NEED_SYSLOG, /* datagrams to the server of the log */
	NEED_PORT,
	NEED_NAMES, /* to be looked up */
};

struct need {
	enum need_kind kind;
	unsigned rights;
	const char *path;
	enum permit_port direction;
	uint16_t port;
	bool is_unix;
	struct place place;
	char key[KEY_SIZE]; /* the path of the configuration's key */
};

struct needs {
	const struct config *config;
	enum error (*on_need)(struct needs *needs, const struct need *need);
	enum error error;
	void *owner;
};

/* `key` and `name` together are the path of the configuration's key. */
static void tell(struct needs *needs, struct need *need, const char *key, const char *name)
{
	if (needs->error)
		return;
	(void)snprintf(need->key, sizeof(need->key), "%s%s", key, name);
	needs->error = needs->on_need(needs, need);
}

static struct need of_file(const struct config_text *path, unsigned rights)
{
	return (struct need){
		.kind = NEED_FILE, .rights = rights, .path = path->text.data, .place = path->place};
}

/* `key` is that of what the file belongs to. Files that are not given, and words such as stdout,
 * are none. */
static void need_file(struct needs *needs, const struct config_text *path, unsigned rights,
                      const char *key, const char *name)
{
	struct need need = of_file(path, rights);

	if (path->text.size > 0 && path->text.data[0] == '/')
		tell(needs, &need, key, name);
}

static void need_address(struct needs *needs, const struct address *address, struct place place,
                         enum permit_port direction, const char *key)
{
	struct need need = {.place = place, .direction = direction, .port = address->port};

	if (address->kind == ADDRESS_UNIX) {
		need.kind = direction == PERMIT_BIND ? NEED_SOCKET : NEED_UNIX;
		need.rights = PERMIT_SOCKETS;
		need.path = address->host;
		tell(needs, &need, key, "");
		return;
	}
	need.kind = NEED_PORT;
	tell(needs, &need, key, "");
	if (address->kind != ADDRESS_NAME)
		return;
	need.kind = NEED_NAMES;
	tell(needs, &need, key, "");
}

static void need_client_ca(struct needs *needs, const struct config_client_certificates *clients,
                           const char *key)
{
	if (!clients)
		return;
	need_file(needs, &clients->ca, PERMIT_READ, key, ".client_certificates.ca");
	need_file(needs, &clients->crl, PERMIT_READ, key, ".client_certificates.crl");
}

static void need_tls(struct needs *needs, const struct config_tls *tls, size_t listener)
{
	char key[KEY_SIZE];

	for (size_t i = 0; i < tls->certificate_count; i++) {
		(void)snprintf(key, sizeof(key), "listeners[%zu].tls.certificates[%zu]", listener, i);
		need_file(needs, &tls->certificates[i].chain, PERMIT_READ, key, ".chain");
		need_file(needs, &tls->certificates[i].key, PERMIT_READ, key, ".key");
	}
	for (size_t i = 0; i < tls->name_count; i++) {
		(void)snprintf(key, sizeof(key), "listeners[%zu].tls.names[%zu]", listener, i);
		need_client_ca(needs, tls->names[i].client_certificates, key);
	}
	(void)snprintf(key, sizeof(key), "listeners[%zu].tls", listener);
	need_client_ca(needs, tls->client_certificates, key);
	if (tls->ticket_keys)
		need_file(needs, &tls->ticket_keys->file, PERMIT_READ, key, ".ticket_keys.file");
}

/* Clients of ACME make the folder below their web root anew each time, and the one above it. */
static void need_challenges(struct needs *needs, const struct config_text *directory,
                            size_t listener)
{
	static const struct span below_root = SPAN_INIT("/.well-known/acme-challenge");
	struct span path = directory->text;
	struct need need = of_file(directory, PERMIT_READ);
	char root[PATH_MAX];
	char key[64];

	if (path.size == 0)
		return;
	if (path.size < sizeof(root) && span_ends_with_nocase(path, below_root)) {
		(void)snprintf(root, sizeof(root), "%.*s", (int)(path.size - below_root.size), path.data);
		need.kind = NEED_PATH;
		need.path = root;
	}
	(void)snprintf(key, sizeof(key), "listeners[%zu].acme_challenge", listener);
	tell(needs, &need, key, ".directory");
}

static void need_listeners(struct needs *needs)
{
	for (size_t i = 0; i < needs->config->listener_count; i++) {
		const struct config_listener *listener = &needs->config->listeners[i];
		char key[KEY_SIZE];

		(void)snprintf(key, sizeof(key), "listeners[%zu].address", i);
		need_address(needs, &listener->address, listener->address_text.place, PERMIT_BIND, key);
		if (listener->tls)
			need_tls(needs, listener->tls, i);
		if (listener->acme_challenge)
			need_challenges(needs, &listener->acme_challenge->directory, i);
	}
}

static void need_clusters(struct needs *needs)
{
	for (size_t i = 0; i < needs->config->cluster_count; i++) {
		const struct config_cluster *cluster = &needs->config->clusters[i];

		for (size_t j = 0; j < cluster->backend_count; j++) {
			const struct config_backend *backend = &cluster->backends[j];
			char key[KEY_SIZE];

			(void)snprintf(key, sizeof(key), "clusters.%s.backends[%zu].address",
			               cluster->name.text.data, j);
			need_address(needs, &backend->address, backend->address_text.place, PERMIT_CONNECT,
			             key);
		}
	}
}

static void need_pages(struct needs *needs, const struct config_error_page *pages, size_t count,
                       const char *key)
{
	for (size_t i = 0; i < count; i++)
		need_file(needs, &pages[i].file, PERMIT_READ, key, "error_pages");
}

static void need_routes(struct needs *needs)
{
	for (size_t i = 0; i < needs->config->route_count; i++) {
		const struct config_route *route = &needs->config->routes[i];
		char key[KEY_SIZE];

		(void)snprintf(key, sizeof(key), "routes[%zu].", i);
		if (route->answer)
			need_file(needs, &route->answer->file, PERMIT_READ, key, "answer.file");
		if (route->basic_auth)
			need_file(needs, &route->basic_auth->users_file, PERMIT_READ, key,
			          "basic_auth.users_file");
		need_pages(needs, route->error_pages, route->error_page_count, key);
	}
}

static void need_sandbox(struct needs *needs)
{
	const struct config_sandbox *sandbox = &needs->config->sandbox;

	for (size_t i = 0; i < sandbox->read_count; i++) {
		struct need need = of_file(&sandbox->read[i], PERMIT_READ);

		need.kind = NEED_PATH;
		tell(needs, &need, "sandbox.", "read");
	}
	for (size_t i = 0; i < sandbox->port_count; i++) {
		struct need need = {
			.kind = NEED_PORT, .port = (uint16_t)sandbox->ports[i], .place = sandbox->place};

		tell(needs, &need, "sandbox.", "ports");
		need.direction = PERMIT_CONNECT;
		tell(needs, &need, "sandbox.", "ports");
	}
}

/* Read again at each reload. */
static void need_value_files(struct needs *needs)
{
	const struct config_text_list *files = &needs->config->value_files;

	for (size_t i = 0; i < files->count; i++)
		need_file(needs, &files->items[i], PERMIT_READ, "", "");
}

static void need_syslog(struct needs *needs)
{
	const struct config_logging *logging = &needs->config->logging;
	struct need need = {.kind = NEED_SYSLOG,
	                    .is_unix = logging->syslog.address.kind == ADDRESS_UNIX,
	                    .place = logging->errors.place};

	if (span_equal(logging->access.text, SPAN("syslog")) ||
	    span_equal(logging->errors.text, SPAN("syslog")))
		tell(needs, &need, "logging.", "syslog");
}

/* Tells each need of the configuration; stops at the first error of on_need(). */
static enum error walk(struct needs *needs)
{
	const struct config *config = needs->config;
	struct need file = {.kind = NEED_FILE, .rights = PERMIT_READ, .path = config->path};

	if (config->path)
		tell(needs, &file, "", "");
	need_value_files(needs);
	need_listeners(needs);
	need_clusters(needs);
	need_routes(needs);
	need_pages(needs, config->error_pages, config->error_page_count, "");
	need_file(needs, &config->logging.access, PERMIT_WRITE, "logging.", "access");
	need_file(needs, &config->logging.errors, PERMIT_WRITE, "logging.", "errors");
	need_syslog(needs);
	need_sandbox(needs);
	return needs->error;
}

/* --- Permits ---------------------------------------------------------------------------------- */

/* A log may be a device or a pipe: nothing is put in its place. */
static bool is_special(const char *path)
{
	struct stat facts;

	return stat(path, &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode);
}

static enum error permit(struct needs *needs, const struct need *need)
{
	struct permits *permits = needs->owner;

	switch (need->kind) {
	case NEED_FILE:
		if (need->rights == PERMIT_WRITE && is_special(need->path))
			return permits_add_path(permits, need->path, need->rights);
		return permits_add_file(permits, need->path, need->rights);
	case NEED_PATH:
		return permits_add_path(permits, need->path, need->rights);
	case NEED_SOCKET:
		permits->unix_streams = true;
		return permits_add_file(permits, need->path, need->rights);
	case NEED_UNIX:
		permits->unix_streams = true;
		return OK;
	case NEED_SYSLOG:
		permits->udp = permits->udp || !need->is_unix;
		permits->unix_datagrams = permits->unix_datagrams || need->is_unix;
		return OK;
	case NEED_PORT:
		permits_add_port(permits, need->direction, need->port);
		return OK;
	case NEED_NAMES:
		permits->resolves = true;
		return OK;
	}
	return OK;
}

/*
 * What libc reads to look a name up, and the libraries that it loads. Files in /etc are often
 * replaced, so the folder is permitted; but not to root, who could read all of it.
 */
static enum error permit_names(struct permits *permits, bool is_root)
{
	static const char *const files[] = {"/etc/resolv.conf", "/etc/hosts",    "/etc/nsswitch.conf",
	                                    "/etc/host.conf",   "/etc/gai.conf", "/etc/ld.so.cache"};
	static const char *const folders[] = {"/lib", "/lib64", "/usr/lib", "/usr/lib64"};
	enum error error = is_root ? OK : permits_add_path(permits, "/etc", PERMIT_READ);

	for (size_t i = 0; i < ARRAY_LENGTH(files) && !error; i++) {
		char real[PATH_MAX];

		/* A link leads to where another program keeps it (systemd-resolved): to its folder. */
		if (realpath(files[i], real) && strncmp(real, "/etc/", 5) != 0)
			error = permits_add_file(permits, real, PERMIT_READ);
		else
			error = permits_add_path(permits, files[i], PERMIT_READ);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(folders) && !error; i++)
		error = permits_add_path(permits, folders[i], PERMIT_READ);
	permits_add_port(permits, PERMIT_CONNECT, PORT_DNS); /* for what does not fit into UDP */
	return error;
}

static enum error find_permits(const struct config *config, struct permits *permits, bool is_root)
{
	struct needs needs = {.config = config, .on_need = permit, .owner = permits};
	enum error error = walk(&needs);

	if (!error && permits->resolves)
		error = permit_names(permits, is_root);
	if (!error)
		error = sandbox_permit_own(permits);
	permits_tidy(permits);
	return error;
}

/* --- The confinement -------------------------------------------------------------------------- */

static enum error find_user(const struct config *config, struct login *ret_login, struct text *why)
{
	return login_find(config->user.text.data, config->group.text.data, ret_login, why);
}

void confinement_review(const struct config *config, struct diagnostics *diagnostics)
{
	struct login user;
	struct text why;

	if (config->group.text.data && !config->user.text.data) {
		diagnostics_error(diagnostics, config->group.place, "group", "a group needs a `user`");
		return;
	}
	if (!config->user.text.data)
		return;
	text_init(&why, WHY_MAX);
	if (find_user(config, &user, &why))
		diagnostics_error(diagnostics, config->user.place, "user", "%s", text_string(&why));
	text_done(&why);
}

static enum error fill(struct confinement *confinement, const struct config *config,
                       struct text *why)
{
	static const enum sandbox_mode modes[] = {
		[CONFIG_SANDBOX_AUTO] = SANDBOX_AUTO,
		[CONFIG_SANDBOX_REQUIRED] = SANDBOX_REQUIRED,
		[CONFIG_SANDBOX_OFF] = SANDBOX_OFF,
	};
	bool has_user = config->user.text.data != NULL;
	enum error error = has_user ? find_user(config, &confinement->user, why) : OK;

	if (error)
		return error;
	confinement->options = (struct sandbox_options){
		.mode = modes[config->sandbox.mode],
		.landlock = config->sandbox.landlock,
		.seccomp = config->sandbox.seccomp,
		.core_dumps = config->sandbox.core_dumps,
		.user = has_user ? &confinement->user : NULL,
	};
	return find_permits(config, &confinement->permits,
	                    (has_user ? confinement->user.id : geteuid()) == 0);
}

enum error confinement_new(const struct config *config, struct confinement **ret_confinement,
                           struct text *why)
{
	struct confinement *confinement = memory_new(1, sizeof(*confinement));

	if (!confinement)
		return ERROR_OUT_OF_MEMORY;
	permits_init(&confinement->permits);

	enum error error = fill(confinement, config, why);

	if (error) {
		confinement_free(confinement);
		return error;
	}
	*ret_confinement = confinement;
	return OK;
}

enum error confinement_add_socket(struct confinement *confinement, const char *path)
{
	confinement->permits.unix_streams = true;
	return permits_add_file(&confinement->permits, path, PERMIT_SOCKETS);
}

void confinement_free(struct confinement *confinement)
{
	if (!confinement)
		return;
	permits_done(&confinement->permits);
	memory_free(confinement);
}

const struct login *confinement_user(const struct confinement *confinement)
{
	return confinement->options.user;
}

enum error confinement_enter(const struct confinement *confinement, struct text *why)
{
	return sandbox_enter(&confinement->options, &confinement->permits, why);
}

/* --- Another configuration -------------------------------------------------------------------- */

struct comparison {
	const struct permits *permits;
	struct sandbox_report report;
	struct diagnostics *diagnostics;
};

static bool is_permitted(const struct comparison *comparison, const struct need *need)
{
	const struct permits *permits = comparison->permits;
	int abi = comparison->report.landlock_abi;

	switch (need->kind) {
	case NEED_PATH:
		return abi == 0 || permits_has_path(permits, need->path, need->rights);
	case NEED_FILE:
	case NEED_SOCKET:
		return abi == 0 || permits_has_file(permits, need->path, need->rights);
	case NEED_PORT:
		return !sandbox_confines_ports(&comparison->report) ||
		       permits_has_port(permits, need->direction, need->port);
	case NEED_UNIX:
		return !comparison->report.filters_syscalls || permits->unix_streams || permits->resolves;
	case NEED_SYSLOG:
		return !comparison->report.filters_syscalls ||
		       (need->is_unix ? permits->unix_datagrams : permits->udp || permits->resolves);
	case NEED_NAMES:
		return (!comparison->report.filters_syscalls && abi == 0) || permits->resolves;
	}
	return true;
}

static enum error compare(struct needs *needs, const struct need *need)
{
	static const char *const what[] = {
		[NEED_FILE] = "the sandbox of the running proxy does not reach the folder of this file",
		[NEED_PATH] = "the sandbox of the running proxy does not reach this",
		[NEED_SOCKET] = "the sandbox of the running proxy has no unix sockets in this folder",
		[NEED_UNIX] = "the sandbox of the running proxy has no unix sockets",
		[NEED_SYSLOG] = "the sandbox of the running proxy has no such sockets for syslog",
		[NEED_PORT] = "the sandbox of the running proxy does not have this port",
		[NEED_NAMES] = "the sandbox of the running proxy does not look names up",
	};
	const struct comparison *comparison = needs->owner;

	if (!is_permitted(comparison, need))
		diagnostics_error(comparison->diagnostics, need->place, need->key,
		                  "%s: only a restart can change it", what[need->kind]);
	return OK;
}

enum error confinement_check(const struct confinement *confinement, const struct config *config,
                             struct diagnostics *diagnostics)
{
	struct comparison comparison = {
		.permits = &confinement->permits,
		.report = sandbox_in_force(),
		.diagnostics = diagnostics,
	};
	struct needs needs = {.config = config, .on_need = compare, .owner = &comparison};

	return walk(&needs);
}

struct search {
	void (*on_file)(void *owner, const char *path);
	void *owner;
};

static enum error find_unreadable(struct needs *needs, const struct need *need)
{
	const struct search *search = needs->owner;
	int mode = need->rights == PERMIT_WRITE ? W_OK : R_OK;

	if (need->kind == NEED_FILE && faccessat(AT_FDCWD, need->path, mode, AT_EACCESS) < 0 &&
	    errno == EACCES)
		search->on_file(search->owner, need->path);
	return OK;
}

void confinement_find_unreadable(const struct config *config,
                                 void (*on_file)(void *owner, const char *path), void *owner)
{
	struct search search = {on_file, owner};
	struct needs needs = {.config = config, .on_need = find_unreadable, .owner = &search};

	(void)walk(&needs);
}
