#include "server/inquiry.h"

#include <stdbool.h>

#include "base/list.h"
#include "base/memory.h"
#include "net/loop.h"

/* Where a question to one target is. The post is on one loop's list at most. */
enum ask_place {
	ASK_NOT_PUT, /* the target had left before */
	ASK_AWAY,    /* with the target, or on the way there or back */
	ASK_BACK,    /* the answer, if any, is the inquiry's */
};

struct ask {
	struct post post;
	struct inquiry *inquiry;
	size_t target;
	enum ask_place place; /* the main thread's alone */
	void *answer;         /* the target's thread's until the post is back */
};

struct inquiry {
	struct list node; /* on inquiries->all */
	struct inquiries *inquiries;
	const struct inquiry_events *events;
	void *question;
	void *owner;
	bool is_awaited; /* on_done() is still to be called */
	struct deadline deadline;
	size_t away_count;
	void **answers;    /* what on_done() gets */
	struct ask asks[]; /* one for each target */
};

struct target {
	struct inquiry_target facts;
	struct inquiries *inquiries;
	struct post left_post;
	bool has_left; /* the main thread's alone */
};

struct inquiries {
	struct loop *loop;
	struct list all;
	size_t count;
	size_t target_count;
	struct target targets[];
};

static void free_inquiry(struct inquiry *inquiry)
{
	struct inquiries *inquiries = inquiry->inquiries;

	for (size_t i = 0; i < inquiries->target_count; i++)
		if (inquiry->asks[i].answer)
			inquiry->events->release_answer(inquiry->asks[i].answer);
	if (inquiry->events->release_question)
		inquiry->events->release_question(inquiry->question);
	deadline_clear(&inquiry->deadline);
	list_remove(&inquiry->node);
	inquiries->count--;
	memory_free(inquiry->answers);
	memory_free(inquiry);
}

/* Hands over what has come back. Who is still away may write its answer meanwhile. */
static void tell_owner(struct inquiry *inquiry)
{
	size_t count = inquiry->inquiries->target_count;

	inquiry->is_awaited = false;
	deadline_clear(&inquiry->deadline);
	for (size_t i = 0; i < count; i++)
		if (inquiry->asks[i].place == ASK_BACK)
			inquiry->answers[i] = inquiry->asks[i].answer;
	inquiry->events->on_done(inquiry->owner, inquiry->answers, count);
}

static void settle(struct inquiry *inquiry)
{
	if (inquiry->away_count > 0)
		return;
	if (inquiry->is_awaited)
		tell_owner(inquiry);
	free_inquiry(inquiry);
}

static void on_deadline(void *owner)
{
	struct inquiry *inquiry = owner;

	if (inquiry->away_count > 0)
		tell_owner(inquiry);
	else
		settle(inquiry);
}

static void on_back(struct post *post)
{
	struct ask *ask = LIST_OBJECT(post, struct ask, post);

	ask->place = ASK_BACK;
	ask->inquiry->away_count--;
	settle(ask->inquiry);
}

/* On the target's thread. */
static void on_asked(struct post *post)
{
	struct ask *ask = LIST_OBJECT(post, struct ask, post);
	struct inquiry *inquiry = ask->inquiry;
	struct inquiries *inquiries = inquiry->inquiries;

	ask->answer =
		inquiry->events->answer(inquiries->targets[ask->target].facts.subject, inquiry->question);
	post->on_post = on_back;
	loop_post(inquiries->loop, post);
}

/* One that the target has not answered; NULL: there is none. */
static struct inquiry *find_away(struct inquiries *inquiries, size_t target)
{
	for (struct list *node = inquiries->all.next; node != &inquiries->all; node = node->next) {
		struct inquiry *inquiry = LIST_OBJECT(node, struct inquiry, node);

		if (inquiry->asks[target].place == ASK_AWAY)
			return inquiry;
	}
	return NULL;
}

/* The target's last answers came before this post, so what is away now lies on its loop. */
static void on_left(struct post *post)
{
	struct target *target = LIST_OBJECT(post, struct target, left_post);
	struct inquiries *inquiries = target->inquiries;
	size_t index = (size_t)(target - inquiries->targets);
	struct inquiry *inquiry;

	target->has_left = true;
	/* From the first each time: the owners that are told may cancel others. */
	while ((inquiry = find_away(inquiries, index))) {
		loop_unpost(target->facts.loop, &inquiry->asks[index].post);
		inquiry->asks[index].place = ASK_BACK;
		inquiry->away_count--;
		settle(inquiry);
	}
}

