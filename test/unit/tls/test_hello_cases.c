/*
 * First flights that must fail (test/cases/hello): the alert on the wire, the reason code, and the
 * sentence for the log; whole, byte by byte, and cut off at every byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tls/alert.h"
#include "unit/tls/hello_case.h"
#include "unit/tls/link.h"

enum { CASES_MIN = 100, IN_SIZE = 20480 };

static struct tls_server *servers[3]; /* default, strict, modern */

static int open_servers(void **state)
{
	if (world_open(state) != 0)
		return -1;
	servers[0] = make_server(NULL, false, pki_certificate("P-256", "app.example.com"), NULL);
	servers[1] = make_server(NULL, true, pki_certificate("P-256", "app.example.com"), NULL);
	servers[2] = make_server_with(tls_policy_find(SPAN("modern")),
	                              pki_certificate("P-256", "app.example.com"), NULL);
	return 0;
}

static int close_servers(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(servers); i++)
		tls_server_unref(servers[i]);
	return world_close(state);
}

static struct tls_server *server_of(const struct hello_case *hello)
{
	static const char *const names[] = {"default", "strict", "modern"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		if (strcmp(hello->listener, names[i]) == 0)
			return servers[i];
	fail_msg("%s: no listener %s", hello->where, hello->listener);
	return NULL;
}

struct outcome {
	enum error error;
	int alert; /* in the bytes that were sent; -1: none */
	struct text words;
};

static int alert_in(struct span wire)
{
	if (wire.size < 7 || wire.data[wire.size - 7] != 21)
		return -1;
	return (unsigned char)wire.data[wire.size - 1];
}

/* Gives a session the bytes, `step` at a time, and then the end if `eof`. */
static void feed(struct tls_server *server, struct span bytes, size_t step, bool eof,
                 struct outcome *ret_outcome)
{
	struct tls_session *session = NULL;
	struct buffer in = {.data = malloc(IN_SIZE), .capacity = IN_SIZE};
	struct buffer out = {.data = malloc(IN_SIZE), .capacity = IN_SIZE};
	struct buffer plain = {0};
	enum error error = OK;
	bool moved = true;

	assert_int_equal(tls_session_new(server, &session), OK);
	while (!error && (bytes.size > 0 || moved || eof)) {
		size_t put = buffer_put(&in, span_cut(bytes, 0, step));

		bytes = span_from(bytes, put);
		error = tls_session_advance(session, &in, eof && bytes.size == 0, &out, &plain, &moved);
	}
	*ret_outcome = (struct outcome){.error = error, .alert = alert_in(buffer_content(&out))};
	text_init(&ret_outcome->words, 4096);
	tls_session_explain(session, &ret_outcome->words);
	tls_session_free(session);
	free(in.data);
	free(out.data);
}

static const char *alert_name(int alert)
{
	return alert < 0 ? "none" : tls_alert_name(alert);
}

static void expect(const struct hello_case *hello, size_t step)
{
	struct outcome outcome;
	const char *alert = strcmp(hello->alert, "http") == 0 ? "none" : hello->alert;

	feed(server_of(hello), text_span(&hello->bytes), step, hello->eof, &outcome);
	if (getenv("SALLYPORT_SHOW")) {
		if (step > 1)
			print_message("%s: %s\n= alert %s\n= reason %s\n= says %s\n", hello->where,
			              text_string(&hello->title), alert_name(outcome.alert),
			              error_code(outcome.error), text_string(&outcome.words));
	} else if (strcmp(error_code(outcome.error), hello->reason) != 0 ||
	           strcmp(alert_name(outcome.alert), alert) != 0 ||
	           !strstr(text_string(&outcome.words), text_string(&hello->says))) {
		fail_msg("%s, %s, %zu at once:\nalert %s, not %s\nreason %s, not %s\nsays %s, not %s",
		         hello->where, text_string(&hello->title), step, alert_name(outcome.alert), alert,
		         error_code(outcome.error), hello->reason, text_string(&outcome.words),
		         text_string(&hello->says));
	}
	text_done(&outcome.words);
}

static void run_whole(const struct hello_case *hello)
{
	expect(hello, IN_SIZE);
}

/* What is another protocol may not be recognised by a part of its first bytes; it is refused. */
static void run_in_bytes(const struct hello_case *hello)
{
	struct outcome outcome;

	feed(server_of(hello), text_span(&hello->bytes), 1, hello->eof, &outcome);
	assert_int_not_equal(outcome.error, OK);
	if (strcmp(error_code(outcome.error), hello->reason) != 0 &&
	    strcmp(hello->reason, "ssl2_client_hello") != 0)
		fail_msg("%s in single bytes: %s, not %s", hello->where, error_code(outcome.error),
		         hello->reason);
	text_done(&outcome.words);
}

/* Cut off at any byte it is an end without an alert, unless the beginning is wrong already. */
static void run_cut_off(const struct hello_case *hello)
{
	struct span bytes = text_span(&hello->bytes);

	for (size_t size = 0; size < bytes.size; size++) {
		struct outcome outcome;

		feed(server_of(hello), span_cut(bytes, 0, size), IN_SIZE, true, &outcome);
		assert_int_not_equal(outcome.error, OK);
		assert_true(outcome.words.size > 0);
		if (outcome.error == ERROR_CONNECTION_CLOSED || outcome.error == ERROR_TLS_NO_HELLO)
			assert_int_equal(outcome.alert, -1);
		assert_true((outcome.error == ERROR_TLS_NO_HELLO) == (size == 0));
		text_done(&outcome.words);
	}
}

static void test_whole(void **state)
{
	(void)state;
	assert_true(hello_cases_run("test/cases/hello", run_whole) >= CASES_MIN);
}

static void test_in_single_bytes(void **state)
{
	(void)state;
	assert_true(hello_cases_run("test/cases/hello", run_in_bytes) >= CASES_MIN);
}

static void test_cut_off_at_every_byte(void **state)
{
	(void)state;
	assert_true(hello_cases_run("test/cases/hello", run_cut_off) >= CASES_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_in_single_bytes),
		cmocka_unit_test(test_cut_off_at_every_byte),
	};

	return cmocka_run_group_tests(tests, open_servers, close_servers);
}
