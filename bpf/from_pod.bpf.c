// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a pod sends: tc ingress of every pod's host-side device.
 *
 * A known flow is through after one lookup (fast.h).  Everything else proves first that it comes
 * from the device's endpoint, with its MAC and its address; the order of the questions decides
 * which reason a packet with several faults is dropped for.
 */
#include "bpf/lib/drop.h"
#include "bpf/lib/fast.h"
#include "bpf/lib/frag.h"
#include "bpf/lib/neighbour.h"
#include "bpf/lib/related.h"
#include "bpf/lib/tail.h"

/** from_pod_checked - the sender's device and MAC are right */
static __always_inline int from_pod_checked(struct __sk_buff *skb, struct packet *p,
					    const struct axo_endpoint *ep)
{
	int rc;

	if (p->kind == PACKET_ARP)
		return arp_answer(skb, ep);
	if (p->kind == PACKET_ND)
		return nd_answer(skb, p, ep);
	rc = class_check(skb, p);
	if (rc)
		return rc;
	if (!endpoint_has_address(ep, packet_src(p)))
		return -AXO_DROP_SPOOFED_IP;
	if (p->kind == PACKET_ICMP_ERROR)
		return related_deliver(skb, p);
	if (p->kind != PACKET_PLAIN) {
		rc = frag_resolve(skb, p);
		if (rc)
			return rc;
	}
	return slow_flow(skb, p);
}

static __noinline int from_pod_slow(struct __sk_buff *skb, struct packet *p)
{
	const struct axo_endpoint *ep;
	int rc;

	rc = parse_frame(skb, p);
	if (rc)
		return rc;
	rc = slow_hit(skb, p);
	if (rc != VERDICT_SLOW)
		return rc;
	ep = endpoint_of_device(skb->ifindex);
	if (!ep)
		return -AXO_DROP_NO_ENDPOINT;
	if (!packet_has_smac(skb, ep->mac))
		return -AXO_DROP_SPOOFED_MAC;
	return from_pod_checked(skb, p, ep);
}

SEC("tc")
int from_pod(struct __sk_buff *skb)
{
	struct packet p;
	int rc = fast_path(skb, &p, FROM_POD);

	if (rc == VERDICT_SLOW) {
		packet_restart(&p);
		rc = from_pod_slow(skb, &p);
	}
	if (rc == VERDICT_FEATURE)
		rc = tail_start(skb, &p);
	if (axo_cfg.handover && rc == VERDICT_STACK)
		return TC_ACT_UNSPEC;
	return rc < 0 ? drop(skb, &p, -rc) : rc;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
