#include "tls/fault.h"

#include "tls/alert.h"
#include "tls/bytes.h"

enum {
	MESSAGE_HEADER_SIZE = 4,
	RANDOM_SIZE = 32,
	SESSION_ID_MAX = 32,
	BINDER_MIN = 32,
	FRAGMENT_LENGTH_MAX = 4,
	TYPES = 1 << 16,
	TLS_1_3 = 0x0304,
};

enum {
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_FRAGMENT_LENGTH = 1,
	EXTENSION_GROUPS = 10,
	EXTENSION_SIGNATURES = 13,
	EXTENSION_PROTOCOLS = 16,
	EXTENSION_MASTER_SECRET = 23,
	EXTENSION_PSK = 41,
	EXTENSION_EARLY_DATA = 42,
	EXTENSION_VERSIONS = 43,
	EXTENSION_PSK_MODES = 45,
	EXTENSION_KEY_SHARES = 51,
	EXTENSION_RENEGOTIATION = 0xff01,
};

/* What is found on the way. */
struct look {
	struct tls_fault *fault;
	bool has_fault;
	bool has_compression;          /* a method beside null */
	unsigned char seen[TYPES / 8]; /* types of extensions, as bits */
};

/* Only the first fault counts. */
static void note(struct look *look, bool is_wrong, int alert, const char *words)
{
	if (!is_wrong || look->has_fault)
		return;
	look->has_fault = true;
	*look->fault = (struct tls_fault){alert, words};
}

static bool has_seen(const struct look *look, unsigned type)
{
	return (look->seen[type / 8] & 1u << type % 8) != 0;
}

/* The vector in `whole`, which it must fill. */
static struct tls_bytes only_vector(struct look *look, struct span whole, size_t length_size,
                                    const char *words)
{
	struct tls_bytes bytes = {.left = whole};
	struct tls_bytes vector = {.left = tls_bytes_vector(&bytes, length_size)};

	note(look, bytes.failed || bytes.left.size > 0, TLS_ALERT_DECODE_ERROR, words);
	return vector;
}

static void look_at_numbers(struct look *look, struct span content, size_t length_size,
                            const char *words)
{
	struct tls_bytes list = only_vector(look, content, length_size, words);

	note(look, list.left.size == 0 || list.left.size % 2 != 0, TLS_ALERT_DECODE_ERROR, words);
}

/* --- Extensions --------------------------------------------------------------------------- */

/* RFC 6066 §3 */
static void look_at_name(struct look *look, struct span content)
{
	struct tls_bytes list =
		only_vector(look, content, 2, "server_name is not a list that fills the extension");

	note(look, list.left.size == 0, TLS_ALERT_DECODE_ERROR, "the list of server names is empty");
	while (list.left.size > 0 && !list.failed) {
		struct span name;

		(void)tls_bytes_number(&list, 1);
		name = tls_bytes_vector(&list, 2);
		note(look, !list.failed && name.size == 0, TLS_ALERT_DECODE_ERROR,
		     "the server name is empty");
	}
	note(look, list.failed, TLS_ALERT_DECODE_ERROR, "a server name goes beyond its list");
}

/* RFC 6066 §4 */
static void look_at_fragment_length(struct look *look, struct span content)
{
	note(look, content.size != 1 || content.data[0] < 1 || content.data[0] > FRAGMENT_LENGTH_MAX,
	     TLS_ALERT_ILLEGAL_PARAMETER, "max_fragment_length is none of the four that exist");
}

static void look_at_groups(struct look *look, struct span content)
{
	look_at_numbers(look, content, 2, "supported_groups is not a list of at least one group");
}

static void look_at_signatures(struct look *look, struct span content)
{
	look_at_numbers(look, content, 2,
	                "signature_algorithms is not a list of at least one algorithm");
}

static void look_at_versions(struct look *look, struct span content)
{
	look_at_numbers(look, content, 1, "supported_versions is not a list of at least one version");
	/* RFC 8446 §4.1.2 */
	note(look, look->has_compression && tls_list_has(span_from(content, 1), TLS_1_3),
	     TLS_ALERT_ILLEGAL_PARAMETER, "TLS 1.3 with a compression method beside null");
}

/* RFC 7301 §3.1 */
static void look_at_protocols(struct look *look, struct span content)
{
	struct tls_bytes list =
		only_vector(look, content, 2, "the ALPN protocols are not a list that fills the extension");

	note(look, list.left.size == 0, TLS_ALERT_DECODE_ERROR, "the list of ALPN protocols is empty");
	while (list.left.size > 0 && !list.failed) {
		struct span protocol = tls_bytes_vector(&list, 1);

		note(look, !list.failed && protocol.size == 0, TLS_ALERT_DECODE_ERROR,
		     "an ALPN protocol is empty");
	}
	note(look, list.failed, TLS_ALERT_DECODE_ERROR, "an ALPN protocol goes beyond its list");
}

