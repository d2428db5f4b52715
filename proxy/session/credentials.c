#include "session/credentials.h"

#include <string.h>

#include "base/memory.h"
#include "http/basic.h"
#include "net/job.h"
#include "password/password.h"
#include "session/exchange.h"
#include "tls/library.h"

/* What the other thread works on. */
struct password_task {
	char password[PASSWORD_SIZE_MAX + 1];
	size_t password_size;
	struct span hash;    /* Borrows: from the setup */
	struct setup *setup; /* a reference */
	bool counted;        /* in the setup's count of checks */
	enum error error;
	bool matches;
};

enum error credentials_init(struct credentials *credentials, struct tls_random *random)
{
	return tls_random_bytes(random, credentials->key, sizeof(credentials->key));
}

void credentials_done(struct credentials *credentials)
{
	memory_wipe(credentials, sizeof(*credentials));
}

static struct credentials *credentials_of(const struct exchange *exchange)
{
	return exchange->session->services->credentials;
}

/* The set of places where a digest may be. */
static size_t first_place(const unsigned char *digest)
{
	size_t set = ((size_t)digest[0] << 8 | digest[1]) % (CREDENTIALS_MAX / CREDENTIALS_WAYS);

	return set * CREDENTIALS_WAYS;
}

/* The digests are keyed, so nobody can learn from how long it takes to compare them. */
static bool is_known(const struct exchange *exchange)
{
	const struct credentials *credentials = credentials_of(exchange);
	const unsigned char *digest = exchange->check.digest;
	size_t first = first_place(digest);

	for (size_t i = first; i < first + CREDENTIALS_WAYS; i++)
		if (credentials->known[i].until_ms > session_now_ms(exchange->session) &&
		    memcmp(credentials->known[i].digest, digest, TLS_SHA256_SIZE) == 0)
			return true;
	return false;
}

/* In the place of what would be forgotten first. */
static void remember(const struct exchange *exchange)
{
	struct credentials *credentials = credentials_of(exchange);
	uint64_t for_ms = exchange->rules->config->basic_auth->remember_ms;
	size_t first = first_place(exchange->check.digest);
	size_t least = first;

	if (for_ms == 0)
		return;
	for (size_t i = first; i < first + CREDENTIALS_WAYS; i++)
		if (credentials->known[i].until_ms < credentials->known[least].until_ms)
			least = i;
	memcpy(credentials->known[least].digest, exchange->check.digest, TLS_SHA256_SIZE);
	credentials->known[least].until_ms = session_now_ms(exchange->session) + for_ms;
}

static void release(void *subject)
{
	struct password_task *task = subject;
	struct setup *setup = task->setup;

	if (task->counted)
		tally_leave(setup->rules.password_checks);
	memory_wipe(task, sizeof(*task));
	memory_free(task);
	setup_unref(setup);
}

static void work(void *subject)
{
	struct password_task *task = subject;

	task->error =
		password_check(span_of(task->password, task->password_size), task->hash, &task->matches);
}

static void on_done(void *owner)
{
	struct exchange *exchange = owner;
	struct credentials_check *check = &exchange->check;

	check->error = check->task->error;
	check->matches = check->task->matches;
	check->has_result = true;
	check->task = NULL; /* released after this */
	check->job = NULL;
	session_pump(exchange->session);
}

static enum error new_task(struct exchange *exchange, struct span password, struct span hash)
{
	struct password_task *task = memory_new(1, sizeof(*task));

	if (!task)
		return ERROR_OUT_OF_MEMORY;
	if (password.size > 0)
		memcpy(task->password, password.data, password.size);
	task->password_size = password.size;
	task->hash = hash;
	task->setup = setup_ref(exchange->session->services->setup);
	exchange->check.task = task;
	return OK;
}

static void let_in(struct exchange *exchange)
{
	exchange->values.of[VARIABLE_CLIENT_USER] = exchange->check.user->name;
}

static enum error begin(struct exchange *exchange, const struct basic *basic)
{
	const struct users *users = exchange->rules->users;
	struct credentials_check *check = &exchange->check;
	const struct user *user = users_find(users, basic->user);
	struct span hash = user ? user->hash : users_any(users)->hash;
	enum error error;

	if (basic->password.size > PASSWORD_SIZE_MAX)
		return ERROR_CREDENTIALS_WRONG;
	check->user = user;
	error = tls_keyed_digest(credentials_of(exchange)->key, hash, basic->password, check->digest);
	if (error)
		return error;
	if (user && is_known(exchange)) {
		let_in(exchange);
		return OK;
	}
	return new_task(exchange, basic->password, hash);
}

enum error credentials_begin(struct exchange *exchange)
{
	struct basic basic;

	if (!exchange->rules || !exchange->rules->users)
		return OK;

	enum error error = basic_read(&exchange->request, &basic);

	if (error)
		return error;
	error = begin(exchange, &basic);
	memory_wipe(&basic, sizeof(basic));
	return error;
}

/* Takes a turn, if there is one. */
static bool take_turn(struct password_task *task)
{
	uint64_t checks_max = task->setup->config->limits.password_checks;

	task->counted = tally_enter(task->setup->rules.password_checks, checks_max);
	return task->counted;
}

static enum error start(struct exchange *exchange)
{
	static const struct job_events events = {.work = work, .on_done = on_done, .release = release};
	struct password_task *task = exchange->check.task;

	return job_start(exchange->session->services->loop, &events, task, exchange,
	                 &exchange->check.job);
}

bool credentials_step(struct exchange *exchange, enum error *ret_error)
{
	struct credentials_check *check = &exchange->check;

	if (!check->has_result && !check->job && take_turn(check->task)) {
		enum error error = start(exchange);

		if (error) {
			credentials_forget(exchange);
			*ret_error = error;
			return true;
		}
	}
	if (!check->has_result)
		return false;
	check->has_result = false;
	*ret_error = check->error;
	if (check->error)
		return true;
	if (!check->matches || !check->user) {
		*ret_error = ERROR_CREDENTIALS_WRONG;
		return true;
	}
	remember(exchange);
	let_in(exchange);
	return true;
}

bool credentials_are_checked(const struct exchange *exchange)
{
	return exchange->check.task || exchange->check.has_result;
}

bool credentials_wait(const struct exchange *exchange)
{
	return exchange->check.task && !exchange->check.job;
}

void credentials_forget(struct exchange *exchange)
{
	struct credentials_check *check = &exchange->check;

	if (check->job)
		job_cancel(check->job); /* releases the task later */
	else if (check->task)
		release(check->task);
	check->job = NULL;
	check->task = NULL;
	check->has_result = false;
}
