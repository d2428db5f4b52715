#include "admin/page.h"

#include <string.h>

#include "admin/connection.h"
#include "base/number.h"

enum { TREE_SIZE_MAX = ADMIN_ANSWER_MAX, WORDS_MAX = 4096 };

void admin_begin(struct tree *tree)
{
	tree_init(tree, TREE_SIZE_MAX);
}

void admin_answer_text(struct admin_ask *ask, int status, const char *content_type,
                       struct text *content)
{
	struct text answer = *content;

	text_init(content, 0);
	if (answer.cut) {
		text_done(&answer);
		text_init(&answer, WORDS_MAX);
		text_put_string(&answer, "the answer is too large, or memory is used up\n");
		status = error_status(ERROR_OVERLOADED, SIDE_CLIENT);
		content_type = "text/plain; charset=utf-8";
	}
	connection_answer(ask, status, content_type, &answer);
}

void admin_answer_tree(struct admin_ask *ask, int status, struct tree *tree)
{
	struct text content;

	text_init(&content, ADMIN_ANSWER_MAX);
	if (ask->wants_text)
		tree_write_text(tree, &content);
	else
		tree_write_json(tree, &content);
	content.cut |= tree->failed;
	tree_done(tree);
	admin_answer_text(ask, status,
	                  ask->wants_text ? "text/plain; charset=utf-8" : "application/json", &content);
}

void admin_answer_error(struct admin_ask *ask, int status, enum error error, const char *format,
                        ...)
{
	struct tree tree;
	struct text words;
	va_list arguments;

	va_start(arguments, format);
	text_init(&words, WORDS_MAX);
	text_vprintf(&words, format, arguments);
	va_end(arguments);
	admin_begin(&tree);
	tree_put_string(&tree, "error", error_code(error));
	tree_put(&tree, "message", text_span(&words));
	text_done(&words);
	admin_answer_tree(ask, status > 0 ? status : error_status(error, SIDE_CLIENT), &tree);
}

struct span admin_parameter(const struct admin_ask *ask, const char *name)
{
	struct span rest = ask->request->query;
	struct span wanted = span_of_string(name);
	struct span one;

	while (span_next(&rest, '&', &one)) {
		size_t end = span_find(one, '=');

		if (span_equal(span_cut(one, 0, end), wanted))
			return span_from(one, end + 1);
	}
	return (struct span){0};
}

bool admin_accepts(const struct message *request, struct span type)
{
	for (size_t i = 0; i < request->field_count; i++) {
		struct span rest = request->fields[i].value;
		struct span one;

		if (!span_equal_nocase(request->fields[i].name, SPAN("Accept")))
			continue;
		while (span_next(&rest, ',', &one)) {
			struct span range = span_trim(span_cut(one, 0, span_find(one, ';')));

			if (span_equal_nocase(range, type))
				return true;
			if (span_equal_nocase(range, SPAN("application/json")) ||
			    span_equal(range, SPAN("*/*")))
				return false;
		}
	}
	return false;
}

/* Undoes the escapes of one segment; `bytes` has room for it. A path that came through the reader
 * has `%` only before two digits. */
static struct span decode(struct span segment, char *bytes)
{
	size_t size = 0;

	for (size_t i = 0; i < segment.size; i++) {
		char c = segment.data[i];

		if (c == '%' && i + 2 < segment.size) {
			c = (char)(number_hex_digit(segment.data[i + 1]) * 16 +
			           number_hex_digit(segment.data[i + 2]));
			i += 2;
		}
		bytes[size++] = c;
	}
	return span_of(bytes, size);
}

static bool matches(const struct admin_page *page, struct span path, struct span *arguments)
{
	struct span pattern = span_of_string(page->path);
	struct span wanted;
	struct span found;
	size_t count = 0;

	for (;;) {
		bool is_wanted = span_next(&pattern, '/', &wanted);
		bool is_found = span_next(&path, '/', &found);

		if (is_wanted != is_found)
			return false;
		if (!is_wanted)
			return true;
		if (span_equal(wanted, SPAN("*")) && found.size > 0 && count < ADMIN_ARGUMENTS_MAX)
			arguments[count++] = found;
		else if (!span_equal(wanted, found))
			return false;
	}
}

static bool takes(const struct admin_page *page, enum method method)
{
	return page->method == method || (page->method == METHOD_GET && method == METHOD_HEAD);
}

static bool decode_arguments(struct admin_ask *ask, struct arena *arena)
{
	for (size_t i = 0; i < ADMIN_ARGUMENTS_MAX; i++) {
		if (ask->arguments[i].size == 0)
			continue;

		char *bytes = arena_bytes(arena, ask->arguments[i].size);

		if (!bytes)
			return false;
		ask->arguments[i] = decode(ask->arguments[i], bytes);
	}
	return true;
}

const struct admin_page *admin_find_page(struct admin_ask *ask, struct arena *arena,
                                         const struct admin_page **ret_other)
{
	*ret_other = NULL;
	for (size_t i = 0; i < ask->page_count; i++) {
		const struct admin_page *page = &ask->pages[i];
		struct span arguments[ADMIN_ARGUMENTS_MAX] = {{0}};

		if (!matches(page, ask->request->path, arguments))
			continue;
		if (!takes(page, ask->request->method)) {
			*ret_other = page;
			continue;
		}
		memcpy(ask->arguments, arguments, sizeof(arguments));
		return decode_arguments(ask, arena) ? page : NULL;
	}
	return NULL;
}

void admin_answer_index(struct admin_ask *ask)
{
	struct tree tree;

	admin_begin(&tree);
	tree_begin_list(&tree, "pages");
	for (size_t i = 0; i < ask->page_count; i++) {
		const struct admin_page *page = &ask->pages[i];

		tree_begin_object(&tree, NULL);
		tree_put_string(&tree, "method", page->method == METHOD_GET ? "GET" : "POST");
		tree_put_string(&tree, "path", page->path);
		tree_put_string(&tree, "what", page->sentence);
		tree_end(&tree);
	}
	tree_end(&tree);
	admin_answer_tree(ask, 200, &tree);
}
