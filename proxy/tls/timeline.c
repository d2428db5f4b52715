#include "tls/timeline.h"

#include <mbedtls/ssl.h>

#include "base/check.h"

const char *tls_timeline_side_name(enum tls_timeline_side side)
{
	static const char *const names[TLS_TIMELINE_SIDE_COUNT] = {
		[TLS_BY_US] = "proxy",
		[TLS_BY_CLIENT] = "client",
		[TLS_BY_SERVER] = "server",
	};

	check(side < TLS_TIMELINE_SIDE_COUNT);
	return names[side];
}

/* What the library does in each state. */
static const struct message {
	int state;
	const char *name;
	enum tls_timeline_side side_1_2;
	enum tls_timeline_side side_1_3;
	bool is_optional; /* the state is walked through also if the message is left out */
} messages[] = {
	{MBEDTLS_SSL_CLIENT_HELLO, "ClientHello", TLS_BY_CLIENT, TLS_BY_CLIENT, false},
	{MBEDTLS_SSL_HELLO_RETRY_REQUEST, "HelloRetryRequest", TLS_BY_SERVER, TLS_BY_SERVER, false},
	{MBEDTLS_SSL_SERVER_HELLO, "ServerHello", TLS_BY_SERVER, TLS_BY_SERVER, false},
	{MBEDTLS_SSL_ENCRYPTED_EXTENSIONS, "EncryptedExtensions", TLS_BY_SERVER, TLS_BY_SERVER, false},
	{MBEDTLS_SSL_SERVER_CERTIFICATE, "Certificate", TLS_BY_SERVER, TLS_BY_SERVER, true},
	{MBEDTLS_SSL_SERVER_KEY_EXCHANGE, "ServerKeyExchange", TLS_BY_SERVER, TLS_BY_SERVER, true},
	{MBEDTLS_SSL_CERTIFICATE_REQUEST, "CertificateRequest", TLS_BY_SERVER, TLS_BY_SERVER, true},
	{MBEDTLS_SSL_SERVER_HELLO_DONE, "ServerHelloDone", TLS_BY_SERVER, TLS_BY_SERVER, true},
	{MBEDTLS_SSL_CLIENT_CERTIFICATE, "Certificate", TLS_BY_CLIENT, TLS_BY_CLIENT, true},
	{MBEDTLS_SSL_CLIENT_KEY_EXCHANGE, "ClientKeyExchange", TLS_BY_CLIENT, TLS_BY_CLIENT, false},
	/* The same state for the client's in TLS 1.2, and for ours in TLS 1.3. */
	{MBEDTLS_SSL_CERTIFICATE_VERIFY, "CertificateVerify", TLS_BY_CLIENT, TLS_BY_SERVER, true},
	{MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY, "CertificateVerify", TLS_BY_CLIENT, TLS_BY_CLIENT,
     false},
	{MBEDTLS_SSL_CLIENT_CHANGE_CIPHER_SPEC, "ChangeCipherSpec", TLS_BY_CLIENT, TLS_BY_CLIENT,
     false},
	{MBEDTLS_SSL_SERVER_CHANGE_CIPHER_SPEC, "ChangeCipherSpec", TLS_BY_SERVER, TLS_BY_SERVER,
     false},
	{MBEDTLS_SSL_SERVER_CCS_AFTER_SERVER_HELLO, "ChangeCipherSpec", TLS_BY_SERVER, TLS_BY_SERVER,
     true},
	{MBEDTLS_SSL_SERVER_CCS_AFTER_HELLO_RETRY_REQUEST, "ChangeCipherSpec", TLS_BY_SERVER,
     TLS_BY_SERVER, true},
	{MBEDTLS_SSL_CLIENT_FINISHED, "Finished", TLS_BY_CLIENT, TLS_BY_CLIENT, false},
	{MBEDTLS_SSL_SERVER_FINISHED, "Finished", TLS_BY_SERVER, TLS_BY_SERVER, false},
	{MBEDTLS_SSL_NEW_SESSION_TICKET, "NewSessionTicket", TLS_BY_SERVER, TLS_BY_SERVER, true},
	{MBEDTLS_SSL_TLS1_3_NEW_SESSION_TICKET, "NewSessionTicket", TLS_BY_SERVER, TLS_BY_SERVER, true},
};

static const struct message *find(int state)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (messages[i].state == state)
			return &messages[i];
	return NULL;
}

void tls_timeline_add(struct tls_timeline *timeline, const struct tls_timeline_step *step)
{
	if (timeline->count < TLS_TIMELINE_STEPS_MAX)
		timeline->steps[timeline->count++] = *step;
}

/* What was sent in this call: of the message before in TLS 1.3, else of this one. */
static void credit_sent(struct tls_timeline *timeline, uint64_t bytes)
{
	if (timeline->unsent > 0)
		timeline->steps[timeline->unsent - 1].bytes += bytes;
	else
		timeline->step_bytes += bytes;
}

/* The next step has begun, so all of the message before is out. */
static void end_unsent(struct tls_timeline *timeline)
{
	if (timeline->unsent > 0 && timeline->unsent == timeline->count && timeline->may_be_left_out &&
	    timeline->steps[timeline->unsent - 1].bytes == 0)
		timeline->count--;
	timeline->unsent = 0;
}

static void add_message(struct tls_timeline *timeline, const struct message *message,
                        const struct tls_timeline_work *work, struct tls_timeline_step *step)
{
	bool is_sent_later;

	step->name = message->name;
	step->side = work->is_1_3 ? message->side_1_3 : message->side_1_2;
	is_sent_later = work->is_1_3 && !work->is_flushed && step->side == TLS_BY_SERVER;
	if (message->is_optional && step->bytes == 0 && !is_sent_later)
		return;
	/* The first one has been told when it was complete. */
	if (work->state == MBEDTLS_SSL_CLIENT_HELLO && !timeline->has_parsed) {
		timeline->has_parsed = true;
		step->name = "hello_parsed";
		step->side = TLS_BY_US;
		step->bytes = 0;
	}
	/* In TLS 1.2 the library writes the ticket in the state of the ChangeCipherSpec after it, which
	 * is a record of six bytes. */
	if (work->state == MBEDTLS_SSL_SERVER_CHANGE_CIPHER_SPEC && step->bytes > 6)
		step->name = "NewSessionTicket";
	if (timeline->count == TLS_TIMELINE_STEPS_MAX)
		return;
	tls_timeline_add(timeline, step);
	timeline->unsent = is_sent_later ? timeline->count : 0;
	timeline->may_be_left_out = message->is_optional;
}

void tls_timeline_note(struct tls_timeline *timeline, const struct tls_timeline_work *work)
{
	const struct message *message = find(work->state);
	struct tls_timeline_step step = {.at_us = work->at_us};

	credit_sent(timeline, work->sent - timeline->sent);
	timeline->step_bytes += work->received - timeline->received;
	timeline->took_us += work->took_us;
	timeline->received = work->received;
	timeline->sent = work->sent;
	if (!work->is_over)
		return;
	end_unsent(timeline);
	step.took_us = timeline->took_us;
	step.bytes = timeline->step_bytes;
	timeline->took_us = 0;
	timeline->step_bytes = 0;
	if (message)
		add_message(timeline, message, work, &step);
}
