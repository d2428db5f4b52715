/* net/loop.h, net/job.h and net/lookup.h without a network. */

#include <stdlib.h>

#include "base/memory.h"
#include "net/job.h"
#include "net/lookup.h"
#include "net/loop.h"
#include "sim/fake_net.h"
#include "sim/fake_wire.h"
#include "sim/trace.h"

struct lookup {
	struct list node; /* on loop->lookups */
	lookup_done *on_done;
	void *owner;
	uint16_t port;
};

void loop_init(struct loop *loop, struct random *random, uint64_t now_ms)
{
	*loop = (struct loop){.random = random, .now_ms = now_ms};
	deadlines_init(&loop->deadlines, now_ms);
	list_init(&loop->connections);
	list_init(&loop->lookups);
	list_init(&loop->starved);
	deadline_init(&loop->starved_again, wire_starved_again, loop);
}

void loop_done(struct loop *loop)
{
	deadline_clear(&loop->starved_again);
	for (struct list *node = loop->connections.next, *next; node != &loop->connections;
	     node = next) {
		struct connection *connection = LIST_OBJECT(node, struct connection, node);

		next = node->next;
		if (connection->wire)
			violation("connection %u was never closed by the proxy", connection->number);
		bytes_done(&connection->to_proxy.queue);
		bytes_done(&connection->from_proxy.queue);
		free(connection);
	}
	list_init(&loop->connections);
	if (!list_is_empty(&loop->lookups))
		violation("a lookup was never cancelled");
	for (unsigned i = 0; i < DEADLINE_SLOTS; i++)
		if (!list_is_empty(&loop->deadlines.slots[i]))
			violation("a deadline was never cleared");
}

void loop_advance(struct loop *loop, uint64_t now_ms)
{
	check(now_ms >= loop->now_ms);
	loop->now_ms = now_ms;
	deadlines_run(&loop->deadlines, now_ms);
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

struct deadlines *loop_deadlines(struct loop *loop)
{
	return &loop->deadlines;
}

void loop_set_deadline(struct loop *loop, struct deadline *deadline, uint64_t after_ms)
{
	deadline_set(&loop->deadlines, deadline, loop->now_ms + after_ms);
}

enum error lookup_start(struct loop *loop, const struct address *address, lookup_done *on_done,
                        void *owner, struct lookup **ret_lookup)
{
	struct lookup *lookup = memory_new(1, sizeof(*lookup));

	check(address->kind == ADDRESS_NAME);
	if (!lookup)
		return ERROR_OUT_OF_MEMORY;
	lookup->on_done = on_done;
	lookup->owner = owner;
	lookup->port = address->port;
	list_add_last(&loop->lookups, &lookup->node);
	*ret_lookup = lookup;
	return OK;
}

void lookup_cancel(struct lookup *lookup)
{
	if (!lookup)
		return;
	list_remove(&lookup->node);
	memory_free(lookup);
}

/* Done in the next moment. No configuration of the simulator asks for one. */
struct job {
	struct deadline deadline;
	const struct job_events *events;
	void *subject;
	void *owner;
	bool cancelled;
};

static void end_job(void *owner)
{
	struct job *job = owner;

	if (!job->cancelled) {
		job->events->work(job->subject);
		job->events->on_done(job->owner);
	}
	job->events->release(job->subject);
	memory_free(job);
}

enum error job_start(struct loop *loop, const struct job_events *events, void *subject, void *owner,
                     struct job **ret_job)
{
	struct job *job = memory_new(1, sizeof(*job));

	if (!job)
		return ERROR_OUT_OF_MEMORY;
	job->events = events;
	job->subject = subject;
	job->owner = owner;
	deadline_init(&job->deadline, end_job, job);
	deadline_set(&loop->deadlines, &job->deadline, loop->now_ms + 1);
	*ret_job = job;
	return OK;
}

void job_cancel(struct job *job)
{
	if (job)
		job->cancelled = true;
}

bool lookup_is_waiting(const struct loop *loop)
{
	return !list_is_empty(&loop->lookups);
}

void lookup_answer(struct loop *loop, const struct address *addresses, size_t address_count)
{
	struct lookup *lookup = LIST_OBJECT(loop->lookups.next, struct lookup, node);
	struct address answer[LOOKUP_ADDRESSES_MAX];

	check(address_count <= LOOKUP_ADDRESSES_MAX);
	for (size_t i = 0; i < address_count; i++) {
		answer[i] = addresses[i];
		answer[i].port = lookup->port;
	}
	trace("a name is looked up: %zu addresses", address_count);
	list_remove(&lookup->node);
	lookup->on_done(lookup->owner, address_count > 0 ? OK : ERROR_NAME_UNRESOLVED, answer,
	                address_count);
	memory_free(lookup);
}
