/*
 * The limits and timeouts of a run.
 */
#ifndef SALLYPORT_SIM_CONFIGURE_H
#define SALLYPORT_SIM_CONFIGURE_H

#include "config/config.h"

struct mood;
struct random;

/* Sets anew whatever a run may differ in; the rest stays as test/sim/sim.yaml has it. */
void configure(struct config *config, const struct mood *mood, struct random *random);

#endif
