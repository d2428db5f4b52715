#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/memory.h"

#define assert_content(buffer, literal) \
	assert_true(span_equal(buffer_content(buffer), SPAN(literal)))

static struct budget budget;
static struct pool pool;
static struct buffer buffer;

static int set_up(void **state)
{
	(void)state;
	budget.max = (size_t)1 << 20;
	pool_init(&pool, &budget);
	buffer = (struct buffer){0};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	buffer.pinned = false;
	buffer_close(&buffer, &pool);
	assert_int_equal(pool.taken, 0);
	pool_done(&pool);
	assert_int_equal(budget.used, 0);
	return 0;
}

static void open_small(void)
{
	assert_int_equal(buffer_open(&buffer, &pool, BLOCK_SMALL), OK);
}

static void put(struct span bytes)
{
	assert_int_equal(buffer_put(&buffer, bytes), bytes.size);
}

/* Fills the room to the last byte. */
static void fill(char byte)
{
	size_t room = buffer_room(&buffer);

	memset(buffer_room_at(&buffer), byte, room);
	buffer_filled(&buffer, room);
	assert_int_equal(buffer_room(&buffer), 0);
}

static void test_without_memory(void **state)
{
	(void)state;
	assert_true(buffer_is_empty(&buffer));
	assert_int_equal(buffer_size(&buffer), 0);
	assert_int_equal(buffer_room(&buffer), 0);
	assert_null(buffer_room_at(&buffer));
	assert_null(buffer_content(&buffer).data);
	assert_int_equal(buffer_put(&buffer, SPAN("abc")), 0);
	buffer_filled(&buffer, 0);
	buffer_taken(&buffer, 0);
	buffer_rest(&buffer, &pool);
	buffer_close(&buffer, &pool);
	assert_int_equal(pool.taken, 0);
}

static void test_open_and_close(void **state)
{
	(void)state;
	open_small();
	assert_int_equal(buffer.capacity, block_bytes(BLOCK_SMALL));
	assert_int_equal(buffer_room(&buffer), buffer.capacity);
	assert_true(buffer_is_empty(&buffer));
	assert_int_equal(pool.taken, 1);
	put(SPAN("abc"));
	buffer_close(&buffer, &pool);
	assert_null(buffer.data);
	assert_int_equal(pool.taken, 0);
}

static void test_open_keeps_what_is_open(void **state)
{
	(void)state;
	open_small();
	put(SPAN("abc"));
	assert_int_equal(buffer_open(&buffer, &pool, BLOCK_HUGE), OK);
	assert_int_equal(buffer.capacity, block_bytes(BLOCK_SMALL));
	assert_content(&buffer, "abc");
	assert_int_equal(pool.taken, 1);
}

static void test_open_without_memory_fails(void **state)
{
	(void)state;
	memory_fail_after(0);
	assert_int_equal(buffer_open(&buffer, &pool, BLOCK_SMALL), ERROR_OUT_OF_MEMORY);
	assert_null(buffer.data);
	assert_int_equal(budget.used, 0);
}

static void test_bytes_come_out_as_they_went_in(void **state)
{
	(void)state;
	open_small();
	put(SPAN("abc"));
	put(SPAN(""));
	put(SPAN("\0def"));
	assert_content(&buffer, "abc\0def");
	buffer_taken(&buffer, 2);
	assert_content(&buffer, "c\0def");
	put(SPAN("g"));
	assert_content(&buffer, "c\0defg");
	buffer_taken(&buffer, 6);
	assert_true(buffer_is_empty(&buffer));
	assert_int_equal(buffer.start, 0);
}

static void test_put_stops_at_the_capacity(void **state)
{
	(void)state;
	open_small();
	fill('x');
	assert_int_equal(buffer_put(&buffer, SPAN("y")), 0);
	buffer_taken(&buffer, buffer.capacity - 1);
	assert_content(&buffer, "x");
	buffer_taken(&buffer, 1);
	fill('x');
	buffer_taken(&buffer, 2);
	assert_int_equal(buffer_put(&buffer, SPAN("abc")), 2);
	buffer_taken(&buffer, buffer.capacity - 3);
	assert_content(&buffer, "xab");
}

static void test_taking_makes_room(void **state)
{
	(void)state;
	open_small();
	fill('x');
	buffer_taken(&buffer, buffer.capacity - 3);
	assert_int_equal(buffer_room(&buffer), buffer.capacity - 3);
	assert_ptr_equal(buffer_room_at(&buffer), buffer.data + 3);
	assert_content(&buffer, "xxx");
	fill('y');
	buffer_taken(&buffer, 2);
	assert_int_equal(buffer_content(&buffer).data[0], 'x');
	assert_int_equal(buffer_content(&buffer).data[1], 'y');
}

static void test_pinned_content_does_not_move(void **state)
{
	(void)state;
	open_small();
	put(SPAN("abcdef"));
	buffer.pinned = true;
	buffer_taken(&buffer, 2);
	assert_int_equal(buffer_room(&buffer), buffer.capacity - 6);
	assert_ptr_equal(buffer_room_at(&buffer), buffer.data + 6);
	put(SPAN("gh"));
	assert_content(&buffer, "cdefgh");
	assert_ptr_equal(buffer_content(&buffer).data, buffer.data + 2);
	/* Not even when it becomes empty: the kernel may still write behind it. */
	buffer_taken(&buffer, 6);
	assert_ptr_equal(buffer_room_at(&buffer), buffer.data + 8);
	buffer_rest(&buffer, &pool);
	assert_non_null(buffer.data);

	buffer.pinned = false;
	assert_int_equal(buffer_room(&buffer), buffer.capacity);
	assert_ptr_equal(buffer_room_at(&buffer), buffer.data);
}

