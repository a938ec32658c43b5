/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Routing past the host's stack (AXO_DELIVER_NETWORK): the host's own tables say where a packet
 * goes, asked as if it had been received on axo_host, so rules, several devices, ECMP, next hops
 * of the other family and path MTUs are respected.  Nothing of the answer is kept.
 *
 *      1. A route and a neighbour: the frame gets their MACs and leaves by the device.
 *      2. A route, but no neighbour yet: the kernel resolves it (bpf_redirect_neigh).
 *      3. Larger than the path's MTU: AXO_DROP_MTU, which is answered; IPv4 that may be fragmented
 *         goes through the stack, which does that.
 *      4. Blackhole, unreachable, prohibited: AXO_DROP_NO_ROUTE, which is answered.
 *      5. Everything else (local, encapsulation, forwarding is off) is the stack's business.
 */
#ifndef BPF_LIB_ROUTE_H
#define BPF_LIB_ROUTE_H

#include "bpf/lib/frame.h"
#include "bpf/lib/wire.h"

/** union route_headers - a copy: packets need not be linear */
union route_headers {
	struct iphdr ip;
	struct ipv6hdr ip6;
};

/** route_is_native - may packets to @dst pass the stack by? */
static __noinline bool route_is_native(const struct axo_addr *dst)
{
	struct axo_ipcache_key key = {.prefixlen = 128};
	const struct axo_route *hit;

	__builtin_memcpy(key.addr, dst->b, sizeof(key.addr));
	hit = bpf_map_lookup_elem(&axo_route, &key);
	return hit && hit->via == AXO_ROUTE_NATIVE;
}

/** route_length - what has to fit the MTU: the packet, or one segment of a super-packet */
static __always_inline __u16 route_length(const struct __sk_buff *skb, const struct packet *p)
{
	if (!skb->gso_size)
		return skb->len - ETH_HLEN > 65535 ? 65535 : skb->len - ETH_HLEN;
	if (skb->gso_size == GSO_BY_FRAGS)
		return 0;
	return p->l4_off - ETH_HLEN + p->l4_len + skb->gso_size;
}

/** route_ask - fill @fib from @h; what the kernel answers replaces it */
static __always_inline void route_ask(struct bpf_fib_lookup *fib, const struct __sk_buff *skb,
				      const struct packet *p, const union route_headers *h)
{
	fib->ifindex = axo_cfg.ifindex_host;
	fib->l4_protocol = p->key.proto;
	fib->sport = p->side ? p->key.port[1] : p->key.port[0];
	fib->dport = p->side ? p->key.port[0] : p->key.port[1];
	fib->tot_len = route_length(skb, p);
	if (p->family == 4) {
		fib->family = ROUTE_AF_INET;
		fib->tos = h->ip.tos;
		fib->ipv4_src = h->ip.saddr;
		fib->ipv4_dst = h->ip.daddr;
		return;
	}
	fib->family = ROUTE_AF_INET6;
	fib->flowinfo = *(const __be32 *)&h->ip6 & bpf_htonl(0x0fffffff);
	__builtin_memcpy(fib->ipv6_src, &h->ip6.saddr, sizeof(fib->ipv6_src));
	__builtin_memcpy(fib->ipv6_dst, &h->ip6.daddr, sizeof(fib->ipv6_dst));
}

/** route_neighbour - case 2 */
static __always_inline int route_neighbour(const struct bpf_fib_lookup *fib)
{
	struct bpf_redir_neigh hop = {.nh_family = fib->family};

	if (fib->family == ROUTE_AF_INET)
		hop.ipv4_nh = fib->ipv4_dst;
	else
		__builtin_memcpy(hop.ipv6_nh, fib->ipv6_dst, sizeof(hop.ipv6_nh));
	return bpf_redirect_neigh(fib->ifindex, &hop, sizeof(hop), 0);
}

/** route_refuse - cases 3 to 5; VERDICT_STACK: 5, or a packet that the stack may fragment */
static __always_inline int route_refuse(struct packet *p, long answer, __u16 mtu,
					const union route_headers *h)
{
	if (answer == BPF_FIB_LKUP_RET_FRAG_NEEDED) {
		if (p->family == 4 && !(h->ip.frag_off & bpf_htons(IP_DF)))
			return VERDICT_STACK;
		p->mtu = mtu;
		return -AXO_DROP_MTU;
	}
	if (answer == BPF_FIB_LKUP_RET_BLACKHOLE || answer == BPF_FIB_LKUP_RET_UNREACHABLE ||
	    answer == BPF_FIB_LKUP_RET_PROHIBIT)
		return -AXO_DROP_NO_ROUTE;
	return VERDICT_STACK;
}

/** route_deliver - TC_ACT_REDIRECT, -AXO_DROP_x, or VERDICT_STACK; a refused packet is unchanged */
static __noinline int route_deliver(struct __sk_buff *skb, struct packet *p)
{
	struct bpf_fib_lookup fib = {};
	union route_headers h = {};
	__u64 dmac = 0, smac = 0;
	long answer;
	int rc;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &h, p->family == 6 ? sizeof(h.ip6) : sizeof(h.ip)))
		return -AXO_DROP_TOO_SHORT;
	route_ask(&fib, skb, p, &h);
	answer = bpf_fib_lookup(skb, &fib, sizeof(fib), 0);
	if (answer != BPF_FIB_LKUP_RET_SUCCESS && answer != BPF_FIB_LKUP_RET_NO_NEIGH)
		return route_refuse(p, answer, fib.mtu_result, &h);
	/* Copies: mac_copy() reads words, and these are not aligned to one. */
	__builtin_memcpy(&dmac, fib.dmac, ETH_ALEN);
	__builtin_memcpy(&smac, fib.smac, ETH_ALEN);
	rc = frame_forward(skb, p, &dmac, &smac);
	if (rc)
		return rc;
	if (answer == BPF_FIB_LKUP_RET_NO_NEIGH)
		return route_neighbour(&fib);
	return bpf_redirect(fib.ifindex, 0);
}

#endif
