/*
 * What a backend answers to a request.
 */
#ifndef SALLYPORT_SIM_ORIGIN_SCRIPT_H
#define SALLYPORT_SIM_ORIGIN_SCRIPT_H

#include "sim/origin.h"

/* Plans origin->answer for the request whose head has been read, and notes it in the attempt. */
void origin_plan(struct origin *origin);
/* Bytes after an answer that nobody asked for. */
void origin_put_extra(struct origin *origin);

#endif
