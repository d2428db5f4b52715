#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/document.h"

static struct diagnostics diagnostics;
static struct document document;

static int begin(void **state)
{
	(void)state;
	diagnostics_init(&diagnostics);
	document_init(&document);
	return 0;
}

static int end(void **state)
{
	(void)state;
	document_done(&document);
	diagnostics_done(&diagnostics);
	return 0;
}

static struct node *read_document(struct span source)
{
	assert_int_equal(document_read(&document, source, &diagnostics), OK);
	assert_non_null(document.root);
	return document.root;
}

static void check_place(struct place place, unsigned line, unsigned column, unsigned length)
{
	assert_int_equal(place.line, line);
	assert_int_equal(place.column, column);
	assert_int_equal(place.length, length);
}

static void test_builds_a_tree(void **state)
{
	struct node *root = read_document(SPAN("a: [x, 'y z', {k: v}]\nb:\n  c: |\n    t\n    u\n"));
	struct node *list = node_child(root, SPAN("a"));
	struct node *map = node_child(root, SPAN("b"));
	struct text path;

	(void)state;
	assert_int_equal(diagnostics.errors, 0);
	assert_int_equal(root->kind, NODE_MAP);
	assert_int_equal(root->count, 2);
	assert_int_equal(list->kind, NODE_LIST);
	assert_int_equal(list->count, 3);
	assert_true(span_equal(list->first->text, SPAN("x")));
	assert_false(list->first->quoted);
	assert_true(span_equal(list->first->next->text, SPAN("y z")));
	assert_true(list->first->next->quoted);
	assert_int_equal(list->last->index, 2);
	assert_true(span_equal(node_child(map, SPAN("c"))->text, SPAN("t\nu\n")));
	assert_null(node_child(map, SPAN("d")));
	assert_null(node_child(list, SPAN("a")));
	assert_null(node_child(NULL, SPAN("a")));

	text_init(&path, 100);
	node_put_path(list->last->first, &path);
	assert_string_equal(text_string(&path), "a[2].k");
	text_clear(&path);
	node_put_path(root, &path);
	assert_string_equal(text_string(&path), "");
	text_done(&path);
}

static void test_knows_places(void **state)
{
	struct node *root = read_document(
		SPAN("a: x\r\n\xe6\x97\xa5: [ \xc3\xa9\xc3\xa9, \"q\" ]\rc:\n  long: 'one\n    two'\n"));
	struct node *list = root->first->next;
	struct node *map = root->last;

	(void)state;
	check_place(root->place, 1, 1, 1);
	check_place(root->first->key_place, 1, 1, 1);
	check_place(root->first->place, 1, 4, 1);
	check_place(list->key_place, 2, 1, 1);
	check_place(list->place, 2, 4, 1);
	check_place(list->first->place, 2, 6, 2);
	assert_true(span_equal(list->first->source, SPAN("\xc3\xa9\xc3\xa9")));
	check_place(list->last->place, 2, 10, 3);
	assert_true(span_equal(list->last->source, SPAN("\"q\"")));
	check_place(map->place, 4, 3, 4);
	check_place(map->first->place, 4, 9, 4);
	assert_true(span_equal(map->first->source, SPAN("'one\n    two'")));
	check_place(node_place_inside(map->first, 9, 2), 5, 5, 2);
	check_place(node_place(map->first), 4, 3, 4);
	check_place(node_place(list->first), 2, 6, 2);
}

static void test_knows_nothing(void **state)
{
	struct node *root = read_document(SPAN("-\n- ~\n- null\n- Null\n- ''\n- 'null'\n- 0\n"));
	static const bool expected[] = {true, true, true, true, false, false, false};
	struct node *node = root->first;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++, node = node->next)
		assert_int_equal(node_is_nothing(node), expected[i]);
	assert_false(node_is_nothing(root));
}

static void test_walks_in_order(void **state)
{
	struct node *node = read_document(SPAN("{a: [b, [c]], d: {e: f}, g: h}"));
	char seen[16] = "";
	size_t count = 0;

	(void)state;
	for (; node; node = node_after(node))
		if (node->kind == NODE_SCALAR)
			seen[count++] = node->text.data[0];
	assert_string_equal(seen, "bcfh");
}

