/*
 * The last failed handshakes of a worker, to be looked at by an operator: who, when, why in words.
 *
 * Those of one kind (session/repeats.h) are one record with their number, so that a scanner does
 * not drive out what else went wrong. When there is no more room, the kind that came last the
 * longest time ago is forgotten. Nothing here depends on what the logs tell.
 *
 * Bounded: `max` records of at most FAILURES_WORDS_MAX bytes of words each. One for which there is
 * no memory is left out.
 * Owner: the worker. Threads: one.
 */
#ifndef SALLYPORT_SESSION_FAILURES_H
#define SALLYPORT_SESSION_FAILURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "base/list.h"
#include "base/text.h"
#include "session/repeats.h"

enum { FAILURES_WORDS_MAX = 2048, FAILURES_NAME_MAX = 256, FAILURES_JA4_MAX = 64 };

struct failure_record {
	struct list node; /* the one that came last is first */
	enum error reason;
	uint64_t hash;
	uint64_t count;
	uint64_t first_us; /* wall clock */
	uint64_t last_us;
	char client[ADDRESS_TEXT_SIZE]; /* the last one */
	char ja4[FAILURES_JA4_MAX];     /* "": not known */
	struct text listener;
	struct text server_name;
	struct text kind_words; /* what makes it a kind */
	struct text remedy;     /* what is told besides */
};

struct failures {
	struct list records;
	size_t count;
	size_t max;
	uint64_t totals[ERROR_COUNT]; /* since the start, remembered or not */
};

void failures_init(struct failures *failures, size_t max);
void failures_done(struct failures *failures);
/* Forgets what there is no room for any more. */
void failures_set_max(struct failures *failures, size_t max);

/* One more; *ret_is_new: it is the first of its kind. NULL: nothing is remembered of it. */
struct failure_record *failures_add(struct failures *failures, const struct repeat_kind *kind,
                                    struct span client, uint64_t wall_us, bool *ret_is_new);

#endif
