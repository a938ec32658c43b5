/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Deciding: which experiment does what to the request that begins (include/axoneme/chaos.h says
 * how it is drawn).
 *
 * Every experiment of the flow draws for every request, whatever the others do, so that one does
 * not shift the sequence of another.  Of those that would make a fault the one of lowest rank
 * does; there is one fault per request.
 */
#ifndef BPF_LIB_CHAOS_DECIDE_H
#define BPF_LIB_CHAOS_DECIDE_H

#include "bpf/lib/chaos_rule.h"

/** struct chaos_sets - over the experiments of both sets */
struct chaos_sets {
	__u32 set[2];
	__u32 late;  /* ask rules with a status */
	__u32 again; /* pipelined requests */
};

/** chaos_is_full - as many packets as may be are in the line */
static __always_inline bool chaos_is_full(const struct axo_chaos *c,
					  const struct axo_chaos_run *run, __u32 experiment)
{
	const struct axo_delay_lost *lost = bpf_map_lookup_elem(&axo_delay_lost, &experiment);

	return c->max_in_flight && lost &&
	       (__s64)(run->in_flight - lost->packets) >= c->max_in_flight;
}

/** chaos_take - step 5: the draw gave the request to @choice; is it carried out? */
static __noinline void chaos_take(struct chaos_room *r, const struct axo_chaos *c,
				  const struct axo_chaos_run *run,
				  const struct axo_chaos_choice *choice)
{
	chaos_count(choice->experiment, choice->rule, AXO_CHAOS_COUNT_DRAWN);
	if (c->dry_run) {
		chaos_count(choice->experiment, choice->rule, AXO_CHAOS_COUNT_DRY);
		chaos_event(r, choice, choice->actions, 0, 0);
		return;
	}
	if (chaos_is_full(c, run, choice->experiment)) {
		chaos_count(choice->experiment, choice->rule, AXO_CHAOS_COUNT_LIMITED);
		return;
	}
	if (r->choice.experiment && r->rank <= c->rank) {
		chaos_count(choice->experiment, choice->rule, AXO_CHAOS_COUNT_YIELDED);
		return;
	}
	if (r->choice.experiment)
		chaos_count(r->choice.experiment, r->choice.rule, AXO_CHAOS_COUNT_YIELDED);
	r->choice = *choice;
	r->rank = c->rank;
}

/** chaos_fill - what rule number @rule does to request @choice->ordinal */
static __always_inline void chaos_fill(struct axo_chaos_choice *choice, const struct axo_chaos *c,
				       __u32 scope)
{
	const struct axo_chaos_rule *rule = &c->rules[choice->rule & (AXO_CHAOS_RULES - 1)];
	__u64 bits = axo_chaos_bits(c->key, choice->ordinal, AXO_CHAOS_FOR_JITTER, 0);
	bool connect = scope == AXO_CHAOS_CONNECT;

	choice->actions = rule->actions & scope;
	choice->delay_ns[AXO_CHAOS_CLIENT] =
		chaos_delay(connect ? rule->connect_delay_ns : rule->delay_request_ns, rule, bits);
	choice->delay_ns[AXO_CHAOS_SERVER] = 0;
	if (connect)
		return;
	bits = axo_chaos_bits(c->key, choice->ordinal, AXO_CHAOS_FOR_JITTER, 1);
	choice->delay_ns[AXO_CHAOS_SERVER] = chaos_delay(rule->delay_response_ns, rule, bits);
}

/** chaos_draw_for - steps 3 and 4; connections have ordinals and a stream of their own */
VERIFIED_ONCE __u32 chaos_draw_for(__u32 experiment, __u64 ordinal, __u32 scope)
{
	const struct axo_chaos *c = bpf_map_lookup_elem(&axo_chaos, &experiment);
	__u64 key;

	if (!c)
		return AXO_CHAOS_ONE;
	key = scope == AXO_CHAOS_CONNECT ? axo_chaos_bits(c->key, 0, AXO_CHAOS_FOR_CONNECT, 0)
					 : c->key;
	return axo_chaos_draw(key, c->sampling, ordinal);
}

/** chaos_concerned - step 2: does any rule match? */
static __always_inline bool chaos_concerned(const struct axo_chaos *c, const struct chaos_room *r)
{
	return r->scope == AXO_CHAOS_CONNECT || (c->filters & (r->filters | 1));
}

/** chaos_ordinal - of the request; kept where rules are still to be asked at the response */
static __always_inline __u64 chaos_ordinal(struct chaos_room *r, const struct axo_chaos *c,
					   struct axo_chaos_run *run)
{
	__u64 n = __sync_fetch_and_add(&run->ordinal, 1);

	if (c->late) {
		r->late = 1;
		r->ordinal[r->slot & (2 * AXO_CHAOS_PER_SET - 1)] = n + 1;
	}
	return n;
}

