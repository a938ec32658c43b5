/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The frame on its next hop: TTL and MACs.
 *
 * The checksum of the transport header is not touched, so offloads and super-packets stay as they
 * are.  Where a device summed up the whole packet (CHECKSUM_COMPLETE), what an IPv6 hop takes away
 * is taken from its sum; IPv4 headers sum up to the same as before.
 */
#ifndef BPF_LIB_FRAME_H
#define BPF_LIB_FRAME_H

#include <linux/ip.h>
#include <linux/ipv6.h>

#include "bpf/lib/packet.h"

/** frame_hop - one routed hop; @l3 has at least the fixed header.  0 or -AXO_DROP_TTL_EXCEEDED */
static __always_inline int frame_hop(void *l3, __u8 family)
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

/**
 * frame_forward - one routed hop, unless the stack has counted it, and new MACs
 * Return: 0 or -AXO_DROP_x; a refused frame is unchanged.
 */
static __always_inline int frame_forward(struct __sk_buff *skb, const struct packet *p,
					 const void *dmac, const void *smac)
{
	__u32 need = ETH_HLEN + (p->family == 6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	void *data = (void *)(long)skb->data;
	struct ethhdr *eth = data;
	int rc;

	if (data + need > (void *)(long)skb->data_end) {
		if (bpf_skb_pull_data(skb, need))
			return -AXO_DROP_TOO_SHORT;
		data = (void *)(long)skb->data;
		eth = data;
		if (data + need > (void *)(long)skb->data_end)
			return -AXO_DROP_TOO_SHORT;
	}
	if (p->from != FROM_HOST) {
		rc = frame_hop(eth + 1, p->family);
		if (rc)
			return rc;
	}
	mac_copy(eth->h_dest, dmac);
	mac_copy(eth->h_source, smac);
	/* -ENOTSUPP where there is no such sum. */
	if (p->from == FROM_NETWORK && p->family == 6)
		bpf_csum_update(skb, (__u16)~bpf_htons(1));
	return 0;
}

#endif
