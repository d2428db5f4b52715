#include "tls/foreign.h"

enum {
	CONTENT_MIN = 20,
	CONTENT_MAX = 24,
	SSL2_LENGTH_BIT = 0x80, /* a two-byte header without padding (RFC 5246 §E.2) */
	SSL2_CLIENT_HELLO = 1,
};

#define BYTES(literal)               \
	{                                \
		literal, sizeof(literal) - 1 \
	}

/* How the first bytes of each begin; letters in either case. */
static const struct {
	struct span begin;
	const char *words;
} protocols[] = {
	{BYTES("SSH-"), "the client speaks SSH"},
	{BYTES("EHLO"), "the client speaks SMTP"},
	{BYTES("HELO"), "the client speaks SMTP"},
	{BYTES("PROXY "), "the client speaks the PROXY protocol, which is not expected here"},
	{BYTES("\r\n\r\n\0\r\nQUIT\n"),
     "the client speaks the PROXY protocol, version 2, which is not expected here"},
	{BYTES("\x03\0\0"), "the client speaks RDP (a TPKT header)"},
	{BYTES("\x04\x01"), "the client speaks SOCKS 4"},
	{BYTES("\x05\x01"), "the client speaks SOCKS 5"},
	{BYTES("\x05\x02"), "the client speaks SOCKS 5"},
	{BYTES("\x05\x03"), "the client speaks SOCKS 5"},
	{BYTES("\0\0\0\x08\x04\xd2\x16\x2f"), "the client asks a PostgreSQL server for TLS"},
	{BYTES("\0\0\0\x08\x04\xd2\x16\x30"), "the client asks a PostgreSQL server for GSSAPI"},
	{BYTES("JRMI"), "the client speaks Java RMI"},
	{BYTES("<?xml"), "the client speaks XML, as XMPP does"},
	{BYTES("<stream"), "the client speaks XMPP"},
	{BYTES("{\""), "the client speaks JSON"},
	{BYTES("*1\r\n"), "the client speaks the protocol of Redis"},
	{BYTES("USER "), "the client speaks FTP or POP3"},
	{BYTES("NICK "), "the client speaks IRC"},
	{BYTES("CAP LS"), "the client speaks IRC"},
	{BYTES("HELP"), "the client sends the word HELP, as port scanners do"},
	{BYTES("get "), "the client speaks something like HTTP, not TLS"},
	{BYTES("RTSP/"), "the client speaks RTSP"},
	{BYTES("\r\n"), "the client sends an empty line, as port scanners do"},
	{BYTES("\n"), "the client sends an empty line, as port scanners do"},
};

/* Length of two bytes, message type, version 0.2 or 3.x. */
static bool is_ssl2_hello(struct span first)
{
	return first.size >= 5 && ((unsigned char)first.data[0] & SSL2_LENGTH_BIT) != 0 &&
	       first.data[2] == SSL2_CLIENT_HELLO &&
	       (first.data[3] == 3 || (first.data[3] == 0 && first.data[4] == 2));
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool begins_with(struct span first, struct span begin)
{
	if (first.size < begin.size)
		return false;
	for (size_t i = 0; i < begin.size; i++)
		if (upper(first.data[i]) != upper(begin.data[i]))
			return false;
	return true;
}

static bool is_record(struct span first)
{
	return first.size == 0 || (first.data[0] >= CONTENT_MIN && first.data[0] <= CONTENT_MAX &&
	                           (first.size < 2 || first.data[1] == 3));
}

bool tls_foreign_find(struct span first, struct tls_foreign *ret_foreign)
{
	if (is_record(first))
		return false;
	*ret_foreign =
		(struct tls_foreign){"the client speaks neither TLS nor anything else that we know",
	                         ERROR_TLS_NOT_TLS, first.size >= TLS_FOREIGN_BYTES_MAX};
	if (is_ssl2_hello(first)) {
		ret_foreign->words = "the client sends a ClientHello of SSL 2.0; update the client";
		ret_foreign->error = ERROR_TLS_SSL2_HELLO;
		ret_foreign->is_known = true;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(protocols); i++) {
		if (begins_with(first, protocols[i].begin)) {
			ret_foreign->words = protocols[i].words;
			ret_foreign->is_known = true;
			break;
		}
	}
	return true;
}
