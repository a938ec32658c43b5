/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The slow path's common part: a packet whose key is complete finds its flow or makes one.
 */
#ifndef BPF_LIB_SLOW_H
#define BPF_LIB_SLOW_H

#include "bpf/lib/judge.h"
#include "bpf/lib/pass.h"

/** slow_current - the entry is current and admits the packet */
static __noinline int slow_current(struct __sk_buff *skb, struct packet *p, struct axo_flow *f)
{
	p->features = f->features;
	return p->features ? VERDICT_FEATURE : flow_pass(skb, p, f);
}

/** slow_hit - a current entry that admits the packet needs no other question */
static __noinline int slow_hit(struct __sk_buff *skb, struct packet *p)
{
	struct axo_flow_side *s;
	struct axo_flow *f;

	if (p->kind != PACKET_PLAIN || skb->pkt_type != PACKET_HOST)
		return VERDICT_SLOW;
	f = flow_find(p);
	if (!f)
		return VERDICT_SLOW;
	s = flow_side(f, p);
	if (!flow_is_current(f, s, p) || !flow_admits(skb, p, s))
		return VERDICT_SLOW;
	return slow_current(skb, p, f);
}

/** slow_store - a flow that was just judged: deliver by it, unless it has features, and write it */
static __noinline int slow_store(struct __sk_buff *skb, struct packet *p, struct axo_flow *f)
{
	int rc = VERDICT_FEATURE;

	p->features = f->features;
	if (!p->features) {
		rc = deliver(skb, p, flow_side(f, p));
		if (rc < 0)
			return rc;
		flow_count_in(skb, p, f);
	}
	return flow_store(p, f) ?: rc;
}

/** slow_unanswer - an ICMP answer to nothing: a message of its own type, which its sender starts */
static __noinline void slow_unanswer(struct packet *p)
{
	struct ends ends = {
		.src = *packet_src(p),
		.dst = *packet_dst(p),
		.sport = p->side ? p->key.port[0] : p->key.port[1],
		.dport = bpf_htons(p->icmp_type),
	};

	p->icmp_role = ICMP_ASKS;
	packet_set_ends(p, &ends, p->key.proto);
	packet_set_asker(p);
}

/**
 * slow_known - the flow of @p, if it has one: deliver by it, refresh it or cut it
 * @f: room for a copy
 * Return: TC action, -AXO_DROP_x, or VERDICT_SLOW: it has none.
 */
static __noinline int slow_known(struct __sk_buff *skb, struct packet *p, struct axo_flow *f)
{
	struct axo_flow *found = flow_find(p);
	int rc;

	if (p->icmp_role == ICMP_ANSWERS && !(found && flow_admits(skb, p, flow_side(found, p)))) {
		slow_unanswer(p);
		found = flow_find(p);
	}
	if (!found || !flow_admits(skb, p, flow_side(found, p)))
		return VERDICT_SLOW;
	if (flow_is_current(found, flow_side(found, p), p))
		return slow_current(skb, p, found);
	*f = *found;
	rc = judge_flow(p, f);
	if (rc == -AXO_DROP_NO_ENDPOINT)
		return VERDICT_SLOW;
	if (policy_denied(rc))
		flow_cut(p, found, f);
	if (rc)
		return rc;
	if (!flow_admits(skb, p, flow_side(f, p)))
		return VERDICT_SLOW;
	return slow_store(skb, p, f);
}

/** slow_flow - the source was checked: use, refresh or make the flow, and deliver */
static __noinline int slow_flow(struct __sk_buff *skb, struct packet *p)
{
	struct axo_flow *f = flow_scratch();
	int rc;

	if (!f)
		return -AXO_DROP_MAP_FULL;
	rc = slow_known(skb, p, f);
	if (rc != VERDICT_SLOW)
		return rc;
	if (p->icmp_role == ICMP_ANSWERS)
		slow_unanswer(p);
	__builtin_memset(f, 0, sizeof(*f));
	f->originator = p->side;
	f->created_s = flow_now_s();
	flow_side(f, p)->ifindex_in = p->from == FROM_NETWORK ? AXO_IFINDEX_NETWORK : skb->ifindex;
	rc = judge_flow(p, f);
	return rc ? rc : slow_store(skb, p, f);
}

#endif
