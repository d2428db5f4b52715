/*
 * How the process confines itself, as the file has it: see sandbox/sandbox.h.
 *
 * Owner: the configuration (config/config.h). Threads: immutable once loaded.
 */
#ifndef SALLYPORT_CONFIG_CONFIG_SANDBOX_H
#define SALLYPORT_CONFIG_CONFIG_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config_route.h" /* struct config_text */
#include "config/diagnostics.h"  /* struct place */

enum config_sandbox_mode { CONFIG_SANDBOX_AUTO, CONFIG_SANDBOX_REQUIRED, CONFIG_SANDBOX_OFF };

struct config_sandbox {
	enum config_sandbox_mode mode;
	bool landlock;
	bool seccomp;
	bool core_dumps;
	/* For later configurations: beyond what this one names. */
	struct config_text *read;
	size_t read_count;
	uint64_t *ports;
	size_t port_count;
	struct place place;
};

#endif
