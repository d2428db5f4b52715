#include "session/outcome.h"

#include "session/exchange.h"

enum error outcome_reason(const struct exchange *exchange)
{
	if (!exchange->failure.error && exchange->retried)
		return ERROR_STALE_REUSE_RETRIED;
	return exchange->failure.error;
}

uint64_t outcome_request_bytes(const struct exchange *exchange)
{
	return exchange_is_tunnel(exchange) ? exchange->tunnel.client_bytes
	                                    : exchange->request_body.size;
}

/* Of the page, without its head: as much as went out. */
static uint64_t own_page_bytes(const struct rendered *rendered)
{
	const struct span head_end = SPAN("\r\n\r\n");
	size_t at = 0;

	while (at < rendered->put && !span_starts_with(span_from(rendered->bytes, at), head_end))
		at++;
	at += head_end.size;
	return rendered->put > at ? rendered->put - at : 0;
}

uint64_t outcome_response_bytes(const struct exchange *exchange)
{
	if (exchange_is_tunnel(exchange))
		return exchange->tunnel.backend_bytes;
	return exchange->is_own_reply
	           ? own_page_bytes(&exchange->response_head) + exchange->reply_content.put
	           : exchange->response_body.size;
}
