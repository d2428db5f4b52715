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

static const struct tls_sites *sites_of_now(const struct session *session)
{
	const struct services *services = session->services;

	return tls_server_sites(services->tls[session->listener - services->setup->listeners]);
}

bool coverage_includes(const struct session *session, struct span host)
{
	char bytes[TLS_NAME_SIZE_MAX];
	struct span name = span_of(bytes, tls_name_normalize(host, bytes));

	if (!session->client.tls)
		return true;

	const struct tls_sites *then = tls_session_sites(session->client.tls);
	const struct tls_sites *now = sites_of_now(session);
	const struct tls_facts *facts = tls_session_facts(session->client.tls);
	const struct tls_site *of_host = tls_sites_find(now, name);
	const struct tls_site *of_connection = tls_sites_find(then, facts->server_name);

	/* That the name is known no more ends no connection that was opened for it. */
	if (of_connection && span_equal(name, facts->server_name))
		return true;
	if (!of_host || !of_connection)
		return false;
	if (!tls_terms_equal(of_host->terms, of_connection->terms))
		return false;
	return facts->server_name.size == 0 || is_shown_for(then, facts, of_connection, name) ||
	       !any_covers(now, of_host, name);
}

bool coverage_holds(const struct session *session)
{
	if (!session->client.tls)
		return true;

	const struct tls_sites *then = tls_session_sites(session->client.tls);
	const struct tls_sites *now = sites_of_now(session);
	struct span name = tls_session_facts(session->client.tls)->server_name;

	if (then == now)
		return true;

	const struct tls_site *was = tls_sites_find(then, name);
	const struct tls_site *is = tls_sites_find(now, name);

	return was && is && tls_terms_equal(was->terms, is->terms);
}
