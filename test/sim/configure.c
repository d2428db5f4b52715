#include "sim/configure.h"

#include "sim/mood.h"
#include "sim/random.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS };

static uint64_t choose(struct random *random, bool is_hasty, uint64_t ample_ms)
{
	return is_hasty ? random_between(random, 100, 3000) : ample_ms;
}

static void configure_clusters(struct config *config, const struct mood *mood,
                               struct random *random)
{
	static const uint64_t idle_max[] = {64, 64, 64, 1, 2, 0};

	for (size_t i = 0; i < config->cluster_count; i++) {
		struct config_cluster *cluster = &config->clusters[i];
		bool is_hasty = mood->is_hasty;

		cluster->pool.idle_max = idle_max[random_below(random, 6)];
		cluster->pool.idle_timeout_ms = random_between(random, 100, 10 * SECOND_MS);
		cluster->retries.share = is_hasty ? random_below(random, 100) : 20;
		cluster->retries.per_second = is_hasty ? random_below(random, 3) : 10;
		cluster->timeouts.connect_ms = choose(random, is_hasty, 3 * SECOND_MS);
		cluster->timeouts.first_byte_ms = choose(random, is_hasty, MINUTE_MS);
		cluster->timeouts.idle_ms = choose(random, is_hasty, MINUTE_MS);
		cluster->timeouts.avoid_ms = random_below(random, 10 * SECOND_MS);
		cluster->timeouts.resolve_ms = random_between(random, 500, MINUTE_MS);
	}
}

void configure(struct config *config, const struct mood *mood, struct random *random)
{
	bool is_hasty = mood->is_hasty;

	config->limits.body_size = random_chance(random, 30) ? random_between(random, 1, 5000) : 0;
	config->limits.replay_body = random_chance(random, 30) ? random_below(random, 2000) : 65536;
	config->limits.unread_body = random_chance(random, 20) ? random_below(random, 2000) : 65536;
	config->limits.rate_min = is_hasty ? random_size(random, 5000) : 256;
	config->timeouts.rate_grace_ms = choose(random, is_hasty, MINUTE_MS);
	config->timeouts.request_head_ms = choose(random, is_hasty, 10 * SECOND_MS);
	config->timeouts.keep_alive_ms = choose(random, is_hasty, 75 * SECOND_MS);
	config->timeouts.client_idle_ms = choose(random, is_hasty, MINUTE_MS);
	config->timeouts.tunnel_idle_ms = choose(random, is_hasty, MINUTE_MS);
	config->timeouts.linger_ms = choose(random, is_hasty, 5 * SECOND_MS);
	configure_clusters(config, mood, random);
}
