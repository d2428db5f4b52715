#include "sim/world.h"

#include <stdio.h>

#include "base/memory.h"
#include "net/loop.h"
#include "session/session.h"
#include "sim/client_script.h"
#include "sim/configure.h"
#include "sim/invariants.h"
#include "sim/origin.h"
#include "sim/trace.h"
#include "sim/verdict.h"

enum {
	ACTIONS_MAX = 256,
	START_MS = 1000000,
	PEER_WEIGHT = 8,
	STEPS_MAX = 3000000,
	TOLD_NETWORK = 3, /* 10.0.3.0/24: the backends to which PROXY headers are sent */
};

/* What can happen next, and how likely it is among the others. */
struct action {
	void (*act)(struct world *world, void *object);
	void *object;
	unsigned weight;
};

struct actions {
	struct action list[ACTIONS_MAX];
	size_t count;
	size_t weight;
};

static void offer(struct actions *actions, void (*act)(struct world *world, void *object),
                  void *object, unsigned weight)
{
	check(actions->count < ACTIONS_MAX);
	actions->list[actions->count++] =
		(struct action){.act = act, .object = object, .weight = weight};
	actions->weight += weight;
}

static void let_connect(struct world *world, void *connection)
{
	(void)world;
	wire_let_connect(connection);
}

static void let_read(struct world *world, void *connection)
{
	(void)world;
	wire_let_read(connection);
}

static void let_write(struct world *world, void *connection)
{
	(void)world;
	wire_let_write(connection);
}

static void let_client_send(struct world *world, void *client)
{
	(void)world;
	client_send(client);
}

static void let_client_receive(struct world *world, void *client)
{
	(void)world;
	client_receive(client);
}

static void let_origin_send(struct world *world, void *origin)
{
	(void)world;
	origin_send(origin);
}

static void let_origin_receive(struct world *world, void *origin)
{
	(void)world;
	origin_receive(origin);
}

static void let_client_connect(struct world *world, void *object)
{
	struct client *client = object;
	struct setup *setup = world->services.setup;
	struct address peer = preamble_source(client->number, false);
	size_t listener = client->redirected ? 1 : client->is_balanced ? 2 : 0;

	client_connect(client);
	if (session_open(&world->services, &setup->listeners[listener], NULL,
	                 (int)client->connection->number, &peer))
		trace("client %u: no session", client->number);
}

static void let_lookup(struct world *world, void *object)
{
	struct address addresses[2] = {
		{.kind = ADDRESS_IPV4, .bytes = {10, 0, 2, 1}, .host = "10.0.2.1"},
		{.kind = ADDRESS_IPV4, .bytes = {10, 0, 2, 2}, .host = "10.0.2.2"},
	};
	bool fails = random_chance(&world->random, world->mood.connect_faults);

	(void)object;
	world->lookups++;
	lookup_answer(&world->net, addresses, fails ? 0 : random_between(&world->random, 1, 2));
}

static void let_drain(struct world *world, void *object)
{
	struct list *sessions = &world->services.sessions;

	(void)object;
	trace("the proxy is asked to stop");
	world->services.draining = true;
	world->drain_ms = DEADLINE_NEVER;
	for (struct list *node = sessions->next, *next; node != sessions; node = next) {
		next = node->next;
		session_drain(LIST_OBJECT(node, struct session, node));
	}
}

static void let_abort(struct world *world, void *object)
{
	struct list *sessions = &world->services.sessions;

	(void)object;
	trace("the proxy stops now");
	world->abort_ms = DEADLINE_NEVER;
	while (!list_is_empty(sessions))
		session_abort(LIST_OBJECT(sessions->next, struct session, node));
}

static void offer_net(struct world *world, struct actions *actions)
{
	for (struct list *node = world->net.connections.next; node != &world->net.connections;
	     node = node->next) {
		struct connection *connection = LIST_OBJECT(node, struct connection, node);

		if (wire_can_connect(connection))
			offer(actions, let_connect, connection, connection->pace);
		if (wire_can_read(connection))
			offer(actions, let_read, connection, connection->pace);
		if (wire_can_write(connection))
			offer(actions, let_write, connection, connection->pace);
	}
	if (lookup_is_waiting(&world->net))
		offer(actions, let_lookup, NULL, 1);
}

static void offer_peers(struct world *world, struct actions *actions)
{
	uint64_t now_ms = world->net.now_ms;

	for (unsigned i = 0; i < world->client_count; i++) {
		struct client *client = &world->clients[i];

		if (!client->connection && client->starts_ms <= now_ms && !world->services.draining)
			offer(actions, let_client_connect, client, PEER_WEIGHT);
		if (client_can_send(client))
			offer(actions, let_client_send, client, PEER_WEIGHT);
		if (client_can_receive(client))
			offer(actions, let_client_receive, client, PEER_WEIGHT);
	}
	for (struct list *node = world->origins.next; node != &world->origins; node = node->next) {
		struct origin *origin = LIST_OBJECT(node, struct origin, node);

		if (origin_can_send(origin))
			offer(actions, let_origin_send, origin, PEER_WEIGHT);
		if (origin_can_receive(origin))
			offer(actions, let_origin_receive, origin, PEER_WEIGHT);
	}
	if (world->drain_ms <= now_ms)
		offer(actions, let_drain, NULL, PEER_WEIGHT);
	if (world->services.draining && world->abort_ms <= now_ms)
		offer(actions, let_abort, NULL, PEER_WEIGHT);
}

