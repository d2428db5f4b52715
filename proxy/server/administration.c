#include "server/administration.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "net/loop.h"
#include "server/pages.h"
#include "server/process_metrics.h"

enum { MEMORY_MAX = 64 << 20, WHY_MAX = 1024 };

static const struct admin_page pages[] = {
	{METHOD_GET, "/", admin_answer_index, "this list"},
	{METHOD_GET, "/status", page_status, "the essentials, as `sallyport status` shows them"},
	{METHOD_GET, "/healthz", page_health, "200: the process lives"},
	{METHOD_GET, "/readyz", page_ready, "200: requests will be answered; 503: not, and why"},
	{METHOD_GET, "/clusters", page_clusters, "clusters, their backends and connections to them"},
	{METHOD_POST, "/clusters/*/backends/*/drain", page_drain_backend,
     "begin no more requests with this backend"},
	{METHOD_POST, "/clusters/*/backends/*/undrain", page_undrain_backend, "use it again"},
	{METHOD_GET, "/sessions", page_sessions, "connections of clients; ?limit=N"},
	{METHOD_GET, "/handshakes", page_handshakes, "the last failed TLS handshakes; ?limit=N"},
	{METHOD_GET, "/certificates", page_certificates, "certificates and when they end"},
	{METHOD_GET, "/metrics", page_metrics, "what is counted, for Prometheus and its kin"},
	{METHOD_GET, "/config", page_config, "the configuration in force, as YAML without secrets"},
	{METHOD_GET, "/log-level", page_log_level, "how much the error log tells"},
	{METHOD_POST, "/log-level/*", page_set_log_level,
     "error, warning, notice or debug, until the next reload"},
	{METHOD_POST, "/reload", page_reload, "read the configuration again, as SIGHUP"},
	{METHOD_POST, "/drain", page_drain, "stop without a time limit, as SIGQUIT"},
	{METHOD_POST, "/stop", page_stop, "stop within timeouts.drain, as SIGTERM"},
};

const struct config *administration_config(const struct administration *administration)
{
	return administration_setup(administration)->config;
}

struct setup *administration_setup(const struct administration *administration)
{
	return administration->view.setup(administration->view.server);
}

/* The owner is who runs the proxy once it has started. */
static enum error find_access(const struct config *whole, struct admin_access *ret_access,
                              struct text *why)
{
	const struct config_admin *config = &whole->admin;
	const struct config_text *user = config->user.text.data ? &config->user : &whole->user;
	struct admin_access access = {.user = (uid_t)-1, .group = (gid_t)-1};
	unsigned mode = 0600;

	(void)config_admin_mode(config, &mode);
	access.mode = (mode_t)mode;
	if (user->text.data && admin_find_user(user->text.data, &access.user)) {
		text_printf(why, "there is no user %s", user->text.data);
		return ERROR_SYSTEM;
	}
	if (config->group.text.data && admin_find_group(config->group.text.data, &access.group)) {
		text_printf(why, "admin.group: there is no group %s", config->group.text.data);
		return ERROR_SYSTEM;
	}
	*ret_access = access;
	return OK;
}

/* Where nobody said, it is no reason not to start. */
static enum error bind_somewhere(struct administration *administration,
                                 const struct admin_access *access, struct log *log)
{
	struct text places;
	int system_error = 0;

	text_init(&places, WHY_MAX);

	enum error error =
		admin_socket_open_somewhere(access, &administration->socket, &places, &system_error);

	if (error && system_error == EADDRINUSE)
		log_message(log, LOG_WARNING, "admin_off",
		            "another proxy has the admin socket (%s): there is none here; give each an "
		            "admin.address",
		            text_string(&places));
	else if (error)
		log_message(log, LOG_WARNING, "admin_off",
		            "no folder for the admin socket (%s): there is none; see admin.address",
		            text_string(&places));
	text_done(&places);
	return OK;
}

enum error administration_bind(struct administration *administration, const struct setup *setup,
                               struct log *log, struct text *why)
{
	const struct config_admin *config = &setup->config->admin;
	struct admin_access access;
	int system_error = 0;
	char text[ADDRESS_TEXT_SIZE];

