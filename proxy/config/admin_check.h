/*
 * What must be true of the part `admin` besides what its table says.
 */
#ifndef SALLYPORT_CONFIG_ADMIN_CHECK_H
#define SALLYPORT_CONFIG_ADMIN_CHECK_H

#include "config/config.h"

/* Reports each broken rule. `clusters_are_known`: false if none of them could be decoded. */
void admin_check(const struct config *config, bool clusters_are_known,
                 struct diagnostics *diagnostics);

#endif