static void earlier(uint64_t *wake_ms, uint64_t other_ms)
{
	if (other_ms < *wake_ms)
		*wake_ms = other_ms;
}

/* When something happens by itself. */
static uint64_t next_ms(const struct world *world)
{
	uint64_t wake_ms = deadlines_next(&world->net.deadlines);

	for (struct list *node = world->net.connections.next; node != &world->net.connections;
	     node = node->next) {
		const struct connection *connection = LIST_OBJECT(node, struct connection, node);

		if (connection->connecting && connection->fate != FATE_UNANSWERED)
			earlier(&wake_ms, connection->decided_ms);
	}
	for (unsigned i = 0; i < world->client_count; i++)
		if (world->clients[i].connection || !world->services.draining)
			earlier(&wake_ms, client_wakes_ms(&world->clients[i]));
	for (struct list *node = world->origins.next; node != &world->origins; node = node->next)
		earlier(&wake_ms, origin_wakes_ms(LIST_OBJECT(node, struct origin, node)));
	earlier(&wake_ms, world->drain_ms);
	if (world->services.draining)
		earlier(&wake_ms, world->abort_ms);
	return wake_ms;
}

static void jump(struct world *world)
{
	uint64_t wake_ms = next_ms(world);

	if (wake_ms == DEADLINE_NEVER)
		violation("nothing can happen any more, and %zu sessions are open",
		          world->services.session_count);
	if (wake_ms > world->net.now_ms + 1000)
		trace("the clock is moved on by %llu ms",
		      (unsigned long long)(wake_ms - world->net.now_ms));
	loop_advance(&world->net, wake_ms > world->net.now_ms ? wake_ms : world->net.now_ms + 1);
	invariants_check_jump(world);
}

static void act(struct world *world, const struct actions *actions)
{
	size_t left = random_below(&world->random, actions->weight);
	size_t i = 0;

	while (left >= actions->list[i].weight)
		left -= actions->list[i++].weight;
	world->idle_jumps = 0;
	actions->list[i].act(world, actions->list[i].object);
}

static void step(struct world *world)
{
	struct random *random = &world->random;
	struct actions actions = {.count = 0};

	trace_step();
	world->net.calls = 0;
	if (world->mood.is_failing && random_chance(random, 3))
		memory_fail_after((long)random_below(random, 6));
	offer_net(world, &actions);
	offer_peers(world, &actions);
	if (actions.count == 0)
		jump(world);
	else if (random_chance(random, 2))
		loop_advance(&world->net, world->net.now_ms + random_between(random, 1, 3));
	else
		act(world, &actions);
	memory_fail_after(-1);
	if (trace_is_on() && text_span(&world->log.batches[LOG_TO_ACCESS]).size > 0)
		trace("log: %s", text_string(&world->log.batches[LOG_TO_ACCESS]));
	log_flush(&world->log);
	invariants_check(world);
}

static bool is_over(const struct world *world)
{
	if (world->services.session_count > 0)
		return false;
	for (unsigned i = 0; i < world->client_count; i++) {
		const struct client *client = &world->clients[i];

		if (client->connection ? !client->is_over : !world->services.draining)
			return false;
	}
	return true;
}

static bool has_idle_links(const struct world *world)
{
	for (size_t i = 0; i < world->services.clusters->cluster_count; i++)
		if (world->services.clusters->clusters[i].idle_count > 0)
			return true;
	return false;
}

/* Whatever was counted as open is not any more. */
static void judge_gauges(const struct world *world)
{
	for (unsigned id = 0; id < METRIC_COUNT; id++) {
		const struct metric *metric = metric_of((enum metric_id)id);
		const struct series *series = series_first(world->series, (enum metric_id)id);

		for (; metric->kind == METRIC_GAUGE && series; series = series->next)
			if (series->value != 0)
				violation("%s of %s is %llu at the end", metric->name, series->labels[0],
				          (unsigned long long)series->value);
	}
}

static void wind_up(struct world *world)
{
	if (world->pool.taken > 0)
		violation("%zu blocks are still taken after the last session", world->pool.taken);
	/* Half of the times idle connections grow old; else they are closed. */
	if (random_chance(&world->random, 50))
		while (has_idle_links(world))
			step(world);
	clusters_close(world->services.clusters);
	judge_gauges(world);
	metrics_free(world->metrics);
	series_table_free(world->series);
	if (world->pool.taken > 0)
		violation("%zu blocks are still taken at the end", world->pool.taken);
	pool_done(&world->pool);
	if (atomic_load(&world->budget.used) > 0)
		violation("%zu bytes of memory are used at the end", atomic_load(&world->budget.used));
	log_done(&world->log);
	log_sink_close(world->sink);
	while (!list_is_empty(&world->origins)) {
		struct origin *origin = LIST_OBJECT(world->origins.next, struct origin, node);

		list_remove(&origin->node);
		origin_free(origin);
	}
	for (unsigned i = 0; i < world->client_count; i++)
		client_done(&world->clients[i]);
	loop_done(&world->net);
	ledger_done(&world->ledger);
}

