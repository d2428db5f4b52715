/*
 * Assertions for programming errors, never for bytes from outside.
 *
 * On in debug, test and fuzz builds (SALLYPORT_CHECKS=1); in release builds the condition is still
 * compiled, so that it cannot rot, but not evaluated.
 */
#ifndef SALLYPORT_BASE_CHECK_H
#define SALLYPORT_BASE_CHECK_H

#include <stdnoreturn.h>

#ifndef SALLYPORT_CHECKS
#define SALLYPORT_CHECKS 0
#endif

/* Prints the broken condition with its place to standard error, then aborts. */
noreturn void check_failed(const char *condition, const char *file, int line);

#define check(condition)                                  \
	do {                                                  \
		if (SALLYPORT_CHECKS && !(condition))             \
			check_failed(#condition, __FILE__, __LINE__); \
	} while (0)

/* Makes the compiler insist that a result is looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))
/* Lets the compiler check printf-style arguments. */
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
