#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The decoder with a small table of its own: one row for each kind. */

#include "base/memory.h"
#include "config/config.h"
#include "config/config_schema.h"
#include "config/schema.h"
#include "config/value.h"

enum colour { COLOUR_RED, COLOUR_BLUE };

struct part {
	struct config_text name;
	uint64_t number;
	struct place place;
};

struct whole {
	bool flag;
	enum colour colour;
	uint64_t integer;
	uint64_t size;
	uint64_t duration;
	struct config_text name;
	struct config_text path;
	struct config_text host;
	struct config_text prefix;
	struct config_text address_text;
	struct address address;
	struct config_network *networks;
	size_t network_count;
	struct part inner;
	struct part *optional;
	struct part *list;
	size_t list_count;
	struct part *map;
	size_t map_count;
};

static const struct schema_word colours[] = {{"red", COLOUR_RED}, {"blue", COLOUR_BLUE}, {0}};
static const struct schema_word words[] = {{"none", 7}, {0}};

static const struct schema_field part_fields[] = {
	{"number", SCHEMA_INTEGER, true, .offset = offsetof(struct part, number), .max = 9},
};
static const struct schema part_schema = {
	.size = sizeof(struct part),
	.place_offset = offsetof(struct part, place),
	.name_offset = offsetof(struct part, name),
	.fields = part_fields,
	.count = 1,
};
static const struct schema_field inner_fields[] = {
	{"number", SCHEMA_INTEGER, .offset = offsetof(struct part, number), .fallback = "5", .max = 9},
};
static const struct schema inner_schema = {
	.size = sizeof(struct part),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	.fields = inner_fields,
	.count = 1,
};
static const struct schema_field network_item = {"", SCHEMA_NETWORK};

#define AT(member) .offset = offsetof(struct whole, member)

static const struct schema_field whole_fields[] = {
	{"flag", SCHEMA_BOOL, AT(flag), .fallback = "true"},
	{"colour", SCHEMA_ENUM, AT(colour), .words = colours, .fallback = "blue"},
	{"integer", SCHEMA_INTEGER, AT(integer), .min = 2, .max = 20, .words = words,
     .fallback = "none"},
	{"size", SCHEMA_SIZE, AT(size), .max = 4096, .fallback = "1KiB"},
	{"duration", SCHEMA_DURATION, AT(duration), .max = 60000, .fallback = "2s"},
	{"name", SCHEMA_NAME, AT(name)},
	{"path", SCHEMA_PATH, AT(path)},
	{"host", SCHEMA_HOST, AT(host)},
	{"prefix", SCHEMA_PREFIX, AT(prefix)},
	{"address", SCHEMA_ADDRESS, AT(address_text), .beside = offsetof(struct whole, address)},
	{"networks", SCHEMA_LIST, AT(networks), .beside = offsetof(struct whole, network_count),
     .max = 2, .item = &network_item, .item_size = sizeof(struct config_network)},
	{"inner", SCHEMA_STRUCT, AT(inner), .of = &inner_schema},
	{"optional", SCHEMA_OPTIONAL, AT(optional), .of = &part_schema},
	{"list", SCHEMA_LIST, AT(list), .beside = offsetof(struct whole, list_count), .min = 2,
     .max = 3, .of = &part_schema},
	{"map", SCHEMA_MAP, AT(map), .beside = offsetof(struct whole, map_count), .max = 2,
     .of = &part_schema, .key = SCHEMA_NAME},
};
static const struct schema whole_schema = {
	.size = sizeof(struct whole),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	.fields = whole_fields,
	.count = ARRAY_LENGTH(whole_fields),
};

static struct diagnostics diagnostics;
static struct arena arena;

