/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ICMP errors that the datapath itself sends (RFC 792, RFC 4443): unreachable, time exceeded,
 * packet too big.  The dropped packet becomes the quotation and goes back out of the device
 * that it came from.
 *
 * Who sends it: to a pod and to the network the gateway.  To the host's stack the address that
 * could not be reached: the stack takes no packet from the gateway's address, which is its own.
 *
 * Never for ICMP errors, fragments but the first, neighbour discovery or a source that is no
 * unicast address (RFC 1122, 3.2.2; RFC 4443, 2.4).  At most AXO_ICMP_RATE a second and CPU
 * with bursts of AXO_ICMP_BURST, for all pods of the host together: a pod that asks for errors
 * without end can make others' errors late, not more.
 *
 * The quoted transport checksum is as the sender's stack left it: an offloaded one is partial.
 */
#ifndef BPF_LIB_ICMP_H
#define BPF_LIB_ICMP_H

#include "bpf/lib/class.h"
#include "bpf/lib/count.h"
#include "bpf/lib/csum.h"
#include "bpf/lib/parse.h"

/* Quoted bytes: the whole error fits 576 (RFC 1812, 4.3.2.3) or 1280 (RFC 4443, 2.4 c). */
#define ICMP_QUOTE_V4 548
#define ICMP_QUOTE_V6 1232
#define ICMP_TTL 64
#define NS_PER_S 1000000000ull

/*
 * struct icmp_v4_frame, struct icmp_v6_frame - what is put in front of the quotation.  The frame
 * starts at eth; the pad in front of it aligns what follows.
 */
struct icmp_v4_frame {
	__u16 pad;
	struct ethhdr eth;
	struct iphdr ip;
	struct icmp_header icmp;
};

struct icmp_v6_frame {
	__u16 pad;
	struct ethhdr eth;
	struct ipv6hdr ip6;
	struct icmp_header icmp;
};

#define ICMP_V4_OFF (ETH_HLEN + sizeof(struct iphdr))
#define ICMP_V6_OFF (ETH_HLEN + sizeof(struct ipv6hdr))
#define ICMP_CHECK_OFF offsetof(struct icmp_header, check)

/** icmp_may_send - one token of this CPU's bucket; programs do not nest on a CPU */
static __always_inline bool icmp_may_send(void)
{
	const __u64 cost_ns = NS_PER_S / AXO_ICMP_RATE, max_ns = cost_ns * AXO_ICMP_BURST;
	__u64 now_ns = bpf_ktime_get_ns();
	struct axo_icmp_bucket *b;
	__u32 zero = 0;

	b = bpf_map_lookup_elem(&axo_icmp_bucket, &zero);
	if (!b)
		return false;
	b->credit_ns += now_ns - b->time_ns;
	b->time_ns = now_ns;
	if (b->credit_ns > max_ns)
		b->credit_ns = max_ns;
	if (b->credit_ns < cost_ns)
		return false;
	b->credit_ns -= cost_ns;
	return true;
}

/** icmp_may_answer - is @p something that errors may be sent for? */
static __always_inline bool icmp_may_answer(const struct packet *p)
{
	const struct axo_addr *src = packet_src(p);

	if (p->kind != PACKET_PLAIN && p->kind != PACKET_FRAG_FIRST)
		return false;
	if (p->family == 6)
		return src->b[0] != 0xff && (addr_word(src, 0) | addr_word(src, 1));
	return addr_v4(src) && bpf_ntohl(addr_v4(src)) >> 29 != 7;
}

/** icmp_make_room - cut to @quote bytes from the IP header on, make @room in front of it */
static __always_inline int icmp_make_room(struct __sk_buff *skb, __u32 quote, __u32 room)
{
	if (skb->len > ETH_HLEN + quote && bpf_skb_change_tail(skb, ETH_HLEN + quote, 0))
		return -AXO_DROP_REDIRECT;
	if (bpf_skb_adjust_room(skb, room, BPF_ADJ_ROOM_MAC, 0) || bpf_skb_pull_data(skb, skb->len))
		return -AXO_DROP_REDIRECT;
	return 0;
}

static __always_inline void icmp_v4_type(struct icmp_header *icmp, const struct packet *p,
					 __u8 reason)
{
	icmp->type = ICMP_DEST_UNREACH;
	if (reason == AXO_DROP_TTL_EXCEEDED) {
		icmp->type = ICMP_TIME_EXCEEDED;
	} else if (reason == AXO_DROP_MTU) {
		icmp->code = ICMP_FRAG_NEEDED;
		icmp->half[1] = bpf_htons(p->mtu);
	} else {
		icmp->code = ICMP_HOST_UNREACH;
	}
}

static __always_inline void icmp_v6_type(struct icmp_header *icmp, const struct packet *p,
					 __u8 reason)
{
	icmp->type = ICMPV6_DEST_UNREACH;
	if (reason == AXO_DROP_TTL_EXCEEDED) {
		icmp->type = ICMPV6_TIME_EXCEED;
	} else if (reason == AXO_DROP_MTU) {
		icmp->type = ICMPV6_PKT_TOOBIG;
		icmp->word = bpf_htonl(p->mtu);
	} else {
		icmp->code = ICMPV6_ADDR_UNREACH;
	}
}

