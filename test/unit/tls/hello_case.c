#include "unit/tls/hello_case.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

enum { LINE_MAX_SIZE = 4096, BYTES_MAX = 1 << 20, PIECES_MAX = 64, DEPTH_MAX = 16 };

struct piece {
	char name[HELLO_CASE_WORD_SIZE];
	char *tokens;
};

struct reader {
	const char *file;
	unsigned line;
	struct piece pieces[PIECES_MAX];
	size_t piece_count;
	/* Vectors that are open: where the content begins, how many bytes the length has. */
	size_t starts[DEPTH_MAX];
	size_t sizes[DEPTH_MAX];
	size_t depth;
	struct hello_case now;
	bool has_case;
	void (*run)(const struct hello_case *hello);
	unsigned count;
};

static void fail(const struct reader *reader, const char *why)
{
	(void)fprintf(stderr, "%s:%u: %s\n", reader->file, reader->line, why);
	exit(1);
}

/* --- Bytes -------------------------------------------------------------------------------- */

static void put_tokens(struct reader *reader, struct span tokens);

static void put_hex(struct reader *reader, struct span digits, uint64_t times)
{
	if (digits.size % 2 != 0)
		fail(reader, "half a byte");
	for (uint64_t i = 0; i < times; i++) {
		for (size_t at = 0; at < digits.size; at += 2) {
			uint64_t byte;

			if (number_hex(span_cut(digits, at, at + 2), 255, &byte) != OK)
				fail(reader, "not a hexadecimal number");
			text_put_char(&reader->now.bytes, (char)byte);
		}
	}
}

static void open_vector(struct reader *reader, struct span token)
{
	size_t size = token.size == 2 ? (size_t)(token.data[1] - '0') : 0;

	if (size < 1 || size > 3 || reader->depth == DEPTH_MAX)
		fail(reader, "a vector's length has one to three bytes");
	for (size_t i = 0; i < size; i++)
		text_put_char(&reader->now.bytes, 0);
	reader->starts[reader->depth] = reader->now.bytes.size;
	reader->sizes[reader->depth++] = size;
}

static void close_vector(struct reader *reader)
{
	size_t start;
	size_t length;

	if (reader->depth == 0)
		fail(reader, "no vector is open");
	start = reader->starts[--reader->depth];
	length = reader->now.bytes.size - start;
	for (size_t i = 0; i < reader->sizes[reader->depth]; i++)
		reader->now.bytes.data[start - 1 - i] = (char)(length >> 8 * i);
}

static void put_piece(struct reader *reader, struct span name)
{
	for (size_t i = 0; i < reader->piece_count; i++) {
		if (span_equal(span_of_string(reader->pieces[i].name), name)) {
			put_tokens(reader, span_of_string(reader->pieces[i].tokens));
			return;
		}
	}
	fail(reader, "no such piece");
}

static void put_token(struct reader *reader, struct span token)
{
	size_t star = span_find(token, '*');
	uint64_t times = 1;

	if (token.data[0] == '"') {
		text_put(&reader->now.bytes, span_cut(token, 1, token.size - 1));
		return;
	}
	if (token.data[0] == '<') {
		open_vector(reader, token);
		return;
	}
	if (token.data[0] == '>') {
		close_vector(reader);
		return;
	}
	if (token.data[0] == '@') {
		put_piece(reader, span_from(token, 1));
		return;
	}
	if (star < token.size && number_decimal(span_from(token, star + 1), BYTES_MAX, &times) != OK)
		fail(reader, "how many times?");
	put_hex(reader, span_cut(token, 0, star), times);
}

static void put_tokens(struct reader *reader, struct span tokens)
{
	while (tokens.size > 0) {
		size_t size;

		if (tokens.data[0] == ' ') {
			tokens = span_from(tokens, 1);
			continue;
		}
		size = span_find(tokens, ' ');
		if (tokens.data[0] == '"')
			size = span_find(span_from(tokens, 1), '"') + 2;
		put_token(reader, span_cut(tokens, 0, size));
		tokens = span_from(tokens, size);
	}
}

/* --- Lines -------------------------------------------------------------------------------- */

