#include "setup/ticket_keys.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "setup/file.h"

enum { WHY_MAX = 512, KEY_PATH_MAX = 64 };

struct ticket_keys {
	const char *path; /* Borrows: from the configuration */
	struct tls_tickets *tickets;
	struct file_mark mark;
};

static bool is_open_to_all(const char *path)
{
	struct stat facts;

	return stat(path, &facts) == 0 && (facts.st_mode & (S_IROTH | S_IWOTH)) != 0;
}

static enum error read_file(const char *path, struct span *ret_content, struct text *why)
{
	enum error error = file_read_secret(path, ret_content);

	if (error)
		text_printf(why, "can not read %s: %s", path, file_words(error));
	return error;
}

static enum error load(struct ticket_keys *keys, uint64_t lifetime_ms, struct text *why)
{
	struct span file = {0};
	struct text words;
	enum error error = read_file(keys->path, &file, why);

	if (error)
		return error;
	text_init(&words, WHY_MAX);
	error = keys->tickets ? tls_tickets_share(keys->tickets, file, &words)
	                      : tls_tickets_new_shared(lifetime_ms, file, &keys->tickets, &words);
	if (error)
		text_printf(why, "%s: %s", keys->path,
		            words.size > 0 ? text_string(&words) : error_words(error));
	text_done(&words);
	file_free(file);
	return error;
}

static void tell(const struct config_tls *tls, size_t index, enum error error, const char *why,
                 struct diagnostics *diagnostics)
{
	const struct config_text *file = &tls->ticket_keys->file;
	char key[KEY_PATH_MAX];

	(void)snprintf(key, sizeof(key), "listeners[%zu].tls.ticket_keys.file", index);
	if (error)
		diagnostics_error(diagnostics, file->place, key, "%s", why);
	else if (is_open_to_all(file->text.data))
		diagnostics_warning(diagnostics, file->place, key,
		                    "%s can be read or written by everybody on this machine, and with it "
		                    "all that was sealed with its keys; chmod 600",
		                    file->text.data);
}

enum error ticket_keys_new(const struct config_tls *tls, size_t index,
                           struct diagnostics *diagnostics, struct ticket_keys **ret_keys)
{
	struct ticket_keys *keys;
	struct text why;

	if (!tls->ticket_keys->file.text.data)
		return OK; /* has been complained about */
	keys = memory_new(1, sizeof(*keys));
	if (!keys)
		return ERROR_OUT_OF_MEMORY;
	text_init(&why, WHY_MAX);
	keys->path = tls->ticket_keys->file.text.data;
	keys->mark = file_mark(keys->path); /* before it is read, so that no change is missed */

	enum error error = load(keys, tls->ticket_lifetime_ms, &why);

	tell(tls, index, error, text_string(&why), diagnostics);
	text_done(&why);
	if (!error) {
		*ret_keys = keys;
		return OK;
	}
	ticket_keys_free(keys);
	return error == ERROR_OUT_OF_MEMORY || error == ERROR_TLS_INTERNAL ? error : OK;
}

void ticket_keys_free(struct ticket_keys *keys)
{
	if (!keys)
		return;
	tls_tickets_unref(keys->tickets);
	memory_free(keys);
}

struct tls_tickets *ticket_keys_tickets(const struct ticket_keys *keys)
{
	return keys->tickets;
}

const char *ticket_keys_path(const struct ticket_keys *keys)
{
	return keys->path;
}

enum error ticket_keys_look(struct ticket_keys *keys, bool *ret_changed, struct text *why)
{
	struct file_mark mark = file_mark(keys->path);

	*ret_changed = !file_marks_equal(&mark, &keys->mark);
	if (!*ret_changed)
		return OK;
	keys->mark = mark;
	return load(keys, 0, why);
}
