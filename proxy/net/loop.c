#include "net/loop.h"

#include <stdlib.h>

#include "base/memory.h"
#include "net/loop_private.h"

static void on_timer(uv_timer_t *timer)
{
	struct loop *loop = timer->data;

	loop->armed_ms = DEADLINE_NEVER;
	deadlines_run(&loop->deadlines, uv_now(&loop->uv));
}

static void arm_timer(struct loop *loop)
{
	uint64_t next_ms = deadlines_next(&loop->deadlines);
	uint64_t now_ms = uv_now(&loop->uv);

	if (next_ms >= loop->armed_ms)
		return;
	loop->armed_ms = next_ms;
	(void)uv_timer_start(&loop->timer, on_timer, next_ms > now_ms ? next_ms - now_ms : 0, 0);
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct loop *loop = prepare->data;

	loop->turn++;
	if (loop->on_turn)
		loop->on_turn(loop->on_turn_owner);
	arm_timer(loop);
}

struct post *loop_take_post(struct loop *loop)
{
	struct post *post = NULL;

	uv_mutex_lock(&loop->posts_lock);
	if (!list_is_empty(&loop->posts)) {
		post = LIST_OBJECT(loop->posts.next, struct post, node);
		list_remove(&post->node);
	}
	uv_mutex_unlock(&loop->posts_lock);
	return post;
}

static void on_async(uv_async_t *async)
{
	struct loop *loop = async->data;
	struct post *post;

	while ((post = loop_take_post(loop)) != NULL)
		post->on_post(post);
}

static enum error open_handles(struct loop *loop)
{
	if (uv_mutex_init(&loop->posts_lock))
		return ERROR_SYSTEM;
	if (uv_loop_init(&loop->uv)) {
		uv_mutex_destroy(&loop->posts_lock);
		return ERROR_SYSTEM;
	}
	if (uv_async_init(&loop->uv, &loop->async, on_async)) {
		(void)uv_loop_close(&loop->uv);
		uv_mutex_destroy(&loop->posts_lock);
		return ERROR_SYSTEM;
	}
	(void)uv_timer_init(&loop->uv, &loop->timer);
	(void)uv_prepare_init(&loop->uv, &loop->prepare);
	loop->async.data = loop;
	loop->timer.data = loop;
	loop->prepare.data = loop;
	(void)uv_prepare_start(&loop->prepare, on_prepare);
	/* Neither keeps the loop alive: sessions, listeners and the async handle do. */
	uv_unref((uv_handle_t *)&loop->timer);
	uv_unref((uv_handle_t *)&loop->prepare);
	return OK;
}

/*
 * libuv would hand files and epoll_ctl() to io_uring, past the filter of system calls, which does
 * not let it. Loops are made by one thread, before there are others to read the environment.
 */
static void do_without_io_uring(void)
{
	(void)setenv("UV_USE_IO_URING", "0", 1);
}

enum error loop_new(struct loop **ret_loop)
{
	struct loop *loop = memory_new(1, sizeof(*loop));

	if (!loop)
		return ERROR_OUT_OF_MEMORY;

	do_without_io_uring();
	list_init(&loop->posts);
	list_init(&loop->starved);
	loop->armed_ms = DEADLINE_NEVER;
	deadline_init(&loop->starved_again, wire_starved_again, loop);

	enum error error = open_handles(loop);

	if (error) {
		memory_free(loop);
		return error;
	}
	deadlines_init(&loop->deadlines, uv_now(&loop->uv));
	*ret_loop = loop;
	return OK;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	/* A loop that was never run has its own handles still open. */
	loop_stop(loop);
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT);
	int busy = uv_loop_close(&loop->uv);

	check(busy == 0);
	(void)busy;
	uv_mutex_destroy(&loop->posts_lock);
	memory_free(loop);
}

void loop_run(struct loop *loop)
{
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

static void close_once(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void loop_stop(struct loop *loop)
{
	for (unsigned i = 0; i < loop->signal_count; i++)
		close_once((uv_handle_t *)&loop->signals[i].handle);
	close_once((uv_handle_t *)&loop->async);
	close_once((uv_handle_t *)&loop->timer);
	close_once((uv_handle_t *)&loop->prepare);
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return uv_now(&loop->uv);
}

struct deadlines *loop_deadlines(struct loop *loop)
{
	return &loop->deadlines;
}

void loop_set_deadline(struct loop *loop, struct deadline *deadline, uint64_t after_ms)
{
	deadline_set(&loop->deadlines, deadline, uv_now(&loop->uv) + after_ms);
}

void loop_on_turn(struct loop *loop, void (*on_turn)(void *owner), void *owner)
{
	loop->on_turn = on_turn;
	loop->on_turn_owner = owner;
}

void loop_post(struct loop *loop, struct post *post)
{
	uv_mutex_lock(&loop->posts_lock);
	list_add_last(&loop->posts, &post->node);
	/* Under the lock, so that the loop can not be freed between the two. */
	(void)uv_async_send(&loop->async);
	uv_mutex_unlock(&loop->posts_lock);
}

void loop_unpost(struct loop *loop, struct post *post)
{
	uv_mutex_lock(&loop->posts_lock);
	list_remove(&post->node);
	uv_mutex_unlock(&loop->posts_lock);
}

static void on_uv_signal(uv_signal_t *handle, int number)
{
	struct loop_signal *signal = handle->data;

	signal->on_signal(signal->owner, number);
}

enum error loop_on_signal(struct loop *loop, int number, void (*on_signal)(void *owner, int number),
                          void *owner)
{
	check(loop->signal_count < LOOP_SIGNALS_MAX);

	struct loop_signal *signal = &loop->signals[loop->signal_count];

	if (uv_signal_init(&loop->uv, &signal->handle))
		return ERROR_SYSTEM;
	signal->handle.data = signal;
	signal->on_signal = on_signal;
	signal->owner = owner;
	loop->signal_count++;
	uv_unref((uv_handle_t *)&signal->handle);
	return uv_signal_start(&signal->handle, on_uv_signal, number) ? ERROR_SYSTEM : OK;
}

const char *loop_library_version(void)
{
	return uv_version_string();
}
