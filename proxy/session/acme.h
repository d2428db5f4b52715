/*
 * Answers to HTTP-01 challenges of ACME (RFC 8555 §8.3): GET /.well-known/acme-challenge/TOKEN.
 *
 * The listener says where they are: in a folder, as files that have the token as their name, or
 * with a cluster. Either way nothing but a token goes there: 1 to ACME_TOKEN_SIZE_MAX characters of
 * base64url, as they were sent, so neither a path nor a hidden file. Of the folder only regular
 * files of at most ACME_ANSWER_SIZE_MAX bytes are given away, and no symbolic link is followed to
 * one. They are read on the worker's thread, which takes microseconds.
 */
#ifndef SALLYPORT_SESSION_ACME_H
#define SALLYPORT_SESSION_ACME_H

#include <stdbool.h>

#include "base/error.h"

struct exchange;

enum {
	ACME_TOKEN_SIZE_MAX = 255,   /* as long as a name of a file; known authorities have 43 */
	ACME_ANSWER_SIZE_MAX = 1024, /* token, dot, and 43 characters */
};

/* Whether the request is for a challenge, and its listener knows what to do with it. */
bool acme_takes(const struct exchange *exchange);

/* ERROR_ACME_TOKEN_UNKNOWN: what stands in the place of the token is none. */
MUST_CHECK enum error acme_check(const struct exchange *exchange);
/* Answers from the folder, after acme_check(). ERROR_ACME_TOKEN_UNKNOWN: there is no such file;
 * ERROR_ACME_ANSWER_UNREADABLE, ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error acme_answer(struct exchange *exchange);

#endif
