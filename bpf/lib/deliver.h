/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Delivery: the packet gets its headers and leaves, as a flow's side says (flow.h).
 *
 *   AXO_DELIVER_POD    to the peer of the receiver's host-side device, without a queue in between.
 *                      From a pod this is one routed hop.  The checksum of the transport header
 *                      is not touched, so offloads and super-packets stay as they are.
 *   AXO_DELIVER_STACK  out of axo_net, so that the host receives it on axo_host.  The frame is
 *                      addressed to the gateway's MAC already.  (bpf_redirect_peer() refuses a
 *                      peer in the same network namespace: net/core/filter.c, skb_do_redirect.)
 *
 * A device that vanishes between the decision and the kernel's redirect loses the packet
 * uncounted; the agent removes the endpoint before the device, so the window is one packet long.
 */
#ifndef BPF_LIB_DELIVER_H
#define BPF_LIB_DELIVER_H

#include <linux/ip.h>
#include <linux/ipv6.h>

#include "bpf/lib/packet.h"

/* skb->gso_size of SCTP: every segment has a length of its own (include/linux/skbuff.h). */
#define GSO_BY_FRAGS 0xffff

/**
 * deliver_fits - does the packet fit @mtu?  0 = do not check.  If not, @p->mtu says it
 *
 * What counts of a super-packet is the size of its segments.  Those of SCTP are not in sight:
 * they are as long as the sender's association made them, and pass.
 */
static __always_inline bool deliver_fits(struct __sk_buff *skb, struct packet *p, __u16 mtu)
{
	__u32 gso_size;

	if (!mtu || skb->len <= mtu + ETH_HLEN)
		return true;
	gso_size = skb->gso_size;
	if (gso_size &&
	    (gso_size == GSO_BY_FRAGS || p->l4_off - ETH_HLEN + p->l4_len + gso_size <= mtu))
		return true;
	p->mtu = mtu;
	return false;
}

/** deliver_hop - one routed hop; @l3 has at least the fixed header.  0 or -AXO_DROP_TTL_EXCEEDED */
static __always_inline int deliver_hop(void *l3, __u8 family)
{
	struct ipv6hdr *ip6 = l3;
	struct iphdr *ip = l3;
	__u32 check;

	if (family == 6) {
		if (ip6->hop_limit <= 1)
			return -AXO_DROP_TTL_EXCEEDED;
		ip6->hop_limit--;
		return 0;
	}
	if (ip->ttl <= 1)
		return -AXO_DROP_TTL_EXCEEDED;
	/* RFC 1624: one less in the high byte of a word adds one there to the complement's sum. */
	check = ip->check + (__u32)bpf_htons(0x0100);
	ip->check = check + (check >= 0xffff);
	ip->ttl--;
	return 0;
}

/** deliver_pod - @hop: count it as a routed hop */
static __always_inline int deliver_pod(struct __sk_buff *skb, struct packet *p,
				       const struct axo_flow_side *s, bool hop)
{
	__u32 need = ETH_HLEN + (p->family == 6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	void *data = (void *)(long)skb->data;
	struct ethhdr *eth = data;
	int rc;

	if (!deliver_fits(skb, p, s->mtu))
		return -AXO_DROP_MTU;
	if (data + need > (void *)(long)skb->data_end) {
		if (bpf_skb_pull_data(skb, need))
			return -AXO_DROP_TOO_SHORT;
		data = (void *)(long)skb->data;
		eth = data;
		if (data + need > (void *)(long)skb->data_end)
			return -AXO_DROP_TOO_SHORT;
	}
	if (hop) {
		rc = deliver_hop(eth + 1, p->family);
		if (rc)
			return rc;
	}
	mac_copy(eth->h_dest, s->dmac);
	mac_copy(eth->h_source, mac_own());
	return bpf_redirect_peer(s->ifindex_out, 0);
}

/** deliver - TC_ACT_REDIRECT or -AXO_DROP_x; changes nothing when it refuses */
static __always_inline int deliver(struct __sk_buff *skb, struct packet *p,
				   const struct axo_flow_side *s, bool hop)
{
	if (s->deliver == AXO_DELIVER_POD)
		return deliver_pod(skb, p, s, hop);
	/* veth would drop it without a word (net/core/dev.c, ____dev_forward_skb). */
	if (!deliver_fits(skb, p, axo_cfg.mtu))
		return -AXO_DROP_MTU;
	return bpf_redirect(axo_cfg.ifindex_net, 0);
}

#endif
