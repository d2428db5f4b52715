/*
 * What the metrics tell of the process as a whole, beside what its workers count: memory,
 * handshakes under way, certificates, files, time.
 *
 * What it needs of /proc is opened at the beginning and stays open: later, a sandbox may not let it.
 *
 * Owner: the server. Threads: the main one.
 */
#ifndef SALLYPORT_SERVER_CENSUS_H
#define SALLYPORT_SERVER_CENSUS_H

#include <stddef.h>

#include "base/error.h"
#include "base/pool.h"
#include "metrics/series.h"
#include "setup/setup.h"

struct census;
struct half_open;

/* Whatever /proc does not tell is left out. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error census_new(struct census **ret_census);
/* NULL is allowed. */
void census_free(struct census *census);

/* Adds what is so now. `setup`: the newest one, whose certificates are told. */
void census_note(struct census *census, const struct setup *setup, struct budget *budget,
                 struct half_open *half_open, struct series_table *table);

#endif
