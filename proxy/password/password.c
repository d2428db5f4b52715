#include "password/password.h"

#include <crypt.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"

_Static_assert(PASSWORD_HASH_SIZE == CRYPT_OUTPUT_SIZE, "the library's size");
_Static_assert(PASSWORD_SIZE_MAX < CRYPT_MAX_PASSPHRASE_SIZE, "the library takes as much");

/* What crypt_rn() needs besides: 32 KiB, which would be too much for a small stack. */
struct workplace {
	struct crypt_data data;
	char password[PASSWORD_SIZE_MAX + 1];
	char hash[PASSWORD_HASH_SIZE];
};

static struct workplace *open_workplace(struct span password, struct span hash)
{
	struct workplace *workplace = memory_new(1, sizeof(*workplace));

	if (!workplace)
		return NULL;
	if (password.size > 0)
		memcpy(workplace->password, password.data, password.size);
	if (hash.size > 0)
		memcpy(workplace->hash, hash.data, hash.size);
	return workplace;
}

static void close_workplace(struct workplace *workplace)
{
	memory_wipe(workplace, sizeof(*workplace));
	memory_free(workplace);
}

/* `$2b$12$…`: the cost in two digits. */
static const char *bcrypt_problem(struct span hash)
{
	uint64_t cost;

	if (number_decimal(span_cut(hash, 4, 6), PASSWORD_BCRYPT_COST_MAX, &cost))
		return "a cost of bcrypt above 14 would keep everybody waiting";
	return NULL;
}

/* `$6$rounds=5000$…`: the rounds may be given. */
static const char *sha512crypt_problem(struct span hash)
{
	struct span rest = span_from(hash, 3);
	uint64_t rounds;

	if (!span_starts_with(rest, SPAN("rounds=")))
		return NULL;
	rest = span_from(rest, 7);
	if (number_decimal(span_cut(rest, 0, span_find(rest, '$')), PASSWORD_ROUNDS_MAX, &rounds))
		return "more than 1000000 rounds of sha512crypt would keep everybody waiting";
	return NULL;
}

static const struct {
	struct span prefix;
	size_t size; /* 0: it varies */
	const char *(*problem)(struct span hash);
} forms[] = {
	{SPAN_INIT("$y$"), 0, NULL},
	{SPAN_INIT("$2a$"), 60, bcrypt_problem},
	{SPAN_INIT("$2b$"), 60, bcrypt_problem},
	{SPAN_INIT("$2y$"), 60, bcrypt_problem},
	{SPAN_INIT("$6$"), 0, sha512crypt_problem},
};

/* Whether the library takes it as a setting. */
static bool library_takes(struct span hash)
{
	char text[PASSWORD_HASH_SIZE] = {0};

	memcpy(text, hash.data, hash.size);
	return crypt_checksalt(text) == CRYPT_SALT_OK;
}

const char *password_hash_problem(struct span hash)
{
	if (hash.size >= PASSWORD_HASH_SIZE || span_find(hash, '\0') < hash.size)
		return "no hash is that long";
	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
		const char *problem;

		if (!span_starts_with(hash, forms[i].prefix))
			continue;
		problem = forms[i].problem ? forms[i].problem(hash) : NULL;
		if (problem)
			return problem;
		if ((forms[i].size > 0 && hash.size != forms[i].size) || !library_takes(hash))
			return "it is cut off or malformed";
		return NULL;
	}
	return "only yescrypt ($y$), bcrypt ($2b$) and sha512crypt ($6$) are taken";
}

/* Takes as long whatever the texts hold. */
static bool are_equal(const char *a, struct span b)
{
	size_t size = strlen(a);
	unsigned char difference = size != b.size;

	for (size_t i = 0; i < b.size && i < size; i++)
		difference |= (unsigned char)(a[i] ^ b.data[i]);
	return difference == 0;
}

enum error password_check(struct span password, struct span hash, bool *ret_matches)
{
	if (password.size > PASSWORD_SIZE_MAX || span_find(password, '\0') < password.size) {
		*ret_matches = false;
		return OK;
	}

	struct workplace *workplace = open_workplace(password, hash);

	if (!workplace)
		return ERROR_OUT_OF_MEMORY;

	const char *result =
		crypt_rn(workplace->password, workplace->hash, &workplace->data, sizeof(workplace->data));
	/* NULL: memory for yescrypt was not to be had; its settings have been looked at. */
	enum error error = result ? OK : ERROR_OUT_OF_MEMORY;

	if (result)
		*ret_matches = are_equal(result, hash);
	close_workplace(workplace);
	return error;
}

enum error password_hash(struct span password, char ret_hash[PASSWORD_HASH_SIZE])
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct workplace *workplace;
	const char *result;

	if (password.size > PASSWORD_SIZE_MAX)
		return ERROR_TOO_LARGE;
	if (span_find(password, '\0') < password.size)
		return ERROR_INVALID;
	if (!crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)))
		return ERROR_SYSTEM;
	workplace = open_workplace(password, span_of_string(setting));
	if (!workplace)
		return ERROR_OUT_OF_MEMORY;
	result =
		crypt_rn(workplace->password, workplace->hash, &workplace->data, sizeof(workplace->data));
	if (result)
		memcpy(ret_hash, result, strlen(result) + 1);

	bool is_made = result != NULL;

	close_workplace(workplace);
	return is_made ? OK : ERROR_SYSTEM;
}

const char *password_library_version(void)
{
	return XCRYPT_VERSION_STR;
}
