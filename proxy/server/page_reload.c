#include "base/memory.h"
#include "config/diagnostics.h"
#include "server/pages.h"
#include "server/reload.h"

/* Somebody who waits for a reload. */
struct waiting {
	struct reload_request request;
	struct admin_ask *ask;
};

static void answer_line(struct admin_ask *ask, int status, const struct reload_answer *answer,
                        const struct text *told)
{
	struct text line;

	text_init(&line, ADMIN_ANSWER_MAX);
	text_put(&line, text_span(told));
	text_put(&line, answer->words);
	text_put_char(&line, '\n');
	admin_answer_text(ask, status, "text/plain; charset=utf-8", &line);
}

static void on_reloaded(struct reload_request *request, const struct reload_answer *answer)
{
	struct waiting *waiting = LIST_OBJECT(request, struct waiting, request);
	struct admin_ask *ask = waiting->ask;
	/* The file is the operator's fault; all else is ours. */
	int status = !answer->error ? 200 : answer->error == ERROR_CONFIG ? 422 : 503;
	struct text told;
	struct tree tree;

	memory_free(waiting);
	text_init(&told, ADMIN_ANSWER_MAX);
	if (answer->diagnostics)
		diagnostics_print(answer->diagnostics, &told);
	if (span_equal(admin_parameter(ask, "format"), SPAN("line"))) {
		answer_line(ask, status, answer, &told);
	} else {
		admin_begin(&tree);
		tree_put_bool(&tree, "reloaded", !answer->error);
		tree_put(&tree, "message", answer->words);
		tree_put(&tree, "diagnostics", text_span(&told));
		admin_answer_tree(ask, status, &tree);
	}
	text_done(&told);
}

void page_reload(struct admin_ask *ask)
{
	struct waiting *waiting = memory_new(1, sizeof(*waiting));

	if (!waiting) {
		admin_answer_error(ask, 0, ERROR_OUT_OF_MEMORY, "%s", error_words(ERROR_OUT_OF_MEMORY));
		return;
	}
	list_init(&waiting->request.node);
	waiting->request.on_answer = on_reloaded;
	waiting->ask = ask;
	reload_ask(administration_of(ask)->view.reload, &waiting->request);
}