/** chaos_ask - experiment number @experiment draws for the packet in hand */
VERIFIED_ONCE int chaos_ask(__u32 experiment)
{
	const struct axo_chaos *c = chaos_get(experiment);
	struct chaos_walk w = {.experiment = experiment};
	struct axo_chaos_choice choice = {.experiment = experiment};
	struct axo_chaos_run *run;
	struct chaos_room *r = chaos_room();

	if (!c || !r || !(c->actions & r->scope) || !chaos_concerned(c, r))
		return 0;
	run = bpf_map_lookup_elem(&axo_chaos_run, &experiment);
	if (!run)
		return 0;
	w.scope = r->scope;
	if (w.scope == AXO_CHAOS_CONNECT)
		choice.ordinal = __sync_fetch_and_add(&run->connects, 1);
	else
		choice.ordinal = chaos_ordinal(r, c, run);
	w.draw = chaos_draw_for(experiment, choice.ordinal, w.scope);
	bpf_loop(AXO_CHAOS_RULES, chaos_weigh, &w, 0);
	if (!w.taken)
		return 0;
	choice.rule = w.taken - 1;
	choice.draw = w.draw;
	chaos_fill(&choice, c, w.scope);
	chaos_take(r, c, run, &choice);
	return 0;
}

/** chaos_ask_late - the response begins: rules with its status, by the draw of the request */
VERIFIED_ONCE int chaos_ask_late(__u32 experiment)
{
	const struct axo_chaos *c = chaos_get(experiment);
	struct chaos_walk w = {.experiment = experiment, .phase = PHASE_REPEAT};
	struct axo_chaos_choice choice = {.experiment = experiment};
	struct chaos_room *r = chaos_room();
	struct axo_chaos_run *run;
	bool early;

	if (!c || !r || !c->late || !r->ordinal[r->slot & (2 * AXO_CHAOS_PER_SET - 1)])
		return 0;
	run = bpf_map_lookup_elem(&axo_chaos_run, &experiment);
	if (!run)
		return 0;
	w.scope = r->scope;
	choice.ordinal = r->ordinal[r->slot & (2 * AXO_CHAOS_PER_SET - 1)] - 1;
	w.draw = chaos_draw_for(experiment, choice.ordinal, w.scope);
	bpf_loop(AXO_CHAOS_RULES, chaos_weigh, &w, 0);
	early = w.taken;
	w.phase = PHASE_RESPONSE;
	bpf_loop(AXO_CHAOS_RULES, chaos_weigh, &w, 0);
	if (early || !w.taken)
		return 0;
	choice.rule = w.taken - 1;
	choice.draw = w.draw;
	chaos_fill(&choice, c, w.scope);
	chaos_take(r, c, run, &choice);
	return 0;
}

/** chaos_each - number @i of the experiments of both sets */
static long chaos_each(__u32 i, void *arg)
{
	struct chaos_sets *s = arg;
	const struct axo_feature_set *set;
	__u32 number = i / AXO_CHAOS_PER_SET ? s->set[1] : s->set[0];
	struct chaos_room *r = chaos_room();

	if (!r)
		return 1;
	r->slot = i;
	set = number ? bpf_map_lookup_elem(&axo_feature, &number) : NULL;
	i %= AXO_CHAOS_PER_SET;
	if (!set || i >= set->chaos_count)
		return 0;
	if (s->late)
		chaos_ask_late(set->chaos[i]);
	else
		chaos_ask(set->chaos[i]);
	return 0;
}

/** chaos_pipelined_each - number @i of the experiments of both sets has a pipelined request */
static long chaos_pipelined_each(__u32 i, void *arg)
{
	struct chaos_sets *s = arg;
	const struct axo_feature_set *set;
	__u32 number = i / AXO_CHAOS_PER_SET ? s->set[1] : s->set[0], experiment;
	struct axo_chaos_run *run;

	set = number ? bpf_map_lookup_elem(&axo_feature, &number) : NULL;
	i %= AXO_CHAOS_PER_SET;
	if (!set || i >= set->chaos_count)
		return 0;
	experiment = set->chaos[i];
	run = chaos_get(experiment) ? bpf_map_lookup_elem(&axo_chaos_run, &experiment) : NULL;
	if (run)
		__sync_fetch_and_add(&run->pipelined, s->again);
	return 0;
}

/** chaos_pipelined - the client asked again, @n times, before the response to the first began */
static __noinline void chaos_pipelined(const struct chaos_room *r, __u32 n)
{
	struct chaos_sets s = {.set = {r->set[0], r->set[1]}, .again = n};

	bpf_loop(2 * AXO_CHAOS_PER_SET, chaos_pipelined_each, &s, 0);
}

/** chaos_decide - for the request or connection (@scope) that begins; @r->choice is the answer */
static __noinline void chaos_decide(struct chaos_room *r, __u32 scope)
{
	struct chaos_sets s = {.set = {r->set[0], r->set[1]}};

	r->scope = scope;
	r->late = 0;
	__builtin_memset(r->ordinal, 0, sizeof(r->ordinal));
	__builtin_memset(&r->choice, 0, sizeof(r->choice));
	bpf_loop(2 * AXO_CHAOS_PER_SET, chaos_each, &s, 0);
}

/** chaos_decide_late - the response has @r->status; the request's fault, if any, stays */
static __noinline void chaos_decide_late(struct chaos_room *r)
{
	struct chaos_sets s = {.set = {r->set[0], r->set[1]}, .late = 1};

	r->scope = ~AXO_CHAOS_CONNECT;
	/* Whoever came at the request comes first. */
	r->rank = 0;
	bpf_loop(2 * AXO_CHAOS_PER_SET, chaos_each, &s, 0);
}

#endif
