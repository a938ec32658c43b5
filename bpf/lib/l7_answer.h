/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TCP segments that the datapath itself sends on a flow: resets, acknowledgements and whole HTTP
 * responses.  The packet in hand becomes the segment; nothing of it is needed afterwards.
 *
 * A segment goes back to who sent the packet (l7_send_back(), the last thing to be done with it)
 * or on to its receiver (l7_send_on(), a clone, so the packet can be rewritten once more).  A pod
 * gets it by its device, every other end through the host's stack, which routes it; no program
 * meets it again.
 *
 * The checksum is stored as the kernel left the packet: the sum of the pseudo header if it is
 * CHECKSUM_PARTIAL (the offsets that the kernel holds stay right: the headers are where they
 * were), else in full.
 */
#ifndef BPF_LIB_L7_ANSWER_H
#define BPF_LIB_L7_ANSWER_H

#include "bpf/lib/flow.h"
#include "bpf/lib/l7_csum.h"
#include "bpf/lib/l7_reply.h"

#define L7_TTL 64
/* Not scaled by what we know; a small one stalls senders that have much to say. */
#define L7_WINDOW_FIELD 65535
#define L7_TIMESTAMP_BYTES 12

/* Headers as they are sent; the pad aligns what follows the Ethernet header. */
struct l7_tcp_header {
	struct tcphdr tcp;
	__u8 nop[2];
	__u8 kind;
	__u8 len;
	__be32 ts[2];
};

struct l7_v4_frame {
	__u16 pad;
	struct ethhdr eth;
	struct iphdr ip;
	struct l7_tcp_header l4;
};

struct l7_v6_frame {
	__u16 pad;
	struct ethhdr eth;
	struct ipv6hdr ip6;
	struct l7_tcp_header l4;
};

/** l7_timestamps - of the packet in hand, as they are; false = it has none */
static __noinline bool l7_timestamps(struct __sk_buff *skb, const struct packet *p, __be32 ts[2])
{
	__u32 off = p->l4_off + sizeof(struct tcphdr), end = p->l4_off + p->l4_len;
	__u8 option[2];

	for (int i = 0; i < 40; i++) {
		if (off + 2 > end || bpf_skb_load_bytes(skb, off, option, sizeof(option)) ||
		    !option[0])
			return false;
		if (option[0] == 8 && option[1] == 10)
			return off + 10 <= end && !bpf_skb_load_bytes(skb, off + 2, ts, 8);
		off += option[0] == 1 ? 1 : option[1] < 2 ? 2 : option[1];
	}
	return false;
}

/** l7_fill_tcp - ports and all; @to: the end of the flow that receives it.  Returns its length */
static __always_inline __u32 l7_fill_tcp(struct l7_tcp_header *h, const struct packet *p, bool to,
					 const struct l7_reply *r)
{
	__u32 len = sizeof(h->tcp) + (r->stamped ? L7_TIMESTAMP_BYTES : 0);

	__builtin_memset(h, 0, sizeof(*h));
	h->tcp.source = to ? p->key.port[0] : p->key.port[1];
	h->tcp.dest = to ? p->key.port[1] : p->key.port[0];
	h->tcp.seq = bpf_htonl(r->seq);
	h->tcp.ack_seq = r->flags & TCP_ACK ? bpf_htonl(r->ack) : 0;
	h->tcp.doff = len / 4;
	((__u8 *)&h->tcp)[13] = r->flags;
	h->tcp.window = bpf_htons(L7_WINDOW_FIELD);
	if (r->stamped) {
		h->nop[0] = 1;
		h->nop[1] = 1;
		h->kind = 8;
		h->len = 10;
		h->ts[0] = r->ts[0];
		h->ts[1] = r->ts[1];
	}
	return len;
}

/** l7_fill_eth - the MAC of the end @to, as the flow knows it */
static __always_inline void l7_fill_eth(struct ethhdr *eth, const struct axo_flow *f, bool to,
					__be16 ethertype)
{
	/* What end `to` sends carries its MAC: a pod's, or the gateway pair's. */
	__builtin_memcpy(eth->h_dest, to ? f->side[1].smac : f->side[0].smac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac_own(), ETH_ALEN);
	eth->h_proto = ethertype;
}

static __always_inline int l7_write_v4(struct __sk_buff *skb, const struct packet *p,
				       const struct axo_flow *f, const struct l7_reply *r)
{
	struct l7_v4_frame h = {.ip = {.version = 4, .ihl = 5, .ttl = L7_TTL}};
	bool to = r->back ? p->side : !p->side;
	__u32 len = l7_fill_tcp(&h.l4, p, to, r);

	l7_fill_eth(&h.eth, f, to, bpf_htons(ETH_P_IP));
	h.ip.protocol = IPPROTO_TCP;
	h.ip.frag_off = bpf_htons(0x4000);
	h.ip.tot_len = bpf_htons(sizeof(h.ip) + len + l7_text_len(r->text));
	h.ip.saddr = to ? addr_v4(&p->key.addr[0]) : addr_v4(&p->key.addr[1]);
	h.ip.daddr = to ? addr_v4(&p->key.addr[1]) : addr_v4(&p->key.addr[0]);
	h.ip.check = csum_fold(csum_words(&h.ip, sizeof(h.ip) / 2));
	len += ETH_HLEN + sizeof(h.ip);
	if (bpf_skb_change_tail(skb, len + l7_text_len(r->text), 0))
		return -AXO_DROP_REDIRECT;
	if (r->stamped)
		return bpf_skb_store_bytes(skb, 0, &h.eth, sizeof(h) - sizeof(h.pad),
					   BPF_F_RECOMPUTE_CSUM);
	return bpf_skb_store_bytes(skb, 0, &h.eth, sizeof(h) - sizeof(h.pad) - L7_TIMESTAMP_BYTES,
				   BPF_F_RECOMPUTE_CSUM);
}

