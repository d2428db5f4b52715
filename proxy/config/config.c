#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/config_schema.h"
#include "config/document.h"
#include "config/expand.h"
#include "config/rules.h"

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

/* Reads at most one byte more than a configuration can have. Sets errno if ERROR_SYSTEM. */
static enum error read_file(const char *path, struct text *text)
{
	char block[4096];
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	if (file < 0)
		return ERROR_SYSTEM;
	while ((size = read(file, block, sizeof(block))) != 0 && !text->cut) {
		if (size > 0)
			text_put(text, span_of(block, (size_t)size));
		else if (errno != EINTR)
			break;
	}

	int error = errno;

	(void)close(file);
	errno = error;
	if (size < 0)
		return ERROR_SYSTEM;
	return text->cut && text->size < text->max ? ERROR_OUT_OF_MEMORY : OK;
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

enum error config_load(const char *path, struct diagnostics *diagnostics,
                       struct config **ret_config)
{
	const struct place whole = {.line = 0};
	char directory[PATH_MAX];
	struct text source;

	text_init(&source, DOCUMENT_SIZE_MAX + 1);

	enum error error = read_file(path, &source);

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
		error = load_text(span_of_string(path), span_of_string(directory), text_span(&source),
		                  getenv, diagnostics, ret_config);
	}
	text_done(&source);
	return error;
}
