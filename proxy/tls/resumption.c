#include "tls/resumption.h"

#include <mbedtls/ssl.h>
#include <string.h>

#include "base/memory.h"
#include "tls/compat.h"
#include "tls/handshake.h"
#include "tls/name.h"

enum {
	/* Two, as OpenSSL sends: browsers open several connections at once, and use a ticket once. */
	TICKETS_PER_HANDSHAKE = 2,
};

void tls_resumption_init(struct tls_resumption *resumption, struct tls_tickets *tickets,
                         struct tls_sites *sites, struct tls_random *random)
{
	*resumption = (struct tls_resumption){.sites = sites, .random = random};
	if (!tickets)
		return;
	resumption->tickets = tls_tickets_ref(tickets);
	tls_ticket_keys_init(&resumption->keys, tickets);
}

void tls_resumption_done(struct tls_resumption *resumption)
{
	tls_ticket_keys_done(&resumption->keys);
	tls_tickets_unref(resumption->tickets);
}

/* --- What a ticket is bound to ------------------------------------------------------------- */

struct binding {
	char bytes[TLS_TICKET_BINDING_MAX];
	size_t size;
};

static void add(struct binding *binding, const void *bytes, size_t size)
{
	check(size <= sizeof(binding->bytes) - binding->size);
	if (size > 0)
		memcpy(binding->bytes + binding->size, bytes, size);
	binding->size += size;
}

/* The fingerprint, of one length always; zeros for none. */
static void add_certificate(struct binding *binding, const struct tls_sites *sites, int index)
{
	char fingerprint[TLS_CERTIFICATE_FINGERPRINT_DIGITS] = {0};

	if (index >= 0)
		memcpy(fingerprint,
		       tls_certificate_facts(tls_sites_certificate(sites, (size_t)index))->fingerprint,
		       sizeof(fingerprint));
	add(binding, fingerprint, sizeof(fingerprint));
}

/* Terms, certificates, and name: only the last has no fixed length. False, and nothing can be
 * opened: the ClientHello could not be read, or the terms ask for certificates. */
static bool bind(const struct tls_resumption *resumption, struct binding *binding)
{
	const struct tls_handshake *handshake = resumption->active;
	const struct tls_site *site = handshake->site;

	if (!handshake->is_read || !site || site->terms->client_mode != TLS_CLIENT_NONE)
		return false;
	binding->size = 0;
	add(binding, site->terms->id, sizeof(site->terms->id));
	add_certificate(binding, resumption->sites, site->candidates.ecdsa);
	add_certificate(binding, resumption->sites, site->candidates.rsa);
	add(binding, tls_handshake_name(handshake).data, tls_handshake_name(handshake).size);
	return true;
}

/* --- Giving ------------------------------------------------------------------------------- */

static int seal(struct tls_resumption *resumption, const mbedtls_ssl_session *session,
                unsigned char *start, const unsigned char *end, size_t *ret_size)
{
	unsigned char state[TLS_TICKET_STATE_MAX];
	struct binding binding;
	size_t size = 0;
	int code = 0;

	/* The library fails without a ticket; shorter than any binding, this one opens nothing. */
	if (!bind(resumption, &binding))
		binding = (struct binding){.bytes = "?", .size = 1};
	code = mbedtls_ssl_session_save(session, state, sizeof(state), &size);
	if (code == 0) {
		enum error error = tls_ticket_seal(
			&resumption->keys, resumption->random, span_of(binding.bytes, binding.size),
			span_of((char *)state, size), (char *)start, (size_t)(end - start), ret_size);

		if (error)
			code = error == ERROR_OUT_OF_MEMORY ? MBEDTLS_ERR_SSL_ALLOC_FAILED
			                                    : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
	}
	memory_wipe(state, sizeof(state));
	return code;
}

static int on_ticket_write(void *context, const mbedtls_ssl_session *session, unsigned char *start,
                           const unsigned char *end, size_t *ret_size, uint32_t *ret_lifetime_s)
{
	struct tls_resumption *resumption = context;

	*ret_size = 0;
	*ret_lifetime_s = (uint32_t)(tls_tickets_lifetime_ms(resumption->tickets) / 1000);
	return seal(resumption, session, start, end, ret_size);
}

/* --- Taking ------------------------------------------------------------------------------- */

static int check_age(const struct tls_resumption *resumption, mbedtls_ssl_session *session)
{
	mbedtls_ms_time_t created_ms = 0;
	mbedtls_ms_time_t lifetime_ms = (mbedtls_ms_time_t)tls_tickets_lifetime_ms(resumption->tickets);
	int code = mbedtls_ssl_session_get_ticket_creation_time(session, &created_ms);
	mbedtls_ms_time_t age_ms = mbedtls_ms_time() - created_ms;

	if (code == 0 && (age_ms < 0 || age_ms > lifetime_ms))
		code = MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
	return code;
}

/*
 * Whether the ticket's suite is the one that was decided on. The library does not look in TLS 1.2,
 * and then answers with another suite than the ticket's, which clients refuse (RFC 5246 §7.4.1.3);
 * in TLS 1.3 it ends the handshake if the suite is not configured or no longer offered, where it
 * should go on without.
 */
static bool fits(const struct tls_handshake *handshake, int suite)
{
	return handshake->decision.step == TLS_STEP_DONE && suite >= 0 &&
	       handshake->decision.suite == (unsigned)suite;
}

static int on_ticket_parse(void *context, mbedtls_ssl_session *session, unsigned char *bytes,
                           size_t size)
{
	struct tls_resumption *resumption = context;
	char state[TLS_TICKET_STATE_MAX];
	struct binding binding;
	struct span ticket = span_of((char *)bytes, size);

	if (!bind(resumption, &binding) ||
	    tls_ticket_open(&resumption->keys, span_of(binding.bytes, binding.size), ticket, state,
	                    &size))
		return MBEDTLS_ERR_SSL_INVALID_MAC;

	int code = mbedtls_ssl_session_load(session, (unsigned char *)state, size);

	memory_wipe(state, sizeof(state));
	if (code == 0)
		code = check_age(resumption, session);
	if (code == 0 && !fits(resumption->active, mbedtls_ssl_session_get_ciphersuite_id(session)))
		code = MBEDTLS_ERR_SSL_INVALID_MAC; /* as if it were not ours */
	return code;
}

void tls_resumption_configure(struct tls_resumption *resumption, const struct tls_terms *terms,
                              mbedtls_ssl_config *config)
{
	if (!resumption->tickets || !terms->policy->tickets || terms->client_mode != TLS_CLIENT_NONE)
		return;
	mbedtls_ssl_conf_session_tickets_cb(config, on_ticket_write, on_ticket_parse, resumption);
	mbedtls_ssl_conf_new_session_tickets(config, TICKETS_PER_HANDSHAKE);
}
