/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS over UDP.
 *
 * A query: what cannot be judged (fragments, several datagrams in one packet, what is no query)
 * is dropped; a name that no rule allows is answered REFUSED; what is allowed is noted, so that
 * its answer teaches, and goes on with an EDNS buffer size that needs no fragments.
 *
 * An answer goes on whatever it says, and teaches if it was asked for: same flow, id, name and
 * type.  The first fragment of a longer one becomes an answer with TC set, the others are dropped.
 */
#ifndef BPF_LIB_DNS_UDP_H
#define BPF_LIB_DNS_UDP_H

#include "bpf/lib/dns_judge.h"
#include "bpf/lib/dns_reply.h"
#include "bpf/lib/drop.h"

/** dns_udp_load - the message into s->w; false: that is not what the lengths say */
static __always_inline bool dns_udp_load(struct __sk_buff *skb, const struct packet *p,
					 struct dns_state *s)
{
	__u32 off = p->l4_off + sizeof(struct udphdr), len;
	struct udphdr udp;

	if (bpf_skb_load_bytes(skb, p->l4_off, &udp, sizeof(udp)))
		return false;
	len = bpf_ntohs(udp.len);
	if (p->kind != PACKET_PLAIN && len > skb->len - p->l4_off)
		len = skb->len - p->l4_off; /* a first fragment */
	if (len < sizeof(udp) + DNS_HEADER_LEN || off + len - sizeof(udp) > skb->len)
		return false;
	len -= sizeof(udp);
	s->w.len = len;
	if (len > DNS_MESSAGE_MAX)
		len = DNS_MESSAGE_MAX;
	asm volatile("" : "+r"(len)); /* 6.1 does not conclude that it is not 0 */
	len = ((len - 1) & (DNS_MESSAGE_MAX - 1)) + 1;
	return !bpf_skb_load_bytes(skb, off, s->w.msg, len);
}

/** dns_udp_lower - the EDNS buffer size */
static __always_inline int dns_udp_lower(struct __sk_buff *skb, const struct packet *p,
					 struct dns_state *s)
{
	__u32 at = s->w.edns_at, off = p->l4_off + sizeof(struct udphdr) + at;
	__u32 check = p->l4_off + offsetof(struct udphdr, check);
	__be16 from, to = bpf_htons(AXO_DNS_EDNS_MAX);

	if (!at || dns_word(&s->w, at) <= AXO_DNS_EDNS_MAX)
		return 0;
	from = bpf_htons(dns_word(&s->w, at));
	if (bpf_skb_store_bytes(skb, off, &to, sizeof(to), 0))
		return -AXO_DROP_REDIRECT;
	/* At an odd offset the bytes count in the other half of a word. */
	if (at & 1) {
		from = __builtin_bswap16(from);
		to = __builtin_bswap16(to);
	}
	return bpf_l4_csum_replace(skb, check, from, to, sizeof(to) | BPF_F_MARK_MANGLED_0)
		       ? -AXO_DROP_REDIRECT
		       : 0;
}

/** dns_udp_refuse - TC action: the answer to the query goes back */
static __noinline int dns_udp_refuse(struct __sk_buff *skb, struct packet *p, struct dns_state *s)
{
	drop(skb, p, AXO_DROP_DNS_REFUSED);
	s->w.msg[2] = (s->w.msg[2] & DNS_RD) | DNS_QR;
	s->w.msg[3] = DNS_RA | DNS_REFUSED;
	if (dns_reply(skb, p, s, true))
		return TC_ACT_SHOT;
	return bpf_redirect(skb->ifindex, 0);
}

/** dns_udp_query - 0: it goes on; else a TC action or -AXO_DROP_x */
static __noinline int dns_udp_query(struct __sk_buff *skb, struct packet *p, struct dns_state *s)
{
	if (p->kind != PACKET_PLAIN)
		return -AXO_DROP_DNS_FRAGMENT;
	if (skb->gso_size || !dns_udp_load(skb, p, s) || !dns_query_read(&s->w))
		return -AXO_DROP_DNS_MALFORMED;
	if (!dns_name_allowed(s))
		return dns_udp_refuse(skb, p, s);
	dns_asked_put(p, s);
	return dns_udp_lower(skb, p, s);
}

/** dns_udp_truncate - what there is of the answer becomes one with TC set */
static __noinline int dns_udp_truncate(struct __sk_buff *skb, struct packet *p, struct dns_state *s)
{
	int rc;

	if (!dns_udp_load(skb, p, s))
		return -AXO_DROP_DNS_FRAGMENT;
	if (s->w.len > DNS_MESSAGE_MAX)
		s->w.len = DNS_MESSAGE_MAX;
	if (!dns_question_read(&s->w))
		return -AXO_DROP_DNS_FRAGMENT;
	s->w.msg[2] |= DNS_TC;
	rc = dns_reply(skb, p, s, false);
	p->kind = PACKET_PLAIN;
	return rc;
}

/** dns_udp_answer - 0: it goes on; else -AXO_DROP_x */
static __noinline int dns_udp_answer(struct __sk_buff *skb, struct packet *p, struct dns_state *s)
{
	if (p->kind == PACKET_FRAG_LATER)
		return -AXO_DROP_DNS_FRAGMENT;
	if (p->kind == PACKET_FRAG_FIRST)
		return dns_udp_truncate(skb, p, s);
	if (skb->gso_size || !dns_udp_load(skb, p, s))
		return -AXO_DROP_DNS_MALFORMED;
	if (s->w.len > DNS_MESSAGE_MAX)
		return dns_udp_truncate(skb, p, s);
	dns_answer_learn(p, s);
	return 0;
}

#endif
