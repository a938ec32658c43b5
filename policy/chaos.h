/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Options of a chaos policy: its annotations `axoneme.io/chaos-*`.
 */
#ifndef POLICY_CHAOS_H
#define POLICY_CHAOS_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/report.h"

#define CHAOS_ANNOTATION "axoneme.io/chaos-"
#define CHAOS_DURATION_DEFAULT_NS 3600000000000ull
#define CHAOS_DURATION_MAX_NS (30 * 24 * 3600000000000ull)

/**
 * enum chaos_guard - what ends an experiment early (chaos-abort-on)
 * @CHAOS_GUARD_DROPS:  of the packets that entered by devices of pods in the last 10 s, more than
 *                      a share were dropped, for any reason but chaos
 * @CHAOS_GUARD_FAULTS: more faults were made than a number
 */
enum chaos_guard { CHAOS_GUARD_NONE, CHAOS_GUARD_DROPS, CHAOS_GUARD_FAULTS };

/**
 * struct chaos_options
 * @pos:           of the first annotation; line 0 = there is none
 * @duration_ns:   from the start on
 * @start_wall_s:  start by the calendar, seconds since the epoch; 0 = not given
 * @start_after_ns: start so long after it is applied
 * @max_in_flight: packets held at a time, of each port rule; 0 = no limit
 * @seed:          if @has_seed, else the agent takes one by chance
 * @sampling:      enum axo_chaos_sampling
 * @dry_run:       match, draw and count, but do nothing
 * @allow_wide:    may select more endpoints than the blast radius is wide
 * @guard:         enum chaos_guard
 * @guard_limit:   DROPS: millionths; FAULTS: how many
 */
struct chaos_options {
	struct pos pos;
	uint64_t duration_ns;
	int64_t start_wall_s;
	uint64_t start_after_ns;
	uint32_t max_in_flight;
	bool has_seed;
	bool dry_run;
	bool allow_wide;
	uint8_t sampling;
	uint8_t guard;
	uint64_t seed;
	uint64_t guard_limit;
};

#define CHAOS_OPTIONS_DEFAULT ((struct chaos_options){.duration_ns = CHAOS_DURATION_DEFAULT_NS})

#endif
