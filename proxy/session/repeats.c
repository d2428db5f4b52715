#include "session/repeats.h"

#include <pthread.h>
#include <string.h>

#include "base/address.h"
#include "base/memory.h"

/* In a list; the texts of the kind follow the struct, one after the other. */
struct counted {
	struct counted *next;
	struct repeat_kind kind;
	uint64_t count;
	char client[ADDRESS_TEXT_SIZE];
	size_t client_size;
	char texts[];
};

/* Of the kinds that find no room. */
struct remainder {
	uint64_t count;
	char client[ADDRESS_TEXT_SIZE];
	size_t client_size;
};

struct repeats {
	pthread_mutex_t lock; /* guards all below */
	struct counted *first;
	size_t kind_count;
	struct remainder remainders[ERROR_COUNT];
};

enum error repeats_new(struct repeats **ret_repeats)
{
	struct repeats *repeats = memory_new(1, sizeof(*repeats));

	if (!repeats)
		return ERROR_OUT_OF_MEMORY;
	if (pthread_mutex_init(&repeats->lock, NULL)) {
		memory_free(repeats);
		return ERROR_SYSTEM;
	}
	*ret_repeats = repeats;
	return OK;
}

void repeats_free(struct repeats *repeats)
{
	if (!repeats)
		return;
	for (struct counted *counted = repeats->first, *next; counted; counted = next) {
		next = counted->next;
		memory_free(counted);
	}
	(void)pthread_mutex_destroy(&repeats->lock);
	memory_free(repeats);
}

static struct span bounded(struct span words)
{
	return span_cut(words, 0, REPEATS_WORDS_MAX);
}

static bool is_same(const struct repeat_kind *a, const struct repeat_kind *b)
{
	return a->reason == b->reason && span_equal(a->listener, b->listener) &&
	       span_equal(a->server_name, b->server_name) && span_equal(a->words, bounded(b->words));
}

static struct span copy_text(char **at, struct span text)
{
	struct span copy = span_of(*at, text.size);

	if (text.size > 0)
		memcpy(*at, text.data, text.size);
	*at += text.size;
	return copy;
}

/* NULL: no room for another kind. */
static struct counted *add(struct repeats *repeats, const struct repeat_kind *kind)
{
	struct span words = bounded(kind->words);
	size_t size = kind->listener.size + kind->server_name.size + words.size;
	struct counted *counted = NULL;
	char *at;

	if (repeats->kind_count < REPEATS_KINDS_MAX)
		counted = memory_new(1, sizeof(*counted) + size);
	if (!counted)
		return NULL;
	at = counted->texts;
	counted->kind.reason = kind->reason;
	counted->kind.listener = copy_text(&at, kind->listener);
	counted->kind.server_name = copy_text(&at, kind->server_name);
	counted->kind.words = copy_text(&at, words);
	counted->next = repeats->first;
	repeats->first = counted;
	repeats->kind_count++;
	return counted;
}

static void keep_client(char *ret_client, size_t *ret_size, struct span client)
{
	client = span_cut(client, 0, ADDRESS_TEXT_SIZE);
	if (client.size > 0)
		memcpy(ret_client, client.data, client.size);
	*ret_size = client.size;
}

bool repeats_take(struct repeats *repeats, const struct repeat_kind *kind, struct span client)
{
	struct counted *counted;
	bool is_first = false;

	(void)pthread_mutex_lock(&repeats->lock);
	counted = repeats->first;
	while (counted && !is_same(&counted->kind, kind))
		counted = counted->next;
	if (counted) {
		counted->count++;
		keep_client(counted->client, &counted->client_size, client);
	} else if (add(repeats, kind)) {
		is_first = true;
	} else {
		struct remainder *remainder = &repeats->remainders[kind->reason];

		remainder->count++;
		keep_client(remainder->client, &remainder->client_size, client);
	}
	(void)pthread_mutex_unlock(&repeats->lock);
	return is_first;
}

static void tell_remainders(struct repeats *repeats,
                            void (*tell)(void *owner, const struct repeat_sum *sum), void *owner)
{
	for (unsigned reason = 0; reason < ERROR_COUNT; reason++) {
		struct remainder *remainder = &repeats->remainders[reason];
		struct repeat_sum sum = {
			.kind = {.reason = (enum error)reason,
		             .words = SPAN("of more kinds than are told apart")},
			.count = remainder->count,
			.client = span_of(remainder->client, remainder->client_size),
		};

		if (remainder->count > 0)
			tell(owner, &sum);
		remainder->count = 0;
	}
}

void repeats_tell(struct repeats *repeats, void (*tell)(void *owner, const struct repeat_sum *sum),
                  void *owner)
{
	struct counted **link = &repeats->first;

	(void)pthread_mutex_lock(&repeats->lock);
	while (*link) {
		struct counted *counted = *link;
		struct repeat_sum sum = {
			.kind = counted->kind,
			.count = counted->count,
			.client = span_of(counted->client, counted->client_size),
		};

		if (counted->count > 0) {
			tell(owner, &sum);
			counted->count = 0;
			link = &counted->next;
		} else {
			*link = counted->next;
			memory_free(counted);
			repeats->kind_count--;
		}
	}
	tell_remainders(repeats, tell, owner);
	(void)pthread_mutex_unlock(&repeats->lock);
}
