#include "sim/invariants.h"

#include <inttypes.h>

#include "backend/link.h"
#include "session/exchange.h"
#include "session/session.h"
#include "sim/origin.h"
#include "sim/trace.h"
#include "sim/world.h"

enum {
	SLACK_MS = 2 * DEADLINE_TICK_MS,
	CALLS_MAX = 20000,       /* of the proxy into the net in one step: else its pump spins */
	JUMPS_MAX = 200,         /* of the clock without anything moving */
	JUMPS_TIGHT_MAX = 20000, /* the same when it looks for memory every 50 ms */
	BLOCKS_SESSION = 16,     /* of the pool for one session: buffers and arenas */
};

static bool looks_for_memory(const struct world *world)
{
	return world->mood.is_tight || world->mood.is_failing;
}

static const struct config *config_of(const struct world *world)
{
	return world->services.setup->config;
}

/* The longest that a session can go without a byte moving: all its timeouts in a row. */
static uint64_t longest_ms(const struct world *world)
{
	const struct config_timeouts *client = &config_of(world)->timeouts;
	uint64_t sum_ms = client->request_head_ms + client->keep_alive_ms + client->client_idle_ms +
	                  client->tunnel_idle_ms + client->linger_ms;
	uint64_t backend_ms = 0;

	for (size_t i = 0; i < config_of(world)->cluster_count; i++) {
		const struct config_cluster *cluster = &config_of(world)->clusters[i];
		uint64_t cluster_ms = cluster->timeouts.connect_ms * (cluster->backend_count + 1) +
		                      cluster->timeouts.first_byte_ms + cluster->timeouts.idle_ms;

		backend_ms = cluster_ms > backend_ms ? cluster_ms : backend_ms;
	}
	return sum_ms + backend_ms + 10 * SLACK_MS;
}

static uint64_t moved_ms(const struct session *session)
{
	const struct exchange *exchange = session->exchange;
	uint64_t moved_ms = session->client.wire->moved_ms;

	if (session->phase_began_ms > moved_ms)
		moved_ms = session->phase_began_ms;
	if (exchange && exchange->link && exchange->link->transport.wire->moved_ms > moved_ms)
		moved_ms = exchange->link->transport.wire->moved_ms;
	return moved_ms;
}

static void check_session(const struct world *world, const struct session *session)
{
	const char *phase = session_phase_name(session->phase);
	const struct wire *wire = session->client.wire;
	uint64_t now_ms = world->net.now_ms;
	uint64_t due_ms = session->deadline.at_ms;

	if (session->phase == SESSION_CLOSING)
		violation("a session is still there in the phase closing");
	if (due_ms == DEADLINE_NEVER)
		violation("a session in the phase %s has no deadline", phase);
	/* Without memory a phase may begin when its time is over; and draining cuts it short. */
	if ((looks_for_memory(world) || world->services.draining) && session->deadline.slot_ms > due_ms)
		due_ms = session->deadline.slot_ms;
	if (due_ms + SLACK_MS < now_ms)
		violation("a session in the phase %s is overdue by %" PRIu64 " ms", phase, now_ms - due_ms);
	if (now_ms - moved_ms(session) > longest_ms(world))
		violation("a session in the phase %s has not moved for %" PRIu64 " ms", phase,
		          now_ms - moved_ms(session));
	if ((session->phase == SESSION_EXCHANGE || session->phase == SESSION_TUNNEL) !=
	    (session->exchange != NULL))
		violation("a session in the phase %s and its exchange do not agree", phase);
	if (session->phase == SESSION_AWAIT_REQUEST && (wire->in.data || !wire->out.pinned) &&
	    (wire->in.data || wire->out.data))
		violation("an idle session keeps a buffer");
}

/* Only what is clean is idle: asked of who has heard every byte. */
static void check_clean(const struct connection *connection)
{
	const struct origin *origin = connection->peer;

	if (!tap_is_clean(&origin->tap) || reading_has_begun(&origin->tap.reading))
		violation("connection %u is idle, but not clean", connection->number);
}

static size_t check_idle_links(const struct world *world, struct backend *backend)
{
	size_t count = 0;

	for (struct list *node = backend->idle.next; node != &backend->idle; node = node->next) {
		struct link *link = LIST_OBJECT(node, struct link, node);
		const struct wire *wire = link->transport.wire;

		count++;
		if (wire->phase != WIRE_OPEN || wire->in_ended || wire->out_failed || wire->out_ended)
			violation("an idle connection is not open any more");
		if (wire->in.data || wire->out.data)
			violation("an idle connection keeps a buffer");
		if (link->idle_timeout.at_ms == DEADLINE_NEVER)
			violation("an idle connection has no deadline");
		if (link->idle_timeout.at_ms + SLACK_MS < world->net.now_ms)
			violation("an idle connection is overdue");
		check_clean(wire_connection(wire));
	}
	return count;
}

static void check_pool_of_links(const struct world *world)
{
	struct clusters *clusters = world->services.clusters;

	for (size_t i = 0; clusters && i < clusters->cluster_count; i++) {
		struct cluster *cluster = &clusters->clusters[i];
		size_t count = 0;

		for (size_t j = 0; j < cluster->backend_count; j++)
			count += check_idle_links(world, &cluster->backends[j]);
		if (count != cluster->idle_count)
			violation("%zu idle connections are counted as %zu", count, cluster->idle_count);
		if (count > cluster->config->pool.idle_max)
			violation("%zu idle connections are more than may be", count);
	}
}

static void check_memory(struct world *world)
{
	size_t used = atomic_load(&world->budget.used);
	size_t blocks_max = BLOCKS_SESSION * world->services.session_count;

	if (used > world->budget.max)
		violation("%zu bytes of memory are used, %zu may be", used, world->budget.max);
	if (world->pool.taken > blocks_max)
		violation("%zu sessions have %zu blocks", world->services.session_count, world->pool.taken);
	if (world->pool.taken > world->taken_max)
		world->taken_max = world->pool.taken;
}

void invariants_check(struct world *world)
{
	struct list *sessions = &world->services.sessions;
	size_t count = 0;

	if (world->net.calls > CALLS_MAX)
		violation("the pump ran on and on: %lu calls in one step", world->net.calls);
	for (struct list *node = sessions->next; node != sessions; node = node->next, count++)
		check_session(world, LIST_OBJECT(node, struct session, node));
	if (count != world->services.session_count)
		violation("%zu sessions are counted as %zu", count, world->services.session_count);
	check_pool_of_links(world);
	check_memory(world);
}

void invariants_check_jump(struct world *world)
{
	unsigned long jumps_max = looks_for_memory(world) ? JUMPS_TIGHT_MAX : JUMPS_MAX;

	if (++world->idle_jumps > jumps_max)
		violation("the clock was moved on %lu times for nothing", world->idle_jumps);
}
