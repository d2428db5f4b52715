#include "session/half_open.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"

enum { KEY_SIZE = 8, NONE = 0 };

/* One address that has handshakes; numbers of places, from 1, chain them. */
struct place {
	unsigned char key[KEY_SIZE];
	uint32_t count;
	uint32_t next; /* in its bucket, or among the free ones; NONE: the last */
	uint8_t kind;
};

struct half_open {
	pthread_mutex_t lock; /* guards all below */
	size_t total;
	size_t total_max;
	size_t per_address_max;
	uint64_t seed; /* nobody outside can tell which addresses share a bucket */
	size_t room;   /* how many places and buckets there are */
	uint32_t *buckets;
	struct place *places;
	uint32_t first_free;
};

/* Chains the places from `from` on, which are free; `rest`: what is free besides. */
static uint32_t chain_free(struct place *places, size_t from, size_t to, uint32_t rest)
{
	for (size_t i = from; i < to; i++)
		places[i].next = i + 1 < to ? (uint32_t)i + 2 : rest;
	return (uint32_t)from + 1;
}

enum error half_open_new(size_t total_max, size_t per_address_max, struct half_open **ret_half_open)
{
	struct half_open *half_open = memory_new(1, sizeof(*half_open));

	check(total_max > 0 && total_max < UINT32_MAX);
	if (!half_open)
		return ERROR_OUT_OF_MEMORY;
	half_open->total_max = total_max;
	half_open->per_address_max = per_address_max;
	half_open->room = total_max;
	half_open->buckets = memory_new(total_max, sizeof(*half_open->buckets));
	half_open->places = memory_new(total_max, sizeof(*half_open->places));
	if (!half_open->buckets || !half_open->places) {
		half_open_free(half_open);
		return ERROR_OUT_OF_MEMORY;
	}
	if (getrandom(&half_open->seed, sizeof(half_open->seed), 0) !=
	        (ssize_t)sizeof(half_open->seed) ||
	    pthread_mutex_init(&half_open->lock, NULL)) {
		half_open_free(half_open);
		return ERROR_SYSTEM;
	}
	half_open->first_free = chain_free(half_open->places, 0, total_max, NONE);
	*ret_half_open = half_open;
	return OK;
}

void half_open_free(struct half_open *half_open)
{
	if (!half_open)
		return;
	(void)pthread_mutex_destroy(&half_open->lock);
	memory_free(half_open->buckets);
	memory_free(half_open->places);
	memory_free(half_open);
}

static struct place *place_at(struct half_open *half_open, uint32_t number)
{
	return &half_open->places[number - 1];
}

static void make_place(const struct address *peer, struct place *ret_place)
{
	*ret_place = (struct place){.kind = (uint8_t)peer->kind};
	memcpy(ret_place->key, peer->bytes, peer->kind == ADDRESS_IPV4 ? 4 : KEY_SIZE);
}

static bool is_same(const struct place *a, const struct place *b)
{
	return a->kind == b->kind && memcmp(a->key, b->key, KEY_SIZE) == 0;
}

/* Mixes the bits so that each of the key and the seed moves all of the result. */
static uint32_t *bucket_of(struct half_open *half_open, const struct place *place)
{
	uint64_t number;

	memcpy(&number, place->key, KEY_SIZE);
	number = (number ^ half_open->seed) * 0x9e3779b97f4a7c15u;
	number = (number ^ number >> 32 ^ half_open->seed) * 0xd6e8feb86659fd93u;
	number ^= number >> 32;
	return &half_open->buckets[number % half_open->room];
}

/* Under the lock: more buckets, into which the addresses are put anew. Their places keep their
 * numbers, which the handshakes have. */
static void move(struct half_open *half_open, uint32_t *buckets, struct place *places, size_t room)
{
	size_t before = half_open->room;

	memcpy(places, half_open->places, before * sizeof(*places));
	half_open->places = places;
	half_open->buckets = buckets;
	half_open->room = room;
	for (size_t i = 0; i < before; i++) {
		if (places[i].count == 0)
			continue;

		uint32_t *link = bucket_of(half_open, &places[i]);

		places[i].next = *link;
		*link = (uint32_t)i + 1;
	}
	half_open->first_free = chain_free(places, before, room, half_open->first_free);
}

