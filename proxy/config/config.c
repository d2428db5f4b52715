#include "config/config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/config_schema.h"
#include "config/document.h"
#include "config/expand.h"
#include "config/rules.h"
#include "config/source.h"

enum { ARENA_MAX = 128 << 20 };

void config_free(struct config *config)
{
	if (!config)
		return;
	arena_done(&config->arena);
	memory_free(config);
}

static enum error decode(struct config *config, struct span directory, const struct node *root,
                         struct diagnostics *diagnostics)
{
	struct schema_reader reader = {
		.diagnostics = diagnostics,
		.arena = &config->arena,
		.directory = directory,
	};

	if (root->kind != NODE_MAP) {
		diagnostics_error(diagnostics, root->place, NULL,
		                  "expected keys such as \"listeners:\", found something else");
		return OK;
	}

	enum error error = schema_decode(&config_schema, &reader, root, config);

	if (!error)
		error = rules_check(config, root, diagnostics);
	return error;
}

/* Relative paths of variables begin where the program was started. */
static enum error copy_absolute(struct arena *arena, struct span path, struct span *ret_path)
{
	char whole[2 * PATH_MAX];
	char folder[PATH_MAX];

	if (span_starts_with(path, SPAN("/")) || !getcwd(folder, sizeof(folder)) ||
	    path.size >= PATH_MAX)
		return arena_copy(arena, path, ret_path);
	(void)snprintf(whole, sizeof(whole), "%s/%s", folder, path.data);
	return arena_copy(arena, span_of_string(whole), ret_path);
}

static enum error take_value_files(struct config *config, const struct document *document)
{
	struct config_text_list *list = &config->value_files;
	enum error error = OK;

	*list = (struct config_text_list){0};
	if (document->file_count == 0)
		return OK;
	list->items = arena_new(&config->arena, document->file_count, sizeof(*list->items));
	if (!list->items)
		return ERROR_OUT_OF_MEMORY;
	for (struct document_file *file = document->files; file && !error; file = file->next) {
		struct config_text *item = &list->items[list->count++];

		item->place = file->place;
		error = copy_absolute(&config->arena, file->path, &item->text);
	}
	return error;
}

/* As config_load_text(), but with ERROR_CONFIG too there is a config, if it could be decoded. */
static enum error load_text(struct span name, struct span directory, struct span source,
                            char *(*lookup)(const char *name), struct diagnostics *diagnostics,
                            struct config **ret_config)
{
	struct document document;
	size_t errors = diagnostics->errors;

	if (span_starts_with(source, SPAN("\xef\xbb\xbf"))) /* the byte order mark is not text */
		source = span_from(source, 3);
	/* The text of a file that is too large is of no use to anybody. */
	if (diagnostics_open(diagnostics, name,
	                     span_cut(source, 0, source.size > DOCUMENT_SIZE_MAX ? 0 : source.size)))
		return ERROR_OUT_OF_MEMORY;

	struct config *config = memory_new(1, sizeof(*config));

	if (!config)
		return ERROR_OUT_OF_MEMORY;
	arena_init(&config->arena, NULL, ARENA_MAX);
	document_init(&document);

	enum error error = document_read(&document, source, diagnostics);

	if (!error)
		error = expand_document(&document, lookup, diagnostics);
	if (!error)
		error = decode(config, directory, document.root, diagnostics);
	if (!error)
		error = take_value_files(config, &document);
	document_done(&document);
	if (error) {
		config_free(config);
		return error;
	}
	*ret_config = config;
	return diagnostics->errors > errors ? ERROR_CONFIG : OK;
}

enum error config_load_text(struct span name, struct span directory, struct span source,
                            char *(*lookup)(const char *name), struct diagnostics *diagnostics,
                            struct config **ret_config)
{
	struct config *config = NULL;
	enum error error = load_text(name, directory, source, lookup, diagnostics, &config);

	if (error)
		config_free(config);
	else
		*ret_config = config;
	return error;
}

/* The absolute path of the folder that the file is in, without a `/` at its end. Sets errno. */
static enum error find_directory(const char *path, char ret_directory[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";

	if (slash) {
		size_t size = slash > path ? (size_t)(slash - path) : 1;

		if (size >= sizeof(folder)) {
			errno = ENAMETOOLONG;
			return ERROR_SYSTEM;
		}
		memcpy(folder, path, size);
		folder[size] = '\0';
	}
	if (!realpath(folder, ret_directory))
		return ERROR_SYSTEM;
	if (strcmp(ret_directory, "/") == 0)
		ret_directory[0] = '\0';
	return OK;
}

/* The file is in `directory`, whatever way led there. */
static enum error note_path(struct config *config, const char *directory, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t size = strlen(directory) + 1 + strlen(name) + 1;
	char *whole = arena_bytes(&config->arena, size);

	if (!whole)
		return ERROR_OUT_OF_MEMORY;
	(void)snprintf(whole, size, "%s/%s", directory, name);
	config->path = whole;
	return OK;
}

static enum error load_file(const char *path, const char *directory, struct span source,
                            struct diagnostics *diagnostics, struct config **ret_config)
{
	struct config *config = NULL;
	enum error error = load_text(span_of_string(path), span_of_string(directory), source, getenv,
	                             diagnostics, &config);

	if (config && note_path(config, directory, path)) {
		config_free(config);
		return ERROR_OUT_OF_MEMORY;
	}
	if (config)
		*ret_config = config;
	return error;
}

enum error config_load(const char *path, struct diagnostics *diagnostics,
                       struct config **ret_config)
{
	const struct place whole = {.line = 0};
	char directory[PATH_MAX];
	struct text source;

	text_init(&source, DOCUMENT_SIZE_MAX + 1);

	enum error error = source_read(path, &source);

	if (!error)
		error = find_directory(path, directory);
	if (error == ERROR_SYSTEM) {
		int number = errno;

		error = diagnostics_open(diagnostics, span_of_string(path), (struct span){0});
		diagnostics_error(diagnostics, whole, NULL, "the file can not be read: %s",
		                  strerrordesc_np(number));
		if (!error)
			error = ERROR_CONFIG;
	} else if (!error) {
		error = load_file(path, directory, text_span(&source), diagnostics, ret_config);
	}
	text_done(&source);
	return error;
}
