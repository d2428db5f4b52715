#include "route/clients.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"

enum { LOCKS = 64 };

struct entry {
	uint64_t key;
	/* Rates: when its bucket will be full, in microseconds. Requests: how many run. 0: free. */
	uint64_t value;
	uint32_t kind; /* enum address_kind */
};

struct clients {
	atomic_uint references;
	pthread_mutex_t locks[LOCKS];
	size_t lock_count; /* that are initialised */
	uint64_t seed;
	size_t set_mask;       /* sets - 1 */
	struct entry *entries; /* sets × CLIENTS_WAYS */
};

/* One set, locked. */
struct set {
	struct entry *entries;
	pthread_mutex_t *lock;
};

static struct entry identify(const struct address *client)
{
	struct entry identity = {.kind = (uint32_t)client->kind};

	/* The first 64 bits of IPv6; IPv4 has 32, and a unix socket none. */
	memcpy(&identity.key, client->bytes, sizeof(identity.key));
	return identity;
}

static bool is_same(const struct entry *a, const struct entry *b)
{
	return a->key == b->key && a->kind == b->kind;
}

/* Spreads all bits of the key, the seed being secret: the last step of splitmix64, twice. */
static uint64_t mix(uint64_t bits, uint64_t seed)
{
	for (int i = 0; i < 2; i++) {
		bits ^= seed;
		bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
		bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
		bits ^= bits >> 31;
	}
	return bits;
}

static struct set lock_set(struct clients *clients, const struct entry *identity)
{
	uint64_t hash = mix(identity->key + identity->kind, clients->seed);
	size_t index = (size_t)hash & clients->set_mask;
	struct set set = {
		.entries = &clients->entries[index * CLIENTS_WAYS],
		.lock = &clients->locks[index % LOCKS],
	};

	(void)pthread_mutex_lock(set.lock);
	return set;
}

static void unlock_set(struct set set)
{
	(void)pthread_mutex_unlock(set.lock);
}

/* The client's own entry, else the one with the smallest value: a free one, if there is any. */
static struct entry *find(struct set set, const struct entry *identity)
{
	struct entry *least = &set.entries[0];

	for (size_t i = 0; i < CLIENTS_WAYS; i++) {
		struct entry *entry = &set.entries[i];

		if (entry->value > 0 && is_same(entry, identity))
			return entry;
		if (entry->value < least->value)
			least = entry;
	}
	return least;
}

enum error clients_new(size_t count, struct clients **ret_clients)
{
	struct clients *clients = memory_new(1, sizeof(*clients));
	size_t sets = 1;

	if (!clients)
		return ERROR_OUT_OF_MEMORY;
	atomic_init(&clients->references, 1);
	while (sets * CLIENTS_WAYS < count)
		sets *= 2;
	clients->set_mask = sets - 1;
	clients->entries = memory_new(sets * CLIENTS_WAYS, sizeof(*clients->entries));
	if (!clients->entries) {
		clients_unref(clients);
		return ERROR_OUT_OF_MEMORY;
	}
	while (clients->lock_count < LOCKS &&
	       pthread_mutex_init(&clients->locks[clients->lock_count], NULL) == 0)
		clients->lock_count++;
	if (clients->lock_count < LOCKS ||
	    getrandom(&clients->seed, sizeof(clients->seed), 0) != sizeof(clients->seed)) {
		clients_unref(clients);
		return ERROR_SYSTEM;
	}
	*ret_clients = clients;
	return OK;
}

struct clients *clients_ref(struct clients *clients)
{
	(void)atomic_fetch_add_explicit(&clients->references, 1, memory_order_relaxed);
	return clients;
}

size_t clients_room(const struct clients *clients)
{
	return (clients->set_mask + 1) * CLIENTS_WAYS;
}

void clients_unref(struct clients *clients)
{
	if (!clients || atomic_fetch_sub_explicit(&clients->references, 1, memory_order_acq_rel) > 1)
		return;
	while (clients->lock_count > 0)
		(void)pthread_mutex_destroy(&clients->locks[--clients->lock_count]);
	memory_free(clients->entries);
	memory_free(clients);
}

enum error clients_take(struct clients *clients, const struct address *client, uint64_t now_us,
                        uint64_t interval_us, uint64_t burst, uint64_t *ret_wait_us)
{
	struct entry identity = identify(client);
	struct set set = lock_set(clients, &identity);
	struct entry *entry = find(set, &identity);
	uint64_t full_us = entry->value > 0 && is_same(entry, &identity) ? entry->value : now_us;
	uint64_t room_us = (burst - 1) * interval_us;
	enum error error = OK;

	if (full_us < now_us)
		full_us = now_us;
	if (full_us - now_us > room_us) {
		*ret_wait_us = full_us - now_us - room_us;
		error = ERROR_RATE_LIMITED;
	} else {
		*entry = identity;
		entry->value = full_us + interval_us;
	}
	unlock_set(set);
	return error;
}

enum error clients_enter(struct clients *clients, const struct address *client,
                         uint64_t requests_max)
{
	struct entry identity = identify(client);
	struct set set = lock_set(clients, &identity);
	struct entry *entry = find(set, &identity);
	enum error error = OK;

	if (entry->value > 0 && !is_same(entry, &identity)) {
		error = ERROR_ROUTE_BUSY;
	} else if (entry->value >= requests_max) {
		error = ERROR_CLIENT_BUSY;
	} else {
		identity.value = entry->value + 1;
		*entry = identity;
	}
	unlock_set(set);
	return error;
}

void clients_leave(struct clients *clients, const struct address *client)
{
	struct entry identity = identify(client);
	struct set set = lock_set(clients, &identity);
	struct entry *entry = find(set, &identity);

	check(entry->value > 0 && is_same(entry, &identity));
	entry->value--;
	unlock_set(set);
}