static void test_rest_gives_back_only_an_empty_block(void **state)
{
	(void)state;
	open_small();
	put(SPAN("a"));
	buffer_rest(&buffer, &pool);
	assert_content(&buffer, "a");
	buffer_taken(&buffer, 1);
	buffer_rest(&buffer, &pool);
	assert_null(buffer.data);
	assert_int_equal(buffer.capacity, 0);
	assert_int_equal(pool.taken, 0);
}

static void test_grow_keeps_the_content(void **state)
{
	(void)state;
	open_small();
	put(SPAN("abcdef"));
	buffer_taken(&buffer, 2);
	assert_int_equal(buffer_grow(&buffer, &pool, BLOCK_HUGE), OK);
	assert_content(&buffer, "cdef");
	assert_int_equal(buffer_room(&buffer), block_bytes(BLOCK_HUGE) - 4);
	assert_int_equal(pool.taken, 1);
	/* It may shrink as well. */
	assert_int_equal(buffer_grow(&buffer, &pool, BLOCK_SMALL), OK);
	assert_content(&buffer, "cdef");
	assert_int_equal(buffer.capacity, block_bytes(BLOCK_SMALL));
}

static void test_grow_of_a_full_buffer(void **state)
{
	(void)state;
	open_small();
	fill('x');
	assert_int_equal(buffer_grow(&buffer, &pool, BLOCK_RECORD), OK);
	assert_int_equal(buffer_size(&buffer), block_bytes(BLOCK_SMALL));
	assert_int_equal(buffer_content(&buffer).data[block_bytes(BLOCK_SMALL) - 1], 'x');
}

static void test_grow_from_nothing(void **state)
{
	(void)state;
	assert_int_equal(buffer_grow(&buffer, &pool, BLOCK_RECORD), OK);
	assert_int_equal(buffer_room(&buffer), block_bytes(BLOCK_RECORD));
}

static void test_grow_without_memory_changes_nothing(void **state)
{
	(void)state;
	open_small();
	put(SPAN("abc"));
	memory_fail_after(0);
	assert_int_equal(buffer_grow(&buffer, &pool, BLOCK_LARGE), ERROR_OUT_OF_MEMORY);
	assert_content(&buffer, "abc");
	assert_int_equal(buffer.capacity, block_bytes(BLOCK_SMALL));
	assert_int_equal(pool.taken, 1);
}

/* A long stream through a small buffer, in pieces whose sizes share no factor. */
static void test_stream(void **state)
{
	uint32_t in = 0;
	uint32_t out = 0;

	(void)state;
	open_small();
	while (out < 100000) {
		char piece[997];

		for (size_t i = 0; i < sizeof(piece); i++)
			piece[i] = (char)((in + i) % 251);
		in += (uint32_t)buffer_put(&buffer, span_of(piece, sizeof(piece)));
		assert_int_equal(buffer_size(&buffer) + buffer_room(&buffer), buffer.capacity);

		struct span content = span_cut(buffer_content(&buffer), 0, 601);

		for (size_t i = 0; i < content.size; i++)
			assert_int_equal((unsigned char)content.data[i], (out + i) % 251);
		buffer_taken(&buffer, content.size);
		out += (uint32_t)content.size;
	}
	assert_int_equal(in - out, buffer_size(&buffer));
}

static void test_hand_over_copies_nothing(void **state)
{
	struct buffer to = {0};
	char *at;

	(void)state;
	open_small();
	put(SPAN("headbody"));
	buffer_taken(&buffer, 4);
	at = buffer.data;
	buffer_hand_over(&buffer, &to);
	assert_content(&to, "body");
	assert_ptr_equal(to.data, at);
	assert_null(buffer.data);

	/* With a block of its own, which is given in return. */
	assert_int_equal(buffer_open(&buffer, &pool, BLOCK_RECORD), OK);
	buffer_hand_over(&to, &buffer);
	assert_content(&buffer, "body");
	assert_int_equal(to.capacity, block_bytes(BLOCK_RECORD));
	assert_true(buffer_is_empty(&to));
	buffer_close(&to, &pool);
}

#define buffer_test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		buffer_test(test_without_memory),
		buffer_test(test_open_and_close),
		buffer_test(test_open_keeps_what_is_open),
		buffer_test(test_open_without_memory_fails),
		buffer_test(test_bytes_come_out_as_they_went_in),
		buffer_test(test_put_stops_at_the_capacity),
		buffer_test(test_taking_makes_room),
		buffer_test(test_pinned_content_does_not_move),
		buffer_test(test_rest_gives_back_only_an_empty_block),
		buffer_test(test_grow_keeps_the_content),
		buffer_test(test_grow_of_a_full_buffer),
		buffer_test(test_grow_from_nothing),
		buffer_test(test_grow_without_memory_changes_nothing),
		buffer_test(test_hand_over_copies_nothing),
		buffer_test(test_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
