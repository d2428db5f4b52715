/*
 * What the metrics tell of the process as a whole, beside what its workers count: memory,
 * handshakes under way, certificates, files, time.
 *
 * What it needs of /proc is opened at the beginning and stays open: a sandbox may forbid it later.
 *
 * Owner: the server. Threads: the main one.
 */
#ifndef SALLYPORT_SERVER_PROCESS_METRICS_H
#define SALLYPORT_SERVER_PROCESS_METRICS_H

#include <stddef.h>

#include "base/error.h"
#include "base/pool.h"
#include "metrics/series.h"
#include "setup/setup.h"

struct process_metrics;
struct half_open;

/* Whatever /proc does not tell is left out. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error process_metrics_new(struct process_metrics **ret_process_metrics);
/* NULL is allowed. */
void process_metrics_free(struct process_metrics *process_metrics);

/* Adds what is so now. `setup`: the newest one, whose certificates are told. */
void process_metrics_note(struct process_metrics *process_metrics, const struct setup *setup,
                          const struct budget *budget, struct half_open *half_open,
                          struct series_table *table);

#endif
