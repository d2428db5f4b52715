#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "net/listener.h"
#include "net/loop.h"
#include "unit/net/peer.h"
#include "unit/net/rig.h"

/* These run loop_run() itself: the loop must wake by its own means. */
static struct loop *loop;

static int set_up(void **state)
{
	(void)state;
	(void)alarm(RIG_PATIENCE_S);
	return loop_new(&loop) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	loop_free(loop);
	(void)alarm(0);
	return 0;
}

/* --- Posts ------------------------------------------------------------------------------------ */

enum { THREADS = 3, POSTS = 2000 };

struct numbered_post {
	struct post post;
	unsigned thread;
	unsigned number;
};

static struct numbered_post posts[THREADS][POSTS];
static unsigned posts_seen[THREADS];
static unsigned posts_in_all;
static pthread_t loop_thread;

static void on_numbered(struct post *post)
{
	struct numbered_post *numbered = LIST_OBJECT(post, struct numbered_post, post);

	assert_true(pthread_equal(pthread_self(), loop_thread));
	assert_int_equal(numbered->number, posts_seen[numbered->thread]);
	posts_seen[numbered->thread]++;
	if (++posts_in_all == THREADS * POSTS)
		loop_stop(loop);
}

static void *post_all(void *argument)
{
	struct numbered_post *mine = argument;

	for (unsigned i = 0; i < POSTS; i++)
		loop_post(loop, &mine[i].post);
	return NULL;
}

static void test_posts_of_other_threads_come_in_order(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	loop_thread = pthread_self();
	posts_in_all = 0;
	memset(posts_seen, 0, sizeof(posts_seen));
	for (unsigned i = 0; i < THREADS; i++) {
		for (unsigned j = 0; j < POSTS; j++)
			posts[i][j] =
				(struct numbered_post){.post.on_post = on_numbered, .thread = i, .number = j};
		assert_int_equal(pthread_create(&threads[i], NULL, post_all, posts[i]), 0);
	}
	loop_run(loop);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(posts_seen[i], POSTS);
	}
}

struct chain_post {
	struct post post;
	struct chain_post *next; /* posted in the call; NULL: stops the loop */
	bool called;
};

static void on_chain(struct post *post)
{
	struct chain_post *chain = LIST_OBJECT(post, struct chain_post, post);

	chain->called = true;
	if (chain->next)
		loop_post(loop, &chain->next->post);
	else
		loop_stop(loop);
}

static void test_posts_before_the_run_and_from_a_post(void **state)
{
	struct chain_post last = {.post.on_post = on_chain};
	struct chain_post middle = {.post.on_post = on_chain, .next = &last};
	struct chain_post first = {.post.on_post = on_chain, .next = &middle};

	(void)state;
	loop_post(loop, &first.post);
	assert_false(first.called);
	loop_run(loop);
	assert_true(first.called && middle.called && last.called);
}

/* Two loops on two threads throw one post to and fro. */
struct ball {
	struct post post;
	struct loop *loops[2];
	unsigned throws;
};

enum { THROWS = 2000 };

static void on_ball(struct post *post)
{
	struct ball *ball = LIST_OBJECT(post, struct ball, post);
	unsigned throws = ++ball->throws;

	if (throws >= THROWS)
		loop_stop(ball->loops[(throws + 1) % 2]);
	if (throws <= THROWS)
		loop_post(ball->loops[throws % 2], &ball->post);
}

static void *run_loop(void *argument)
{
	loop_run(argument);
	return NULL;
}

static void test_two_loops_post_to_each_other(void **state)
{
	struct ball ball = {.post.on_post = on_ball, .loops = {loop}};
	pthread_t thread;

	(void)state;
	assert_int_equal(loop_new(&ball.loops[1]), OK);
	loop_post(loop, &ball.post);
	assert_int_equal(pthread_create(&thread, NULL, run_loop, ball.loops[1]), 0);
	loop_run(loop);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(ball.throws, THROWS + 1);
	loop_free(ball.loops[1]);
}

/* --- Turns, deadlines, the end ---------------------------------------------------------------- */

struct turns {
	unsigned count;
	unsigned stop_at; /* 0: never */
};

static void on_turn(void *owner)
{
	struct turns *turns = owner;

	if (++turns->count == turns->stop_at)
		loop_stop(loop);
}

static void on_stop_post(struct post *post)
{
	(void)post;
	loop_stop(loop);
}

static void test_on_turn_is_called_before_the_loop_sleeps(void **state)
{
	struct turns turns = {.stop_at = 1};

	(void)state;
	/* Nothing ever happens on this loop: the first turn's end is all that can stop it. */
	loop_on_turn(loop, on_turn, &turns);
	loop_run(loop);
	assert_int_equal(turns.count, 1);
}

static void test_a_loop_with_nothing_to_do_does_not_turn(void **state)
{
	struct turns turns = {0};
	struct post stop = {.on_post = on_stop_post};

	(void)state;
	loop_on_turn(loop, on_turn, &turns);
	loop_post(loop, &stop);
	loop_run(loop);
	assert_true(turns.count <= 2);
}

struct chime {
	struct deadline deadline;
	unsigned *order;
	unsigned called_as; /* 1: first; 0: not called */
	bool stops;
	uint64_t called_ms;
};

static void on_chime(void *owner)
{
	struct chime *chime = owner;

	chime->called_as = ++*chime->order;
	chime->called_ms = loop_now_ms(loop);
	if (chime->stops)
		loop_stop(loop);
}

