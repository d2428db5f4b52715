#include "server/renewal_task.h"

#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "config/diagnostics.h"
#include "setup/sites.h"

enum { WHY_MAX = 4096, DATE_SIZE = sizeof("2026-11-24 00:00:00 UTC") };

enum error renewal_task_new(struct setup *setup, const struct materials *materials,
                            struct renewal_task **ret_task)
{
	struct renewal_task *task = memory_new(1, sizeof(*task));

	if (!task)
		return ERROR_OUT_OF_MEMORY;
	task->setup = setup_ref(setup);

	enum error error = materials_copy(materials, &task->materials);

	if (error)
		renewal_task_free(task);
	else
		*ret_task = task;
	return error;
}

void renewal_task_add(struct renewal_task *task, size_t index)
{
	struct reading *reading = &task->readings[task->count++];
	const struct material *before = &task->materials.items[index];

	check(task->count <= RENEWAL_READINGS_MAX);
	*reading = (struct reading){.index = index, .fresh = *before};
	reading->fresh.certificate = NULL;
	reading->fresh.client_ca = NULL;
	text_init(&reading->why, WHY_MAX);
	text_init(&reading->warning, WHY_MAX);
}

void renewal_task_free(struct renewal_task *task)
{
	if (!task)
		return;
	for (size_t i = 0; i < task->count; i++) {
		material_done(&task->readings[i].fresh);
		text_done(&task->readings[i].why);
		text_done(&task->readings[i].warning);
	}
	for (size_t i = 0; i < MATERIAL_LISTENERS_MAX; i++)
		tls_sites_unref(task->sites[i]);
	materials_done(&task->materials);
	setup_unref(task->setup);
	memory_free(task);
}

/* --- Reading ------------------------------------------------------------------------------- */

static void put_faults(const struct material_words *words, struct text *why)
{
	for (size_t i = 0; i < MATERIAL_FILES; i++) {
		if (words->faults[i].size == 0)
			continue;
		if (why->size > 0)
			text_put_string(why, "; ");
		text_put(why, text_span(&words->faults[i]));
	}
}

/* What speaks against a certificate that could be used at the start, where there is none better. */
static void compare(const struct material *before, struct reading *reading, int64_t now_s)
{
	const struct tls_certificate_facts *facts = tls_certificate_facts(reading->fresh.certificate);
	const char *path = reading->fresh.paths[0];

	if (facts->not_before_s > now_s) {
		time_t from = (time_t)facts->not_before_s;
		char date[DATE_SIZE];
		struct tm parts;

		(void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&from, &parts));
		text_printf(&reading->why, "%s: the certificate is not valid before %s", path, date);
	} else if (facts->not_after_s < now_s) {
		text_printf(&reading->why, "%s: the certificate has expired", path);
	} else if (!facts->in_order && tls_certificate_facts(before->certificate)->in_order) {
		text_printf(&reading->why, "%s: %s", path, text_string(&reading->warning));
	}
}

/* The error is one that has nothing to do with the files. */
static enum error read_one(struct renewal_task *task, struct reading *reading, int64_t now_s)
{
	const struct material *before = &task->materials.items[reading->index];
	struct material_words words;

	material_words_init(&words);

	enum error error = material_read(&reading->fresh, &words);

	put_faults(&words, &reading->why);
	text_put(&reading->warning, text_span(&words.warning));
	material_words_done(&words);
	reading->result = READING_BAD;
	if (error)
		return error == ERROR_INVALID ? OK : error;
	if (material_equal(before, &reading->fresh))
		reading->result = READING_SAME;
	else if (reading->fresh.certificate)
		compare(before, reading, now_s);
	if (reading->result == READING_BAD && reading->why.size == 0)
		reading->result = READING_NEW;
	if (reading->result != READING_NEW)
		material_done(&reading->fresh);
	return OK;
}

/* --- Making sites -------------------------------------------------------------------------- */

static void exchange_content(struct material *a, struct material *b)
{
	struct material kept = *a;

	a->certificate = b->certificate;
	a->client_ca = b->client_ca;
	b->certificate = kept.certificate;
	b->client_ca = kept.client_ca;
}

/* Puts what is new in its place, or takes it out again. */
static void toggle(struct renewal_task *task, struct reading *reading)
{
	exchange_content(&task->materials.items[reading->index], &reading->fresh);
}

static void forget_sites(struct renewal_task *task)
{
	for (size_t i = 0; i < MATERIAL_LISTENERS_MAX; i++) {
		tls_sites_unref(task->sites[i]);
		task->sites[i] = NULL;
	}
}

/* The first error, without its place: what stands there has not changed. */
static void put_error(const struct diagnostics *diagnostics, struct text *why)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *one = &diagnostics->items[i];

		if (one->severity != SEVERITY_ERROR)
			continue;
		text_printf(why, "%.*s: %.*s", (int)one->path.size, one->path.data, (int)one->message.size,
		            one->message.data);
		return;
	}
}

/* ERROR_INVALID: the listener could not have been started with it, as `why` tells. */
static enum error make_one(struct renewal_task *task, size_t listener, struct text *why)
{
	struct diagnostics diagnostics;

	diagnostics_init(&diagnostics);
	diagnostics.without_notices = true;

	enum error error = setup_sites_new(task->setup->config->listeners[listener].tls, listener,
	                                   task->setup->policies, &task->materials, &diagnostics,
	                                   &task->sites[listener]);

	if (!error && (diagnostics.errors > 0 || !task->sites[listener])) {
		error = ERROR_INVALID;
		if (why)
			put_error(&diagnostics, why);
	}
	diagnostics_done(&diagnostics);
	return error;
}

static enum error make(struct renewal_task *task, uint64_t listeners, struct text *why)
{
	enum error error = OK;

	for (size_t i = 0; i < task->setup->listener_count && !error; i++)
		if ((listeners & (uint64_t)1 << i) != 0)
			error = make_one(task, i, why);
	if (error)
		forget_sites(task);
	return error;
}

static uint64_t listeners_of_new(const struct renewal_task *task)
{
	uint64_t listeners = 0;

	for (size_t i = 0; i < task->count; i++)
		if (task->readings[i].result == READING_NEW)
			listeners |= task->readings[i].fresh.listeners;
	return listeners;
}

/* Finds out which of the new ones it is, one after the other; each counts with the good ones. */
static enum error sort_out(struct renewal_task *task)
{
	enum error error = OK;

	for (size_t i = 0; i < task->count; i++)
		if (task->readings[i].result == READING_NEW)
			toggle(task, &task->readings[i]);
	for (size_t i = 0; i < task->count && !error; i++) {
		struct reading *reading = &task->readings[i];

		if (reading->result != READING_NEW)
			continue;
		toggle(task, reading);
		error = make(task, reading->fresh.listeners, &reading->why);
		forget_sites(task);
		if (error != ERROR_INVALID)
			continue;
		error = OK;
		toggle(task, reading);
		material_done(&reading->fresh);
		reading->result = READING_BAD;
	}
	return error ? error : make(task, listeners_of_new(task), NULL);
}

void renewal_task_run(struct renewal_task *task, int64_t now_s)
{
	enum error error = OK;

	for (size_t i = 0; i < task->count && !error; i++)
		error = read_one(task, &task->readings[i], now_s);
	for (size_t i = 0; i < task->count && !error; i++)
		if (task->readings[i].result == READING_NEW)
			toggle(task, &task->readings[i]);
	if (!error)
		error = make(task, listeners_of_new(task), NULL);
	if (error == ERROR_INVALID)
		error = sort_out(task);
	task->error = error;
}
