/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events: filling the records of include/axoneme/event.h, only while somebody listens.
 *
 * What costs a lookup (identities, endpoint) is looked up here and not on the packet's way.
 */
#ifndef BPF_LIB_EVENT_H
#define BPF_LIB_EVENT_H

#include "bpf/lib/count.h"
#include "bpf/lib/endpoint.h"
#include "bpf/lib/identity.h"
#include "bpf/lib/policy.h"

static __always_inline bool event_wanted(enum axo_event_type type)
{
	const struct axo_state *state;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&axo_state, &zero);
	return state && (state->events & (1u << type));
}

static __always_inline void event_set_ends(struct axo_event_drop *e, const struct packet *p,
					   const struct axo_endpoint *from)
{
	const struct axo_endpoint *to = endpoint_of_address(packet_dst(p));

	e->proto = p->key.proto;
	e->saddr = *packet_src(p);
	e->daddr = *packet_dst(p);
	e->sport = p->side ? p->key.port[1] : p->key.port[0];
	e->dport = p->side ? p->key.port[0] : p->key.port[1];
	e->src_identity = from ? from->identity : identity_of_address(packet_src(p));
	e->dst_identity = to ? to->identity : identity_of_address(packet_dst(p));
	if (!from && to)
		e->endpoint = to->id;
}

/** event_drop - tell of a dropped packet; a full ring loses the event and counts that */
static __noinline void event_drop(struct __sk_buff *skb, const struct packet *p, __u8 reason,
				  __u8 dir)
{
	const struct axo_endpoint *from = endpoint_of_device(skb->ifindex);
	struct axo_event_drop *e = bpf_ringbuf_reserve(&axo_events, sizeof(*e), 0);

	if (!e) {
		count_add(AXO_COUNT_EVENT_LOST);
		return;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->type = AXO_EVENT_DROP;
	e->reason = reason;
	e->dir = dir;
	e->ifindex = skb->ifindex;
	e->time_ns = bpf_ktime_get_ns();
	e->len = skb->len;
	e->ethertype = bpf_ntohs(skb->protocol);
	e->family = p->family;
	if (from)
		e->endpoint = from->id;
	if (p->family)
		event_set_ends(e, p, from);
	if (policy_denied(-reason)) {
		e->endpoint = p->denied.endpoint;
		e->policy = p->denied.policy;
		e->rule = p->denied.rule;
	}
	bpf_ringbuf_submit(e, 0);
}

/** event_verdict - tell what the policy of @ep says of @f; @p may have been sent by either side */
static __noinline void event_verdict(const struct packet *p, const struct axo_flow *f,
				     const struct axo_endpoint *ep, bool dir, __u8 reason)
{
	struct axo_event_verdict *e = bpf_ringbuf_reserve(&axo_events, sizeof(*e), 0);
	bool o = f->originator;

	if (!e) {
		count_add(AXO_COUNT_EVENT_LOST);
		return;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->type = AXO_EVENT_VERDICT;
	e->verdict = AXO_POL_ALLOW;
	if (reason)
		e->verdict = ep->flags & AXO_ENDPOINT_AUDIT ? AXO_POL_AUDIT : AXO_POL_DENY;
	e->reason = reason;
	e->dir = dir;
	e->ifindex = o ? f->side[1].ifindex_in : f->side[0].ifindex_in;
	e->time_ns = bpf_ktime_get_ns();
	e->endpoint = ep->id;
	e->policy = ep->policy.id;
	e->rule = dir ? f->rule[1] : f->rule[0];
	e->proto = p->key.proto;
	e->family = p->family;
	e->saddr = o ? p->key.addr[1] : p->key.addr[0];
	e->daddr = o ? p->key.addr[0] : p->key.addr[1];
	e->sport = o ? p->key.port[1] : p->key.port[0];
	e->dport = o ? p->key.port[0] : p->key.port[1];
	e->src_identity = o ? f->identity[1] : f->identity[0];
	e->dst_identity = o ? f->identity[0] : f->identity[1];
	bpf_ringbuf_submit(e, 0);
}

#endif
