#include "http/message.h"
#include "metrics/series.h"
#include "server/exposition.h"
#include "server/pages.h"
#include "server/process_metrics.h"

static void *take(void *worker, const void *question)
{
	(void)question;
	return worker_metrics(worker);
}

static void release(void *answer)
{
	series_table_free(answer);
}

/*
 * All that is counted, in one table; NULL: not all workers have told, or memory is used up. What
 * one that has ended had counted is still there, and nobody else's any more.
 */
static struct series_table *sum(const struct administration *administration, void *const *answers,
                                size_t count)
{
	const struct server_view *view = &administration->view;
	struct series_table *table;

	if (series_table_new(administration_config(administration)->metrics.series_max, &table))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct series_table *answer = answers[i];
		struct series_table *last = NULL;

		if (!answer && worker_has_ended(view->workers[i]))
			answer = last = worker_metrics(view->workers[i]);
		if (!answer) {
			series_table_free(table);
			return NULL;
		}
		series_merge(table, answer);
		series_table_free(last);
	}
	return table;
}

static struct span accept_of(const struct message *request)
{
	for (size_t i = 0; i < request->field_count; i++)
		if (span_equal_nocase(request->fields[i].name, SPAN("Accept")))
			return request->fields[i].value;
	return (struct span){0};
}

static void on_told(void *owner, void *const *answers, size_t count)
{
	struct admin_ask *ask = owner;
	const struct administration *administration = administration_of(ask);
	const struct worker_shared *shared = administration->view.shared;
	enum exposition_format format = exposition_choose(accept_of(ask->request));
	struct series_table *table = sum(administration, answers, count);
	struct text text;

	if (!table) {
		admin_answer_error(ask, 503, ERROR_OVERLOADED,
		                   "not all workers have answered in time, and counters must not go back");
		return;
	}
	process_metrics_note(administration->process, administration_setup(administration),
	                     &shared->budget, shared->half_open, table);
	text_init(&text, EXPOSITION_SIZE_MAX);
	exposition_put(table, format, &text);
	series_table_free(table);
	admin_answer_text(ask, 200, exposition_content_type(format), &text);
}

void page_metrics(struct admin_ask *ask)
{
	static const struct inquiry_events events = {
		.answer = take,
		.on_done = on_told,
		.release_answer = release,
	};

	administration_ask_workers(ask, &events, NULL);
}
