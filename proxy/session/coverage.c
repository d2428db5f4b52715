#include "session/coverage.h"

#include "session/session.h"
#include "tls/name.h"
#include "tls/session.h"

/* -1: there is none. */
static bool covers(const struct tls_sites *sites, int certificate, struct span host)
{
	return certificate >= 0 &&
	       tls_certificate_matches(tls_sites_certificate(sites, (size_t)certificate), host);
}

static bool any_covers(const struct tls_sites *sites, const struct tls_site *site, struct span host)
{
	return covers(sites, site->candidates.ecdsa, host) || covers(sites, site->candidates.rsa, host);
}

/* After a resumption it is not known which one of the name's the client was shown once. */
static bool is_shown_for(const struct tls_sites *sites, const struct tls_facts *facts,
                         const struct tls_site *site, struct span host)
{
	return facts->certificate >= 0 ? covers(sites, facts->certificate, host)
	                               : any_covers(sites, site, host);
}

bool coverage_includes(const struct session *session, struct span host)
{
	char bytes[TLS_NAME_SIZE_MAX];
	struct span name = span_of(bytes, tls_name_normalize(host, bytes));

	if (!session->client.tls)
		return true;

	const struct tls_sites *sites = session->listener->sites;
	const struct tls_facts *facts = tls_session_facts(session->client.tls);
	const struct tls_site *of_host = tls_sites_find(sites, name);
	const struct tls_site *of_connection = tls_sites_find(sites, facts->server_name);

	if (!of_host || !of_connection)
		return false;
	if (span_equal(name, facts->server_name))
		return true;
	if (!tls_terms_equal(of_host->terms, of_connection->terms))
		return false;
	return facts->server_name.size == 0 || is_shown_for(sites, facts, of_connection, name) ||
	       !any_covers(sites, of_host, name);
}
