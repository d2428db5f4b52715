#include "tls/presented.h"

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"

enum { DATE_SIZE = sizeof("2026-11-23") - 1 };

/* The common name, or else the last part of the distinguished name. */
static struct span main_part(const mbedtls_x509_name *name)
{
	struct span part = {0};

	for (; name; name = name->next) {
		part = span_of((const char *)name->val.p, name->val.len);
		if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) == 0)
			return part;
	}
	return part;
}

/* In quotes; bytes that are not printable ASCII are someone else's, and become question marks. */
static void put_quoted(struct text *text, struct span words)
{
	text_put_char(text, '"');
	for (size_t i = 0; i < words.size && i < 100; i++)
		text_put_char(text, words.data[i] >= ' ' && words.data[i] <= '~' ? words.data[i] : '?');
	text_put_char(text, '"');
}

static void put_date(struct text *text, int64_t seconds)
{
	char date[CLOCK_TEXT_SIZE];

	clock_format((uint64_t)(seconds > 0 ? seconds : 0) * 1000000, date);
	text_put(text, span_of(date, DATE_SIZE));
}

static void put_names(struct text *text, const struct tls_certificate_facts *facts)
{
	size_t count = facts->name_count;

	if (count == 0)
		text_put_string(text, "no name");
	for (size_t i = 0; i < count && i < TLS_PRESENTED_NAMES_MAX; i++)
		text_printf(text, "%s%.*s", i > 0 ? ", " : "", (int)facts->names[i].size,
		            facts->names[i].data);
	if (count > TLS_PRESENTED_NAMES_MAX)
		text_printf(text, " and %zu more", count - TLS_PRESENTED_NAMES_MAX);
}

static bool is_self_signed(const mbedtls_x509_crt *crt)
{
	return crt->issuer_raw.len == crt->subject_raw.len &&
	       memcmp(crt->issuer_raw.p, crt->subject_raw.p, crt->issuer_raw.len) == 0;
}

static const mbedtls_x509_crt *last_of(const mbedtls_x509_crt *chain)
{
	while (chain->next)
		chain = chain->next;
	return chain;
}

static void put_chain(struct text *text, const mbedtls_x509_crt *chain, size_t count)
{
	const mbedtls_x509_crt *last = last_of(chain);

	if (count > 1) {
		text_printf(text, ", with %zu intermediate certificate%s up to the issuer ", count - 1,
		            count > 2 ? "s" : "");
		put_quoted(text, main_part(&last->issuer));
	} else if (is_self_signed(chain)) {
		text_put_string(text,
		                "; it is self-signed, which clients accept only if they were told to");
	} else {
		text_put_string(text, "; no intermediate certificate is sent: unless ");
		put_quoted(text, main_part(&chain->issuer));
		text_put_string(text, " is a root that the client knows, one is missing in the file");
	}
}

void tls_presented_put(struct tls_certificate *certificate, struct span server_name, int64_t now_s,
                       struct text *text)
{
	const struct tls_certificate_facts *facts = tls_certificate_facts(certificate);
	const mbedtls_x509_crt *chain = tls_certificate_chain(certificate);

	text_put_string(text, "the certificate that it was shown is for ");
	put_names(text, facts);
	text_put_string(text, ", issued by ");
	put_quoted(text, main_part(&chain->issuer));
	text_put_string(text, ", valid until ");
	put_date(text, facts->not_after_s);
	put_chain(text, chain, facts->chain_count);
	if (now_s > facts->not_after_s)
		text_put_string(text, "; it has expired");
	if (now_s < facts->not_before_s) {
		text_put_string(text, "; it is not valid before ");
		put_date(text, facts->not_before_s);
	}
	if (server_name.size > 0 && !tls_certificate_matches(certificate, server_name))
		text_printf(text, "; it is not for %.*s", (int)server_name.size, server_name.data);
}
