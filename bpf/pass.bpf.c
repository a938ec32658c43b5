// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The end of the way of a packet whose flow has features: all of them let it go on, so it is
 * delivered and counted as the fast path would have done it.
 *
 * The flow was current when the packet came in.  It may have been judged again since, for another
 * packet; what counts is that it is allowed.  One that is gone (flushed, evicted) is no loss: the
 * packet is dropped, and its sender repeats it.
 */
#include "bpf/lib/drop.h"
#include "bpf/lib/pass.h"
#include "bpf/lib/tail.h"

static __noinline int pass_deliver(struct __sk_buff *skb, struct packet *p)
{
	struct axo_flow *f = flow_find(p);

	return f ? flow_pass_features(skb, p, f) : -AXO_DROP_FEATURE;
}

SEC("tc")
int pass(struct __sk_buff *skb)
{
	struct tail_call *t = tail_get();
	int rc;

	if (!t)
		return TC_ACT_SHOT;
	rc = pass_deliver(skb, &t->p);
	if (axo_cfg.handover && rc == VERDICT_STACK)
		return TC_ACT_UNSPEC;
	return rc < 0 ? drop(skb, &t->p, -rc) : rc;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
