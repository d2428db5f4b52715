#include "session/head_rules.h"

#include "http/h1_target.h"

/* config/ and http/ do not know each other; their values are the same. */
#define SAME(a, b) _Static_assert((unsigned)(a) == (unsigned)(b), "the same values in both folders")

SAME(CONFIG_TOLERATE_BARE_LF, H1_TOLERATE_BARE_LF);
SAME(CONFIG_TOLERATE_EMPTY_LINES, H1_TOLERATE_EMPTY_LINES);
SAME(CONFIG_TOLERATE_OBS_FOLD, H1_TOLERATE_OBS_FOLD);
SAME(CONFIG_TOLERATE_MISSING_REASON, H1_TOLERATE_MISSING_REASON);
SAME(CONFIG_TARGET_ENCODED_SLASH, H1_TARGET_ENCODED_SLASH);
SAME(CONFIG_TARGET_ENCODED_NUL, H1_TARGET_NUL);
SAME(CONFIG_TARGET_DOT_SEGMENT, H1_TARGET_DOT_SEGMENT);

struct h1_rules head_rules_of_requests(const struct config_listener *listener)
{
	return (struct h1_rules){.tolerated = listener->http.tolerate,
	                         .refused = listener->http.refuse_targets};
}

struct h1_rules head_rules_of_responses(const struct config_cluster *cluster)
{
	return (struct h1_rules){.tolerated = cluster->http.tolerate};
}
