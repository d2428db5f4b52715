/*
 * What fake_loop.c needs of fake_wire.c.
 */
#ifndef SALLYPORT_SIM_FAKE_WIRE_H
#define SALLYPORT_SIM_FAKE_WIRE_H

/* The deadline of wires that found no block to read into; `owner` is the loop. */
void wire_starved_again(void *owner);

#endif
