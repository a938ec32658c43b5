/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A UDP packet becomes a short DNS message: header and question only.
 *
 *      back: a query becomes the answer REFUSED and goes back to who asked
 *      else: an answer becomes one with TC set, so that the client asks again over TCP
 *
 * If the stack left the checksum to the device (CHECKSUM_PARTIAL, which a program at tc cannot
 * see), the field holds the sum over the pseudo header, and that is what it must hold again.
 */
#ifndef BPF_LIB_DNS_REPLY_H
#define BPF_LIB_DNS_REPLY_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include "bpf/lib/csum.h"
#include "bpf/lib/dns_work.h"
#include "bpf/lib/wire.h"

#define DNS_TTL 64

/** dns_check_is_partial - asked by adding to the field at @off, which is left alone then */
static __always_inline bool dns_check_is_partial(struct __sk_buff *skb, __u32 off)
{
	__u16 check = 0;

	if (bpf_skb_store_bytes(skb, off, &check, sizeof(check), 0) ||
	    bpf_l4_csum_replace(skb, off, 0, 0x1234, sizeof(check)) ||
	    bpf_skb_load_bytes(skb, off, &check, sizeof(check)))
		return false;
	return !check;
}

/** dns_pseudo - sum over the pseudo header; it does not matter which end is the source */
static __always_inline __u64 dns_pseudo(const struct packet *p, __u32 udp_len)
{
	__u64 sum = bpf_htons(IPPROTO_UDP) + (__u64)bpf_htons(udp_len);

	if (p->family == 6)
		return sum + csum_words(p->key.addr, sizeof(p->key.addr) / 2);
	return sum + csum_words(&p->key.addr[0].b[12], 2) + csum_words(&p->key.addr[1].b[12], 2);
}

static __always_inline int dns_reply_v4(struct __sk_buff *skb, bool back)
{
	struct iphdr ip, old;
	__u16 check;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &old, sizeof(old)))
		return -AXO_DROP_TOO_SHORT;
	check = old.check;
	old.check = 0;
	ip = old;
	ip.tot_len = bpf_htons(skb->len - ETH_HLEN);
	ip.frag_off = 0;
	if (back) {
		ip.ttl = DNS_TTL;
		ip.saddr = old.daddr;
		ip.daddr = old.saddr;
	}
	/* RFC 1624; options stay what they are, and so does their part of the sum. */
	ip.check = csum_fold((__u32)bpf_csum_diff((__be32 *)&old, sizeof(old), (__be32 *)&ip,
						  sizeof(ip), (__u16)~check));
	return bpf_skb_store_bytes(skb, ETH_HLEN, &ip, sizeof(ip), 0) ? -AXO_DROP_REDIRECT : 0;
}

/** dns_reply_unfragment - the fragment header right before the transport header says: all of it */
static __always_inline int dns_reply_unfragment(struct __sk_buff *skb, const struct packet *p)
{
	struct frag_header f;
	__u32 off = p->l4_off - sizeof(f);

	if (bpf_skb_load_bytes(skb, off, &f, sizeof(f)) || f.next != IPPROTO_UDP ||
	    f.id != p->frag_id)
		return -AXO_DROP_DNS_FRAGMENT;
	f.offset = 0;
	return bpf_skb_store_bytes(skb, off, &f, sizeof(f), 0) ? -AXO_DROP_REDIRECT : 0;
}

static __always_inline int dns_reply_v6(struct __sk_buff *skb, const struct packet *p, bool back)
{
	struct ipv6hdr ip6;
	struct in6_addr src;

	if (p->kind == PACKET_FRAG_FIRST && dns_reply_unfragment(skb, p))
		return -AXO_DROP_DNS_FRAGMENT;
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip6, sizeof(ip6)))
		return -AXO_DROP_TOO_SHORT;
	ip6.payload_len = bpf_htons(skb->len - ETH_HLEN - sizeof(ip6));
	if (back) {
		src = ip6.saddr;
		ip6.saddr = ip6.daddr;
		ip6.daddr = src;
		ip6.hop_limit = DNS_TTL;
	}
	return bpf_skb_store_bytes(skb, ETH_HLEN, &ip6, sizeof(ip6), 0) ? -AXO_DROP_REDIRECT : 0;
}

/** dns_reply_eth - back to who sent the frame */
static __always_inline int dns_reply_eth(struct __sk_buff *skb)
{
	__u8 mac[ETH_ALEN];

	if (bpf_skb_load_bytes(skb, ETH_ALEN, mac, sizeof(mac)) ||
	    bpf_skb_store_bytes(skb, 0, mac, sizeof(mac), 0))
		return -AXO_DROP_REDIRECT;
	__builtin_memcpy(mac, mac_own(), sizeof(mac));
	return bpf_skb_store_bytes(skb, ETH_ALEN, mac, sizeof(mac), 0) ? -AXO_DROP_REDIRECT : 0;
}

/** dns_reply_udp - ports, length, checksum; @len bytes of message are in place */
static __always_inline int dns_reply_udp(struct __sk_buff *skb, const struct packet *p,
					 struct dns_state *s, bool back, bool partial)
{
	__u32 len = s->w.end, off = p->l4_off;
	struct udphdr udp;
	__be16 port;
	__u64 sum;

	if (bpf_skb_load_bytes(skb, off, &udp, sizeof(udp)))
		return -AXO_DROP_TOO_SHORT;
	if (back) {
		port = udp.source;
		udp.source = udp.dest;
		udp.dest = port;
	}
	udp.len = bpf_htons(sizeof(udp) + len);
	udp.check = 0;
	sum = dns_pseudo(p, sizeof(udp) + len);
	if (partial) {
		udp.check = ~csum_fold(sum);
	} else {
		/* The sum is made of words of four bytes. */
		for (int i = 0; i < 3; i++)
			s->w.msg[(len + i) & (DNS_MESSAGE_MAX - 1)] = 0;
		sum += csum_words(&udp, sizeof(udp) / 2);
		sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)s->w.msg, ((len + 3) & 0x1fc), 0);
		udp.check = csum_fold(sum);
		if (!udp.check)
			udp.check = 0xffff;
	}
	return bpf_skb_store_bytes(skb, off, &udp, sizeof(udp), 0) ? -AXO_DROP_REDIRECT : 0;
}

/** dns_reply - see above; s->w has the message, whose flags and counts are the new ones */
static __noinline int dns_reply(struct __sk_buff *skb, struct packet *p, struct dns_state *s,
				bool back)
{
	__u32 len = s->w.end, off = p->l4_off + sizeof(struct udphdr);
	bool partial;
	int rc;

	if (len < DNS_HEADER_LEN || len > DNS_QUESTION_MAX)
		return -AXO_DROP_DNS_MALFORMED;
	for (int i = 6; i < DNS_HEADER_LEN; i++)
		s->w.msg[i] = 0;
	asm volatile("" : "+r"(len)); /* 6.1 does not conclude that it is not 0 */
	len = ((len - 1) & 511) + 1;
	partial = dns_check_is_partial(skb, p->l4_off + offsetof(struct udphdr, check));
	if (bpf_skb_change_tail(skb, off + len, 0) ||
	    bpf_skb_store_bytes(skb, off, s->w.msg, len, 0))
		return -AXO_DROP_REDIRECT;
	rc = p->family == 6 ? dns_reply_v6(skb, p, back) : dns_reply_v4(skb, back);
	if (!rc)
		rc = dns_reply_udp(skb, p, s, back, partial);
	if (!rc && back)
		rc = dns_reply_eth(skb);
	return rc;
}

#endif
