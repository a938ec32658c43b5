/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Passing: what happens to an admitted packet of a current flow outside the hot path (fast.h).
 */
#ifndef BPF_LIB_PASS_H
#define BPF_LIB_PASS_H

#include "bpf/lib/deliver.h"
#include "bpf/lib/flow.h"

/** flow_pass - deliver by a current entry and count; as the hot path does (fast.h), plus LRU */
static __noinline int flow_pass(struct __sk_buff *skb, struct packet *p, struct axo_flow *f)
{
	struct axo_flow_side *s = flow_side(f, p);
	int rc = deliver(skb, p, s);
	bool retry;

	if (rc < 0)
		return rc;
	flow_count(s, skb->len);
	/* An established flow that found axo_flow full tries again once a tick. */
	retry = flow_touch(f) && p->found == FLOW_IN_LRU && f->state == AXO_FLOW_ESTABLISHED;
	flow_track(p, f, retry);
	return rc;
}

/** flow_pass_features - the same, of a flow that may have been judged again since the packet came */
static __always_inline int flow_pass_features(struct __sk_buff *skb, struct packet *p,
					      struct axo_flow *f)
{
	if (f->verdict != AXO_VERDICT_ALLOW || flow_side(f, p)->deliver == AXO_DELIVER_NONE)
		return -AXO_DROP_FEATURE;
	return flow_pass(skb, p, f);
}

#endif
