#include "route/access.h"

static bool contain(const struct config_network *networks, size_t count,
                    const struct address *client)
{
	for (size_t i = 0; i < count; i++)
		if (address_block_contains(&networks[i].block, client))
			return true;
	return false;
}

bool access_is_allowed(const struct config_route *route, const struct address *client)
{
	if (contain(route->deny, route->deny_count, client))
		return false;
	return route->allow_count == 0 || contain(route->allow, route->allow_count, client);
}

bool access_origin_is_allowed(const struct config_route *route, const struct message *request)
{
	const struct field *origin = message_find(request, FIELD_ORIGIN);

	if (request->upgrade != UPGRADE_WEBSOCKET || route->websocket_origin_count == 0)
		return true;
	if (!origin || message_count(request, FIELD_ORIGIN) != 1)
		return false;
	for (size_t i = 0; i < route->websocket_origin_count; i++)
		if (span_equal_nocase(origin->value, route->websocket_origins[i].text))
			return true;
	return false;
}
