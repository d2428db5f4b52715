#include "server/renewal.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/job.h"
#include "net/loop.h"
#include "server/renewal_log.h"
#include "server/renewal_task.h"
#include "server/watch.h"

enum { US_PER_S = 1000000, KEYS_WHY_MAX = 1024 };

/* What is known of one of the materials besides what it is. */
struct note {
	int64_t taken_s;
	char *failure; /* Owner: this. NULL: none */
	int64_t failed_s;
	char *told; /* the failure that was told last; Owner: this. NULL: none since it was good */
	/* What was told of its end last, and when. */
	enum expiry_state expiry;
	int64_t expiry_told_s;
};

struct renewal {
	struct renewal_options options;
	struct materials materials; /* in use */
	struct note *notes;         /* one for each */
	struct watch watch;
	struct deadline look_deadline;
	struct deadline expiry_deadline;
	uint64_t keys_looked_ms;   /* at files of ticket keys */
	struct renewal_task *task; /* Owner: its job; NULL: none is under way */
	struct job *job;
};

static int64_t now_s(void)
{
	return (int64_t)(clock_wall_us() / US_PER_S);
}

static char *copy_of(const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = memory_new(size, 1);

	if (copy)
		memcpy(copy, string, size);
	return copy;
}

/* --- Words --------------------------------------------------------------------------------- */

static bool is_told(const struct note *note)
{
	return note->told && note->failure && strcmp(note->told, note->failure) == 0;
}

/* Once it has been bad for long enough, and again when it is bad for another reason. */
static void tell_failures(struct renewal *renewal)
{
	for (size_t i = 0; renewal->watch.broken_count > 0 && i < renewal->materials.count; i++) {
		struct note *note = &renewal->notes[i];
		uint64_t now_ms = loop_now_ms(renewal->options.loop);

		if (!note->failure || is_told(note) ||
		    (!watch_must_tell(&renewal->watch, i, now_ms) && !note->told))
			continue;
		renewal_log_kept(renewal->options.log, &renewal->materials.items[i], note->failure,
		                 now_s());
		memory_free(note->told);
		note->told = copy_of(note->failure);
	}
}

static void forget_failure(struct note *note)
{
	memory_free(note->failure);
	memory_free(note->told);
	note->failure = NULL;
	note->told = NULL;
}

static void tell_expiry(struct renewal *renewal, size_t index)
{
	struct note *note = &renewal->notes[index];
	int64_t now = now_s();
	struct expiry expiry = expiry_of_material(&renewal->materials.items[index], now);
	bool is_due = expiry.state > note->expiry ||
	              now - note->expiry_told_s >= RENEWAL_EXPIRY_TELL_S || now < note->expiry_told_s;

	note->expiry = expiry.state;
	if (expiry.state == EXPIRY_FAR || !is_due)
		return;
	note->expiry_told_s = now;
	renewal_log_expiry(renewal->options.log, &renewal->materials.items[index], &expiry,
	                   note->failure);
}

static void tell_expiries(void *owner)
{
	struct renewal *renewal = owner;

	for (size_t i = 0; i < renewal->materials.count; i++)
		tell_expiry(renewal, i);
	loop_set_deadline(renewal->options.loop, &renewal->expiry_deadline, RENEWAL_EXPIRY_LOOK_MS);
}

/* --- What was read ------------------------------------------------------------------------- */

static enum error swap_all(const struct renewal *renewal, const struct renewal_task *task)
{
	const struct renewal_options *options = &renewal->options;
	enum error error = task->error;

	for (size_t i = 0; i < options->setup->listener_count && !error; i++)
		if (task->sites[i])
			error = options->swap(options->owner, i, task->sites[i]);
	return error;
}

/* Nothing came of it; all is tried again later. */
static void give_up(struct renewal *renewal, const struct renewal_task *task, enum error error)
{
	log_message(renewal->options.log, LOG_ERROR, "certificate_swap_failed",
	            "certificates that have changed can not be taken: %s; tried again in a minute",
	            error_words(error));
	for (size_t i = 0; i < task->count; i++)
		watch_was_read(&renewal->watch, task->readings[i].index, NULL, false,
		               loop_now_ms(renewal->options.loop));
}

