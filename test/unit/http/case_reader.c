#include "unit/http/case_reader.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "http/h1_target.h"

enum { CASE_SIZE_MAX = 1 << 20, LINE_SIZE_MAX = 4096 };

const struct h1_limits case_limits_default = {
	.head_size_max = 2048,
	.field_count_max = 20,
	.target_size_max = 512,
	.body_size_max = 0,
	.chunk_extension_max = 64,
	.trailer_size_max = 128,
};

static void fail_line(const struct test_case *test, unsigned line, const char *why)
{
	fprintf(stderr, "%s:%u: %s\n", test->file, line, why);
	exit(1);
}

static void case_init(struct test_case *test, const char *file)
{
	*test = (struct test_case){.file = file, .limits = case_limits_default, .to = METHOD_GET};
	text_init(&test->title, LINE_SIZE_MAX);
	text_init(&test->bytes, CASE_SIZE_MAX);
	text_init(&test->expected, CASE_SIZE_MAX);
}

static void case_done(struct test_case *test)
{
	text_done(&test->title);
	text_done(&test->bytes);
	text_done(&test->expected);
}

/* Adds `escaped` with its escapes resolved. False: there is an unknown one. */
static bool put_unescaped(struct text *text, struct span escaped)
{
	for (size_t i = 0; i < escaped.size; i++) {
		char c = escaped.data[i];

		if (c == '\\') {
			uint64_t number;

			if (++i == escaped.size)
				return false;
			switch (escaped.data[i]) {
			case 'r':
				c = '\r';
				break;
			case 'n':
				c = '\n';
				break;
			case 't':
				c = '\t';
				break;
			case '\\':
				c = '\\';
				break;
			case 'x':
				if (number_hex(span_cut(escaped, i + 1, i + 3), 255, &number) ||
				    i + 2 >= escaped.size)
					return false;
				c = (char)number;
				i += 2;
				break;
			default:
				return false;
			}
		}
		text_put_char(text, c);
	}
	return true;
}

void put_escaped(struct text *text, struct span bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		char c = bytes.data[i];

		if (c == '\r')
			text_put_string(text, "\\r");
		else if (c == '\n')
			text_put_string(text, "\\n");
		else if (c == '\t')
			text_put_string(text, "\\t");
		else if (c == '\\')
			text_put_string(text, "\\\\");
		else if (c < ' ' || c > '~')
			text_printf(text, "\\x%02x", (unsigned)(unsigned char)c);
		else
			text_put_char(text, c);
	}
}

/* `>3000 x`: 3000 times. */
static bool put_repeated(struct text *text, struct span rest)
{
	size_t blank = span_find(rest, ' ');
	uint64_t times;

	if (number_decimal(span_cut(rest, 0, blank), CASE_SIZE_MAX, &times) != OK)
		return false;
	for (uint64_t i = 0; i < times; i++)
		if (!put_unescaped(text, span_from(rest, blank + 1)))
			return false;
	return true;
}

static bool set_limit(struct h1_limits *limits, struct span name, uint64_t number)
{
	struct {
		struct span name;
		size_t *value;
	} sizes[] = {
		{SPAN("head_size"), &limits->head_size_max},
		{SPAN("field_count"), &limits->field_count_max},
		{SPAN("target_size"), &limits->target_size_max},
		{SPAN("chunk_extension"), &limits->chunk_extension_max},
		{SPAN("trailer_size"), &limits->trailer_size_max},
	};

	if (span_equal(name, SPAN("body_size"))) {
		limits->body_size_max = number;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		if (span_equal(name, sizes[i].name)) {
			*sizes[i].value = (size_t)number;
			return true;
		}
	}
	return false;
}

