/*
 * Reads case files: rules as titles, bytes, and what must come of them. The format is described in
 * test/cases/cases.py, which reads the same files for the end-to-end tests.
 */
#ifndef SALLYPORT_TEST_CASE_READER_H
#define SALLYPORT_TEST_CASE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "base/text.h"
#include "http/h1_head.h"
#include "http/h1_syntax.h"
#include "http/message.h"

/* What a case says that it does not say itself. */
extern const struct h1_limits case_limits_default;

struct test_case {
	const char *file;
	unsigned line; /* of the title */
	struct text title;
	struct text bytes;
	struct text expected; /* lines, without their `= ` */
	struct h1_limits limits;
	struct h1_rules rules;
	enum method to; /* the method that a response answers */
	bool eof;       /* the sender closes after the bytes */
};

/*
 * Calls `run` for each case in each file of the folder (a path from the root of the source), in
 * order. Returns how many there were. A file that can not be read, or has a line of another form,
 * ends the program.
 */
size_t cases_each(const char *folder, void (*run)(const struct test_case *test));

/* Adds bytes with everything outside of visible ASCII escaped as in a case file. */
void put_escaped(struct text *text, struct span bytes);

#endif
