#include "sim/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
	const char *program;
	uint64_t seed;
	bool verbose;
	const uint64_t *now_ms;
	uint64_t steps;
} run;

void trace_begin(const char *program, uint64_t seed, bool verbose, const uint64_t *now_ms)
{
	run.program = program;
	run.seed = seed;
	run.verbose = verbose;
	run.now_ms = now_ms;
	run.steps = 0;
}

void trace_end(void)
{
	run.now_ms = NULL;
}

void trace_step(void)
{
	run.steps++;
}

uint64_t trace_steps(void)
{
	return run.steps;
}

bool trace_is_on(void)
{
	return run.verbose;
}

static uint64_t now_ms(void)
{
	return run.now_ms ? *run.now_ms : 0;
}

void trace(const char *format, ...)
{
	va_list arguments;

	if (!run.verbose)
		return;
	(void)printf("%6" PRIu64 " %9" PRIu64 " ms  ", run.steps, now_ms());
	va_start(arguments, format);
	(void)vprintf(format, arguments);
	va_end(arguments);
	(void)putchar('\n');
}

void violation(const char *format, ...)
{
	va_list arguments;

	(void)fflush(stdout);
	(void)fprintf(stderr, "sim: seed %" PRIu64 ", step %" PRIu64 ", %" PRIu64 " ms: ", run.seed,
	              run.steps, now_ms());
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fprintf(stderr, "\nreplay: %s --seed %" PRIu64 " -v\n", run.program, run.seed);
	/* Not exit(): what the broken run still holds is not a leak. */
	_exit(1);
}

static char *write_number(char *end, uint64_t number)
{
	do {
		*--end = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return end;
}

void trace_tell_place(void)
{
	static const char before[] = "sim: it hangs or crashed in seed ";
	char digits[24];
	char *end = digits + sizeof(digits);

	*--end = '\n';

	char *start = write_number(end, run.seed);

	(void)!write(STDERR_FILENO, before, sizeof(before) - 1);
	(void)!write(STDERR_FILENO, start, (size_t)(digits + sizeof(digits) - start));
}
