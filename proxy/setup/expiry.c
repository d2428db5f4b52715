#include "setup/expiry.h"

enum { DAY_S = 24 * 3600, MS_PER_S = 1000 };

/* Towards the past, so that a second after its end is a day too late, not none. */
static int64_t whole_days(int64_t seconds)
{
	return seconds >= 0 ? seconds / DAY_S : -((-seconds + DAY_S - 1) / DAY_S);
}

struct expiry expiry_of(int64_t not_after_s, uint64_t warning_ms, int64_t now_s)
{
	int64_t left_s = not_after_s - now_s;

	return (struct expiry){
		.state = left_s < 0                                  ? EXPIRY_PAST
	             : left_s < (int64_t)(warning_ms / MS_PER_S) ? EXPIRY_NEAR
	                                                         : EXPIRY_FAR,
		.days_left = whole_days(left_s),
	};
}

struct expiry expiry_of_material(const struct material *material, int64_t now_s)
{
	if (!material->certificate)
		return (struct expiry){.state = EXPIRY_FAR};
	return expiry_of(tls_certificate_facts(material->certificate)->not_after_s,
	                 material->expiry_warning_ms, now_s);
}
