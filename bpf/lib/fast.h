/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hot path: TCP or UDP of a known flow, at the cost of one hash lookup.
 *
 * It reads headers in place and accepts only the plain case: linear headers, no tag, no IP
 * options, no extension headers, no fragment, lengths that add up.  Everything else, and every
 * packet whose flow is not in axo_flow with the current generation, goes to the slow path,
 * which parses again from the start.  So nothing is ever refused here but by delivery, and
 * whatever is accepted here parse.h would accept with the same key.
 *
 * A hit needs no address check: the entry was made by a packet that passed them, and device
 * and MAC tie it to that sender.
 */
#ifndef BPF_LIB_FAST_H
#define BPF_LIB_FAST_H

#include <linux/tcp.h>
#include <linux/udp.h>

#include "bpf/lib/class.h"
#include "bpf/lib/deliver.h"
#include "bpf/lib/flow.h"

/** fast_l4 - is the transport header whole and sane?  @room: bytes from @l4 on, as IP says */
static __always_inline bool fast_l4(struct packet *p, const __u8 *l4, const void *end, __u32 room,
				    __u8 proto)
{
	__u32 header;

	if (proto == IPPROTO_TCP) {
		if ((const void *)(l4 + sizeof(struct tcphdr)) > end)
			return false;
		header = (l4[12] & 0xf0) >> 2;
		p->tcp_flags = l4[13];
		p->l4_len = header;
		return header >= sizeof(struct tcphdr) && header <= room;
	}
	p->tcp_flags = 0;
	p->l4_len = sizeof(struct udphdr);
	return proto == IPPROTO_UDP && (const void *)(l4 + sizeof(struct udphdr)) <= end &&
	       sizeof(struct udphdr) <= room;
}

/** fast_set_key - @sw, @dw: second words of the mapped addresses; host order decides the side */
static __always_inline void fast_set_key_v4(struct packet *p, const struct iphdr *ip,
					    const __be16 *port)
{
	__u32 s = ip->saddr, d = ip->daddr;
	__u64 *w0 = (__u64 *)&p->key.addr[0], *w1 = (__u64 *)&p->key.addr[1];
	bool swap = bpf_ntohl(s) > bpf_ntohl(d) ||
		    (s == d && bpf_ntohs(port[0]) > bpf_ntohs(port[1]));
	__u64 mapped = bpf_htonl(0xffff);

	w0[0] = 0;
	w1[0] = 0;
	p->side = swap;
	w0[1] = mapped | (__u64)(swap ? d : s) << 32;
	w1[1] = mapped | (__u64)(swap ? s : d) << 32;
	key_set_ports(&p->key, swap ? port[1] : port[0], swap ? port[0] : port[1], ip->protocol);
}

static __always_inline bool fast_parse_v4(struct __sk_buff *skb, struct packet *p, void *data,
					  void *end)
{
	struct iphdr *ip = data + ETH_HLEN;
	__u32 len;

	/* Up to the ports; TCP asks for more below. */
	if (!axo_cfg.ipv4 || (void *)(ip + 1) + sizeof(struct udphdr) > end)
		return false;
	if (*(__u8 *)ip != 0x45 || (ip->frag_off & bpf_htons(0x3fff)))
		return false;
	len = bpf_ntohs(ip->tot_len);
	if (len + ETH_HLEN > skb->len || len < sizeof(*ip))
		return false;
	if (!fast_l4(p, (__u8 *)(ip + 1), end, len - sizeof(*ip), ip->protocol))
		return false;
	p->family = 4;
	p->l4_off = ETH_HLEN + sizeof(*ip);
	fast_set_key_v4(p, ip, (__be16 *)(ip + 1));
	return true;
}

