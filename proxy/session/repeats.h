/*
 * Failed handshakes of one kind, summed up: a scanner, or a client that tries again and again,
 * must not flood the log.
 *
 * A kind is a listener, a reason code, a server name and the explanation, which holds what the
 * client offered and what the policy allows. The first of a kind is told at once; then they are
 * counted, and each repeats_tell() tells the number and the last client's address. A kind that has
 * not come again since is forgotten. Nothing is lost: kinds that find no room are counted by reason
 * code alone.
 *
 * Bounded: REPEATS_KINDS_MAX kinds of at most REPEATS_WORDS_MAX bytes of words each.
 * Owner: the server. Threads: shared by all workers; a lock is held for a look-up.
 */
#ifndef SALLYPORT_SESSION_REPEATS_H
#define SALLYPORT_SESSION_REPEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

enum { REPEATS_KINDS_MAX = 256, REPEATS_WORDS_MAX = 1024 };

struct repeats;

struct repeat_kind {
	enum error reason;
	struct span listener;
	struct span server_name; /* empty: none */
	struct span words;
};

/* What has come again since it was last told. Borrows: all, during the call. */
struct repeat_sum {
	struct repeat_kind kind;
	uint64_t count;
	struct span client; /* the last one */
};

/* ERROR_OUT_OF_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error repeats_new(struct repeats **ret_repeats);
/* NULL is allowed. What is counted and not told is lost. */
void repeats_free(struct repeats *repeats);

/* One more failed handshake. True: it is to be told now; false: it is counted. */
MUST_CHECK bool repeats_take(struct repeats *repeats, const struct repeat_kind *kind,
                             struct span client);
/* Calls `tell` for each kind that has come again since it was last told, and forgets the others.
 * `tell` must not call back. */
void repeats_tell(struct repeats *repeats, void (*tell)(void *owner, const struct repeat_sum *sum),
                  void *owner);

#endif
