// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Experiments in the fixture's maps; see chaos.h. */
#include "tests/bpf/chaos.h"

#include <string.h>
#include <time.h>

#define POLICY 7
#define SET 1

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * CHAOS_S + (uint64_t)now.tv_nsec;
}

uint64_t boot_now_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

uint64_t mono_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void map_set(const struct bpf_map *map, const void *key, const void *value)
{
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY), 0);
}

void chaos_lease(struct fixture *x, uint64_t age_ns)
{
	struct axo_chaos_lease lease = {.renewed_ns = boot_now_ns() - age_ns};
	uint32_t zero = 0;

	map_set(x->skel->maps.axo_chaos_lease, &zero, &lease);
}

void chaos_line(struct fixture *x, uint32_t ifindex, uint32_t mode)
{
	struct axo_delay line = {.ifindex = ifindex, .mode = mode};
	uint32_t zero = 0;

	map_set(x->skel->maps.axo_delay, &zero, &line);
}

int chaos_setup(void **state)
{
	struct fixture *x = *state;

	map_clear(x->skel->maps.axo_chaos);
	map_clear(x->skel->maps.axo_chaos_run);
	map_clear(x->skel->maps.axo_chaos_stat);
	map_clear(x->skel->maps.axo_chaos_flow);
	map_clear(x->skel->maps.axo_chaos_ask);
	chaos_line(x, x->ifindex_net, AXO_DELAY_TAP);
	/* A minute ahead: the machine may be slow, and the programs take it for fresh. */
	chaos_lease(x, -60 * CHAOS_S);
	return fixture_reset(state);
}

struct axo_chaos experiment_new(uint64_t key)
{
	return (struct axo_chaos){.key = key, .end_ns = UINT64_MAX, .rank = 1, .ref = 16};
}

struct axo_chaos_rule *experiment_rule(struct axo_chaos *c, uint32_t share, uint32_t actions)
{
	struct axo_chaos_rule *rule = &c->rules[c->rule_count++];

	rule->share = share;
	rule->actions = actions;
	c->actions |= actions;
	return rule;
}

void experiment_set(struct fixture *x, uint32_t number, const struct axo_chaos *c)
{
	struct axo_chaos_run run = {0};
	struct axo_chaos_stat stat = {0};
	struct axo_chaos full = *c;

	bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_chaos_run), &number, &run, BPF_NOEXIST);
	for (uint32_t i = 0; i < c->rule_count; i++) {
		struct axo_chaos_stat_key key = {number, i};

		bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_chaos_stat), &key, &stat,
				    BPF_NOEXIST);
		full.late |= c->rules[i].status != 0;
		if (c->rules[i].actions & ~AXO_CHAOS_CONNECT)
			full.filters |= 1ULL << c->rules[i].filter;
	}
	map_set(x->skel->maps.axo_chaos, &number, &full);
}

void experiments_apply(struct fixture *x, uint32_t first, uint32_t second)
{
	struct entry allow = {0, AXO_POL_BITS_ALL, 0, 0, AXO_POL_ALLOW, 16};
	struct axo_policy_ref b = policy_enforced(POLICY, AXO_DIR_INGRESS);
	struct axo_feature_set set = {.chaos_count = second ? 2 : 1, .chaos = {first, second}};
	uint32_t number = SET;

	map_set(x->skel->maps.axo_feature, &number, &set);
	entry_set_features(x, POLICY, AXO_DIR_INGRESS, &allow, FEATURES(AXO_FEATURE_CHAOS, number));
	policy_set(x, POD_B, &b);
	bump(x);
}

uint64_t chaos_count_of(struct fixture *x, uint32_t number, uint32_t rule,
			enum axo_chaos_count which)
{
	struct axo_chaos_stat_key key = {number, rule};
	struct axo_chaos_stat stat;

	assert_int_equal(
		bpf_map_lookup_elem(bpf_map__fd(x->skel->maps.axo_chaos_stat), &key, &stat), 0);
	return stat.count[which];
}

struct axo_chaos_run chaos_run_of(struct fixture *x, uint32_t number)
{
	struct axo_chaos_run run;

	assert_int_equal(
		bpf_map_lookup_elem(bpf_map__fd(x->skel->maps.axo_chaos_run), &number, &run), 0);
	return run;
}
