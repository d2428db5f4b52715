#include "server/probe.h"

#include "base/memory.h"
#include "net/lookup.h"
#include "net/loop.h"
#include "net/wire.h"

/* One backend that is being tried. */
struct trial {
	struct probe *probe;
	bool is_busy;
	size_t cluster;
	struct lookup *lookup;
	struct wire *wire;
};

struct probe {
	struct probe_options options;
	struct deadline deadline;
	struct trial trials[PROBE_AT_ONCE];
	size_t busy_count;
	/* What is tried next: first the first backend of each cluster, then the second ones. */
	size_t next_cluster;
	size_t next_backend;
	size_t cluster_count;
	struct probe_cluster clusters[];
};

static void free_probe(struct probe *probe)
{
	for (size_t i = 0; i < PROBE_AT_ONCE; i++) {
		lookup_cancel(probe->trials[i].lookup);
		wire_close(probe->trials[i].wire);
	}
	deadline_clear(&probe->deadline);
	memory_free(probe);
}

static void finish(void *owner)
{
	struct probe *probe = owner;

	probe->options.on_done(probe->options.owner, probe->clusters, probe->cluster_count);
	free_probe(probe);
}

/* The next backend that is worth a trial; false: there are no more. */
static bool find_next(struct probe *probe, size_t *ret_cluster, size_t *ret_backend)
{
	const struct config *config = probe->options.config;

	for (; probe->next_backend < CONFIG_BACKENDS_MAX; probe->next_backend++) {
		while (probe->next_cluster < probe->cluster_count) {
			size_t i = probe->next_cluster++;
			struct probe_cluster *cluster = &probe->clusters[i];

			if (!cluster->is_counted || cluster->is_usable ||
			    probe->next_backend >= config->clusters[i].backend_count)
				continue;
			if (probe->options.is_left_out(probe->options.owner, i, probe->next_backend)) {
				cluster->left_out++;
				continue;
			}
			*ret_cluster = i;
			*ret_backend = probe->next_backend;
			return true;
		}
		probe->next_cluster = 0;
	}
	return false;
}

static void go_on(struct probe *probe);

/* What came of a trial. The probe may be gone afterwards. */
static void end_trial(struct trial *trial, enum error error)
{
	struct probe *probe = trial->probe;
	struct probe_cluster *cluster = &probe->clusters[trial->cluster];

	wire_close(trial->wire);
	*trial = (struct trial){.probe = probe};
	probe->busy_count--;
	if (error)
		cluster->error = error;
	else
		cluster->is_usable = true;
	go_on(probe);
}

static void on_wire(void *owner)
{
	struct trial *trial = owner;

	if (trial->wire->phase != WIRE_CONNECTING)
		end_trial(trial, trial->wire->phase == WIRE_OPEN ? OK : trial->wire->failed);
}

static enum error connect_trial(struct trial *trial, const struct address *addresses, size_t count)
{
	const struct probe_options *options = &trial->probe->options;

	return wire_connect(options->loop, options->pool, addresses, count, on_wire, trial,
	                    &trial->wire);
}

static void on_looked_up(void *owner, enum error error, const struct address *addresses,
                         size_t address_count)
{
	struct trial *trial = owner;

	trial->lookup = NULL;
	if (!error)
		error = connect_trial(trial, addresses, address_count);
	if (error)
		end_trial(trial, error);
}

static struct trial *find_free(struct probe *probe)
{
	for (size_t i = 0; i < PROBE_AT_ONCE; i++)
		if (!probe->trials[i].is_busy)
			return &probe->trials[i];
	return NULL;
}

/* Begins as many trials as may be; when none is left, sees to the end. */
static void go_on(struct probe *probe)
{
	const struct config *config = probe->options.config;
	struct trial *trial;
	size_t cluster;
	size_t backend;

	while ((trial = find_free(probe)) && find_next(probe, &cluster, &backend)) {
		const struct address *address = &config->clusters[cluster].backends[backend].address;
		enum error error;

		*trial = (struct trial){.probe = probe, .is_busy = true, .cluster = cluster};
		if (address->kind == ADDRESS_NAME)
			error = lookup_start(probe->options.loop, address, on_looked_up, trial, &trial->lookup);
		else
			error = connect_trial(trial, address, 1);
		if (error) {
			probe->clusters[cluster].error = error;
			*trial = (struct trial){.probe = probe};
			continue;
		}
		probe->busy_count++;
	}
	if (probe->busy_count == 0)
		loop_set_deadline(probe->options.loop, &probe->deadline, 0);
}

static bool is_counted(const struct config *config, const struct config_cluster *cluster)
{
	for (size_t i = 0; i < config->admin.ready.cluster_count; i++)
		if (span_equal(config->admin.ready.clusters[i].text, cluster->name.text))
			return true;
	return config->admin.ready.cluster_count == 0;
}

/* For those that have not said anything until the deadline. */
static void on_deadline(void *owner)
{
	struct probe *probe = owner;

	for (size_t i = 0; i < PROBE_AT_ONCE; i++)
		if (probe->trials[i].is_busy)
			probe->clusters[probe->trials[i].cluster].error = ERROR_CONNECT_TIMEOUT;
	finish(probe);
}

enum error probe_start(const struct probe_options *options, struct probe **ret_probe)
{
	size_t count = options->config->cluster_count;
	struct probe *probe = memory_new(1, sizeof(*probe) + count * sizeof(probe->clusters[0]));

	if (!probe)
		return ERROR_OUT_OF_MEMORY;
	probe->options = *options;
	probe->cluster_count = count;
	for (size_t i = 0; i < count; i++)
		probe->clusters[i].is_counted = is_counted(options->config, &options->config->clusters[i]);
	for (size_t i = 0; i < PROBE_AT_ONCE; i++)
		probe->trials[i].probe = probe;
	deadline_init(&probe->deadline, on_deadline, probe);
	loop_set_deadline(options->loop, &probe->deadline, options->within_ms);
	go_on(probe);
	*ret_probe = probe;
	return OK;
}

void probe_cancel(struct probe *probe)
{
	if (probe)
		free_probe(probe);
}