static __always_inline bool fast_parse_v6(struct __sk_buff *skb, struct packet *p, void *data,
					  void *end)
{
	struct ipv6hdr *ip6 = data + ETH_HLEN;
	const struct axo_addr *src = (void *)&ip6->saddr, *dst = (void *)&ip6->daddr;
	__be16 *port = (__be16 *)(ip6 + 1);
	struct ends ends;
	__u32 len;

	if (!axo_cfg.ipv6 || (void *)(ip6 + 1) + sizeof(struct udphdr) > end)
		return false;
	len = bpf_ntohs(ip6->payload_len);
	/* The first words: parse.h, rule 3. */
	if (*(__u8 *)ip6 >> 4 != 6 || len + ETH_HLEN + sizeof(*ip6) > skb->len ||
	    !addr_word(src, 0) || !addr_word(dst, 0))
		return false;
	if (!fast_l4(p, (__u8 *)port, end, len, ip6->nexthdr))
		return false;
	p->family = 6;
	p->l4_off = ETH_HLEN + sizeof(*ip6);
	ends.src = *src;
	ends.dst = *dst;
	ends.sport = port[0];
	ends.dport = port[1];
	packet_set_ends(p, &ends, ip6->nexthdr);
	return true;
}

/** fast_parse - the plain case only, into @p; false = not plain, @p is not to be used */
static __always_inline bool fast_parse(struct __sk_buff *skb, struct packet *p)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data;

	if (skb->vlan_present || skb->pkt_type != PACKET_HOST || (void *)(eth + 1) > end)
		return false;
	p->kind = PACKET_PLAIN;
	p->found = FLOW_IN_HASH;
	p->icmp_type = 0;
	p->mtu = 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return fast_parse_v4(skb, p, data, end);
	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return fast_parse_v6(skb, p, data, end);
	return false;
}

/** fast_usable - current generation, right device and MAC, somewhere to go */
static __always_inline bool fast_usable(struct __sk_buff *skb, const struct packet *p,
					const struct axo_flow *f, const struct axo_flow_side *s)
{
	struct ethhdr *eth = (void *)(long)skb->data;

	if ((void *)(eth + 1) > (void *)(long)skb->data_end)
		return false;
	if (p->from == FROM_NETWORK)
		return flow_is_current(f, s, p) && s->ifindex_in == AXO_IFINDEX_NETWORK;
	return flow_is_current(f, s, p) && s->ifindex_in == skb->ifindex &&
	       mac_equal(eth->h_source, s->smac);
}

/** fast_feature - the rest of @p, which fast_parse() leaves out */
static __always_inline int fast_feature(struct packet *p, const struct axo_flow *f)
{
	p->frag_id = 0;
	p->icmp_role = ICMP_NONE;
	p->features = f->features;
	p->pad = 0;
	p->denied = (struct denial){};
	return VERDICT_FEATURE;
}

/**
 * fast_path - TC_ACT_REDIRECT, -AXO_DROP_x, VERDICT_FEATURE or VERDICT_SLOW
 * @from: which entry point this is; it and the generation are in @p in any case
 */
static __always_inline int fast_path(struct __sk_buff *skb, struct packet *p, enum packet_from from)
{
	const struct axo_state *state;
	struct axo_flow_side *s;
	struct axo_flow *f;
	__u32 zero = 0;
	int rc;

	/* Before any other lookup: include/axoneme/state.h. */
	state = bpf_map_lookup_elem(&axo_state, &zero);
	p->from = from;
	p->generation = state ? *(volatile __u32 *)&state->generation : 0;
	if (!fast_parse(skb, p))
		return VERDICT_SLOW;
	f = bpf_map_lookup_elem(&axo_flow, &p->key);
	if (!f)
		return VERDICT_SLOW;
	s = flow_side(f, p);
	if (!fast_usable(skb, p, f, s))
		return VERDICT_SLOW;
	if (f->tick != flow_tick()) {
		if (flow_is_dead(f, p))
			return VERDICT_SLOW;
		flow_touch(f);
	}
	if (f->features)
		return fast_feature(p, f);
	rc = deliver(skb, p, s);
	if (rc < 0) {
		p->denied = (struct denial){};
		return rc;
	}
	flow_count(s, skb->len);
	if (p->tcp_flags & ~s->tcp_flags)
		flow_track(p, f, false);
	return rc;
}

/** packet_restart - before the slow path parses from the start: only what fast_path() set stays */
static __always_inline void packet_restart(struct packet *p)
{
	__u32 generation = p->generation;
	__u8 from = p->from;

	__builtin_memset(p, 0, sizeof(*p));
	p->generation = generation;
	p->from = from;
}

#endif
