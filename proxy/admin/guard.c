#include "admin/guard.h"

#include <stdbool.h>

#include "base/address.h"
#include "base/span.h"

/* As in the target or Host: without a port, an IPv6 address in brackets. */
static bool is_loopback(struct span host)
{
	static const struct address_block here = {.kind = ADDRESS_IPV4, .prefix = 8, .bytes = {127}};
	struct address_block block;
	struct address address = {.kind = ADDRESS_IPV4};

	if (span_equal_nocase(host, SPAN("localhost")) || span_equal(host, SPAN("[::1]")))
		return true;
	/* An IPv4 address alone is a block of one. */
	if (address_block_parse(host, &block) || block.kind != ADDRESS_IPV4)
		return false;
	for (size_t i = 0; i < 4; i++)
		address.bytes[i] = block.bytes[i];
	return address_block_contains(&here, &address);
}

/* The one field of this name that we do not know by an id; empty: there is none. Not found twice:
 * false. */
static bool find_once(const struct message *request, struct span name, struct span *ret_value)
{
	bool found = false;

	*ret_value = (struct span){0};
	for (size_t i = 0; i < request->field_count; i++) {
		if (!span_equal_nocase(request->fields[i].name, name))
			continue;
		if (found)
			return false;
		found = true;
		*ret_value = request->fields[i].value;
	}
	return true;
}

/* `http://` and the authority that the request is for. */
static bool is_same_origin(const struct message *request, struct span origin)
{
	struct span scheme = SPAN("http://");

	return span_starts_with(origin, scheme) &&
	       span_equal_nocase(span_from(origin, scheme.size), request->authority);
}

enum error guard_request(const struct message *request)
{
	struct span origin;
	struct span site;

	if (!is_loopback(request->host))
		return ERROR_ADMIN_HOST;
	if (!find_once(request, SPAN("Origin"), &origin) ||
	    !find_once(request, SPAN("Sec-Fetch-Site"), &site))
		return ERROR_ADMIN_ORIGIN;
	if (message_count(request, FIELD_ORIGIN) > 0 && !is_same_origin(request, origin))
		return ERROR_ADMIN_ORIGIN;
	if (site.size > 0 && !span_equal(site, SPAN("same-origin")) && !span_equal(site, SPAN("none")))
		return ERROR_ADMIN_ORIGIN;
	return OK;
}

enum error guard_change(const struct message *request)
{
	enum error error = guard_request(request);
	struct span with;
	struct span type;

	if (error)
		return error;
	if (!find_once(request, SPAN("X-Requested-With"), &with) ||
	    !find_once(request, SPAN("Content-Type"), &type))
		return ERROR_ADMIN_FORM;
	/* Parameters such as charset may follow. */
	type = span_trim(span_cut(type, 0, span_find(type, ';')));
	return with.size > 0 || span_equal_nocase(type, SPAN("application/json")) ? OK
	                                                                          : ERROR_ADMIN_FORM;
}