enum error inquiries_new(struct loop *loop, const struct inquiry_target *targets,
                         size_t target_count, struct inquiries **ret_inquiries)
{
	struct inquiries *inquiries =
		memory_new(1, sizeof(*inquiries) + target_count * sizeof(inquiries->targets[0]));

	if (!inquiries)
		return ERROR_OUT_OF_MEMORY;
	inquiries->loop = loop;
	inquiries->target_count = target_count;
	list_init(&inquiries->all);
	for (size_t i = 0; i < target_count; i++) {
		struct target *target = &inquiries->targets[i];

		target->facts = targets[i];
		target->inquiries = inquiries;
		target->left_post.on_post = on_left;
		list_init(&target->left_post.node);
	}
	*ret_inquiries = inquiries;
	return OK;
}

void inquiries_free(struct inquiries *inquiries)
{
	if (!inquiries)
		return;
	for (size_t i = 0; i < inquiries->target_count; i++)
		loop_unpost(inquiries->loop, &inquiries->targets[i].left_post);
	while (!list_is_empty(&inquiries->all)) {
		struct inquiry *inquiry = LIST_OBJECT(inquiries->all.next, struct inquiry, node);

		/* Those that lie on a target's loop go with it; the others are on ours. */
		for (size_t i = 0; i < inquiries->target_count; i++)
			if (inquiry->asks[i].place == ASK_AWAY && inquiry->asks[i].post.on_post == on_back)
				loop_unpost(inquiries->loop, &inquiry->asks[i].post);
		free_inquiry(inquiry);
	}
	memory_free(inquiries);
}

void inquiries_leave(struct inquiries *inquiries, size_t target)
{
	check(target < inquiries->target_count);
	loop_post(inquiries->loop, &inquiries->targets[target].left_post);
}

/* All at once, after the inquiry is complete: a target may answer before the next one is asked. */
static void ask_all(struct inquiry *inquiry)
{
	struct inquiries *inquiries = inquiry->inquiries;

	for (size_t i = 0; i < inquiries->target_count; i++) {
		if (inquiry->asks[i].place != ASK_AWAY)
			continue;
		loop_post(inquiries->targets[i].facts.loop, &inquiry->asks[i].post);
	}
}

static void init_asks(struct inquiry *inquiry)
{
	struct inquiries *inquiries = inquiry->inquiries;

	for (size_t i = 0; i < inquiries->target_count; i++) {
		struct ask *ask = &inquiry->asks[i];

		ask->inquiry = inquiry;
		ask->target = i;
		ask->post.on_post = on_asked;
		list_init(&ask->post.node);
		ask->place = inquiries->targets[i].has_left ? ASK_NOT_PUT : ASK_AWAY;
		inquiry->away_count += ask->place == ASK_AWAY;
	}
}

enum error inquiry_start(struct inquiries *inquiries, const struct inquiry_events *events,
                         void *question, void *owner, uint64_t within_ms,
                         struct inquiry **ret_inquiry)
{
	size_t count = inquiries->target_count;
	struct inquiry *inquiry;

	if (inquiries->count >= INQUIRIES_MAX)
		return ERROR_OVERLOADED;
	inquiry = memory_new(1, sizeof(*inquiry) + count * sizeof(inquiry->asks[0]));
	if (!inquiry)
		return ERROR_OUT_OF_MEMORY;
	inquiry->answers = memory_new(count + 1, sizeof(*inquiry->answers));
	if (!inquiry->answers) {
		memory_free(inquiry);
		return ERROR_OUT_OF_MEMORY;
	}
	inquiry->inquiries = inquiries;
	inquiry->events = events;
	inquiry->question = question;
	inquiry->owner = owner;
	inquiry->is_awaited = true;
	deadline_init(&inquiry->deadline, on_deadline, inquiry);
	list_add_last(&inquiries->all, &inquiry->node);
	inquiries->count++;
	init_asks(inquiry);
	loop_set_deadline(inquiries->loop, &inquiry->deadline, inquiry->away_count > 0 ? within_ms : 0);
	ask_all(inquiry);
	*ret_inquiry = inquiry;
	return OK;
}

void inquiry_cancel(struct inquiry *inquiry)
{
	if (!inquiry)
		return;
	check(inquiry->is_awaited);
	inquiry->is_awaited = false;
	deadline_clear(&inquiry->deadline);
	settle(inquiry);
}
