#include "base/clock.h"
#include "base/memory.h"
#include "base/number.h"
#include "net/loop.h"
#include "server/pages.h"
#include "session/exchange.h"
#include "session/failures.h"
#include "session/services.h"
#include "session/session.h"
#include "tls/identity.h"

enum { LIST_SIZE_MAX = 8 << 20, LIMIT_MAX = 1 << 20 };

/* What all workers are asked: at most so many each. */
struct question {
	size_t max;
};

static void release_tree(void *answer)
{
	tree_done(answer);
	memory_free(answer);
}

static struct tree *new_tree(void)
{
	struct tree *tree = memory_new(1, sizeof(*tree));

	if (tree)
		tree_init(tree, LIST_SIZE_MAX);
	return tree;
}

/* `limit` of the query, or `otherwise`; at most that. */
static size_t limit_of(const struct admin_ask *ask, uint64_t otherwise)
{
	uint64_t limit;

	if (number_decimal(admin_parameter(ask, "limit"), LIMIT_MAX, &limit) || limit > otherwise)
		return (size_t)otherwise;
	return (size_t)limit;
}

static void ask_for_lists(struct admin_ask *ask, const struct inquiry_events *events, size_t max)
{
	struct question *question = memory_new(1, sizeof(*question));

	if (!question) {
		admin_answer_error(ask, 0, ERROR_OUT_OF_MEMORY, "%s", error_words(ERROR_OUT_OF_MEMORY));
		return;
	}
	question->max = max;
	administration_ask_workers(ask, events, question);
}

/* The workers' lists as one, the largest order first. */
static void answer_lists(struct admin_ask *ask, const char *name, void *const *answers,
                         size_t count, size_t max)
{
	size_t answered = 0;
	struct tree tree;

	admin_begin(&tree);
	for (size_t i = 0; i < count; i++)
		answered += answers[i] != NULL;
	page_put_workers(&tree, answered, count);
	tree_begin_list(&tree, name);
	for (size_t i = 0; i < count; i++)
		if (answers[i])
			tree_adopt(&tree, answers[i]);
	tree_sort(&tree, max);
	tree_end(&tree);
	admin_answer_tree(ask, answered > 0 ? 200 : 503, &tree);
}

/* --- Sessions --------------------------------------------------------------------------------- */

static void put_address(struct tree *tree, const char *name, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(address, text, sizeof(text));
	/* A trusted proxy told the address, but no port. */
	tree_put_string(tree, name,
	                address->port > 0 || address->kind == ADDRESS_UNIX ? text : address->host);
}

static void put_tls(struct tree *tree, const struct tls_facts *facts)
{
	tree_begin_object(tree, "tls");
	tree_put(tree, "server_name", facts->server_name);
	tree_put_string(tree, "version", facts->version);
	tree_put_string(tree, "cipher_suite", facts->suite);
	tree_put_string(tree, "group", facts->group);
	tree_put_bool(tree, "resumed", facts->resumed);
	if (facts->client)
		tree_put(tree, "client_certificate", facts->client->fingerprint);
	tree_end(tree);
}

/* Neither query nor fields: they may hold secrets. */
static void put_request(struct tree *tree, const struct exchange *exchange)
{
	tree_begin_object(tree, "request");
	tree_put(tree, "id", exchange->id);
	tree_put_seconds(tree, "age_seconds", (clock_now_us() - exchange->began_us) / 1000000);
	if (exchange->has_request) {
		put_address(tree, "client", &exchange->client);
		tree_put(tree, "method", exchange->request.method_token);
		tree_put(tree, "host", exchange->request.host);
		tree_put(tree, "path", exchange->request.path);
	}
	if (exchange->cluster)
		tree_put(tree, "cluster", exchange->cluster->config->name.text);
	if (exchange->backend)
		tree_put_string(tree, "backend", exchange->backend->text);
	if (exchange->status > 0)
		tree_put_number(tree, "status", (uint64_t)exchange->status);
	tree_end(tree);
}

