#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/pattern.h"

/* `expected`: what is read from a good text (problem: false) or suggested for a bad one. */
static void check_pattern(const char *(*read)(struct span, struct text *), const char *text,
                          bool problem, const char *expected)
{
	struct text out;

	text_init(&out, 2000);

	const char *words = read(span_of_string(text), &out);

	if ((words != NULL) != problem || strcmp(text_string(&out), expected) != 0)
		fail_msg("%s: %s, %s", text, words ? words : "taken", text_string(&out));
	text_done(&out);
}

static void test_takes_hosts(void **state)
{
	(void)state;
	check_pattern(pattern_host, "app.example.com", false, "app.example.com");
	check_pattern(pattern_host, "APP.Example.COM", false, "app.example.com");
	check_pattern(pattern_host, "*.Example.com", false, "*.example.com");
	check_pattern(pattern_host, "localhost", false, "localhost");
	check_pattern(pattern_host, "legacy_app", false, "legacy_app");
	check_pattern(pattern_host, "192.168.1.10", false, "192.168.1.10");
	check_pattern(pattern_host, "xn--bcher-kva.example", false, "xn--bcher-kva.example");
}

static void test_refuses_hosts(void **state)
{
	(void)state;
	check_pattern(pattern_host, "", true, "");
	check_pattern(pattern_host, "*", true, "");
	check_pattern(pattern_host, "*.", true, "");
	check_pattern(pattern_host, "a.*.b", true, "");
	check_pattern(pattern_host, "*.1.2.3.4", true, "");
	check_pattern(pattern_host, ".example.com", true, "*.example.com");
	check_pattern(pattern_host, "example.com.", true, "example.com");
	check_pattern(pattern_host, "HTTPS://Example.com/x", true, "example.com");
	check_pattern(pattern_host, "example.com:443", true, "example.com");
	check_pattern(pattern_host, "10.0.0.0/8", true, "");
	check_pattern(pattern_host, "::1", true, "");
}

static void test_takes_prefixes(void **state)
{
	(void)state;
	check_pattern(pattern_prefix, "/", false, "/");
	check_pattern(pattern_prefix, "/api/", false, "/api/");
	check_pattern(pattern_prefix, "/API/v1.2", false, "/API/v1.2");
	check_pattern(pattern_prefix, "/a%20b/~c;d=e,f:g@h!$&'()+", false,
	              "/a%20b/~c;d=e,f:g@h!$&'()+");
	check_pattern(pattern_prefix, "/.well-known/", false, "/.well-known/");
	check_pattern(pattern_prefix, "/...", false, "/...");
}

static void test_refuses_prefixes(void **state)
{
	(void)state;
	check_pattern(pattern_prefix, "", true, "");
	check_pattern(pattern_prefix, "api/", true, "/api/");
	check_pattern(pattern_prefix, "http://x/", true, "");
	check_pattern(pattern_prefix, "a b", true, "");
	check_pattern(pattern_prefix, "//", true, "");
	check_pattern(pattern_prefix, "/a//b", true, "");
	check_pattern(pattern_prefix, "/.", true, "");
	check_pattern(pattern_prefix, "/a/..", true, "");
	check_pattern(pattern_prefix, "/a/./b", true, "");
	check_pattern(pattern_prefix, "/%4", true, "");
	check_pattern(pattern_prefix, "/%4g", true, "");
	check_pattern(pattern_prefix, "/*", true, "");
	check_pattern(pattern_prefix, "/?", true, "");
	check_pattern(pattern_prefix, "/#", true, "");
	check_pattern(pattern_prefix, "/\"", true, "");
	check_pattern(pattern_prefix, "/\xc3\xa9", true, "");
}

static void check_suggestion(const char *text, bool listen, const char *expected)
{
	struct text out;

	text_init(&out, 400);
	pattern_suggest_address(span_of_string(text), listen, &out);
	if (strcmp(text_string(&out), expected) != 0)
		fail_msg("%s: %s", text, text_string(&out));
	text_done(&out);
}

static void test_suggests_addresses(void **state)
{
	(void)state;
	check_suggestion("*:443", true, "0.0.0.0:443");
	check_suggestion(":443", true, "0.0.0.0:443");
	check_suggestion("443", true, "0.0.0.0:443");
	check_suggestion("localhost:443", true, "127.0.0.1:443");
	check_suggestion("example.com:443", true, "");
	check_suggestion("https://1.2.3.4:443/", true, "1.2.3.4:443");
	check_suggestion("/run/x", true, "unix:/run/x");
	check_suggestion("8080", false, "127.0.0.1:8080");
	check_suggestion(":8080", false, "127.0.0.1:8080");
	check_suggestion("http://app:80/x", false, "app:80");
	check_suggestion("app", false, "");
	check_suggestion("0", false, "");
	check_suggestion("", false, "");
	check_suggestion("::1", false, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_hosts),        cmocka_unit_test(test_refuses_hosts),
		cmocka_unit_test(test_takes_prefixes),     cmocka_unit_test(test_refuses_prefixes),
		cmocka_unit_test(test_suggests_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
