#include "config/sandbox_schema.h"

#include "config/config.h"

/* Where `member` of `type` goes. */
#define AT(type, member) .offset = offsetof(type, member)
#define FIELDS(rows)     .fields = rows, .count = ARRAY_LENGTH(rows)

/* The decoder stores an unsigned int in each enum. */
_Static_assert(sizeof(enum config_sandbox_mode) == sizeof(unsigned), "an enum is an unsigned");

static const struct schema_word mode_words[] = {
	{"auto", CONFIG_SANDBOX_AUTO},
	{"required", CONFIG_SANDBOX_REQUIRED},
	{"off", CONFIG_SANDBOX_OFF},
	{0},
};

static const struct schema_field path_item = {"", SCHEMA_PATH};
static const struct schema_field port_item = {"", SCHEMA_INTEGER, .min = 1, .max = 65535};

static const struct schema_field sandbox_fields[] = {
	{"mode", SCHEMA_ENUM, false, AT(struct config_sandbox, mode), .fallback = "auto",
     .words = mode_words,
     .sentence = "auto: what the kernel has, and a warning for what it has not; required: or it "
                 "does not start; off: privileges stay as well."},
	{"landlock", SCHEMA_BOOL, false, AT(struct config_sandbox, landlock), .fallback = "true",
     .sentence = "Only the folders of the files that this file names, and only its ports."},
	{"seccomp", SCHEMA_BOOL, false, AT(struct config_sandbox, seccomp), .fallback = "true",
     .sentence = "Only the system calls that a proxy needs; starting a program ends the process."},
	{"core_dumps", SCHEMA_BOOL, false, AT(struct config_sandbox, core_dumps), .fallback = "false",
     .sentence = "Whether a crash may leave its memory, keys included, and a debugger may look."},
	{"read", SCHEMA_LIST, false, .offset = offsetof(struct config_sandbox, read),
     .beside = offsetof(struct config_sandbox, read_count), .min = 0, .max = 256,
     .item = &path_item, .item_size = sizeof(struct config_text), .example = "[/etc/ssl/sites]",
     .sentence = "Files or folders that a later version of this file may name, to be loaded "
                 "without a restart."},
	{"ports", SCHEMA_LIST, false, .offset = offsetof(struct config_sandbox, ports),
     .beside = offsetof(struct config_sandbox, port_count), .min = 0, .max = 1024,
     .item = &port_item, .item_size = sizeof(uint64_t), .example = "[8080, 8443]",
     .sentence = "TCP ports that listeners and backends of a later version may have."},
};

const struct schema config_sandbox_schema = {
	.size = sizeof(struct config_sandbox),
	.place_offset = offsetof(struct config_sandbox, place),
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(sandbox_fields),
};