enum error half_open_reserve(struct half_open *half_open, size_t total_max)
{
	check(total_max > 0 && total_max < UINT32_MAX);
	if (total_max <= half_open->room) /* which nobody else changes */
		return OK;

	uint32_t *buckets = memory_new(total_max, sizeof(*buckets));
	struct place *places = memory_new(total_max, sizeof(*places));

	if (!buckets || !places) {
		memory_free(buckets);
		memory_free(places);
		return ERROR_OUT_OF_MEMORY;
	}

	uint32_t *old_buckets = half_open->buckets;
	struct place *old_places = half_open->places;

	(void)pthread_mutex_lock(&half_open->lock);
	move(half_open, buckets, places, total_max);
	(void)pthread_mutex_unlock(&half_open->lock);
	memory_free(old_buckets);
	memory_free(old_places);
	return OK;
}

void half_open_limit(struct half_open *half_open, size_t total_max, size_t per_address_max)
{
	(void)pthread_mutex_lock(&half_open->lock);
	check(total_max <= half_open->room);
	half_open->total_max = total_max;
	half_open->per_address_max = per_address_max;
	(void)pthread_mutex_unlock(&half_open->lock);
}

/* The link that holds the address's number, or the bucket's last one, which is NONE. */
static uint32_t *find(struct half_open *half_open, const struct place *wanted)
{
	uint32_t *link = bucket_of(half_open, wanted);

	while (*link != NONE && !is_same(place_at(half_open, *link), wanted))
		link = &place_at(half_open, *link)->next;
	return link;
}

/* The number of the address's place, with one more in it; NONE: it has as many as it may. There is
 * a place for it, since there are as many places as handshakes. */
static uint32_t enter_address(struct half_open *half_open, const struct address *peer)
{
	struct place wanted;
	uint32_t *link;

	make_place(peer, &wanted);
	link = find(half_open, &wanted);
	if (*link == NONE) {
		uint32_t number = half_open->first_free;

		check(number != NONE);
		half_open->first_free = place_at(half_open, number)->next;
		*place_at(half_open, number) = wanted;
		*link = number;
	}
	if (place_at(half_open, *link)->count >= half_open->per_address_max)
		return NONE;
	place_at(half_open, *link)->count++;
	return *link;
}

enum half_open_answer half_open_enter(struct half_open *half_open, const struct address *peer,
                                      bool by_address, uint32_t *ret_place)
{
	enum half_open_answer answer = HALF_OPEN_ENTERED;
	bool counts = by_address && peer->kind != ADDRESS_UNIX;
	uint32_t place = NONE;

	(void)pthread_mutex_lock(&half_open->lock);
	if (half_open->total >= half_open->total_max)
		answer = HALF_OPEN_TOTAL_REACHED;
	else if (counts && (place = enter_address(half_open, peer)) == NONE)
		answer = HALF_OPEN_ADDRESS_REACHED;
	else
		half_open->total++;
	(void)pthread_mutex_unlock(&half_open->lock);
	if (answer == HALF_OPEN_ENTERED)
		*ret_place = place;
	return answer;
}

static void leave_address(struct half_open *half_open, uint32_t number)
{
	struct place *place = place_at(half_open, number);
	uint32_t *link;

	check(place->count > 0);
	if (--place->count > 0)
		return;
	link = find(half_open, place);
	*link = place->next;
	place->next = half_open->first_free;
	half_open->first_free = number;
}

void half_open_leave(struct half_open *half_open, uint32_t place)
{
	(void)pthread_mutex_lock(&half_open->lock);
	check(half_open->total > 0);
	half_open->total--;
	if (place != NONE)
		leave_address(half_open, place);
	(void)pthread_mutex_unlock(&half_open->lock);
}

size_t half_open_count(struct half_open *half_open)
{
	size_t total;

	(void)pthread_mutex_lock(&half_open->lock);
	total = half_open->total;
	(void)pthread_mutex_unlock(&half_open->lock);
	return total;
}
