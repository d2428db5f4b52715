/*
 * How near a certificate is to its end. Pure: the time is a parameter.
 */
#ifndef SALLYPORT_SETUP_EXPIRY_H
#define SALLYPORT_SETUP_EXPIRY_H

#include <stdint.h>

#include "setup/material.h"

enum expiry_state {
	EXPIRY_FAR,
	EXPIRY_NEAR, /* nearer than one wants it to be: tls.expiry_warning */
	EXPIRY_PAST,
};

struct expiry {
	enum expiry_state state;
	int64_t days_left; /* whole ones; negative: so long ago, -1 from the first second on */
};

/* Seconds since 1970, UTC. A certificate is valid in the very second of its end. */
struct expiry expiry_of(int64_t not_after_s, uint64_t warning_ms, int64_t now_s);
/* Of a certificate that was read; client CAs are always far. */
struct expiry expiry_of_material(const struct material *material, int64_t now_s);

#endif