static __always_inline int l7_write_v6(struct __sk_buff *skb, const struct packet *p,
				       const struct axo_flow *f, const struct l7_reply *r)
{
	struct l7_v6_frame h = {.ip6 = {.version = 6, .hop_limit = L7_TTL}};
	bool to = r->back ? p->side : !p->side;
	__u32 len = l7_fill_tcp(&h.l4, p, to, r);

	l7_fill_eth(&h.eth, f, to, bpf_htons(ETH_P_IPV6));
	h.ip6.nexthdr = IPPROTO_TCP;
	h.ip6.payload_len = bpf_htons(len + l7_text_len(r->text));
	__builtin_memcpy(&h.ip6.saddr, to ? &p->key.addr[0] : &p->key.addr[1], 16);
	__builtin_memcpy(&h.ip6.daddr, to ? &p->key.addr[1] : &p->key.addr[0], 16);
	len += ETH_HLEN + sizeof(h.ip6);
	if (bpf_skb_change_tail(skb, len + l7_text_len(r->text), 0))
		return -AXO_DROP_REDIRECT;
	if (r->stamped)
		return bpf_skb_store_bytes(skb, 0, &h.eth, sizeof(h) - sizeof(h.pad),
					   BPF_F_RECOMPUTE_CSUM);
	return bpf_skb_store_bytes(skb, 0, &h.eth, sizeof(h) - sizeof(h.pad) - L7_TIMESTAMP_BYTES,
				   BPF_F_RECOMPUTE_CSUM);
}

/** l7_write_check - the checksum of what was written; @off: of the TCP header, @len: of all TCP */
static __always_inline int l7_write_check(struct __sk_buff *skb, const struct packet *p, __u32 off,
					  __u32 len)
{
	__u32 at = off + offsetof(struct tcphdr, check);
	__u64 sum = l7_csum_pseudo(p, len);
	__u16 check;

	if (l7_csum_is_partial(skb, at)) {
		check = ~csum_fold(sum);
	} else {
		check = 0;
		if (bpf_skb_store_bytes(skb, at, &check, sizeof(check), BPF_F_RECOMPUTE_CSUM) ||
		    bpf_skb_pull_data(skb, off + len))
			return -AXO_DROP_REDIRECT;
		check = csum_fold(sum + csum_packet(skb, off));
	}
	return bpf_skb_store_bytes(skb, at, &check, sizeof(check), BPF_F_RECOMPUTE_CSUM);
}

/** l7_write - the packet in hand becomes @r.  0 or not */
VERIFIED_ONCE int l7_write(struct __sk_buff *skb, const struct packet *p, const struct axo_flow *f,
			   const struct l7_reply *r)
{
	__u32 off, len;

	if (!p || !f || !r)
		return -AXO_DROP_REDIRECT;
	off = ETH_HLEN + (p->family == 6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	len = sizeof(struct tcphdr) + (r->stamped ? L7_TIMESTAMP_BYTES : 0);
	if (p->family == 6 ? l7_write_v6(skb, p, f, r) : l7_write_v4(skb, p, f, r))
		return -AXO_DROP_REDIRECT;
	if (r->text == L7_TEXT_403 &&
	    bpf_skb_store_bytes(skb, off + len, l7_text_bytes[L7_TEXT_403],
				l7_text_len(L7_TEXT_403), BPF_F_RECOMPUTE_CSUM))
		return -AXO_DROP_REDIRECT;
	if (r->text == L7_TEXT_503 &&
	    bpf_skb_store_bytes(skb, off + len, l7_text_bytes[L7_TEXT_503],
				l7_text_len(L7_TEXT_503), BPF_F_RECOMPUTE_CSUM))
		return -AXO_DROP_REDIRECT;
	return l7_write_check(skb, p, off, len + l7_text_len(r->text));
}

/** l7_send_on - a clone of @r to who would have received the packet; its loss is not told */
static __always_inline void l7_send_on(struct __sk_buff *skb, const struct packet *p,
				       const struct axo_flow *f, struct l7_reply *r)
{
	const struct axo_flow_side *s = p->side ? &f->side[1] : &f->side[0];
	__u32 ifindex = s->deliver == AXO_DELIVER_POD ? s->ifindex_out : axo_cfg.ifindex_net;

	r->back = 0;
	if (!l7_write(skb, p, f, r))
		bpf_clone_redirect(skb, ifindex, 0);
}

/** l7_send_back - the TC action that takes @r to who sent the packet */
static __always_inline int l7_send_back(struct __sk_buff *skb, const struct packet *p,
					const struct axo_flow *f, struct l7_reply *r)
{
	r->back = 1;
	if (l7_write(skb, p, f, r))
		return TC_ACT_SHOT;
	return bpf_redirect(p->from == FROM_POD ? skb->ifindex : axo_cfg.ifindex_net, 0);
}

#endif