static void look_for_nothing(struct look *look, struct span content)
{
	note(look, content.size > 0, TLS_ALERT_DECODE_ERROR,
	     "an extension that must be empty is not (extended_master_secret, early_data)");
}

static void look_at_modes(struct look *look, struct span content)
{
	struct tls_bytes list =
		only_vector(look, content, 1, "psk_key_exchange_modes does not fill its extension");

	note(look, list.left.size == 0, TLS_ALERT_DECODE_ERROR, "psk_key_exchange_modes is empty");
}

/* RFC 8446 §4.2.11 */
static void look_at_psk(struct look *look, struct span content)
{
	struct tls_bytes bytes = {.left = content};
	struct tls_bytes identities = {.left = tls_bytes_vector(&bytes, 2)};
	struct tls_bytes binders = {.left = tls_bytes_vector(&bytes, 2)};
	size_t identity_count = 0;
	size_t binder_count = 0;

	note(look, bytes.failed || bytes.left.size > 0, TLS_ALERT_DECODE_ERROR,
	     "the two lists of pre_shared_key do not fill it");
	for (; identities.left.size > 0 && !identities.failed; identity_count++) {
		note(look, tls_bytes_vector(&identities, 2).size == 0, TLS_ALERT_DECODE_ERROR,
		     "an identity of pre_shared_key is empty");
		(void)tls_bytes_take(&identities, 4); /* age */
	}
	for (; binders.left.size > 0 && !binders.failed; binder_count++)
		note(look, tls_bytes_vector(&binders, 1).size < BINDER_MIN, TLS_ALERT_DECODE_ERROR,
		     "a binder of pre_shared_key has less than 32 bytes");
	note(look, identities.failed || binders.failed || identity_count == 0, TLS_ALERT_DECODE_ERROR,
	     "the lists of pre_shared_key are not well formed");
	note(look, identity_count != binder_count, TLS_ALERT_ILLEGAL_PARAMETER,
	     "pre_shared_key does not have a binder for each identity");
}

static bool is_all_zero(struct span bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		if (bytes.data[i] != 0)
			return false;
	return true;
}

/* RFC 8446 §4.2.8.2; other groups are not looked at. */
static void look_at_share(struct look *look, unsigned group, struct span share)
{
	size_t size = group == 23 ? 65 : group == 24 ? 97 : group == 29 ? 32 : share.size;

	note(look, share.size == 0, TLS_ALERT_DECODE_ERROR, "a key share is empty");
	note(look, share.size != size, TLS_ALERT_ILLEGAL_PARAMETER,
	     "a key share has not the length that its group demands");
	note(look, (group == 23 || group == 24) && share.size > 0 && share.data[0] != 4,
	     TLS_ALERT_ILLEGAL_PARAMETER, "a key share is not an uncompressed point");
	note(look, group == 29 && is_all_zero(share), TLS_ALERT_ILLEGAL_PARAMETER,
	     "the key share of x25519 is all zero, which gives no secret (RFC 7748 §6.1)");
}

static void look_at_shares(struct look *look, struct span content)
{
	struct tls_bytes list =
		only_vector(look, content, 2, "the key shares are not a list that fills the extension");

	while (list.left.size > 0 && !list.failed) {
		unsigned group = tls_bytes_number(&list, 2);
		struct span share = tls_bytes_vector(&list, 2);

		if (!list.failed)
			look_at_share(look, group, share);
	}
	note(look, list.failed, TLS_ALERT_DECODE_ERROR, "a key share goes beyond its list");
}

/* RFC 5746 §3.6: there is nothing to renegotiate in a first handshake. */
static void look_at_renegotiation(struct look *look, struct span content)
{
	struct tls_bytes list =
		only_vector(look, content, 1, "renegotiation_info does not fill its extension");

	note(look, list.left.size > 0, TLS_ALERT_HANDSHAKE_FAILURE,
	     "renegotiation_info of a first handshake is not empty");
}

static const struct {
	unsigned type;
	void (*look_at)(struct look *look, struct span content);
} extensions[] = {
	{EXTENSION_SERVER_NAME, look_at_name},
	{EXTENSION_FRAGMENT_LENGTH, look_at_fragment_length},
	{EXTENSION_GROUPS, look_at_groups},
	{EXTENSION_SIGNATURES, look_at_signatures},
	{EXTENSION_PROTOCOLS, look_at_protocols},
	{EXTENSION_MASTER_SECRET, look_for_nothing},
	{EXTENSION_PSK, look_at_psk},
	{EXTENSION_EARLY_DATA, look_for_nothing},
	{EXTENSION_VERSIONS, look_at_versions},
	{EXTENSION_PSK_MODES, look_at_modes},
	{EXTENSION_KEY_SHARES, look_at_shares},
	{EXTENSION_RENEGOTIATION, look_at_renegotiation},
};

