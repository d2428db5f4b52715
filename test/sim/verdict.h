/*
 * At the end of a run: did everybody get what he was due?
 *
 * In a calm run, a client that behaved got a whole answer to each request that it had sent whole,
 * as long as the answers before did not close the connection: the backend's, if that meant to give
 * one; else one of the proxy's own, with the status that belongs to what was wrong.
 */
#ifndef SALLYPORT_SIM_VERDICT_H
#define SALLYPORT_SIM_VERDICT_H

struct world;

void verdict_give(const struct world *world);

/* What all runs so far have seen, to tell that they see enough. */
void verdict_print_counts(void);
/* What a great many runs should have seen, and these have not; NULL: nothing. */
const char *verdict_missing(void);

#endif
