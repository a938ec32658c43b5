/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Metrics: counters that only the agent knows, and the Prometheus text of these and of what the
 * maps, pools and tables say at the moment of asking.  docs/api.md has the names.
 *
 * One thread.  Every function takes a NULL struct metrics and then does nothing, so that parts
 * can be tested without.
 */
#ifndef LOADER_METRICS_H
#define LOADER_METRICS_H

#include <stdint.h>

struct agent;
struct evbuffer;
struct metrics;

/** enum metric_counter - counters that other parts of the agent feed */
enum metric_counter {
	METRIC_EVENTS_LOST, /* events that a listener did not read in time */
	METRIC_COUNTERS,
};

/** enum metric_command - requests of the plugin that are counted and timed */
enum metric_command {
	METRIC_NONE, /* not one of them */
	METRIC_ADD_RESERVE,
	METRIC_ADD_ATTACH,
	METRIC_DEL,
	METRIC_FLUSH,
	METRIC_CHECK,
	METRIC_GC,
	METRIC_STATUS,
	METRIC_COMMANDS,
};

/** metrics_new - all zero; NULL = no memory */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);

/** metrics_add - @counter += @n */
void metrics_add(struct metrics *m, enum metric_counter counter, uint64_t n);

/** metrics_get - value of @counter */
uint64_t metrics_get(const struct metrics *m, enum metric_counter counter);

/**
 * metrics_request - an answer was given
 * @code: 0 = success, else enum api_code
 * @us:   microseconds from the request's last byte to the answer
 */
void metrics_request(struct metrics *m, enum metric_command command, unsigned int code,
		     uint64_t us);

/** metrics_write - append the text of everything to @out */
void metrics_write(struct agent *agent, struct evbuffer *out);

/** metrics_rss_bytes - resident memory of this process; 0 = unknown */
uint64_t metrics_rss_bytes(void);

#endif
