/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules of one experiment: is it in force, which of its rules match, and which takes the draw.
 */
#ifndef BPF_LIB_CHAOS_RULE_H
#define BPF_LIB_CHAOS_RULE_H

#include "bpf/lib/chaos_count.h"

#include "axoneme/chaos_draw.h"

/** enum chaos_phase - which rules are asked */
enum chaos_phase {
	PHASE_REQUEST = 0, /* those without a status */
	PHASE_REPEAT,	   /* the same, when the response is there: they were counted before */
	PHASE_RESPONSE,	   /* those with its status */
};

/** struct chaos_walk - over the rules of one experiment */
struct chaos_walk {
	__u32 experiment;
	__u32 scope;
	__u32 draw;
	__u32 sum;
	__u32 taken; /* place of the rule, and one; 0 = none so far */
	__u32 phase; /* enum chaos_phase */
};

/** chaos_active - is @c in force now? */
static __always_inline bool chaos_active(const struct axo_chaos *c)
{
	const struct axo_chaos_lease *lease;
	__u32 zero = 0;

	lease = bpf_map_lookup_elem(&axo_chaos_lease, &zero);
	return lease && axo_chaos_active(c, lease->renewed_ns, bpf_ktime_get_boot_ns());
}

/** chaos_get - borrowed; NULL = there is none of that number, or it is not in force */
static __noinline const struct axo_chaos *chaos_get(__u32 experiment)
{
	const struct axo_chaos *c = bpf_map_lookup_elem(&axo_chaos, &experiment);

	return c && chaos_active(c) ? c : NULL;
}

/** chaos_matches - is the rule for what is drawn now: this request, response, or connection? */
static __always_inline bool chaos_matches(const struct axo_chaos_rule *rule,
					  const struct chaos_walk *w, const struct chaos_room *r)
{
	if (!(rule->actions & w->scope))
		return false;
	if (rule->filter && !(r->filters >> (rule->filter & 63) & 1))
		return false;
	return rule->status == (w->phase == PHASE_RESPONSE ? r->status : 0);
}

/** chaos_weigh - steps 2 and 4 for rule number @i */
static long chaos_weigh(__u32 i, void *arg)
{
	struct chaos_walk *w = arg;
	const struct axo_chaos *c = bpf_map_lookup_elem(&axo_chaos, &w->experiment);
	const struct axo_chaos_rule *rule;
	const struct chaos_room *r = chaos_room();

	if (!c || !r || i >= AXO_CHAOS_RULES || i >= c->rule_count)
		return 1;
	rule = &c->rules[i];
	if (!chaos_matches(rule, w, r))
		return 0;
	if (w->phase != PHASE_REPEAT)
		chaos_count(w->experiment, i, AXO_CHAOS_COUNT_MATCHED);
	w->sum += rule->share;
	if (!w->taken && w->draw < w->sum)
		w->taken = i + 1;
	return 0;
}

/** chaos_delay - an asked delay with its jitter; @part: which one of the request */
static __always_inline __u64 chaos_delay(__u64 asked_ns, const struct axo_chaos_rule *rule,
					 __u64 bits)
{
	__s64 delay = asked_ns;

	if (!asked_ns || !rule->jitter_ns)
		return asked_ns;
	delay += axo_chaos_jitter(rule->jitter_ns, rule->distribution, bits);
	if (delay < 1)
		return 1;
	return delay > (__s64)AXO_CHAOS_DELAY_MAX_NS ? AXO_CHAOS_DELAY_MAX_NS : delay;
}

#endif
