#include "base/memory.h"
#include "config/effective.h"
#include "server/pages.h"

enum { CONFIG_SIZE_MAX = ADMIN_ANSWER_MAX };

void page_config(struct admin_ask *ask)
{
	struct text content;

	text_init(&content, CONFIG_SIZE_MAX);
	config_write_effective(administration_config(administration_of(ask)), &content);
	admin_answer_text(ask, 200, "application/yaml", &content);
}

/* --- The level of the error log --------------------------------------------------------------- */

static const char *const level_names[LOG_LEVEL_COUNT] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_NOTICE] = "notice",
	[LOG_DEBUG] = "debug",
};

static void answer_level(struct admin_ask *ask)
{
	struct tree tree;

	admin_begin(&tree);
	tree_put_string(&tree, "level", level_names[administration_of(ask)->view.log->level]);
	admin_answer_tree(ask, 200, &tree);
}

void page_log_level(struct admin_ask *ask)
{
	answer_level(ask);
}

static void *set_level(void *worker, const void *question)
{
	worker_log(worker)->level = *(const enum log_level *)question;
	return NULL;
}

static void on_level_set(void *owner, void *const *answers, size_t count)
{
	(void)answers;
	(void)count;
	answer_level(owner);
}

void page_set_log_level(struct admin_ask *ask)
{
	static const struct inquiry_events events = {
		.answer = set_level,
		.on_done = on_level_set,
		.release_answer = memory_free,
		.release_question = memory_free,
	};
	struct log *log = administration_of(ask)->view.log;
	enum log_level *level;
	unsigned wanted = 0;

	while (wanted < LOG_LEVEL_COUNT &&
	       !span_equal(ask->arguments[0], span_of_string(level_names[wanted])))
		wanted++;
	if (wanted == LOG_LEVEL_COUNT) {
		admin_answer_error(ask, 0, ERROR_INVALID, "a level is error, warning, notice or debug");
		return;
	}
	level = memory_new(1, sizeof(*level));
	if (!level) {
		admin_answer_error(ask, 0, ERROR_OUT_OF_MEMORY, "%s", error_words(ERROR_OUT_OF_MEMORY));
		return;
	}
	*level = (enum log_level)wanted;
	log->level = *level;
	log_message(log, LOG_ERROR, "log_level_set", "the error log tells from %s on",
	            level_names[wanted]);
	administration_ask_workers(ask, &events, level);
}
