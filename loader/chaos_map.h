/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Experiments in the maps (axoneme/chaos.h, chaos_stat.h).
 */
#ifndef LOADER_CHAOS_MAP_H
#define LOADER_CHAOS_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "axoneme/chaos.h"
#include "axoneme/chaos_stat.h"
#include "lib/error.h"

struct datapath;

/**
 * chaos_map_write - everything of experiment @number
 * @fresh: its counters begin at 0; else they stay as they are, if there are any
 */
int chaos_map_write(struct datapath *dp, uint32_t number, const struct axo_chaos *c, bool fresh,
		    struct error *e);

/** chaos_map_read - 0 or -ENOENT */
int chaos_map_read(const struct datapath *dp, uint32_t number, struct axo_chaos *c);

/** chaos_map_delete - no program sees it any more */
void chaos_map_delete(struct datapath *dp, uint32_t number);

/** chaos_map_numbers - mark those that the map holds in @used, of AXO_MAX_CHAOS */
void chaos_map_numbers(struct datapath *dp, bool *used);

/** chaos_map_renew - the agent lives; @renewed_ns: CLOCK_BOOTTIME, 0 = it does not */
int chaos_map_renew(struct datapath *dp, uint64_t renewed_ns);

/** chaos_map_run, chaos_map_stat - all zero if there is none */
struct axo_chaos_run chaos_map_run(const struct datapath *dp, uint32_t number);
struct axo_chaos_stat chaos_map_stat(const struct datapath *dp, uint32_t number, uint32_t rule);

#endif
