/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What chaos did: counters per rule (include/axoneme/chaos_stat.h) and an event per fault.
 */
#ifndef BPF_LIB_CHAOS_COUNT_H
#define BPF_LIB_CHAOS_COUNT_H

#include "bpf/lib/chaos_map.h"
#include "bpf/lib/event.h"

#include "axoneme/event_chaos.h"

static __always_inline struct axo_chaos_stat *chaos_stat(__u32 experiment, __u32 rule)
{
	struct axo_chaos_stat_key key = {.experiment = experiment, .rule = rule};

	return bpf_map_lookup_elem(&axo_chaos_stat, &key);
}

/** chaos_count - one more; @which: enum axo_chaos_count */
static __noinline void chaos_count(__u32 experiment, __u32 rule, __u32 which)
{
	struct axo_chaos_stat *n = chaos_stat(experiment, rule);

	if (n && which < AXO_CHAOS_COUNT_MAX)
		__sync_fetch_and_add(&n->count[which], 1);
}

/** chaos_action_bit - the one that an event names: the lowest */
static __always_inline __u32 chaos_action_bit(__u32 actions)
{
	return actions & -actions;
}

/**
 * chaos_event - tell of a fault, if somebody listens
 * @done:      as in struct axo_event_chaos
 * @actual_ns: likewise
 */
static __noinline void chaos_event(const struct chaos_room *r, const struct axo_chaos_choice *c,
				   __u32 actions, __u8 done, __u64 actual_ns)
{
	const struct axo_chaos *experiment;
	__u32 number = c->experiment;
	struct axo_event_chaos *e;
	bool o = r->origin;

	if (!event_wanted(AXO_EVENT_CHAOS))
		return;
	e = bpf_ringbuf_reserve(&axo_events, sizeof(*e), 0);
	if (!e) {
		count_add(AXO_COUNT_EVENT_LOST);
		return;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->type = AXO_EVENT_CHAOS;
	e->done = done;
	e->rule = c->rule;
	e->proto = r->key.proto;
	e->experiment = c->experiment;
	e->time_ns = bpf_ktime_get_ns();
	e->ordinal = c->ordinal;
	e->action = chaos_action_bit(actions);
	if (e->action == AXO_CHAOS_DELAY_REQUEST || e->action == AXO_CHAOS_CONNECT_DELAY)
		e->asked_ns = c->delay_ns[0];
	else if (e->action == AXO_CHAOS_DELAY_RESPONSE)
		e->asked_ns = c->delay_ns[1];
	e->actual_ns = actual_ns;
	e->draw = c->draw;
	e->family = addr_family(&r->key.addr[0]);
	e->client = o ? r->key.addr[1] : r->key.addr[0];
	e->server = o ? r->key.addr[0] : r->key.addr[1];
	e->client_port = o ? r->key.port[1] : r->key.port[0];
	e->server_port = o ? r->key.port[0] : r->key.port[1];
	e->client_identity = o ? r->identity[1] : r->identity[0];
	e->server_identity = o ? r->identity[0] : r->identity[1];
	experiment = bpf_map_lookup_elem(&axo_chaos, &number);
	e->ref = experiment ? experiment->ref : 0;
	bpf_ringbuf_submit(e, 0);
}

#endif