	*administration = (struct administration){
		.socket.fd = -1,
		.started_us = clock_now_us(),
		.started_wall_us = clock_wall_us(),
		.budget.max = MEMORY_MAX,
	};
	pool_init(&administration->pool, &administration->budget);
	if (config_admin_is_off(config))
		return OK;

	enum error error = process_metrics_new(&administration->process);

	if (!error)
		error = find_access(setup->config, &access, why);
	if (error)
		return error;
	if (config_admin_is_auto(config))
		return bind_somewhere(administration, &access, log);
	error = admin_socket_open(&config->address, &access, &administration->socket, &system_error);
	if (error) {
		address_format(&config->address, text, sizeof(text));
		text_printf(why, "can not listen on %s, admin.address: %s", text,
		            strerrordesc_np(system_error));
	}
	return error;
}

static struct service_limits limits_of(const struct config_admin *config)
{
	return (struct service_limits){
		.connections = config->connections,
		.head_size = config->head_size,
		.body_size = config->body_size,
		.time_ms = config->timeout_ms,
	};
}

const struct address *administration_address(const struct administration *administration)
{
	return administration->socket.fd >= 0 ? &administration->socket.address : NULL;
}

enum error administration_open(struct administration *administration,
                               const struct server_view *view)
{
	const struct config_admin *config;

	administration->view = *view;
	if (administration->socket.fd < 0)
		return OK;
	config = &administration_config(administration)->admin;

	const struct service_options options = {
		.loop = view->loop,
		.pool = &administration->pool,
		.socket = administration->socket.fd,
		.is_tcp = administration->socket.address.kind != ADDRESS_UNIX,
		.limits = limits_of(config),
		.pages = pages,
		.page_count = ARRAY_LENGTH(pages),
		.owner = administration,
	};
	enum error error = readiness_new(administration, &administration->readiness);
	char text[ADDRESS_TEXT_SIZE];

	if (!error)
		error = service_open(&options, &administration->service);
	if (error)
		return error;
	address_format(&administration->socket.address, text, sizeof(text));
	log_message(view->log, LOG_NOTICE, "admin_open", "the admin interface listens on %s", text);
	return OK;
}

static bool is_same_text(struct config_text a, struct config_text b)
{
	return span_equal(a.text, b.text);
}

/* Whoever asked for the reload has come through the socket: it is not closed under him. */
void administration_update(struct administration *administration, const struct config *before)
{
	const struct config_admin *now = &administration_config(administration)->admin;
	const struct config_admin *old = &before->admin;
	const struct service_limits limits = limits_of(now);

	if (administration->service)
		service_set_limits(administration->service, &limits);
	if (!is_same_text(now->address_text, old->address_text) ||
	    !is_same_text(now->mode_text, old->mode_text) || !is_same_text(now->user, old->user) ||
	    !is_same_text(now->group, old->group))
		log_message(administration->view.log, LOG_WARNING, "restart_needed",
		            "the socket of the admin interface stays as it is until the proxy is started "
		            "anew: admin.address, mode, user and group do not change in a reload");
}

void administration_close(struct administration *administration)
{
	readiness_free(administration->readiness);
	administration->readiness = NULL;
	service_close(administration->service);
	administration->service = NULL;
}

void administration_done(struct administration *administration)
{
	if (!administration->pool.budget)
		return;
	admin_socket_close(&administration->socket);
	process_metrics_free(administration->process);
	pool_done(&administration->pool);
}

void administration_ask_workers(struct admin_ask *ask, const struct inquiry_events *events,
                                void *question)
{
	struct administration *administration = administration_of(ask);
	struct inquiry *inquiry;
	enum error error =
		inquiry_start(administration->view.inquiries, events, question, ask,
	                  administration_config(administration)->admin.worker_ms, &inquiry);

	if (!error)
		return;
	if (events->release_question)
		events->release_question(question);
	admin_answer_error(ask, 0, error, "%s", error_words(error));
}
