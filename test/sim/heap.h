/*
 * Counts what is on the heap, so that a leak is found in the run that it happens in.
 *
 * The linker sends all calls here (-Wl,--wrap=malloc and so on; see meson.build).
 */
#ifndef SALLYPORT_SIM_HEAP_H
#define SALLYPORT_SIM_HEAP_H

/* Blocks that are allocated now. */
long heap_blocks(void);

#endif