static void test_breaks_single_nodes_only(void **state)
{
	struct node *root =
		read_document(SPAN("a: &x [1]\nb: *x\nc: !t 2\na: {z: 3}\n<<: {q: *x}\nd: 4\n"));

	(void)state;
	assert_int_equal(diagnostics.errors, 6);
	assert_int_equal(node_child(root, SPAN("a"))->kind, NODE_LIST);
	assert_int_equal(node_child(root, SPAN("b"))->kind, NODE_BROKEN);
	assert_int_equal(node_child(root, SPAN("c"))->kind, NODE_SCALAR);
	assert_int_equal(node_child(root, SPAN("<<"))->kind, NODE_BROKEN);
	assert_true(node_child(root, SPAN("<<"))->refused);
	assert_true(span_equal(node_child(root, SPAN("d"))->text, SPAN("4")));
}

static void check_refused(struct span source)
{
	size_t errors = diagnostics.errors;

	document_done(&document);
	assert_int_equal(document_read(&document, source, &diagnostics), ERROR_CONFIG);
	assert_null(document.root);
	assert_int_equal(diagnostics.errors, errors + 1);
}

static void test_refuses_the_rest_of_yaml(void **state)
{
	(void)state;
	check_refused(SPAN(""));
	check_refused(SPAN("\xef\xbb\xbf"));
	check_refused(SPAN("---\na: b\n---\nc: d\n"));
	check_refused(SPAN("%TAG ! tag:x,2000:\n---\na: b\n"));
	check_refused(SPAN("? [a]\n: b\n"));
	check_refused(SPAN("*a : b\n"));
	check_refused(SPAN("a: \xc2\x85 b\n"));
	check_refused(SPAN("a: \xef\xbb\xbf b\n"));
	check_refused(SPAN("a: \0 b\n"));
	check_refused(SPAN("a: [b\n"));
}

/* A document made of `count` times `piece` between `before` and `after`. */
static char *repeated(const char *before, const char *piece, size_t count, const char *after,
                      size_t *ret_size)
{
	size_t size = strlen(before) + strlen(piece) * count + strlen(after);
	char *data = malloc(size + 1);
	char *at = data;

	assert_non_null(data);
	at = stpcpy(at, before);
	for (size_t i = 0; i < count; i++)
		at = stpcpy(at, piece);
	(void)stpcpy(at, after);
	*ret_size = size;
	return data;
}

static void check_repeated(const char *before, const char *piece, size_t count, const char *after,
                           enum error expected)
{
	size_t size;
	char *data = repeated(before, piece, count, after, &size);

	document_done(&document);
	assert_int_equal(document_read(&document, span_of(data, size), &diagnostics), expected);
	document_done(&document);
	free(data);
}

static void test_has_limits(void **state)
{
	(void)state;
	check_repeated("", "[", DOCUMENT_DEPTH_MAX + 1, "", ERROR_CONFIG);
	check_repeated("#", "x", DOCUMENT_SIZE_MAX - 5, "\na:", OK);
	check_repeated("#", "x", DOCUMENT_SIZE_MAX, "\na:", ERROR_CONFIG);
	check_repeated("[", "x,", DOCUMENT_NODES_MAX - 1, "]", OK);
	check_repeated("[", "x,", DOCUMENT_NODES_MAX + 1, "]", ERROR_CONFIG);
	check_repeated("", "- [[]]\n", 1000, "", OK);
}

static void test_limits_keys(void **state)
{
	char *data = malloc((size_t)DOCUMENT_KEYS_MAX * 16 + 16);
	size_t size = 0;

	(void)state;
	assert_non_null(data);
	for (int i = 0; i < DOCUMENT_KEYS_MAX; i++)
		size += (size_t)snprintf(data + size, 16, "k%d: 1\n", i);
	assert_int_equal(document_read(&document, span_of(data, size), &diagnostics), OK);
	document_done(&document);
	size += (size_t)snprintf(data + size, 16, "more: 1\n");
	assert_int_equal(document_read(&document, span_of(data, size), &diagnostics), ERROR_CONFIG);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_builds_a_tree, begin, end),
		cmocka_unit_test_setup_teardown(test_knows_places, begin, end),
		cmocka_unit_test_setup_teardown(test_knows_nothing, begin, end),
		cmocka_unit_test_setup_teardown(test_walks_in_order, begin, end),
		cmocka_unit_test_setup_teardown(test_breaks_single_nodes_only, begin, end),
		cmocka_unit_test_setup_teardown(test_refuses_the_rest_of_yaml, begin, end),
		cmocka_unit_test_setup_teardown(test_has_limits, begin, end),
		cmocka_unit_test_setup_teardown(test_limits_keys, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