static void take_new(struct renewal *renewal, struct renewal_task *task,
                     const struct reading *reading)
{
	struct material *mine = &renewal->materials.items[reading->index];
	struct material *fresh = &task->materials.items[reading->index];
	struct material before = *mine;

	mine->certificate = fresh->certificate;
	mine->client_ca = fresh->client_ca;
	fresh->certificate = before.certificate;
	fresh->client_ca = before.client_ca;
	renewal->notes[reading->index].taken_s = now_s();
	renewal->notes[reading->index].expiry = EXPIRY_FAR;
	renewal_log_renewed(renewal->options.log, mine, text_string(&reading->warning), now_s());
	tell_expiry(renewal, reading->index);
}

static void note_failure(struct note *note, const char *why)
{
	if (note->failure && strcmp(note->failure, why) == 0)
		return;
	memory_free(note->failure);
	note->failure = copy_of(why);
	note->failed_s = now_s();
}

static void take(struct renewal *renewal, struct renewal_task *task, const struct reading *reading)
{
	struct material *mine = &renewal->materials.items[reading->index];
	struct note *note = &renewal->notes[reading->index];

	watch_was_read(&renewal->watch, reading->index, reading->fresh.marks,
	               reading->result != READING_BAD, loop_now_ms(renewal->options.loop));
	if (reading->result == READING_BAD) {
		note_failure(note, text_string(&reading->why));
		return;
	}
	memcpy(mine->marks, reading->fresh.marks, sizeof(mine->marks));
	if (reading->result == READING_NEW)
		take_new(renewal, task, reading);
	else if (note->told)
		renewal_log_restored(renewal->options.log, mine);
	forget_failure(note);
}

static void look(void *owner);

static void on_done(void *owner)
{
	struct renewal *renewal = owner;
	struct renewal_task *task = renewal->task;
	enum error error = swap_all(renewal, task);

	renewal->task = NULL; /* released after this */
	renewal->job = NULL;
	if (error)
		give_up(renewal, task, error);
	for (size_t i = 0; i < task->count && !error; i++)
		take(renewal, task, &task->readings[i]);
	look(renewal); /* there may be more */
}

static void work(void *subject)
{
	renewal_task_run(subject, now_s());
}

static void release(void *subject)
{
	renewal_task_free(subject);
}

/* --- Looking ------------------------------------------------------------------------------- */

static enum error start_task(struct renewal *renewal, size_t first)
{
	static const struct job_events events = {.work = work, .on_done = on_done, .release = release};
	size_t count = renewal->watch.count;
	struct renewal_task *task;
	enum error error = renewal_task_new(renewal->options.setup, &renewal->materials, &task);

	if (error)
		return error;
	for (size_t at = first; at < count; at = watch_take_due(&renewal->watch)) {
		renewal_task_add(task, at);
		if (task->count == RENEWAL_READINGS_MAX)
			break;
	}
	error = job_start(renewal->options.loop, &events, task, renewal, &renewal->job);
	if (!error) {
		renewal->task = task;
		return OK;
	}
	for (size_t i = 0; i < task->count; i++)
		watch_was_read(&renewal->watch, task->readings[i].index, NULL, false,
		               loop_now_ms(renewal->options.loop));
	renewal_task_free(task);
	return OK; /* tried again, as all that is broken */
}

static void read_what_is_due(struct renewal *renewal)
{
	size_t first = renewal->job ? renewal->watch.count : watch_take_due(&renewal->watch);

	if (first < renewal->watch.count && start_task(renewal, first))
		watch_was_read(&renewal->watch, first, NULL, false, loop_now_ms(renewal->options.loop));
}

static void look_at_keys(struct renewal *renewal, struct ticket_keys *keys)
{
	struct log *log = renewal->options.log;
	bool has_changed = false;
	struct text why;

	text_init(&why, KEYS_WHY_MAX);

	enum error error = ticket_keys_look(keys, &has_changed, &why);

	if (error)
		log_message(log, LOG_WARNING, "ticket_keys_kept", "the keys of before go on serving: %s",
		            text_string(&why));
	else if (has_changed)
		log_message(log, LOG_NOTICE, "ticket_keys_read", "new keys from %s",
		            ticket_keys_path(keys));
	text_done(&why);
}

