/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What loader/chaos*.c share.
 */
#ifndef LOADER_CHAOS_INTERNAL_H
#define LOADER_CHAOS_INTERNAL_H

#include "loader/chaos.h"
#include "loader/chaos_filter.h"
#include "policy/feature.h"

struct event;

/**
 * struct pending - what a change that is being made does to one experiment
 * @fresh: made by it; NULL = the old one goes, or stays with another reference
 * @old:   was in force before; NULL = there was none
 * @old_ref: of @old, when it stays
 */
struct pending {
	struct pending *next;
	struct experiment *fresh;
	struct experiment *old;
	uint32_t old_ref;
	bool stays;
};

#define CHAOS_GUARD_WINDOW_S 10
#define CHAOS_GUARD_PACKETS_MIN 100

/** struct chaos_sample - counters of the host at one moment; drops without those by chaos */
struct chaos_sample {
	uint64_t packets;
	uint64_t drops;
};

/**
 * struct chaos
 * @by_number: all of them; NULL = free, unless @leftover
 * @leftover:  of an earlier agent, in axo_chaos
 * @wanted:    the delay line, as it was told last
 * @samples:   one a second while a guard asks; the next one is number @sample_next
 * @pending:   of the change under way
 * @stored:    rows of the disk, while policies are loaded
 */
struct chaos {
	struct agent *agent;
	struct event *tick;
	struct experiment *by_number[AXO_MAX_CHAOS];
	bool leftover[AXO_MAX_CHAOS];
	struct chaos_filters filters;
	uint32_t last;
	bool wanted;
	struct chaos_sample samples[CHAOS_GUARD_WINDOW_S];
	uint64_t sample_next;
	char boot_id[CHAOS_BOOT_ID_MAX];
	struct pending *pending;
	struct experiment *stored;
	size_t stored_count;
};

/** chaos_now_ns - CLOCK_BOOTTIME */
int64_t chaos_now_ns(void);

/* chaos.c */

/** chaos_tick - what changes by itself: the lease, begins, ends */
void chaos_tick(struct chaos *c);

/** chaos_forget - everything in memory */
void chaos_forget(struct chaos *c);

/** chaos_drop_unused - nobody uses @x, and nobody may come to: it goes */
void chaos_drop_unused(struct chaos *c, struct experiment *x);

/* chaos_experiment.c */

/** experiment_order - by (namespace, name, kind, part) */
int experiment_order(const struct experiment *a, const struct experiment *b);

/**
 * experiment_new - of port rule number @part of @policy, numbered and in the maps
 * @stored: its row on the disk; NULL = it begins now
 */
int experiment_new(struct chaos *c, const struct feature_rule *r, const struct chaos_row *stored,
		   struct experiment **out, struct error *e);

/** experiment_drop - out of the maps; its number is free */
void experiment_drop(struct chaos *c, struct experiment *x);
void experiment_free(struct experiment *x);

/** experiment_write - its value and times into the map, as they are */
int experiment_write(struct chaos *c, struct experiment *x, bool fresh, struct error *e);

/** experiment_find - of that port rule, in force */
struct experiment *experiment_find(const struct chaos *c, const struct policy *p, uint32_t part);

/** experiments_rank - numbers for the order in which they draw */
void experiments_rank(struct chaos *c);

/** chaos_rules_each - every chaos port rule of @p; stops at the first that returns less than 0 */
int chaos_rules_each(const struct policy *p, uint32_t first_ref,
		     int (*fn)(const struct feature_rule *r, void *arg), void *arg);

/* chaos_guard.c */

/** chaos_guard_check - end those whose guard says so; once a second */
void chaos_guard_check(struct chaos *c);

#endif
