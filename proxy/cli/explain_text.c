#include "cli/explain.h"
#include "tls/iana.h"

enum { STEP_WIDTH = 22, TITLE_WIDTH = 16, INDENT = 4 + STEP_WIDTH, WIDTH = 110, TEXT_MAX = 8192 };

/* --- One client --------------------------------------------------------------------------- */

static void put_title(const struct explanation *explanation, struct text *text)
{
	const struct tls_profile *profile = explanation->profile;

	if (profile)
		text_printf(text, "client:    %s: %s (%s)\n", profile->name, profile->title,
		            profile->source);
	else
		text_printf(text, "client:    the ClientHello of %s\n", explanation->file);
	if (!explanation->has_fault)
		text_printf(text, "JA4:       %s\n", explanation->ja4);
	text_printf(text, "listener:  %s\n\n", explanation->listener->config->address_text.text.data);
}

/* Word by word, from column `column` on; each further line begins at INDENT. */
static void put_wrapped(struct text *text, struct span words, size_t column)
{
	struct span word;

	for (bool is_first = true; span_next(&words, ' ', &word); is_first = false) {
		if (!is_first && column + 1 + word.size > WIDTH) {
			text_printf(text, "\n%*s", INDENT, "");
			column = INDENT;
		} else if (!is_first) {
			text_put_char(text, ' ');
			column++;
		}
		text_put(text, word);
		column += word.size;
	}
	text_put_char(text, '\n');
}

static void put_step(const struct explanation *explanation, enum tls_outlook_step step,
                     struct text *text)
{
	const struct tls_outlook *outlook = &explanation->outlook;
	bool has_failed = outlook->error && step == outlook->failed;
	struct text words;

	text_init(&words, TEXT_MAX);
	tls_outlook_put_step(outlook, step, &words);
	if (words.size > 0) {
		text_printf(text, "  %s %-*s", has_failed ? "✗" : "✓", STEP_WIDTH,
		            tls_outlook_step_name(step));
		put_wrapped(text, text_span(&words), INDENT);
	} else {
		text_printf(text, "  · %s\n", tls_outlook_step_name(step));
	}
	text_done(&words);
}

static void put_line(const struct tls_outlook *outlook, const char *title,
                     void (*put)(const struct tls_outlook *outlook, struct text *text),
                     struct text *text)
{
	struct text words;

	text_init(&words, TEXT_MAX);
	put(outlook, &words);
	if (words.size > 0) {
		text_printf(text, "%-*s", TITLE_WIDTH, title);
		put_wrapped(text, text_span(&words), TITLE_WIDTH);
	}
	text_done(&words);
}

void explain_text_one(const struct explanation *explanation, struct text *text)
{
	const struct tls_outlook *outlook = &explanation->outlook;

	put_title(explanation, text);
	for (unsigned step = 0; step < TLS_OUTLOOK_STEP_COUNT; step++)
		put_step(explanation, (enum tls_outlook_step)step, text);
	if (!outlook->error) {
		text_put_string(text, "\nThe handshake would succeed.\n");
		return;
	}
	text_printf(text, "\nThe handshake would fail: %s.\n", error_code(outlook->error));
	put_line(outlook, "nearest change:", tls_outlook_put_fix, text);
	put_line(outlook, "its price:", tls_outlook_put_price, text);
}

/* --- Many --------------------------------------------------------------------------------- */

#define ROW "%-19s %-8s %-45s %-10s %s\n"

void explain_text_head(const struct setup_listener *listener, struct text *text)
{
	text_printf(text, "listener %s\n\n" ROW, listener->config->address_text.text.data, "client",
	            "version", "cipher suite", "group", "certificate");
}

void explain_text_row(const struct explanation *explanation, struct text *text)
{
	const struct tls_outlook *outlook = &explanation->outlook;
	const struct tls_decision *decision = &outlook->decision;
	const char *client = explanation->profile ? explanation->profile->name : explanation->file;

	if (outlook->error) {
		struct text fix;

		text_init(&fix, TEXT_MAX);
		tls_outlook_put_fix(outlook, &fix);
		text_printf(text, "%-19s ✗ %s; %s\n", client, error_code(outlook->error),
		            text_string(&fix));
		text_done(&fix);
		return;
	}
	text_printf(text, ROW, client, tls_version_name(decision->version),
	            tls_suite_name(decision->suite), tls_group_name(decision->group),
	            tls_key_kind_name(decision->kind));
}

void explain_text_counts(size_t count, size_t failing, struct text *text)
{
	text_printf(text, "\n%zu clients: %zu would succeed, %zu would fail\n", count, count - failing,
	            failing);
}

void explain_text_clients(struct text *text)
{
	const struct tls_profile *profile;

	for (size_t i = 0; (profile = tls_profile_at(i)) != NULL; i++)
		text_printf(text, "%-19s %s\n%-19s   %s: %s\n", profile->name, profile->title, "",
		            profile->is_captured ? "captured" : "reported", profile->source);
}
