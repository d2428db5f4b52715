#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/expand.h"
#include "loading.h"

/* A file with a value in it, and the variables that lead to it. */
static char path_of_file[] = "/tmp/sallyport-variable-XXXXXX";

static char *find_variable(const char *name)
{
	static struct {
		const char *name;
		char value[24]; /* "@": the path of the file */
	} table[] = {
		{"SECRET_FILE", "@"}, {"EMPTY", ""},
		{"EMPTY_FILE", "@"},  {"BOTH", "x"},
		{"BOTH_FILE", "@"},   {"PLAIN", "y"},
		{"PLAIN_FILE", ""},   {"MISSING_FILE", "/nonexistent/secret"},
		{"FOLDER_FILE", "/"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].value[0] == '@' ? path_of_file : table[i].value;
	return NULL;
}

static char *(*lookup)(const char *name) = loading_lookup;

static void write_file(const char *content, size_t size)
{
	FILE *file = fopen(path_of_file, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static int begin_files(void **state)
{
	(void)state;
	memcpy(path_of_file, "/tmp/sallyport-variable-XXXXXX", sizeof(path_of_file));

	int file = mkstemp(path_of_file);

	assert_true(file >= 0);
	assert_int_equal(close(file), 0);
	lookup = find_variable;
	return 0;
}

static int end_files(void **state)
{
	(void)state;
	lookup = loading_lookup;
	return unlink(path_of_file);
}

/* Expands `- text` and returns the item's text, or data == NULL if there was an error. */
static struct span expanded(const char *text, char *ret_text, size_t size, struct place *ret_place)
{
	struct diagnostics diagnostics;
	struct document document;
	struct span result = {0};

	diagnostics_init(&diagnostics);
	document_init(&document);
	(void)snprintf(ret_text, size, "- %s", text);

	char *source = strdup(ret_text);

	assert_non_null(source);
	assert_int_equal(document_read(&document, span_of_string(source), &diagnostics), OK);
	assert_int_equal(expand_document(&document, lookup, &diagnostics), OK);
	assert_int_equal(document.root->first->kind == NODE_BROKEN, diagnostics.errors > 0);
	if (diagnostics.errors == 0) {
		(void)snprintf(ret_text, size, "%s", document.root->first->text.data);
		result = span_of_string(ret_text);
	} else {
		*ret_place = diagnostics.items[0].place;
	}
	free(source);
	document_done(&document);
	diagnostics_done(&diagnostics);
	return result;
}

static void check_expanded(const char *text, const char *expected)
{
	char out[256];
	struct place place;
	struct span result = expanded(text, out, sizeof(out), &place);

	if (!span_equal(result, span_of_string(expected)))
		fail_msg("%s: %s", text, result.data ? result.data : "an error");
}

static void check_error(const char *text, unsigned column, unsigned length)
{
	char out[256];
	struct place place = {0};

	assert_null(expanded(text, out, sizeof(out), &place).data);
	if (place.column != column + 2 || place.length != length)
		fail_msg("%s: column %u, length %u", text, place.column, place.length);
}

static void test_expands(void **state)
{
	(void)state;
	check_expanded("plain", "plain");
	check_expanded("${HOST}", "legacy.internal");
	check_expanded("a${PORT}b${PORT}c", "a8443b8443c");
	check_expanded("${NONE:-other}", "other");
	check_expanded("${EMPTY:-other}", "other");
	check_expanded("\"${NONE:-}\"", "");
	check_expanded("\"x${EMPTY}y\"", "xy");
	check_expanded("${HOST:-other}", "legacy.internal");
	check_expanded("$$", "$");
	check_expanded("$$$$", "$$");
	check_expanded("$${HOST}", "${HOST}");
	check_expanded("$$${PORT}", "$8443");
}

static void check_file(const char *content, const char *text, const char *expected)
{
	write_file(content, strlen(content));
	check_expanded(text, expected);
}

static void test_takes_values_from_files(void **state)
{
	(void)state;
	check_file("of a file", "<${SECRET}>", "<of a file>");
	check_file("line\n", "${SECRET}", "line");
	check_file("line\r\n", "${SECRET:-other}", "line");
	check_file("line\n", "${EMPTY}", "line"); /* empty is as good as not set */
	check_file("unread", "${PLAIN}", "y");    /* and so is no file */
	check_file("", "${SECRET:-other}", "other");
	check_file("", "\"<${SECRET}>\"", "<>");
	check_file("${HOST}$", "${SECRET}", "${HOST}$"); /* once only */
	check_file("name", "${SECRET_FILE}", path_of_file);
}

static void test_refuses_files(void **state)
{
	enum { ROOM = EXPAND_VALUE_MAX + 3 };
	static char large[ROOM];

	(void)state;
	write_file("file", strlen("file"));
	check_error("a${BOTH}", 2, 7);
	check_error("${MISSING}", 1, 10);
	check_error("${FOLDER:-other}", 1, 16);
	write_file("two\nlines\n", strlen("two\nlines\n"));
	check_error("${SECRET}", 1, 9);
	write_file("nul\0", 4);
	check_error("${SECRET}", 1, 9);
	/* As much as fits, with a line end; then a byte more; then more than is read. */
	memset(large, 'x', sizeof(large));
	large[EXPAND_VALUE_MAX] = '\n';
	write_file(large, EXPAND_VALUE_MAX + 1);

	static char out[ROOM + 8];
	struct place place;

	assert_int_equal(expanded("${SECRET}", out, sizeof(out), &place).size, EXPAND_VALUE_MAX);
	large[EXPAND_VALUE_MAX] = 'x';
	write_file(large, EXPAND_VALUE_MAX + 1);
	check_error("${SECRET}", 1, 9);
	large[EXPAND_VALUE_MAX] = '\r';
	large[EXPAND_VALUE_MAX + 1] = '\n';
	write_file(large, EXPAND_VALUE_MAX + 3);
	check_error("${SECRET}", 1, 9);
}

static void test_expands_exactly_once(void **state)
{
	(void)state;
	check_expanded("${NESTED}", "${HOST}");
	check_expanded("${ONCE}", "$${HOST}");
	check_expanded("\"${NONE:-${HOST}\"", "${HOST");
	check_expanded("\"${NONE:-$$x}\"", "$$x");
}

/* Those of a request are taken out, and their places noted; nothing else becomes one. */
static void test_notes_variables_of_the_request(void **state)
{
	static const char source[] = "- a${client.port}$$${request.id}${HOST}$${tls.group}\n"
								 "- ${DOTTED}\n";
	struct diagnostics diagnostics;
	struct document document;
	const struct node *node;

	(void)state;
	diagnostics_init(&diagnostics);
	document_init(&document);
	assert_int_equal(document_read(&document, span_of_string(source), &diagnostics), OK);
	assert_int_equal(expand_document(&document, loading_lookup, &diagnostics), OK);
	node = document.root->first;
	assert_string_equal(node->text.data, "a$legacy.internal${tls.group}");
	assert_string_equal(node->variables->name.data, "client.port");
	assert_int_equal(node->variables->at, 1);
	assert_int_equal(node->variables->place.column, 4);
	assert_int_equal(node->variables->place.length, 14);
	assert_string_equal(node->variables->next->name.data, "request.id");
	assert_int_equal(node->variables->next->at, 2);
	assert_null(node->variables->next->next);
	assert_string_equal(node->next->text.data, "${client.address}");
	assert_null(node->next->variables);
	assert_int_equal(diagnostics.errors, 0);
	document_done(&document);
	diagnostics_done(&diagnostics);
}

static void test_leaves_keys_alone(void **state)
{
	struct diagnostics diagnostics;
	struct document document;

	(void)state;
	diagnostics_init(&diagnostics);
	document_init(&document);
	assert_int_equal(document_read(&document, SPAN("${HOST}: ${PORT}"), &diagnostics), OK);
	assert_int_equal(expand_document(&document, loading_lookup, &diagnostics), OK);
	assert_true(span_equal(document.root->first->key, SPAN("${HOST}")));
	assert_true(span_equal(document.root->first->text, SPAN("8443")));
	document_done(&document);
	diagnostics_done(&diagnostics);
}

static void test_points_at_the_error(void **state)
{
	(void)state;
	check_error("${NONE}", 1, 7);
	check_error("ab${NONE}", 3, 7);
	check_error("$$${NONE}", 3, 7);
	check_error("${HOST}${NONE}", 8, 7);
	check_error("\"\\u0041${NONE}\"", 8, 7);
	check_error("'it''s ${NONE}'", 8, 7);
	check_error("\"\\x24{NONE}\"", 1, 12); /* a dollar in disguise: the whole value */
	check_error("\xc3\xa9${NONE}", 2, 7);
	check_error("\"${NONE:-$}${NO}\"", 12, 5);
	check_error("\"$\"", 2, 1);
	check_error("$HOST", 1, 1);
	check_error("\"${\"", 2, 2);
	check_error("\"${HOST\"", 2, 2);
	check_error("\"${}\"", 2, 3);
	check_error("\"${1A}\"", 2, 5);
	check_error("\"${A-b}\"", 2, 6);
	check_error("\"${A:b}\"", 2, 6);
	check_error("\"${EVIL}\"", 2, 7);
}

static char *lookup_large(const char *name)
{
	static char value[EXPAND_VALUE_MAX + 2];

	if (strstr(name, "_FILE"))
		return NULL;
	memset(value, 'x', sizeof(value) - 1);
	value[name[0] == 'M' ? EXPAND_VALUE_MAX : EXPAND_VALUE_MAX + 1] = '\0';
	return value;
}

static void check_size(struct span source, size_t errors)
{
	struct diagnostics diagnostics;
	struct document document;

	diagnostics_init(&diagnostics);
	document_init(&document);
	assert_int_equal(document_read(&document, source, &diagnostics), OK);
	assert_int_equal(expand_document(&document, lookup_large, &diagnostics), OK);
	assert_int_equal(diagnostics.errors, errors);
	document_done(&document);
	diagnostics_done(&diagnostics);
}

static void test_has_limits(void **state)
{
	(void)state;
	check_size(SPAN("${MAX}"), 0);
	check_size(SPAN("${LARGE}"), 1);
	check_size(SPAN("${MAX}x"), 1);
	check_size(SPAN("[\"${MAX}${MAX}\", \"${MAX}\", \"${LARGE}\"]"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expands),
		cmocka_unit_test_setup_teardown(test_takes_values_from_files, begin_files, end_files),
		cmocka_unit_test_setup_teardown(test_refuses_files, begin_files, end_files),
		cmocka_unit_test(test_expands_exactly_once),
		cmocka_unit_test(test_notes_variables_of_the_request),
		cmocka_unit_test(test_leaves_keys_alone),
		cmocka_unit_test(test_points_at_the_error),
		cmocka_unit_test(test_has_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
