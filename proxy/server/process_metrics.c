#include "server/process_metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "session/half_open.h"
#include "tls/certificate.h"

enum { US_PER_S = 1000000 };

struct process_metrics {
	uint64_t began_us;      /* clock_now_us() */
	uint64_t began_wall_us; /* clock_wall_us() */
	int statm;              /* -1: there is none */
	DIR *descriptors;       /* NULL: there is none */
};

enum error process_metrics_new(struct process_metrics **ret_process_metrics)
{
	struct process_metrics *process_metrics = memory_new(1, sizeof(*process_metrics));

	if (!process_metrics)
		return ERROR_OUT_OF_MEMORY;
	process_metrics->began_us = clock_now_us();
	process_metrics->began_wall_us = clock_wall_us();
	process_metrics->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	process_metrics->descriptors = opendir("/proc/self/fd");
	*ret_process_metrics = process_metrics;
	return OK;
}

void process_metrics_free(struct process_metrics *process_metrics)
{
	if (!process_metrics)
		return;
	if (process_metrics->statm >= 0)
		(void)close(process_metrics->statm);
	if (process_metrics->descriptors)
		(void)closedir(process_metrics->descriptors);
	memory_free(process_metrics);
}

static void note(struct series_table *table, enum metric_id id, uint64_t value)
{
	series_note(table, id, NULL, value);
}

static uint64_t time_us(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * US_PER_S + (uint64_t)time->tv_usec;
}

static void note_memory(const struct process_metrics *process_metrics, struct series_table *table)
{
	char text[128];
	unsigned long long all;
	unsigned long long resident;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	ssize_t size =
		process_metrics->statm < 0 ? -1 : pread(process_metrics->statm, text, sizeof(text) - 1, 0);

	if (size <= 0)
		return;
	text[size] = '\0';
	/* Written by the kernel. NOLINTNEXTLINE(cert-err34-c) */
	if (sscanf(text, "%llu %llu", &all, &resident) != 2)
		return;
	note(table, METRIC_PROCESS_VIRTUAL, all * page);
	note(table, METRIC_PROCESS_RESIDENT, resident * page);
}

static void note_descriptors(const struct process_metrics *process_metrics,
                             struct series_table *table)
{
	struct rlimit files;
	uint64_t count = 0;

	if (process_metrics->descriptors) {
		rewinddir(process_metrics->descriptors);
		/* One thread has this stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
		for (struct dirent *entry; (entry = readdir(process_metrics->descriptors));)
			count += entry->d_name[0] != '.';
		note(table, METRIC_PROCESS_FDS, count);
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		note(table, METRIC_PROCESS_FDS_MAX, files.rlim_cur);
}

static void note_process(const struct process_metrics *process_metrics, struct series_table *table)
{
	const char *const labels[] = {SALLYPORT_VERSION};
	struct rusage usage;

	series_note(table, METRIC_BUILD, labels, 1);
	note(table, METRIC_UPTIME, clock_now_us() - process_metrics->began_us);
	note(table, METRIC_PROCESS_START, process_metrics->began_wall_us);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		note(table, METRIC_PROCESS_CPU, time_us(&usage.ru_utime) + time_us(&usage.ru_stime));
	note_memory(process_metrics, table);
	note_descriptors(process_metrics, table);
}

static void note_certificates(const struct setup_listener *listener, struct series_table *table)
{
	const struct config_tls *tls = listener->config->tls;

	if (!listener->sites)
		return;
	for (size_t i = 0; i < tls_sites_certificate_count(listener->sites); i++) {
		const struct tls_certificate *certificate = tls_sites_certificate(listener->sites, i);
		int64_t ends_s = tls_certificate_facts(certificate)->not_after_s;
		const char *const labels[] = {
			listener->config->address_text.text.data,
			tls->certificates[i].chain.text.data,
		};

		series_note(table, METRIC_CERTIFICATE_EXPIRY, labels,
		            ends_s > 0 ? (uint64_t)ends_s * US_PER_S : 0);
	}
}

void process_metrics_note(struct process_metrics *process_metrics, const struct setup *setup,
                          const struct budget *budget, struct half_open *half_open,
                          struct series_table *table)
{
	note(table, METRIC_MEMORY_USED, atomic_load(&budget->used));
	note(table, METRIC_MEMORY_LIMIT, budget->max);
	note(table, METRIC_HANDSHAKES_OPEN, half_open_count(half_open));
	note(table, METRIC_SETUPS, setup_count_alive());
	for (size_t i = 0; i < setup->listener_count; i++)
		note_certificates(&setup->listeners[i], table);
	note_process(process_metrics, table);
}
