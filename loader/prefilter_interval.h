/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Overlapping ranges resolved: the narrower one wins.  Pure.
 */
#ifndef LOADER_PREFILTER_INTERVAL_H
#define LOADER_PREFILTER_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

/** struct pf_interval - from @key up to the next one's key */
struct pf_interval {
	uint64_t key;
	uint64_t verdict;
};

/** struct pf_intervals - ascending, neighbours differ; free @items */
struct pf_intervals {
	struct pf_interval *items;
	size_t count;
	size_t room;
};

/** struct pf_range - both ends belong to it */
struct pf_range {
	uint64_t first;
	uint64_t last;
	uint64_t verdict;
};

#define PF_NESTED_MAX 129

/**
 * struct pf_sweep - ranges in ascending order, nested or apart, become intervals
 * @open: those that the sweep is in, the narrowest last
 */
struct pf_sweep {
	struct pf_intervals *out;
	struct pf_range open[PF_NESTED_MAX];
	size_t depth;
};

/** pf_sweep_begin - @verdict is that of what lies in no range; 0 or -ENOMEM */
int pf_sweep_begin(struct pf_sweep *s, struct pf_intervals *out, uint64_t verdict);

/** pf_sweep_add - @range begins at or behind the one before, or lies in it; 0 or -ENOMEM */
int pf_sweep_add(struct pf_sweep *s, const struct pf_range *range);

/** pf_sweep_end - 0 or -ENOMEM */
int pf_sweep_end(struct pf_sweep *s);

/** pf_sweep_verdict - what holds at @key, which no later range begins before */
int pf_sweep_verdict(struct pf_sweep *s, uint64_t key, uint64_t *verdict);

#endif