static void put_session(struct tree *tree, const struct session *session, bool is_old)
{
	uint64_t now_ms = session_now_ms(session);

	tree_begin_object(tree, NULL);
	tree_set_order(tree, session->opened_ms);
	put_address(tree, "peer", &session->peer);
	tree_put(tree, "listener", session->listener->config->address_text.text);
	tree_put_string(tree, "phase", session_phase_name(session->phase));
	tree_put_seconds(tree, "age_seconds", (now_ms - session->opened_ms) / 1000);
	tree_put_seconds(tree, "phase_age_seconds", (now_ms - session->phase_began_ms) / 1000);
	tree_put_number(tree, "requests", session->exchange_count);
	tree_put_bytes(tree, "received_bytes", session->client.wire->received_bytes);
	tree_put_bytes(tree, "sent_bytes", session->client.wire->sent_bytes);
	tree_put_bool(tree, "of_an_older_setup", is_old);
	if (session->client.tls)
		put_tls(tree, tls_session_facts(session->client.tls));
	if (session->exchange)
		put_request(tree, session->exchange);
	tree_end(tree);
}

static void *take_sessions(void *worker, const void *question)
{
	size_t left = ((const struct question *)question)->max;
	struct tree *tree = new_tree();
	struct services *services;

	if (!tree)
		return NULL;
	tree_begin_list(tree, "sessions");
	for (size_t i = 0; (services = worker_services(worker, i)); i++) {
		struct list *sessions = &services->sessions;

		/* New ones are put at the end. */
		for (struct list *node = sessions->previous; node != sessions && left > 0;
		     node = node->previous, left--)
			put_session(tree, LIST_OBJECT(node, struct session, node), i > 0);
	}
	tree_end(tree);
	return tree;
}

static void on_sessions(void *owner, void *const *answers, size_t count)
{
	struct admin_ask *ask = owner;
	uint64_t each = administration_config(administration_of(ask))->admin.sessions;

	answer_lists(ask, "sessions", answers, count, limit_of(ask, each * count));
}

void page_sessions(struct admin_ask *ask)
{
	static const struct inquiry_events events = {
		.answer = take_sessions,
		.on_done = on_sessions,
		.release_answer = release_tree,
		.release_question = memory_free,
	};

	ask_for_lists(ask, &events,
	              limit_of(ask, administration_config(administration_of(ask))->admin.sessions));
}

/* --- Failed handshakes ------------------------------------------------------------------------ */

static void put_failure(struct tree *tree, const struct failure_record *record)
{
	struct text words;

	tree_begin_object(tree, NULL);
	tree_set_order(tree, record->last_us);
	tree_put_time(tree, "last", record->last_us);
	tree_put_time(tree, "first", record->first_us);
	tree_put_number(tree, "count", record->count);
	tree_put_string(tree, "reason", error_code(record->reason));
	tree_put_string(tree, "client", record->client);
	tree_put(tree, "listener", text_span(&record->listener));
	tree_put(tree, "server_name", text_span(&record->server_name));
	tree_put_string(tree, "ja4", record->ja4);
	text_init(&words, 2 * (size_t)FAILURES_WORDS_MAX);
	text_put(&words, text_span(&record->kind_words));
	text_put(&words, text_span(&record->remedy));
	tree_put(tree, "explanation", text_span(&words));
	text_done(&words);
	tree_end(tree);
}

static void *take_failures(void *worker, const void *question)
{
	size_t left = ((const struct question *)question)->max;
	struct list *records = &worker_failures(worker)->records;
	struct tree *tree = new_tree();

	if (!tree)
		return NULL;
	tree_begin_list(tree, "handshakes");
	for (struct list *node = records->next; node != records && left > 0; node = node->next, left--)
		put_failure(tree, LIST_OBJECT(node, struct failure_record, node));
	tree_end(tree);
	return tree;
}

static void on_failures(void *owner, void *const *answers, size_t count)
{
	struct admin_ask *ask = owner;
	uint64_t each = administration_config(administration_of(ask))->admin.handshakes;

	answer_lists(ask, "handshakes", answers, count, limit_of(ask, each * count));
}

void page_handshakes(struct admin_ask *ask)
{
	static const struct inquiry_events events = {
		.answer = take_failures,
		.on_done = on_failures,
		.release_answer = release_tree,
		.release_question = memory_free,
	};

	ask_for_lists(ask, &events,
	              limit_of(ask, administration_config(administration_of(ask))->admin.handshakes));
}