void world_run(struct world *world)
{
	while (!is_over(world)) {
		step(world);
		if (trace_steps() > STEPS_MAX)
			violation("it does not come to an end");
	}
	verdict_give(world);
	wind_up(world);
}

static enum fate on_connect(void *owner, struct connection *connection,
                            const struct address *address)
{
	struct world *world = owner;
	struct random *random = &world->random;
	enum fate fate = FATE_ACCEPTED;
	unsigned which = (unsigned)(address->bytes[2] * 3 + address->bytes[3]) % 8;

	if (world->dead[which] || random_chance(random, world->mood.connect_faults / 3))
		fate = (enum fate)random_between(random, FATE_REFUSED, FATE_UNANSWERED);
	trace("connection %u: the proxy connects to %s", connection->number, address->host);
	if (fate == FATE_ACCEPTED) {
		bool is_told = address->bytes[2] == TOLD_NETWORK;
		struct origin *origin =
			origin_new(connection, &world->ledger, &world->mood, &world->random, is_told);

		list_add_last(&world->origins, &origin->node);
	}
	return fate;
}

static void on_sent(void *owner, struct connection *connection, struct span bytes)
{
	(void)owner;
	if (connection->peer)
		origin_hear(connection->peer, bytes);
}

static void on_session_closed(void *owner)
{
	(void)owner;
	trace("a session has closed");
}

static struct h1_limits limits_of(const struct config_limits *limits, uint64_t body_size)
{
	return (struct h1_limits){
		.head_size_max = limits->head_size,
		.field_count_max = limits->header_count,
		.target_size_max = limits->target_size,
		.body_size_max = body_size,
		.chunk_extension_max = limits->chunk_extension,
		.trailer_size_max = limits->trailer_size,
	};
}

static void open_services(struct world *world, struct setup *setup)
{
	const struct config_limits *limits = &setup->config->limits;

	if (series_table_new(setup->config->metrics.series_max, &world->series) ||
	    metrics_new(world->series, setup->config, &world->metrics))
		violation("no metrics");
	world->services = (struct services){
		.loop = &world->net,
		.pool = &world->pool,
		.log = &world->log,
		.metrics = world->metrics,
		.ids = &world->ids,
		.setup = setup,
		.request_limits = limits_of(limits, limits->body_size),
		.response_limits = limits_of(limits, 0),
		.on_session_closed = on_session_closed,
		.owner = world,
	};
	list_init(&world->services.sessions);
	if (clusters_new(&world->net, &world->pool, world->series, &world->log, setup->config,
	                 &world->services.clusters))
		violation("clusters_new() failed");
}

static void invite(struct world *world, uint64_t body_limit)
{
	struct random *random = &world->random;

	world->client_count = (unsigned)random_between(random, 1, CLIENTS_MAX);
	for (unsigned i = 0; i < world->client_count; i++) {
		struct client *client = &world->clients[i];

		client->number = i;
		client->mood = &world->mood;
		client->random = random;
		client->loop = &world->net;
		client_script(client, &world->ledger, body_limit);
	}
	for (size_t i = 0; i < sizeof(world->dead) / sizeof(world->dead[0]); i++)
		world->dead[i] = random_chance(random, world->mood.connect_faults / 2);
}

void world_init(struct world *world, uint64_t seed, struct setup *setup, struct tls_random *ids)
{
	struct random *random = &world->random;

	*world = (struct world){.drain_ms = DEADLINE_NEVER, .abort_ms = DEADLINE_NEVER};
	random_init(random, seed);
	mood_choose(&world->mood, random);
	configure(setup->config, &world->mood, random);
	loop_init(&world->net, random, START_MS);
	world->net.on_connect = on_connect;
	world->net.on_sent = on_sent;
	world->net.owner = world;
	list_init(&world->origins);
	world->budget.max =
		world->mood.is_tight ? random_between(random, 40000, 500000) : (size_t)512 << 20;
	pool_init(&world->pool, &world->budget);
	if (log_sink_open("/dev/null", &world->sink))
		violation("/dev/null can not be opened");
	log_init(&world->log, world->sink, world->sink, LOG_JSON);
	request_ids_init(&world->ids, ids);
	open_services(world, setup);
	invite(world, setup->config->limits.body_size);
	if (world->mood.drains)
		world->drain_ms = START_MS + random_size(random, 20000);
	if (world->mood.aborts)
		world->abort_ms = START_MS + random_size(random, 30000);
}