static void end_case(struct reader *reader)
{
	struct hello_case *now = &reader->now;

	if (!reader->has_case)
		return;
	if (reader->depth > 0)
		fail(reader, "a vector is not closed");
	reader->run(now);
	reader->count++;
	text_done(&now->title);
	text_done(&now->bytes);
	text_done(&now->says);
	reader->has_case = false;
}

static void begin_case(struct reader *reader, struct span title)
{
	const char *name = strrchr(reader->file, '/');

	end_case(reader);
	reader->now = (struct hello_case){.listener = "default"};
	reader->has_case = true;
	(void)snprintf(reader->now.where, sizeof(reader->now.where), "%s:%u",
	               name ? name + 1 : reader->file, reader->line);
	text_init(&reader->now.title, LINE_MAX_SIZE);
	text_init(&reader->now.bytes, BYTES_MAX);
	text_init(&reader->now.says, LINE_MAX_SIZE);
	text_put(&reader->now.title, title);
}

static void keep(char ret_word[HELLO_CASE_WORD_SIZE], struct span word)
{
	(void)snprintf(ret_word, HELLO_CASE_WORD_SIZE, "%.*s", (int)word.size, word.data);
}

static void define(struct reader *reader, struct span rest)
{
	size_t blank = span_find(rest, ' ');
	struct span tokens = span_from(rest, blank);
	struct piece *piece = &reader->pieces[reader->piece_count];

	if (reader->piece_count++ == PIECES_MAX)
		fail(reader, "too many pieces");
	keep(piece->name, span_cut(rest, 0, blank));
	piece->tokens = strndup(tokens.data, tokens.size);
	if (!piece->tokens)
		abort();
}

static void expect(struct reader *reader, struct span line)
{
	size_t blank = span_find(line, ' ');
	struct span word = span_cut(line, 0, blank);
	struct span rest = span_from(line, blank + 1);

	if (span_equal(word, SPAN("alert")))
		keep(reader->now.alert, rest);
	else if (span_equal(word, SPAN("http")))
		keep(reader->now.alert, word);
	else if (span_equal(word, SPAN("reason")))
		keep(reader->now.reason, rest);
	else if (span_equal(word, SPAN("says")))
		text_put(&reader->now.says, rest);
	else
		fail(reader, "no such expectation");
}

static void read_line(struct reader *reader, struct span line)
{
	size_t blank = span_find(line, ' ');
	struct span word = span_cut(line, 0, blank);
	struct span rest = span_from(line, blank + 1);

	if (line.size == 0 || line.data[0] == '#')
		return;
	if (span_equal(word, SPAN("define")))
		define(reader, rest);
	else if (span_equal(word, SPAN("==")))
		begin_case(reader, rest);
	else if (!reader->has_case)
		fail(reader, "a case begins with its title");
	else if (span_equal(word, SPAN("|")))
		put_tokens(reader, rest);
	else if (span_equal(word, SPAN("listener")))
		keep(reader->now.listener, rest);
	else if (span_equal(line, SPAN("eof")))
		reader->now.eof = true;
	else if (span_equal(word, SPAN("=")))
		expect(reader, rest);
	else
		fail(reader, "not of the form of a case");
}

static unsigned read_file(const char *path, void (*run)(const struct hello_case *hello))
{
	static char line[LINE_MAX_SIZE];
	struct reader reader = {.file = path, .run = run};
	FILE *file = fopen(path, "r");

	if (!file)
		fail(&reader, "can not be read");
	while (fgets(line, sizeof(line), file)) {
		reader.line++;
		read_line(&reader, span_of(line, strcspn(line, "\n")));
	}
	end_case(&reader);
	(void)fclose(file);
	for (size_t i = 0; i < reader.piece_count; i++)
		free(reader.pieces[i].tokens);
	return reader.count;
}

static int is_case_file(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".case") == 0;
}

unsigned hello_cases_run(const char *folder, void (*run)(const struct hello_case *hello))
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_case_file, alphasort);
	unsigned cases = 0;

	for (int i = 0; i < count; i++) {
		char path[512];

		(void)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		cases += read_file(path, run);
		free(entries[i]);
	}
	free(entries);
	return cases;
}
