/*
 * What must be true of the proxy after each step, whatever has happened: of its memory, its
 * deadlines, its sessions and its idle connections. Each that is not ends the program.
 */
#ifndef SALLYPORT_SIM_INVARIANTS_H
#define SALLYPORT_SIM_INVARIANTS_H

struct world;

void invariants_check(struct world *world);
/* The clock has been moved on without anything else to do. */
void invariants_check_jump(struct world *world);

#endif
