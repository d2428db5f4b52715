/*
 * sim: runs the proxy's sessions in a simulated world, once for each seed.
 *
 * usage: sim [--seeds N] [--first S]     N runs with the seeds S, S + 1, … (default: 200 from 1)
 *        sim --seed S [-v]               one run; -v prints each event
 *        sim --config FILE …             instead of test/sim/sim.yaml
 * Exit status 0: no invariant was broken. See sim/world.h.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/diagnostics.h"
#include "setup/setup.h"
#include "sim/heap.h"
#include "sim/trace.h"
#include "sim/verdict.h"
#include "sim/world.h"
#include "tls/library.h"

enum { SEEDS_DEFAULT = 200, SEEDS_MANY = 1000, HANG_S = 60, PROBLEMS_MAX = 10000 };

struct options {
	uint64_t first;
	uint64_t count;
	bool verbose;
	const char *config;
};

#ifdef __SANITIZE_ADDRESS__
void __sanitizer_set_death_callback(void (*on_death)(void));
#endif

/* A check of the code under test, or a run that hangs. */
static void on_signal(int number)
{
	trace_tell_place(); /* NOLINT(bugprone-signal-handler): made for it, see there */
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static void watch(void)
{
	(void)signal(SIGALRM, on_signal);
	(void)signal(SIGABRT, on_signal);
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_set_death_callback(trace_tell_place);
#endif
}

static void run_seed(uint64_t seed, const struct options *options, struct setup *setup,
                     struct tls_random *random)
{
	static struct world world;
	long before = heap_blocks();

	(void)alarm(HANG_S);
	world_init(&world, seed, setup, random);
	trace_begin("sim", seed, options->verbose, &world.net.now_ms);
	world_run(&world);
	if (heap_blocks() != before)
		violation("%ld blocks of the heap were never freed", heap_blocks() - before);
	trace_end();
}

static bool read_options(int count, char **words, struct options *options)
{
	for (int i = 1; i < count; i++) {
		const char *word = words[i];

		if (strcmp(word, "-v") == 0) {
			options->verbose = true;
			continue;
		}
		if (i + 1 == count)
			return false;
		i++;
		if (strcmp(word, "--config") == 0) {
			options->config = words[i];
		} else if (strcmp(word, "--seeds") == 0) {
			options->count = strtoull(words[i], NULL, 10);
		} else if (strcmp(word, "--first") == 0) {
			options->first = strtoull(words[i], NULL, 10);
		} else if (strcmp(word, "--seed") == 0) {
			options->first = strtoull(words[i], NULL, 10);
			options->count = 1;
		} else {
			return false;
		}
	}
	return true;
}

static struct setup *load(const char *path)
{
	struct diagnostics diagnostics;
	struct setup *setup = NULL;
	struct text text;

	text_init(&text, PROBLEMS_MAX);
	diagnostics_init(&diagnostics);
	if (setup_load(path, &diagnostics, &setup))
		diagnostics_print(&diagnostics, &text);
	(void)fputs(text_string(&text), stderr);
	diagnostics_done(&diagnostics);
	text_done(&text);
	return setup;
}

int main(int count, char **words)
{
	struct options options = {.first = 1, .count = SEEDS_DEFAULT, .config = "test/sim/sim.yaml"};
	struct setup *setup = NULL;
	struct tls_random *random = NULL;

	if (!read_options(count, words, &options)) {
		(void)fprintf(stderr, "usage: sim [--seeds N] [--first S] [--seed S] [-v]\n");
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	watch();
	if (tls_library_open() || tls_random_new(&random))
		return 3;
	setup = load(options.config);
	if (!setup)
		return 3;
	for (uint64_t i = 0; i < options.count; i++)
		run_seed(options.first + i, &options, setup, random);
	(void)alarm(0);
	setup_unref(setup);
	tls_random_free(random);
	tls_library_close();
	(void)printf("%" PRIu64 " seeds from %" PRIu64 ": no invariant was broken\n", options.count,
	             options.first);
	verdict_print_counts();
	if (options.count < SEEDS_MANY || !verdict_missing())
		return 0;
	(void)printf("in so many runs there was never %s\n", verdict_missing());
	return 1;
}