/** icmp_set_eth - back to who sent the frame, from whom it was for */
static __always_inline int icmp_set_eth(struct __sk_buff *skb, struct ethhdr *eth, __be16 ethertype)
{
	if (bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_source), eth->h_dest, ETH_ALEN) ||
	    bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_dest), eth->h_source, ETH_ALEN))
		return -AXO_DROP_REDIRECT;
	eth->h_proto = ethertype;
	return 0;
}

static __noinline int icmp_v4_write(struct __sk_buff *skb, const struct packet *p, __u8 reason)
{
	struct icmp_v4_frame f = {.ip = {.version = 4, .ihl = 5, .ttl = ICMP_TTL}};
	__u16 check;

	if (icmp_make_room(skb, ICMP_QUOTE_V4, sizeof(f.ip) + sizeof(f.icmp)) ||
	    icmp_set_eth(skb, &f.eth, bpf_htons(ETH_P_IP)))
		return -AXO_DROP_REDIRECT;
	icmp_v4_type(&f.icmp, p, reason);
	f.ip.protocol = IPPROTO_ICMP;
	f.ip.tot_len = bpf_htons(skb->len - ETH_HLEN);
	f.ip.daddr = addr_v4(packet_src(p));
	f.ip.saddr = p->from == FROM_HOST ? addr_v4(packet_dst(p))
					  : *(const volatile __be32 *)&axo_cfg.gateway4.b[12];
	f.ip.check = csum_fold(csum_words(&f.ip, sizeof(f.ip) / 2));
	if (bpf_skb_store_bytes(skb, 0, &f.eth, sizeof(f) - sizeof(f.pad), 0))
		return -AXO_DROP_REDIRECT;
	check = csum_fold(csum_packet(skb, ICMP_V4_OFF));
	return bpf_skb_store_bytes(skb, ICMP_V4_OFF + ICMP_CHECK_OFF, &check, sizeof(check), 0);
}

static __noinline int icmp_v6_write(struct __sk_buff *skb, const struct packet *p, __u8 reason)
{
	struct icmp_v6_frame f = {.ip6 = {.version = 6, .hop_limit = ICMP_TTL}};
	const void *from = p->from == FROM_HOST ? packet_dst(p) : (const void *)&axo_cfg.gateway6;
	__u64 sum;
	__u16 check;

	if (icmp_make_room(skb, ICMP_QUOTE_V6, sizeof(f.ip6) + sizeof(f.icmp)) ||
	    icmp_set_eth(skb, &f.eth, bpf_htons(ETH_P_IPV6)))
		return -AXO_DROP_REDIRECT;
	icmp_v6_type(&f.icmp, p, reason);
	f.ip6.nexthdr = IPPROTO_ICMPV6;
	f.ip6.payload_len = bpf_htons(skb->len - ETH_HLEN - sizeof(f.ip6));
	__builtin_memcpy(&f.ip6.daddr, packet_src(p), sizeof(f.ip6.daddr));
	__builtin_memcpy(&f.ip6.saddr, from, sizeof(f.ip6.saddr));
	if (bpf_skb_store_bytes(skb, 0, &f.eth, sizeof(f) - sizeof(f.pad), 0))
		return -AXO_DROP_REDIRECT;
	sum = csum_words(&f.ip6.saddr, 16) + f.ip6.payload_len + bpf_htons(IPPROTO_ICMPV6);
	check = csum_fold(sum + csum_packet(skb, ICMP_V6_OFF));
	return bpf_skb_store_bytes(skb, ICMP_V6_OFF + ICMP_CHECK_OFF, &check, sizeof(check), 0);
}

static __always_inline bool icmp_has_error(__u8 reason)
{
	return reason == AXO_DROP_NO_POD || reason == AXO_DROP_NO_ROUTE ||
	       reason == AXO_DROP_TTL_EXCEEDED || reason == AXO_DROP_MTU;
}

/** icmp_answer_drop - the TC action: TC_ACT_REDIRECT with the error, or TC_ACT_SHOT without */
static __noinline int icmp_answer_drop(struct __sk_buff *skb, const struct packet *p, __u8 reason)
{
	int rc;

	if (!icmp_has_error(reason) || !icmp_may_answer(p))
		return TC_ACT_SHOT;
	if (!icmp_may_send()) {
		count_add(AXO_COUNT_ICMP_LIMITED);
		return TC_ACT_SHOT;
	}
	rc = p->family == 6 ? icmp_v6_write(skb, p, reason) : icmp_v4_write(skb, p, reason);
	if (rc)
		return TC_ACT_SHOT;
	count_add(AXO_COUNT_ICMP_SENT);
	return bpf_redirect(skb->ifindex, 0);
}

#endif