static int begin(void **state)
{
	(void)state;
	diagnostics_init(&diagnostics);
	arena_init(&arena, NULL, 1 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_done(&arena);
	diagnostics_done(&diagnostics);
	return 0;
}

static struct whole decode(const char *source)
{
	struct schema_reader reader = {
		.diagnostics = &diagnostics, .arena = &arena, .directory = SPAN("/here")};
	struct document document;
	struct whole whole = {0};

	document_init(&document);
	assert_int_equal(document_read(&document, span_of_string(source), &diagnostics), OK);
	assert_int_equal(schema_decode(&whole_schema, &reader, document.root, &whole), OK);
	document_done(&document);
	return whole;
}

static void check_text(struct config_text text, const char *expected)
{
	assert_true(span_equal(text.text, span_of_string(expected)));
	assert_int_equal(text.text.data[text.text.size], '\0');
}

static void test_fills_in_defaults(void **state)
{
	struct whole whole = decode("{}");

	(void)state;
	assert_int_equal(diagnostics.errors, 0);
	assert_true(whole.flag);
	assert_int_equal(whole.colour, COLOUR_BLUE);
	assert_int_equal(whole.integer, 7);
	assert_int_equal(whole.size, 1024);
	assert_int_equal(whole.duration, 2000);
	assert_int_equal(whole.inner.number, 5);
	assert_null(whole.name.text.data);
	assert_null(whole.optional);
	assert_int_equal(whole.list_count, 0);
}

static void test_decodes_each_kind(void **state)
{
	struct whole whole = decode("flag: false\n"
	                            "colour: red\n"
	                            "integer: 20\n"
	                            "size: 4KiB\n"
	                            "duration: 1m\n"
	                            "name: a-B_c.9\n"
	                            "path: ./b/c\n"
	                            "host: \"*.Example.com\"\n"
	                            "prefix: /x\n"
	                            "address: a.b:9\n"
	                            "networks: [10.0.0.0/8, \"::1\"]\n"
	                            "inner: {number: 9}\n"
	                            "optional: {number: 8}\n"
	                            "list: [{number: 1}, {number: 2}]\n"
	                            "map:\n"
	                            "  one: {number: 3}\n"
	                            "  two: {number: 4}\n");

	(void)state;
	assert_int_equal(diagnostics.errors, 0);
	assert_false(whole.flag);
	assert_int_equal(whole.colour, COLOUR_RED);
	assert_int_equal(whole.integer, 20);
	assert_int_equal(whole.size, 4096);
	assert_int_equal(whole.duration, 60000);
	check_text(whole.name, "a-B_c.9");
	check_text(whole.path, "/here/b/c");
	check_text(whole.host, "*.example.com");
	check_text(whole.prefix, "/x");
	check_text(whole.address_text, "a.b:9");
	assert_int_equal(whole.address.kind, ADDRESS_NAME);
	assert_int_equal(whole.network_count, 2);
	check_text(whole.networks[1].text, "::1");
	assert_int_equal(whole.networks[1].block.prefix, 128);
	assert_int_equal(whole.inner.number, 9);
	assert_int_equal(whole.optional->number, 8);
	assert_int_equal(whole.list_count, 2);
	assert_int_equal(whole.list[1].number, 2);
	assert_int_equal(whole.map_count, 2);
	check_text(whole.map[1].name, "two");
	assert_int_equal(whole.map[1].number, 4);
	assert_int_equal(whole.map[1].place.line, 17);
	assert_int_equal(whole.map[1].place.column, 3);
	assert_int_equal(whole.name.place.line, 6);
	assert_int_equal(whole.name.place.column, 7);
	assert_int_equal(whole.name.place.length, 7);
}

static void test_nothing_means_defaults(void **state)
{
	struct whole whole = decode("inner:\nnetworks: ~\nmap: null\n");

	(void)state;
	assert_int_equal(diagnostics.errors, 0);
	assert_int_equal(whole.inner.number, 5);
	assert_int_equal(whole.network_count, 0);
}

static void check_refused(const char *source, const char *path, const char *message,
                          const char *suggestion)
{
	struct diagnostic item;

	(void)end(NULL);
	(void)begin(NULL);
	(void)decode(source);
	assert_int_equal(diagnostics.count, 1);
	item = diagnostics.items[0];
	if (!span_equal(item.path, span_of_string(path)) ||
	    !span_equal(item.message, span_of_string(message)) ||
	    !span_equal(item.suggestion, span_of_string(suggestion)))
		fail_msg("%s: %s: %s (%s)", source, item.path.data, item.message.data,
		         item.suggestion.data);
}

static void test_refuses_wrong_kinds(void **state)
{
	(void)state;
	check_refused("flag: [a]", "flag", "expected true or false, found a list", "");
	check_refused("colour: {}", "colour", "expected one of red or blue, found a map", "");
	check_refused("colour: bleu", "colour", "expected one of red or blue, found \"bleu\"", "blue");
	check_refused("integer:", "integer",
	              "expected a whole number from 2 to 20 or none, found nothing", "");
	check_refused("size: 8KiB", "size", "\"8KiB\" is out of range: it can be from 0 to 4KiB", "");
	check_refused("duration: 90", "duration", "expected a duration such as 30s, found \"90\"",
	              "90s");
	check_refused("inner: 1", "inner", "expected a map, found \"1\"", "");
	check_refused("optional: []", "optional", "expected a map, found a list", "");
	check_refused("optional: {}", "optional", "the key \"number\" is missing", "");
	check_refused("list: {}", "list", "expected a list (items beginning with \"- \"), found a map",
	              "");
	check_refused("list: [{number: 1}]", "list", "at least 2 are needed, found fewer", "");
	check_refused("networks: ['::1', '::2', '::3']", "networks", "3 are too many; there can be 2",
	              "");
	check_refused("map: [a]", "map", "expected a map of names, found a list", "");
	check_refused("map: {a b: {number: 1}}", "map.a b",
	              "a name has 1 to 64 letters, digits, \"-\", \"_\" and \".\"", "");
	check_refused("map: {a: 1}", "map.a", "expected a map, found \"1\"", "");
	check_refused("map: {a: {numbr: 1, number: 2}}", "map.a.numbr", "unknown key", "number");
	check_refused("path: \"\\t\"", "path", "the value holds the invisible character U+0009", "");
}

static void test_survives_each_failing_allocation(void **state)
{
	struct schema_reader reader = {
		.diagnostics = &diagnostics, .arena = &arena, .directory = SPAN("/here")};
	struct document document;
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	document_init(&document);
	assert_int_equal(
		document_read(
			&document,
			SPAN("{name: a, path: b, host: c, prefix: /, address: 'a:1', networks: ['::1'],"
	             "optional: {number: 1}, list: [{number: 1}, {number: 2}],"
	             "map: {a: {number: 1}}}"),
			&diagnostics),
		OK);
	for (long n = 0; error; n++) {
		struct whole whole = {0};

		arena_done(&arena);
		memory_fail_after(n);
		error = schema_decode(&whole_schema, &reader, document.root, &whole);
		memory_fail_after(-1);
		assert_true(error == OK || error == ERROR_OUT_OF_MEMORY);
	}
	assert_int_equal(diagnostics.errors, 0);
	document_done(&document);
}

static void check_number(enum schema_kind kind, uint64_t number, const char *expected)
{
	struct text out;

	text_init(&out, 64);
	value_put_number(kind, number, &out);
	assert_string_equal(text_string(&out), expected);
	text_done(&out);
}

static void test_writes_numbers(void **state)
{
	(void)state;
	check_number(SCHEMA_SIZE, 0, "0");
	check_number(SCHEMA_SIZE, 1023, "1023B");
	check_number(SCHEMA_SIZE, 1 << 20, "1MiB");
	check_number(SCHEMA_DURATION, 90000, "90s");
	check_number(SCHEMA_DURATION, 7 * 86400000, "7d");
	check_number(SCHEMA_DURATION, 1500, "1500ms");
	check_number(SCHEMA_INTEGER, 1024, "1024");
}

/* Every row of the real tables is complete: a sentence, a range, and a default that decodes. */
static void check_rows(const struct schema *schema, struct schema_reader *reader)
{
	char object[4096] __attribute__((aligned(16))) = {0};

	assert_true(schema->size <= sizeof(object));
	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_field *field = &schema->fields[i];
		bool is_number = field->kind == SCHEMA_INTEGER || field->kind == SCHEMA_SIZE ||
		                 field->kind == SCHEMA_DURATION;

		if (!field->sentence || !field->sentence[0])
			fail_msg("%s has no sentence", field->name);
		assert_false(field->required && field->fallback);
		assert_true(is_number ? field->max > field->min : true);
		assert_true(field->of || field->fallback || field->example);
		assert_true(field->offset < schema->size);
		if (field->fallback)
			assert_int_equal(value_decode_default(field, reader, object), OK);
		if (field->of)
			check_rows(field->of, reader);
	}
	assert_int_equal(diagnostics.errors, 0);
}

static void test_real_tables_are_complete(void **state)
{
	struct schema_reader reader = {
		.diagnostics = &diagnostics, .arena = &arena, .directory = SPAN("/here")};

	(void)state;
	check_rows(&config_schema, &reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fills_in_defaults, begin, end),
		cmocka_unit_test_setup_teardown(test_decodes_each_kind, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_means_defaults, begin, end),
		cmocka_unit_test_setup_teardown(test_refuses_wrong_kinds, begin, end),
		cmocka_unit_test_setup_teardown(test_survives_each_failing_allocation, begin, end),
		cmocka_unit_test_setup_teardown(test_writes_numbers, begin, end),
		cmocka_unit_test_setup_teardown(test_real_tables_are_complete, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
