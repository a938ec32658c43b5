/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What struct metrics holds: shared by metrics.c, which counts, and metrics_text.c, which writes.
 */
#ifndef LOADER_METRICS_STATE_H
#define LOADER_METRICS_STATE_H

#include "loader/metrics.h"

#define METRIC_BOUNDS 13
#define METRIC_CODES 16

/** metric_bounds_us - upper bounds of the histogram's buckets, inclusive, rising */
extern const uint32_t metric_bounds_us[METRIC_BOUNDS];

/**
 * struct metric_requests - answers to one command
 * @codes:   how many with each code, in the order of their first appearance; count 0 = unused
 * @buckets: answers by duration, not cumulative; the last is above all bounds
 * @sum_us:  all durations
 */
struct metric_requests {
	struct {
		unsigned int code;
		uint64_t count;
	} codes[METRIC_CODES];
	uint64_t buckets[METRIC_BOUNDS + 1];
	uint64_t sum_us;
};

struct agent;
struct evbuffer;

/** metrics_head - HELP and TYPE of a metric */
void metrics_head(struct evbuffer *out, const char *name, const char *type, const char *help);

/** chaos_metrics_write - those of experiments, if there are any */
void chaos_metrics_write(const struct agent *agent, struct evbuffer *out);

struct metrics {
	uint64_t counters[METRIC_COUNTERS];
	struct metric_requests requests[METRIC_COMMANDS];
};

#endif