static void test_deadlines_wake_the_loop(void **state)
{
	unsigned order = 0;
	struct chime last = {.order = &order, .stops = true};
	struct chime first = {.order = &order};
	struct chime cleared = {.order = &order};
	uint64_t began_ms = loop_now_ms(loop);

	(void)state;
	deadline_init(&last.deadline, on_chime, &last);
	deadline_init(&first.deadline, on_chime, &first);
	deadline_init(&cleared.deadline, on_chime, &cleared);
	loop_set_deadline(loop, &last.deadline, 120);
	loop_set_deadline(loop, &cleared.deadline, 40);
	loop_set_deadline(loop, &first.deadline, 10);
	deadline_clear(&cleared.deadline);
	loop_run(loop);
	assert_int_equal(first.called_as, 1);
	assert_int_equal(last.called_as, 2);
	assert_int_equal(cleared.called_as, 0);
	assert_true(first.called_ms >= began_ms + 10);
	assert_true(last.called_ms >= began_ms + 120);
}

/* The timer sleeps for a deadline far ahead when a near one is set. */
static struct chime soon;

static void set_soon(void *owner)
{
	(void)owner;
	if (soon.deadline.at_ms == DEADLINE_NEVER && soon.called_as == 0)
		loop_set_deadline(loop, &soon.deadline, 1);
}

static void on_soon_post(struct post *post)
{
	(void)post;
	set_soon(NULL);
}

static void wait_for_soon(void (*on_turn_set)(void *owner), struct post *post)
{
	unsigned order = 0;
	struct chime far = {.order = &order};

	soon = (struct chime){.order = &order, .stops = true};
	deadline_init(&soon.deadline, on_chime, &soon);
	deadline_init(&far.deadline, on_chime, &far);
	loop_set_deadline(loop, &far.deadline, 3600 * 1000);
	loop_on_turn(loop, on_turn_set, NULL);
	if (post)
		loop_post(loop, post);
	loop_run(loop);
	assert_int_equal(soon.called_as, 1);
	assert_int_equal(far.called_as, 0);
	deadline_clear(&far.deadline);
}

static void test_a_deadline_set_at_the_end_of_a_turn(void **state)
{
	(void)state;
	wait_for_soon(set_soon, NULL);
}

static void test_a_deadline_before_the_one_slept_for(void **state)
{
	struct post post = {.on_post = on_soon_post};

	(void)state;
	wait_for_soon(NULL, &post);
}

static bool may_accept(void *owner)
{
	(void)owner;
	return true;
}

static void on_exhausted(void *owner, int system_error)
{
	(void)owner;
	(void)system_error;
	fail();
}

/* loop_stop() while a listener is open: the loop goes on until that is closed, too. */
static struct listener *listener;
static unsigned connections;

static void on_accept_close(void *owner, int fd, const struct address *peer)
{
	(void)owner;
	(void)peer;
	(void)close(fd);
	connections++;
	listener_close(listener);
}

static void test_stop_waits_for_what_is_open(void **state)
{
	static const struct listener_events events = {may_accept, on_accept_close, on_exhausted};
	struct address address;
	int fd = peer_listen(&address);
	int client;

	(void)state;
	connections = 0;
	assert_int_equal(listener_open(loop, fd, &events, NULL, &listener), OK);
	loop_stop(loop);
	client = peer_connect(&address);
	loop_run(loop);
	assert_int_equal(connections, 1);
	(void)close(client);
	listener_unbind(&address, fd, false);
}

/* --- Signals and failures --------------------------------------------------------------------- */

static void on_signal(void *owner, int number)
{
	*(int *)owner = number;
	loop_stop(loop);
}

static void on_raise_post(struct post *post)
{
	(void)post;
	assert_int_equal(raise(SIGUSR1), 0);
}

static void test_signals(void **state)
{
	int number = 0;
	struct post wake = {.on_post = on_raise_post};

	(void)state;
	assert_int_equal(loop_on_signal(loop, SIGUSR1, on_signal, &number), OK);
	loop_post(loop, &wake);
	loop_run(loop);
	assert_int_equal(number, SIGUSR1);
}

static void test_a_signal_that_can_not_be_caught(void **state)
{
	int number = 0;

	(void)state;
	assert_int_equal(loop_on_signal(loop, SIGKILL, on_signal, &number), ERROR_SYSTEM);
}

static void test_new_without_memory(void **state)
{
	struct loop *none = NULL;

	(void)state;
	memory_fail_after(0);
	assert_int_equal(loop_new(&none), ERROR_OUT_OF_MEMORY);
	assert_null(none);
}

static void test_new_without_descriptors(void **state)
{
	struct rlimit before;
	struct rlimit now;
	struct loop *none = NULL;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	/* Some more each time, until there are enough: after a failure, libuv leaves a few open. */
	for (now.rlim_cur = 3;; now.rlim_cur += 5) {
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);

		enum error error = loop_new(&none);

		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		if (!error)
			break;
		assert_int_equal(error, ERROR_SYSTEM);
		assert_null(none);
	}
	loop_free(none);
}

static void test_free_takes_null(void **state)
{
	(void)state;
	loop_free(NULL);
	assert_true(strlen(loop_library_version()) > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_posts_of_other_threads_come_in_order),
		TEST(test_posts_before_the_run_and_from_a_post),
		TEST(test_two_loops_post_to_each_other),
		TEST(test_on_turn_is_called_before_the_loop_sleeps),
		TEST(test_a_loop_with_nothing_to_do_does_not_turn),
		TEST(test_deadlines_wake_the_loop),
		TEST(test_a_deadline_set_at_the_end_of_a_turn),
		TEST(test_a_deadline_before_the_one_slept_for),
		TEST(test_stop_waits_for_what_is_open),
		TEST(test_signals),
		TEST(test_a_signal_that_can_not_be_caught),
		TEST(test_new_without_memory),
		TEST(test_new_without_descriptors),
		TEST(test_free_takes_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
