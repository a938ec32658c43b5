/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters of the agent itself, and the histogram of the plugin's requests; see metrics.h. */
#include "loader/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "loader/metrics_state.h"

const uint32_t metric_bounds_us[METRIC_BOUNDS] = {
	500,	1000,	2500,	5000,	 10000,	  25000,    50000,
	100000, 250000, 500000, 1000000, 2500000, 10000000,
};

struct metrics *metrics_new(void)
{
	return calloc(1, sizeof(struct metrics));
}

void metrics_free(struct metrics *m)
{
	free(m);
}

void metrics_add(struct metrics *m, enum metric_counter counter, uint64_t n)
{
	if (m)
		m->counters[counter] += n;
}

uint64_t metrics_get(const struct metrics *m, enum metric_counter counter)
{
	return m ? m->counters[counter] : 0;
}

static void count_code(struct metric_requests *r, unsigned int code)
{
	size_t i = 0;

	while (i < METRIC_CODES - 1 && r->codes[i].count && r->codes[i].code != code)
		i++;
	/* Codes are few; should there be more, the last place counts the rest together. */
	r->codes[i].code = code;
	r->codes[i].count++;
}

void metrics_request(struct metrics *m, enum metric_command command, unsigned int code, uint64_t us)
{
	struct metric_requests *r;
	size_t i = 0;

	if (!m)
		return;
	r = &m->requests[command];
	count_code(r, code);
	while (i < METRIC_BOUNDS && us > metric_bounds_us[i])
		i++;
	r->buckets[i]++;
	r->sum_us += us;
}

uint64_t metrics_rss_bytes(void)
{
	_cleanup_free_ char *text = NULL;
	unsigned long long pages;

	if (file_read("/proc/self/statm", 4096, &text, NULL) ||
	    sscanf(text, "%*u %llu", &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
