#include "tls/tickets.h"

#include <psa/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"
#include "tls/library.h"
#include "tls/ticket_file.h"

struct tls_tickets {
	atomic_uint references;
	uint64_t lifetime_us;
	atomic_uint generation;
	_Atomic uint64_t rotation_due_us; /* clock_now_us() */
	pthread_mutex_t lock;             /* of `secrets` */
	struct tls_ticket_secrets secrets;
};

static const uint64_t never_us = UINT64_MAX;

/* Under the lock, or before anyone else knows of the tickets. */
static enum error rotate(struct tls_tickets *tickets, uint64_t now_us)
{
	struct tls_ticket_secrets *secrets = &tickets->secrets;
	struct tls_ticket_secrets fresh = {.count = 1, .generation = secrets->generation + 1};
	enum error error = OK;

	(void)tls_library_starved();
	if (psa_generate_random((unsigned char *)&fresh.keys[0], sizeof(fresh.keys[0])) ==
	    PSA_SUCCESS) {
		/* What the key before has sealed has expired too if nobody came for so long. */
		uint64_t due_us = atomic_load_explicit(&tickets->rotation_due_us, memory_order_relaxed);

		if (secrets->count > 0 && now_us < due_us + tickets->lifetime_us / 2) {
			memcpy(&fresh.keys[1], &secrets->keys[0], sizeof(fresh.keys[1]));
			fresh.count = 2;
		}
		memcpy(secrets, &fresh, sizeof(fresh));
		atomic_store_explicit(&tickets->rotation_due_us, now_us + tickets->lifetime_us / 2,
		                      memory_order_relaxed);
		atomic_store_explicit(&tickets->generation, fresh.generation, memory_order_release);
	} else {
		error = tls_library_failure();
	}
	memory_wipe(&fresh, sizeof(fresh));
	return error;
}

/* Without any key yet. */
static enum error new_empty(uint64_t lifetime_ms, struct tls_tickets **ret_tickets)
{
	struct tls_tickets *tickets = secret_new(1, sizeof(*tickets));

	if (!tickets)
		return ERROR_OUT_OF_MEMORY;
	if (lifetime_ms < TLS_TICKETS_LIFETIME_MIN_MS)
		lifetime_ms = TLS_TICKETS_LIFETIME_MIN_MS;
	if (lifetime_ms > TLS_TICKETS_LIFETIME_MAX_MS)
		lifetime_ms = TLS_TICKETS_LIFETIME_MAX_MS;
	atomic_init(&tickets->references, 1);
	atomic_init(&tickets->generation, 0);
	atomic_init(&tickets->rotation_due_us, 0);
	tickets->lifetime_us = lifetime_ms * 1000;
	if (pthread_mutex_init(&tickets->lock, NULL) != 0) {
		secret_free(tickets);
		return ERROR_OUT_OF_MEMORY;
	}
	*ret_tickets = tickets;
	return OK;
}

enum error tls_tickets_new(uint64_t lifetime_ms, struct tls_tickets **ret_tickets)
{
	struct tls_tickets *tickets;
	enum error error = new_empty(lifetime_ms, &tickets);

	if (error)
		return error;
	error = rotate(tickets, clock_now_us());
	if (error) {
		tls_tickets_unref(tickets);
		return error;
	}
	*ret_tickets = tickets;
	return OK;
}

enum error tls_tickets_share(struct tls_tickets *tickets, struct span file, struct text *why)
{
	struct tls_ticket_secrets fresh = {0};
	enum error error = tls_ticket_file_read(file, &fresh, why);

	if (!error) {
		(void)pthread_mutex_lock(&tickets->lock);
		fresh.generation = tickets->secrets.generation + 1;
		memcpy(&tickets->secrets, &fresh, sizeof(fresh));
		atomic_store_explicit(&tickets->rotation_due_us, never_us, memory_order_relaxed);
		atomic_store_explicit(&tickets->generation, fresh.generation, memory_order_release);
		(void)pthread_mutex_unlock(&tickets->lock);
	}
	memory_wipe(&fresh, sizeof(fresh));
	return error;
}

enum error tls_tickets_new_shared(uint64_t lifetime_ms, struct span file,
                                  struct tls_tickets **ret_tickets, struct text *why)
{
	struct tls_tickets *tickets;
	enum error error = new_empty(lifetime_ms, &tickets);

	if (error)
		return error;
	error = tls_tickets_share(tickets, file, why);
	if (error) {
		tls_tickets_unref(tickets);
		return error;
	}
	*ret_tickets = tickets;
	return OK;
}

struct tls_tickets *tls_tickets_ref(struct tls_tickets *tickets)
{
	(void)atomic_fetch_add_explicit(&tickets->references, 1, memory_order_relaxed);
	return tickets;
}

void tls_tickets_unref(struct tls_tickets *tickets)
{
	if (!tickets || atomic_fetch_sub_explicit(&tickets->references, 1, memory_order_acq_rel) > 1)
		return;
	(void)pthread_mutex_destroy(&tickets->lock);
	secret_free(tickets);
}

enum error tls_tickets_rotate(struct tls_tickets *tickets)
{
	(void)pthread_mutex_lock(&tickets->lock);
	check(atomic_load_explicit(&tickets->rotation_due_us, memory_order_relaxed) != never_us);

	enum error error = rotate(tickets, clock_now_us());

	(void)pthread_mutex_unlock(&tickets->lock);
	return error;
}

uint32_t tls_tickets_generation(const struct tls_tickets *tickets)
{
	return atomic_load_explicit(&tickets->generation, memory_order_acquire);
}

uint32_t tls_tickets_refresh(struct tls_tickets *tickets)
{
	uint64_t now_us = clock_now_us();

	if (now_us < atomic_load_explicit(&tickets->rotation_due_us, memory_order_relaxed))
		return tls_tickets_generation(tickets);

	(void)pthread_mutex_lock(&tickets->lock);
	/* Another worker may have been here first. Without entropy the old key serves on. */
	if (now_us >= atomic_load_explicit(&tickets->rotation_due_us, memory_order_relaxed))
		(void)rotate(tickets, now_us);
	(void)pthread_mutex_unlock(&tickets->lock);
	return tls_tickets_generation(tickets);
}

void tls_tickets_copy(struct tls_tickets *tickets, struct tls_ticket_secrets *ret_secrets)
{
	(void)pthread_mutex_lock(&tickets->lock);
	memcpy(ret_secrets, &tickets->secrets, sizeof(*ret_secrets));
	(void)pthread_mutex_unlock(&tickets->lock);
}

uint64_t tls_tickets_lifetime_ms(const struct tls_tickets *tickets)
{
	return tickets->lifetime_us / 1000;
}
