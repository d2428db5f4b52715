/*
 * Reads test/cases/hello: first flights of clients that must fail, and what must come of each. The
 * form is told in test/cases/hello_cases.py.
 */
#ifndef TEST_UNIT_TLS_HELLO_CASE_H
#define TEST_UNIT_TLS_HELLO_CASE_H

#include <stdbool.h>

#include "base/text.h"

enum { HELLO_CASE_WORD_SIZE = 64 };

struct hello_case {
	char where[96]; /* "malformed.case:12" */
	struct text title;
	struct text bytes;
	struct text says; /* empty: nothing is expected */
	char listener[HELLO_CASE_WORD_SIZE];
	char alert[HELLO_CASE_WORD_SIZE]; /* its name; "none"; "http" */
	char reason[HELLO_CASE_WORD_SIZE];
	bool eof;
};

/* Calls `run` for each case of the folder, in order; returns how many there were. What is not of
 * the form of a case ends the program. */
unsigned hello_cases_run(const char *folder, void (*run)(const struct hello_case *hello));

#endif