static void look_at_extension(struct look *look, unsigned type, struct span content)
{
	note(look, has_seen(look, type), TLS_ALERT_ILLEGAL_PARAMETER,
	     "an extension is there twice (RFC 8446 §4.2)");
	/* RFC 8446 §4.2.11 */
	note(look, has_seen(look, EXTENSION_PSK), TLS_ALERT_ILLEGAL_PARAMETER,
	     "pre_shared_key is not the last extension");
	look->seen[type / 8] |= (unsigned char)(1u << type % 8);
	for (size_t i = 0; i < ARRAY_LENGTH(extensions); i++)
		if (extensions[i].type == type)
			extensions[i].look_at(look, content);
}

static void look_at_extensions(struct look *look, struct tls_bytes bytes)
{
	while (bytes.left.size > 0 && !look->has_fault) {
		unsigned type = tls_bytes_number(&bytes, 2);
		struct span content = tls_bytes_vector(&bytes, 2);

		note(look, bytes.failed, TLS_ALERT_DECODE_ERROR, "an extension goes beyond the others");
		if (!bytes.failed)
			look_at_extension(look, type, content);
	}
	/* RFC 8446 §4.2.9, §4.2.10 */
	note(look, has_seen(look, EXTENSION_PSK) && !has_seen(look, EXTENSION_PSK_MODES),
	     TLS_ALERT_MISSING_EXTENSION, "pre_shared_key without psk_key_exchange_modes");
	note(look, has_seen(look, EXTENSION_EARLY_DATA) && !has_seen(look, EXTENSION_PSK),
	     TLS_ALERT_ILLEGAL_PARAMETER, "early_data without pre_shared_key");
}

/* --- All together ------------------------------------------------------------------------- */

static bool has_null(struct span compressions)
{
	return span_find(compressions, '\0') < compressions.size;
}

/* Up to the extensions. */
static void look_at_head(struct look *look, struct tls_bytes *bytes)
{
	struct span id;
	struct span suites;
	struct span compressions;

	(void)tls_bytes_take(bytes, MESSAGE_HEADER_SIZE);
	(void)tls_bytes_number(bytes, 2); /* legacy_version */
	(void)tls_bytes_take(bytes, RANDOM_SIZE);
	note(look, bytes->failed, TLS_ALERT_DECODE_ERROR, "it ends within its version or random");
	id = tls_bytes_vector(bytes, 1);
	note(look, bytes->failed, TLS_ALERT_DECODE_ERROR, "the session id goes beyond the end");
	note(look, id.size > SESSION_ID_MAX, TLS_ALERT_DECODE_ERROR,
	     "the session id has more than 32 bytes");
	suites = tls_bytes_vector(bytes, 2);
	note(look, bytes->failed, TLS_ALERT_DECODE_ERROR, "the cipher suites go beyond the end");
	note(look, suites.size == 0, TLS_ALERT_DECODE_ERROR, "the list of cipher suites is empty");
	note(look, suites.size % 2 != 0, TLS_ALERT_DECODE_ERROR,
	     "the list of cipher suites ends in half a cipher suite");
	compressions = tls_bytes_vector(bytes, 1);
	note(look, bytes->failed, TLS_ALERT_DECODE_ERROR, "the compression methods go beyond the end");
	note(look, compressions.size == 0, TLS_ALERT_DECODE_ERROR,
	     "the list of compression methods is empty");
	note(look, !has_null(compressions), TLS_ALERT_ILLEGAL_PARAMETER,
	     "the null compression method is missing");
	look->has_compression = compressions.size > 1;
}

bool tls_fault_find(struct span message, struct tls_fault *ret_fault)
{
	struct tls_bytes bytes = {.left = message};
	struct look look = {.fault = ret_fault};

	look_at_head(&look, &bytes);
	if (!look.has_fault && bytes.left.size > 0) {
		struct tls_bytes list = {.left = tls_bytes_vector(&bytes, 2)};

		note(&look, bytes.failed, TLS_ALERT_DECODE_ERROR, "the extensions go beyond the end");
		note(&look, bytes.left.size > 0, TLS_ALERT_DECODE_ERROR,
		     "there are bytes after the extensions");
		look_at_extensions(&look, list);
	}
	return look.has_fault;
}
