// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the host's stack sends to pods: tc ingress of axo_net, the other end of axo_host.
 *
 * The stack has routed it, so the TTL is as it should be and any source may be right.  The only
 * destination there is are the local pods.
 */
#include "bpf/lib/drop.h"
#include "bpf/lib/fast.h"
#include "bpf/lib/frag.h"
#include "bpf/lib/related.h"
#include "bpf/lib/tail.h"

static __noinline int from_host_slow(struct __sk_buff *skb, struct packet *p)
{
	int rc;

	rc = parse_frame(skb, p);
	if (rc)
		return rc;
	rc = slow_hit(skb, p);
	if (rc != VERDICT_SLOW)
		return rc;
	/* axo_host is NOARP: nobody asks here. */
	if (p->kind == PACKET_ARP)
		return -AXO_DROP_ARP;
	if (p->kind == PACKET_ND)
		return -AXO_DROP_NEIGHBOUR;
	rc = class_check(skb, p);
	if (rc)
		return rc;
	if (p->kind == PACKET_ICMP_ERROR)
		return related_deliver(skb, p);
	if (p->kind != PACKET_PLAIN) {
		rc = frag_resolve(skb, p);
		if (rc)
			return rc;
	}
	return slow_flow(skb, p);
}

SEC("tc")
int from_host(struct __sk_buff *skb)
{
	struct packet p;
	int rc = fast_path(skb, &p, FROM_HOST);

	if (rc == VERDICT_SLOW) {
		packet_restart(&p);
		rc = from_host_slow(skb, &p);
	}
	if (rc == VERDICT_FEATURE)
		rc = tail_start(skb, &p);
	return rc < 0 ? drop(skb, &p, -rc) : rc;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
