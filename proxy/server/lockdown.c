#include "server/lockdown.h"

#include <unistd.h>

#include "base/memory.h"
#include "base/secret.h"
#include "sandbox/sandbox.h"
#include "setup/confinement.h"

enum { WHY_MAX = 1024 };

struct lockdown {
	struct confinement *confinement;
};

/* Another user has not the rights of the one who started us. */
struct lost {
	size_t count;
	const char *first;
};

static void on_unreadable(void *owner, const char *path)
{
	struct lost *lost = owner;

	if (lost->count++ == 0)
		lost->first = path;
}

static void tell_lost_files(const struct config *config, struct log *log)
{
	struct lost lost = {0};

	confinement_find_unreadable(config, on_unreadable, &lost);
	if (lost.count > 0)
		log_message(log, LOG_WARNING, "files_lost",
		            "user %u can not open %s%s again: what is put in its place later is not seen, "
		            "unless its group may open it",
		            (unsigned)geteuid(), lost.first, lost.count > 1 ? " and others" : "");
}

static void tell_unlocked_keys(struct log *log)
{
	struct secret_usage usage = secret_usage();

	if (usage.unlocked > 0 || usage.outside > 0)
		log_message(log, LOG_WARNING, "keys_not_locked",
		            "memory of private keys can be written to a swap device: %zu KiB, and %zu "
		            "pieces of the heap; a higher limit of locked memory (ulimit -l) helps",
		            usage.unlocked / 1024, usage.outside);
}

static void give_logs(const struct confinement *confinement,
                      struct log_sink *const sinks[LOG_STREAM_COUNT])
{
	const struct login *user = confinement_user(confinement);

	for (unsigned i = 0; user && i < LOG_STREAM_COUNT; i++)
		log_sink_give(sinks[i], user->id, user->group);
}

static enum error enter(const struct config *config, const struct confinement *confinement,
                        struct log *log, struct text *why)
{
	struct text words;

	text_init(&words, WHY_MAX);

	enum error error = confinement_enter(confinement, &words);

	if (error)
		text_put(why, text_span(&words));
	else if (words.size > 0)
		log_message(log, LOG_WARNING, "sandbox_incomplete", "%s", text_string(&words));
	text_done(&words);
	if (!error) {
		tell_lost_files(config, log);
		tell_unlocked_keys(log);
	}
	return error;
}

enum error lockdown_new(const struct config *config, const struct address *admin,
                        struct log_sink *const sinks[LOG_STREAM_COUNT], struct log *log,
                        struct lockdown **ret_lockdown, struct text *why)
{
	struct lockdown *lockdown = memory_new(1, sizeof(*lockdown));
	enum error error = lockdown ? OK : ERROR_OUT_OF_MEMORY;

	if (!error)
		error = confinement_new(config, &lockdown->confinement, why);
	if (!error && admin && admin->kind == ADDRESS_UNIX)
		error = confinement_add_socket(lockdown->confinement, admin->host);
	if (!error) {
		give_logs(lockdown->confinement, sinks);
		error = enter(config, lockdown->confinement, log, why);
	}
	if (error) {
		lockdown_free(lockdown);
		return error;
	}
	*ret_lockdown = lockdown;
	return OK;
}

void lockdown_free(struct lockdown *lockdown)
{
	if (!lockdown)
		return;
	confinement_free(lockdown->confinement);
	memory_free(lockdown);
}

void lockdown_describe(struct text *text)
{
	const struct sandbox_report report = sandbox_in_force();

	sandbox_describe(&report, text);
}

enum error lockdown_check(const struct lockdown *lockdown, const struct config *config,
                          struct diagnostics *diagnostics)
{
	return confinement_check(lockdown->confinement, config, diagnostics);
}