static void look_at_all_keys(struct renewal *renewal)
{
	const struct setup *setup = renewal->options.setup;
	uint64_t now_ms = loop_now_ms(renewal->options.loop);

	if (now_ms - renewal->keys_looked_ms < WATCH_SWEEP_MS)
		return;
	renewal->keys_looked_ms = now_ms;
	for (size_t i = 0; i < setup->listener_count; i++)
		if (setup->listeners[i].ticket_keys)
			look_at_keys(renewal, setup->listeners[i].ticket_keys);
}

static void look(void *owner)
{
	struct renewal *renewal = owner;
	uint64_t now_ms = loop_now_ms(renewal->options.loop);
	uint64_t again_ms = watch_look(&renewal->watch, now_ms);

	look_at_all_keys(renewal);
	read_what_is_due(renewal);
	tell_failures(renewal);
	deadline_set(loop_deadlines(renewal->options.loop), &renewal->look_deadline, again_ms);
}

/* --- Its life ------------------------------------------------------------------------------ */

static bool has_files(const struct renewal *renewal)
{
	const struct setup *setup = renewal->options.setup;
	bool found = renewal->materials.count > 0;

	for (size_t i = 0; i < setup->listener_count; i++)
		found = found || setup->listeners[i].ticket_keys;
	return found;
}

enum error renewal_new(const struct renewal_options *options, struct renewal **ret_renewal)
{
	struct renewal *renewal = memory_new(1, sizeof(*renewal));
	uint64_t now_ms = loop_now_ms(options->loop);

	if (!renewal)
		return ERROR_OUT_OF_MEMORY;
	renewal->options = *options;
	(void)setup_ref(options->setup);
	deadline_init(&renewal->look_deadline, look, renewal);
	deadline_init(&renewal->expiry_deadline, tell_expiries, renewal);
	renewal->keys_looked_ms = now_ms;

	enum error error = materials_copy(&options->setup->materials, &renewal->materials);

	if (!error)
		error = watch_init(&renewal->watch, &renewal->materials, NULL, now_ms);
	renewal->notes = memory_new(renewal->materials.count + 1, sizeof(*renewal->notes));
	if (error || !renewal->notes) {
		renewal_free(renewal);
		return ERROR_OUT_OF_MEMORY;
	}
	for (size_t i = 0; i < renewal->materials.count; i++)
		renewal->notes[i].taken_s = now_s();
	tell_expiries(renewal);
	if (has_files(renewal))
		loop_set_deadline(options->loop, &renewal->look_deadline, WATCH_SWEEP_MS);
	*ret_renewal = renewal;
	return OK;
}

void renewal_stop(struct renewal *renewal)
{
	if (!renewal)
		return;
	deadline_clear(&renewal->look_deadline);
	deadline_clear(&renewal->expiry_deadline);
	job_cancel(renewal->job); /* releases the task later */
	renewal->job = NULL;
	renewal->task = NULL;
}

void renewal_free(struct renewal *renewal)
{
	if (!renewal)
		return;
	renewal_stop(renewal);
	for (size_t i = 0; renewal->notes && i < renewal->materials.count; i++)
		forget_failure(&renewal->notes[i]);
	memory_free(renewal->notes);
	watch_done(&renewal->watch);
	materials_done(&renewal->materials);
	setup_unref(renewal->options.setup);
	memory_free(renewal);
}

size_t renewal_count(const struct renewal *renewal)
{
	return renewal->materials.count;
}

void renewal_entry(const struct renewal *renewal, size_t index, struct renewal_entry *ret_entry)
{
	const struct material *material = &renewal->materials.items[index];
	const struct note *note = &renewal->notes[index];

	check(index < renewal->materials.count);
	*ret_entry = (struct renewal_entry){
		.material = material,
		.expiry = expiry_of_material(material, now_s()),
		.taken_s = note->taken_s,
		.failure = note->failure,
		.failed_s = note->failure ? note->failed_s : 0,
	};
}
