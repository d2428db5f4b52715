#include "net/job.h"

#include <stdbool.h>
#include <uv.h>

#include "base/memory.h"
#include "net/loop_private.h"

/* Owner: libuv's loop, until its callback. */
struct job {
	uv_work_t request;
	const struct job_events *events;
	void *subject;
	void *owner;
	bool cancelled;
};

static void on_work(uv_work_t *request)
{
	const struct job *job = request->data;

	job->events->work(job->subject);
}

static void on_worked(uv_work_t *request, int status)
{
	struct job *job = request->data;

	(void)status; /* that it was cancelled we know */
	if (!job->cancelled)
		job->events->on_done(job->owner);
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
	job->request.data = job;
	if (uv_queue_work(&loop->uv, &job->request, on_work, on_worked)) {
		memory_free(job);
		return ERROR_SYSTEM;
	}
	*ret_job = job;
	return OK;
}

void job_cancel(struct job *job)
{
	if (!job)
		return;
	job->cancelled = true;
	(void)uv_cancel((uv_req_t *)&job->request); /* if it has not begun */
}
