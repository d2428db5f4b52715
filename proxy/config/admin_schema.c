#include "config/admin_schema.h"

#include "config/config_admin.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, KIB = 1024 };

/* Where `member` of the struct goes. */
#define AT(member)   .offset = offsetof(struct config_admin, member)
#define FIELDS(rows) .fields = rows, .count = ARRAY_LENGTH(rows)

_Static_assert(sizeof(enum config_ready) == sizeof(unsigned), "an enum is an unsigned");

static const struct schema_word place_words[] = {{"auto", 0}, {"off", 0}, {0}};

static const struct schema_word ready_words[] = {
	{"every_cluster", CONFIG_READY_EVERY_CLUSTER},
	{"any_cluster", CONFIG_READY_ANY_CLUSTER},
	{"always", CONFIG_READY_ALWAYS},
	{0},
};

static const struct schema_field cluster_item = {"", SCHEMA_NAME};

static const struct schema_field ready_fields[] = {
	{"when", SCHEMA_ENUM, false, AT(ready.when), .fallback = "every_cluster", .words = ready_words,
     .sentence = "How many clusters must have a backend that accepts a connection, which is tried "
                 "when somebody asks, at most once a second. A proxy that drains is never ready."},
	{"clusters", SCHEMA_LIST, false, AT(ready.clusters),
     .beside = offsetof(struct config_admin, ready.cluster_count), .max = 1024,
     .item = &cluster_item, .item_size = sizeof(struct config_text), .example = "[app]",
     .sentence = "Only these clusters count; default: all."},
	{"connect_timeout", SCHEMA_DURATION, false, AT(ready.connect_ms), .fallback = "2s", .min = 10,
     .max = MINUTE,
     .sentence = "For a backend to accept that connection, its name to be found "
                 "included: less than whoever asks will wait."},
};

static const struct schema ready_schema = {
	.size = sizeof(struct config_admin),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(ready_fields),
};

static const struct schema_field admin_fields[] = {
	{"address", SCHEMA_LISTEN, false, AT(address_text),
     .beside = offsetof(struct config_admin, address), .fallback = "auto", .words = place_words,
     .sentence =
         "Where it listens: off, unix:/path of a socket, or an address of the loopback interface "
         "such as 127.0.0.1:9901, which every user of this host can reach. auto: admin.sock in "
         "the first of these folders that will do: $RUNTIME_DIRECTORY, /run/sallyport, "
         "$XDG_RUNTIME_DIR/sallyport, /dev/shm/sallyport-UID; if none will, there is a warning "
         "and no admin interface."},
	{"mode", SCHEMA_TEXT, false, AT(mode_text), .fallback = "0600", .max = 4,
     .sentence = "Who may connect to the unix socket: the mode of its file. 0660 with a group."},
	{"user", SCHEMA_TEXT, false, AT(user), .max = 64, .example = "sallyport",
     .sentence = "The owner of that file, by name or number; default: who runs the proxy."},
	{"group", SCHEMA_TEXT, false, AT(group), .max = 64, .example = "adm",
     .sentence = "Its group, by name or number; default: that of who runs the proxy."},
	/* It writes into the admin's struct itself, hence no offset. */
	{"ready", SCHEMA_STRUCT, false, .of = &ready_schema,
     .sentence = "What `sallyport healthcheck` and /readyz say."},
	{"handshakes", SCHEMA_INTEGER, false, AT(handshakes), .fallback = "64", .min = 0, .max = 4096,
     .sentence = "Failed TLS handshakes that each worker remembers for /handshakes, of a kind "
                 "together; with up to 3 KiB each. 0: none."},
	{"sessions", SCHEMA_INTEGER, false, AT(sessions), .fallback = "500", .min = 1, .max = 10000,
     .sentence = "Most connections of each worker that /sessions lists."},
	{"connections", SCHEMA_INTEGER, false, AT(connections), .fallback = "16", .min = 1, .max = 64,
     .sentence = "Most connections at once; others wait."},
	/* A block of a record must hold it. */
	{"head_size", SCHEMA_SIZE, false, AT(head_size), .fallback = "8KiB", .min = 512,
     .max = 16 * (uint64_t)KIB, .sentence = "Largest head of a request."},
	{"body_size", SCHEMA_SIZE, false, AT(body_size), .fallback = "4KiB", .min = 64,
     .max = 64 * (uint64_t)KIB, .sentence = "Largest body of a request."},
	{"timeout", SCHEMA_DURATION, false, AT(timeout_ms), .fallback = "10s", .min = 100,
     .max = 5 * MINUTE,
     .sentence = "For a client to send its whole request, and again to read the whole answer."},
	/* A worker's turn takes milliseconds; one that takes longer is in trouble, which is told. */
	{"worker_timeout", SCHEMA_DURATION, false, AT(worker_ms), .fallback = "1s", .min = 10,
     .max = MINUTE,
     .sentence = "For the workers to say what they know; then their part is missing."},
};

const struct schema config_admin_schema = {
	.size = sizeof(struct config_admin),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(admin_fields),
};

bool config_admin_is_auto(const struct config_admin *admin)
{
	return span_equal(admin->address_text.text, SPAN("auto"));
}

bool config_admin_is_off(const struct config_admin *admin)
{
	return span_equal(admin->address_text.text, SPAN("off"));
}

bool config_admin_mode(const struct config_admin *admin, unsigned *ret_mode)
{
	struct span text = admin->mode_text.text;
	unsigned mode = 0;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '7')
			return false;
		mode = mode * 8 + (unsigned)(text.data[i] - '0');
	}
	if (text.size < 3 || mode > 0777)
		return false;
	*ret_mode = mode;
	return true;
}
