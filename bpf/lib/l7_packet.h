/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A TCP packet of a flow that is judged by its content: header fields, and what no such packet may
 * be, because the receiver would make other bytes of it than the judge.
 *
 *      1. a fragment, or a packet with IP options or extension headers
 *      2. urgent data (the receiver takes a byte out of the stream, RFC 6093)
 *      3. data on a SYN (RFC 7413): it comes before there is a state to judge it by
 *      4. a wrong checksum, where nobody has verified it: l7_csum.h
 */
#ifndef BPF_LIB_L7_PACKET_H
#define BPF_LIB_L7_PACKET_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include "bpf/lib/packet.h"
#include "bpf/lib/wire.h"

/**
 * struct l7_packet
 * @seq: sequence number, host order
 * @ack: acknowledgement number, host order; valid with TCP_ACK
 * @off: of the payload, from the start of the frame
 * @len: of the payload, as the IP header says
 */
struct l7_packet {
	__u32 seq;
	__u32 ack;
	__u32 off;
	__u32 len;
};

static __always_inline bool l7_has(const struct packet *p, __u8 flag)
{
	return p->tcp_flags & flag;
}

/** struct l7_words - of the headers, in network order; @len: as the IP header says */
struct l7_words {
	__be16 len;
	__be32 seq;
	__be32 ack;
};

/** l7_words_here - @l3: length of the IP header, @len_off: of its length field; constants both */
static __always_inline bool l7_words_here(struct __sk_buff *skb, __u32 l3, __u32 len_off,
					  struct l7_words *w)
{
	const __u8 *data = (void *)(long)skb->data;
	const struct tcphdr *tcp = (const void *)(data + ETH_HLEN + l3);

	if ((const void *)(tcp + 1) > (void *)(long)skb->data_end)
		return false;
	w->len = *(const __be16 *)(data + ETH_HLEN + len_off);
	w->seq = tcp->seq;
	w->ack = tcp->ack_seq;
	return true;
}

/** l7_words_load - the same, wherever the headers are */
static __always_inline bool l7_words_load(struct __sk_buff *skb, __u32 l3, __u32 len_off,
					  struct l7_words *w)
{
	struct tcphdr tcp;

	if (l7_words_here(skb, l3, len_off, w))
		return true;
	if (bpf_skb_load_bytes(skb, ETH_HLEN + len_off, &w->len, sizeof(w->len)) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN + l3, &tcp, sizeof(tcp)))
		return false;
	w->seq = tcp.seq;
	w->ack = tcp.ack_seq;
	return true;
}

/** l7_words_get - of a packet with a plain header; *@end: where it ends, from the frame's start */
static __always_inline bool l7_words_get(struct __sk_buff *skb, const struct packet *p,
					 struct l7_words *w, __u32 *end)
{
	if (p->family == 6) {
		if (!l7_words_load(skb, sizeof(struct ipv6hdr),
				   offsetof(struct ipv6hdr, payload_len), w))
			return false;
		*end = ETH_HLEN + sizeof(struct ipv6hdr) + bpf_ntohs(w->len);
		return true;
	}
	if (!l7_words_load(skb, sizeof(struct iphdr), offsetof(struct iphdr, tot_len), w))
		return false;
	*end = ETH_HLEN + bpf_ntohs(w->len);
	return true;
}

/** l7_plain_header - rule 1 */
static __always_inline bool l7_plain_header(const struct packet *p)
{
	__u32 l3 = p->family == 6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);

	return p->kind == PACKET_PLAIN && p->l4_off == ETH_HLEN + l3;
}

/** l7_parse - 0, or -AXO_DROP_L7_FORM */
static __noinline int l7_parse(struct __sk_buff *skb, const struct packet *p, struct l7_packet *s)
{
	struct l7_words w;
	__u32 end;

	if (!l7_plain_header(p) || !l7_words_get(skb, p, &w, &end))
		return -AXO_DROP_L7_FORM;
	s->off = p->l4_off + p->l4_len;
	if (end < s->off || end > skb->len)
		return -AXO_DROP_L7_FORM;
	s->len = end - s->off;
	s->seq = bpf_ntohl(w.seq);
	s->ack = bpf_ntohl(w.ack);
	if (l7_has(p, TCP_URG) || (l7_has(p, TCP_SYN) && s->len))
		return -AXO_DROP_L7_FORM;
	return 0;
}

#endif
