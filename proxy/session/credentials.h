/*
 * Passwords that clients sent: checked off the loop's thread, and remembered for a while.
 *
 * To check a password takes a tenth of a second of a processor on purpose. So at most
 * limits.password_checks are checked at the same time by all workers, the other requests wait, and
 * what was right is remembered by each worker for basic_auth.remember: not the password, but a
 * keyed digest of it and of the hash that it was right for. A hash that is changed is not
 * remembered any more.
 *
 * For a name that there is not, another's hash is computed: it takes as long.
 *
 * Owner of the memory: the worker. Of a check: the exchange, until credentials_done().
 */
#ifndef SALLYPORT_SESSION_CREDENTIALS_H
#define SALLYPORT_SESSION_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "route/users.h"
#include "tls/digest.h"

struct exchange;
struct job;
struct password_task;
struct tls_random;

enum { CREDENTIALS_MAX = 1024, CREDENTIALS_WAYS = 4 };

/* What a worker remembers. */
struct credentials {
	unsigned char key[TLS_SHA256_SIZE];
	struct {
		unsigned char digest[TLS_SHA256_SIZE];
		uint64_t until_ms; /* 0: free */
	} known[CREDENTIALS_MAX];
};

/* A check under way. Zeroed: there is none. */
struct credentials_check {
	struct password_task *task; /* Owner: this, until the job has begun */
	struct job *job;            /* NULL: it waits for its turn */
	const struct user *user;    /* whose hash it is; NULL: nobody's */
	unsigned char digest[TLS_SHA256_SIZE];
	bool has_result;
	enum error error;
	bool matches;
};

/* ERROR_TLS_INTERNAL: no entropy. */
MUST_CHECK enum error credentials_init(struct credentials *credentials, struct tls_random *random);
void credentials_done(struct credentials *credentials);

/*
 * Who sent the request, by the rules of its route. OK: a user who is known to be right, or nobody
 * was asked; or, if exchange->check.task is there, a check has begun.
 * ERROR_CREDENTIALS_MISSING, _WRONG: answer so. ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error credentials_begin(struct exchange *exchange);
/* Moves a check that has begun; true if it is over, with its result in *ret_error. */
bool credentials_step(struct exchange *exchange, enum error *ret_error);
/* True while a check has begun and is not over. */
bool credentials_are_checked(const struct exchange *exchange);
/* True while it waits for its turn, of which nobody will tell. */
bool credentials_wait(const struct exchange *exchange);
/* Lets go of a check, if there is one. */
void credentials_forget(struct exchange *exchange);

#endif
