#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
	char before; /* so that the node is not at the start */
	char name;
	struct list node;
};

static struct list list;
static struct item a = {.name = 'a'};
static struct item b = {.name = 'b'};
static struct item c = {.name = 'c'};

static int set_up(void **state)
{
	(void)state;
	list_init(&list);
	list_init(&a.node);
	list_init(&b.node);
	list_init(&c.node);
	return 0;
}

/* Walks both ways. */
static void assert_list(const char *names)
{
	size_t count = strlen(names);
	struct list *node = list.next;

	for (size_t i = 0; i < count; i++, node = node->next)
		assert_int_equal(LIST_OBJECT(node, struct item, node)->name, names[i]);
	assert_ptr_equal(node, &list);
	node = list.previous;
	for (size_t i = count; i > 0; i--, node = node->previous)
		assert_int_equal(LIST_OBJECT(node, struct item, node)->name, names[i - 1]);
	assert_ptr_equal(node, &list);
	assert_int_equal(list_is_empty(&list), count == 0);
}

static void test_new_list_is_empty(void **state)
{
	(void)state;
	assert_list("");
}

static void test_object_of_a_node(void **state)
{
	(void)state;
	assert_ptr_equal(LIST_OBJECT(&a.node, struct item, node), &a);
}

static void test_add(void **state)
{
	(void)state;
	list_add_last(&list, &b.node);
	assert_list("b");
	list_add_last(&list, &c.node);
	list_add_first(&list, &a.node);
	assert_list("abc");
}

static void test_remove_first_middle_last(void **state)
{
	(void)state;
	list_add_last(&list, &a.node);
	list_add_last(&list, &b.node);
	list_add_last(&list, &c.node);
	list_remove(&b.node);
	assert_list("ac");
	list_remove(&a.node);
	assert_list("c");
	list_remove(&c.node);
	assert_list("");
}

static void test_removing_twice_is_harmless(void **state)
{
	(void)state;
	list_add_last(&list, &a.node);
	list_add_last(&list, &b.node);
	list_remove(&a.node);
	assert_true(list_is_empty(&a.node));
	list_remove(&a.node);
	assert_list("b");
}

static void test_a_node_moves(void **state)
{
	(void)state;
	list_add_last(&list, &a.node);
	list_add_last(&list, &b.node);
	list_remove(&a.node);
	list_add_last(&list, &a.node);
	assert_list("ba");
}

static void test_walk_that_removes(void **state)
{
	(void)state;
	list_add_last(&list, &a.node);
	list_add_last(&list, &b.node);
	while (!list_is_empty(&list))
		list_remove(list.next);
	assert_list("");
	assert_true(list_is_empty(&a.node));
	assert_true(list_is_empty(&b.node));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_new_list_is_empty, set_up),
		cmocka_unit_test_setup(test_object_of_a_node, set_up),
		cmocka_unit_test_setup(test_add, set_up),
		cmocka_unit_test_setup(test_remove_first_middle_last, set_up),
		cmocka_unit_test_setup(test_removing_twice_is_harmless, set_up),
		cmocka_unit_test_setup(test_a_node_moves, set_up),
		cmocka_unit_test_setup(test_walk_that_removes, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
