/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The slow path's common part: a packet whose key is complete finds its flow or makes one.
 */
#ifndef BPF_LIB_SLOW_H
#define BPF_LIB_SLOW_H

#include "bpf/lib/deliver.h"
#include "bpf/lib/judge.h"

/** slow_pass - deliver by a current entry and count; as the hot path does (fast.h), plus LRU */
static __noinline int slow_pass(struct __sk_buff *skb, struct packet *p, struct axo_flow *f,
				bool hop)
{
	struct axo_flow_side *s = flow_side(f, p);
	int rc = deliver(skb, p, s, hop);
	bool retry;

	if (rc < 0)
		return rc;
	flow_count(s, skb->len);
	/* An established flow that found axo_flow full tries again once a tick. */
	retry = flow_touch(f) && p->found == FLOW_IN_LRU && f->state == AXO_FLOW_ESTABLISHED;
	flow_track(p, f, retry);
	return rc;
}

/** slow_hit - a current entry that admits the packet needs no other question */
static __noinline int slow_hit(struct __sk_buff *skb, struct packet *p, bool hop)
{
	struct axo_flow_side *s;
	struct axo_flow *f;

	if (p->kind != PACKET_PLAIN || skb->pkt_type != PACKET_HOST)
		return VERDICT_SLOW;
	f = flow_find(p);
	if (!f)
		return VERDICT_SLOW;
	s = flow_side(f, p);
	if (!flow_is_current(f, s, p) || !flow_admits(skb, s))
		return VERDICT_SLOW;
	return slow_pass(skb, p, f, hop);
}

/**
 * slow_flow - the source was checked: use, refresh or make the flow, and deliver
 * @from: the pod that sent the packet, NULL = the stack
 */
static __noinline int slow_flow(struct __sk_buff *skb, struct packet *p,
				const struct axo_endpoint *from)
{
	struct axo_flow *found = flow_find(p);
	bool hop = from != NULL;
	struct axo_flow f = {};
	int rc;

	if (found && flow_admits(skb, flow_side(found, p))) {
		if (flow_is_current(found, flow_side(found, p), p))
			return slow_pass(skb, p, found, hop);
		f = *found;
		rc = judge_again(p, &f);
		if (rc && rc != -AXO_DROP_NO_ENDPOINT)
			return rc;
		if (!rc && flow_admits(skb, flow_side(&f, p)))
			goto decided;
		__builtin_memset(&f, 0, sizeof(f));
	}
	f.originator = p->side;
	f.created_s = flow_now_s();
	rc = judge_flow(p, from, &f);
	if (rc)
		return rc;
decided:
	rc = deliver(skb, p, flow_side(&f, p), hop);
	if (rc < 0)
		return rc;
	return flow_store(skb, p, &f) ?: rc;
}

#endif
