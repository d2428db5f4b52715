/*
 * The lines of the log about certificates that are renewed, kept, or near their end.
 */
#ifndef SALLYPORT_SERVER_RENEWAL_LOG_H
#define SALLYPORT_SERVER_RENEWAL_LOG_H

#include "base/log.h"
#include "setup/expiry.h"
#include "setup/material.h"

/* It is in use from now on. `warning`: what one should know of it; "": nothing. */
void renewal_log_renewed(struct log *log, const struct material *material, const char *warning,
                         int64_t now_s);
/* What is in the files can not be used, so this one goes on. */
void renewal_log_kept(struct log *log, const struct material *material, const char *why,
                      int64_t now_s);
/* After that: the files hold again what is in use. */
void renewal_log_restored(struct log *log, const struct material *material);
/* NEAR or PAST. `failure`: why it was not renewed; NULL: nobody has tried. */
void renewal_log_expiry(struct log *log, const struct material *material,
                        const struct expiry *expiry, const char *failure);

#endif
