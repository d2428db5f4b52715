#include "setup/material.h"

#include <string.h>

#include "base/memory.h"
#include "tls/chain.h"

enum { WORDS_MAX = 4096, SLOTS_MIN = 16 };

void material_words_init(struct material_words *words)
{
	for (size_t i = 0; i < MATERIAL_FILES; i++)
		text_init(&words->faults[i], WORDS_MAX);
	text_init(&words->warning, WORDS_MAX);
}

void material_words_done(struct material_words *words)
{
	for (size_t i = 0; i < MATERIAL_FILES; i++)
		text_done(&words->faults[i]);
	text_done(&words->warning);
}

/* --- Reading ------------------------------------------------------------------------------- */

static bool is_nobodys_fault(enum error error)
{
	return error == ERROR_OUT_OF_MEMORY || error == ERROR_TLS_INTERNAL;
}

/* Which of the files it is about; -1: none. */
static int file_of(enum error error)
{
	switch (error) {
	case ERROR_TLS_CERTIFICATE:
	case ERROR_TLS_CLIENT_CA:
		return 0;
	case ERROR_TLS_KEY:
	case ERROR_TLS_KEY_MISMATCH:
	case ERROR_TLS_CRL:
		return 1;
	default:
		return -1;
	}
}

static enum error parse(struct material *material, const struct span contents[MATERIAL_FILES],
                        struct material_words *words)
{
	const struct tls_client_ca_source source = {
		.ca_pem = contents[0], .crl_pem = contents[1], .depth = material->depth};
	struct text why;
	enum error error;

	text_init(&why, WORDS_MAX);
	if (material->kind == MATERIAL_CERTIFICATE)
		error = tls_certificate_load(contents[0], contents[1], &material->certificate, &why);
	else
		error = tls_client_ca_load(&source, &material->client_ca, &why);

	int file = file_of(error);

	if (!error) {
		text_put(&words->warning, text_span(&why));
	} else if (file >= 0) {
		text_printf(&words->faults[file], "%s: %s", material->paths[file], text_string(&why));
		error = ERROR_INVALID;
	}
	text_done(&why);
	return error;
}

enum error material_read(struct material *material, struct material_words *words)
{
	struct span contents[MATERIAL_FILES] = {{0}};
	enum error result = OK;

	for (size_t i = 0; i < MATERIAL_FILES; i++) {
		enum error error;

		if (!material->paths[i])
			continue;
		material->marks[i] = file_mark(material->paths[i]); /* first, so that no change is missed */
		/* A key is among them. */
		error = file_read_secret(material->paths[i], &contents[i]);
		if (error)
			text_printf(&words->faults[i], "can not read %s: %s", material->paths[i],
			            file_words(error));
		if (error && !is_nobodys_fault(result))
			result = is_nobodys_fault(error) ? error : ERROR_INVALID;
	}
	if (!result)
		result = parse(material, contents, words);
	for (size_t i = 0; i < MATERIAL_FILES; i++)
		file_free(contents[i]);
	return result;
}

void material_done(struct material *material)
{
	tls_certificate_unref(material->certificate);
	tls_client_ca_unref(material->client_ca);
	material->certificate = NULL;
	material->client_ca = NULL;
}

bool material_equal(const struct material *a, const struct material *b)
{
	if (a->certificate && b->certificate)
		return tls_chain_equal(a->certificate, b->certificate);
	return a->client_ca && b->client_ca &&
	       memcmp(tls_client_ca_digest(a->client_ca), tls_client_ca_digest(b->client_ca),
	              TLS_CLIENT_CA_DIGEST_SIZE) == 0;
}

/* --- The set ------------------------------------------------------------------------------- */

static bool is_same_path(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same(const struct material *a, const struct material *b)
{
	return a->kind == b->kind && a->depth == b->depth && is_same_path(a->paths[0], b->paths[0]) &&
	       is_same_path(a->paths[1], b->paths[1]);
}

/* FNV-1a, of the operator's own paths. */
static size_t hash_of(const struct material *material)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < MATERIAL_FILES; i++)
		for (const char *at = material->paths[i]; at && *at; at++)
			hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
	return (size_t)(hash ^ hash >> 32);
}

/* The slot where it is, or the free one where it would be. */
static size_t *slot_of(const struct materials *materials, const struct material *wanted)
{
	size_t mask = materials->slot_count - 1;
	size_t at = hash_of(wanted) & mask;

	while (materials->slots[at] != 0 &&
	       !is_same(&materials->items[materials->slots[at] - 1], wanted))
		at = (at + 1) & mask;
	return &materials->slots[at];
}

struct material *materials_find(const struct materials *materials, const struct material *wanted)
{
	size_t slot = materials->slot_count > 0 ? *slot_of(materials, wanted) : 0;

	return slot > 0 ? &materials->items[slot - 1] : NULL;
}

static enum error grow(struct materials *materials)
{
	size_t slot_count = materials->slot_count > 0 ? 2 * materials->slot_count : SLOTS_MIN;
	size_t *slots = memory_new(slot_count, sizeof(*slots));
	struct material *items =
		memory_resize(materials->items, slot_count / 2, sizeof(*materials->items));

	if (items)
		materials->items = items;
	if (!slots || !items) {
		memory_free(slots);
		return ERROR_OUT_OF_MEMORY;
	}
	memory_free(materials->slots);
	materials->slots = slots;
	materials->slot_count = slot_count;
	materials->capacity = slot_count / 2;
	for (size_t i = 0; i < materials->count; i++)
		*slot_of(materials, &materials->items[i]) = i + 1;
	return OK;
}

enum error materials_add(struct materials *materials, const struct material *material)
{
	enum error error = materials->count == materials->capacity ? grow(materials) : OK;

	if (error)
		return error;

	size_t *slot = slot_of(materials, material);

	check(*slot == 0);
	materials->items[materials->count++] = *material;
	*slot = materials->count;
	return OK;
}

enum error materials_copy(const struct materials *materials, struct materials *ret_copy)
{
	struct materials copy = {0};

	for (size_t i = 0; i < materials->count; i++) {
		struct material item = materials->items[i];
		enum error error = materials_add(&copy, &item);

		if (error) {
			materials_done(&copy);
			return error;
		}
		if (item.certificate)
			(void)tls_certificate_ref(item.certificate);
		if (item.client_ca)
			(void)tls_client_ca_ref(item.client_ca);
	}
	*ret_copy = copy;
	return OK;
}

void materials_done(struct materials *materials)
{
	for (size_t i = 0; i < materials->count; i++)
		material_done(&materials->items[i]);
	memory_free(materials->items);
	memory_free(materials->slots);
	*materials = (struct materials){0};
}