/* `tolerate bare_lf`, `refuse encoded_slash` */
static bool set_rule(struct h1_rules *rules, struct span kind, struct span name)
{
	const struct {
		struct span kind;
		struct span name;
		unsigned *flags;
		unsigned flag;
	} flags[] = {
		{SPAN("tolerate"), SPAN("bare_lf"), &rules->tolerated, H1_TOLERATE_BARE_LF},
		{SPAN("tolerate"), SPAN("empty_lines"), &rules->tolerated, H1_TOLERATE_EMPTY_LINES},
		{SPAN("tolerate"), SPAN("obs_fold"), &rules->tolerated, H1_TOLERATE_OBS_FOLD},
		{SPAN("tolerate"), SPAN("missing_reason"), &rules->tolerated, H1_TOLERATE_MISSING_REASON},
		{SPAN("refuse"), SPAN("encoded_slash"), &rules->refused, H1_TARGET_ENCODED_SLASH},
		{SPAN("refuse"), SPAN("encoded_nul"), &rules->refused, H1_TARGET_NUL},
		{SPAN("refuse"), SPAN("dot_segment"), &rules->refused, H1_TARGET_DOT_SEGMENT},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(flags); i++) {
		if (!span_equal(kind, flags[i].kind) || !span_equal(name, flags[i].name))
			continue;
		*flags[i].flags |= flags[i].flag;
		return true;
	}
	return false;
}

/* `limit head_size 100`, `tolerate bare_lf`, `refuse encoded_slash`, `to HEAD`, `eof` */
static bool read_directive(struct test_case *test, struct span line)
{
	struct span words[3] = {0};
	struct span rest = line;
	size_t count = 0;
	uint64_t number;

	while (count < ARRAY_LENGTH(words) && span_next(&rest, ' ', &words[count]))
		count++;
	if (count == 1 && span_equal(words[0], SPAN("eof"))) {
		test->eof = true;
		return true;
	}
	if (count == 2 && span_equal(words[0], SPAN("to"))) {
		test->to = method_of(words[1]);
		return test->to != METHOD_OTHER;
	}
	if (count == 2)
		return set_rule(&test->rules, words[0], words[1]);
	return count == 3 && span_equal(words[0], SPAN("limit")) &&
	       number_decimal(words[2], CASE_SIZE_MAX, &number) == OK &&
	       set_limit(&test->limits, words[1], number);
}

static bool read_line(struct test_case *test, struct span line)
{
	if (span_starts_with(line, SPAN("> ")))
		return put_unescaped(&test->bytes, span_from(line, 2));
	if (span_starts_with(line, SPAN(">")))
		return put_repeated(&test->bytes, span_from(line, 1));
	if (!span_starts_with(line, SPAN("= ")))
		return read_directive(test, line);
	text_put(&test->expected, span_from(line, 2));
	text_put_char(&test->expected, '\n');
	return true;
}

static void end_case(struct test_case *test, void (*run)(const struct test_case *test),
                     size_t *count)
{
	if (test->title.size > 0) {
		if (test->expected.size == 0)
			fail_line(test, test->line, "nothing is expected");
		run(test);
		++*count;
	}
	case_done(test);
}

static size_t run_file(const char *path, void (*run)(const struct test_case *test))
{
	struct test_case test;
	char line[LINE_SIZE_MAX];
	unsigned number = 0;
	size_t count = 0;
	FILE *file = fopen(path, "r");

	case_init(&test, path);
	if (!file)
		fail_line(&test, 0, "can not be opened");
	while (fgets(line, sizeof(line), file)) {
		struct span text = span_of(line, strcspn(line, "\n"));

		number++;
		if (text.size == 0 || text.data[0] == '#')
			continue;
		if (span_starts_with(text, SPAN("== "))) {
			end_case(&test, run, &count);
			case_init(&test, path);
			test.line = number;
			text_put(&test.title, span_from(text, 3));
		} else if (test.title.size == 0 || !read_line(&test, text)) {
			fail_line(&test, number, "not of the form of a case");
		}
	}
	end_case(&test, run, &count);
	fclose(file);
	return count;
}

static int is_case_file(const struct dirent *entry)
{
	return span_ends_with_nocase(span_of_string(entry->d_name), SPAN(".case"));
}

size_t cases_each(const char *folder, void (*run)(const struct test_case *test))
{
	struct dirent **entries = NULL;
	int entry_count = scandir(folder, &entries, is_case_file, alphasort);
	size_t count = 0;

	if (entry_count < 0) {
		perror(folder);
		exit(1);
	}
	for (int i = 0; i < entry_count; i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		count += run_file(path, run);
		free(entries[i]);
	}
	free(entries);
	return count;
}
