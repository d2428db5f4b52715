#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_now_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_wall_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

void clock_format(uint64_t wall_us, char ret_text[CLOCK_TEXT_SIZE])
{
	/* The date changes seldom: formatting it anew for each line would cost more than the rest. */
	static _Thread_local uint64_t cached_second = UINT64_MAX;
	static _Thread_local char cached[sizeof("2026-11-23T20:26:00")];
	const uint64_t last_us = 253402300799999999; /* 9999-12-31T23:59:59.999999Z; then no room */

	if (wall_us > last_us)
		wall_us = last_us;

	uint64_t second = wall_us / 1000000;

	if (second != cached_second) {
		time_t time = (time_t)second;
		struct tm parts;

		(void)gmtime_r(&time, &parts);
		(void)strftime(cached, sizeof(cached), "%Y-%m-%dT%H:%M:%S", &parts);
		cached_second = second;
	}
	(void)snprintf(ret_text, CLOCK_TEXT_SIZE, "%s.%06uZ", cached, (unsigned)(wall_us % 1000000));
}
