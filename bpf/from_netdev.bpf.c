// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the network sends to pods and to the host: tc ingress of the host's devices.
 *
 * Packets for addresses of the pod CIDR are delivered; everything else belongs to the host's stack,
 * as if this program were not there, unless a policy for the host denies it (lib/host.h).  Packets
 * of flows that the stack has a part in (masqueraded, published ports) are the stack's, too: their
 * other end is behind axo_net.
 */
#include "bpf/lib/drop.h"
#include "bpf/lib/fast.h"
#include "bpf/lib/frag.h"
#include "bpf/lib/host.h"
#include "bpf/lib/related.h"
#include "bpf/lib/tail.h"

/** netdev_for_pod - is it a frame for the host, with an address of the pod CIDR as destination? */
static __always_inline bool netdev_for_pod(struct __sk_buff *skb)
{
	struct axo_addr dst = {};
	__be32 v4;

	if (skb->vlan_present || skb->pkt_type != PACKET_HOST)
		return false;
	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct iphdr, daddr), &v4,
				       sizeof(v4)))
			return false;
		addr_set_v4(&dst, v4);
		return addr_is_pod(&dst, 4) && !judge_is_gateway(&dst);
	}
	if (skb->protocol != bpf_htons(ETH_P_IPV6) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, daddr), &dst, sizeof(dst)))
		return false;
	return addr_is_pod(&dst, 6) && !judge_is_gateway(&dst);
}

/** netdev_of_stack - the flow's other end is behind the stack */
static __noinline bool netdev_of_stack(struct packet *p)
{
	const struct axo_flow *f = flow_find(p);

	return f &&
	       (p->side ? f->side[1].ifindex_in : f->side[0].ifindex_in) == axo_cfg.ifindex_net;
}

static __noinline int from_netdev_slow(struct __sk_buff *skb, struct packet *p)
{
	int rc;

	rc = parse_frame(skb, p);
	if (rc)
		return rc;
	rc = slow_hit(skb, p);
	if (rc != VERDICT_SLOW)
		return rc;
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
	return netdev_of_stack(p) ? VERDICT_STACK : slow_flow(skb, p);
}

/** netdev_fragments - too long for the pod, but routers may fragment it: the stack does */
static __noinline bool netdev_fragments(struct __sk_buff *skb, const struct packet *p)
{
	__be16 frag;

	return p->family == 4 &&
	       !bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct iphdr, frag_off), &frag,
				   sizeof(frag)) &&
	       !(frag & bpf_htons(IP_DF));
}

SEC("tc")
int from_netdev(struct __sk_buff *skb)
{
	struct packet p;
	int rc;

	if (!axo_cfg.native || !netdev_for_pod(skb)) {
		rc = host_check(skb, &p, FROM_NETWORK);
		return rc < 0 ? drop(skb, &p, -rc) : TC_ACT_UNSPEC;
	}
	rc = fast_path(skb, &p, FROM_NETWORK);
	if (rc == VERDICT_SLOW) {
		packet_restart(&p);
		rc = from_netdev_slow(skb, &p);
	}
	if (rc == VERDICT_FEATURE)
		rc = tail_start(skb, &p);
	if (rc == VERDICT_STACK || (rc == -AXO_DROP_MTU && netdev_fragments(skb, &p)))
		return TC_ACT_UNSPEC;
	return rc < 0 ? drop(skb, &p, -rc) : rc;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
