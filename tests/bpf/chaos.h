/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Experiments in the fixture's maps, written as the agent writes them.
 *
 * B's ingress policy has one feature set with experiments; A is the client, B the server.  The
 * delay line begins at a device that is there, so packets are sent into it and no further, unless
 * a test gives it a real one (test_chaos_live.c).
 */
#ifndef TESTS_BPF_CHAOS_H
#define TESTS_BPF_CHAOS_H

#include "axoneme/chaos.h"
#include "axoneme/chaos_flow.h"
#include "axoneme/chaos_stat.h"
#include "axoneme/delay.h"
#include "axoneme/event_chaos.h"
#include "tests/bpf/policy.h"

#define CHAOS_MS 1000000ull
#define CHAOS_S 1000000000ull

/** chaos_setup - as fixture_reset(), and no experiment, a fresh lease, a line at axo_net */
int chaos_setup(void **state);

/** experiment_new - number @number, in force, random, with @key; no rule yet */
struct axo_chaos experiment_new(uint64_t key);

/** experiment_rule - add a rule: @share in millionths, bits of @actions; fill in the rest */
struct axo_chaos_rule *experiment_rule(struct axo_chaos *c, uint32_t share, uint32_t actions);

/** experiment_set - publish @c under @number, with fresh counters; again: only @c changes */
void experiment_set(struct fixture *x, uint32_t number, const struct axo_chaos *c);

/** experiments_apply - B's ingress has experiments @first and, unless 0, @second; bumps */
void experiments_apply(struct fixture *x, uint32_t first, uint32_t second);

/** chaos_lease - renewed @age_ns ago; CLOCK_BOOTTIME */
void chaos_lease(struct fixture *x, uint64_t age_ns);

/** chaos_line - where it begins; 0 = there is none */
void chaos_line(struct fixture *x, uint32_t ifindex, uint32_t mode);

/** chaos_count_of - a counter of a rule */
uint64_t chaos_count_of(struct fixture *x, uint32_t number, uint32_t rule,
			enum axo_chaos_count which);

struct axo_chaos_run chaos_run_of(struct fixture *x, uint32_t number);

/** boot_now_ns, mono_now_ns - CLOCK_BOOTTIME, CLOCK_MONOTONIC */
uint64_t boot_now_ns(void);
uint64_t mono_now_ns(void);

#endif
