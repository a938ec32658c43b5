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

/** l7_ip_end - where the packet ends, from the start of the frame; 0 = cannot be read */
static __always_inline __u32 l7_ip_end(struct __sk_buff *skb, const struct packet *p)
{
	__u32 off = ETH_HLEN + (p->family == 6 ? offsetof(struct ipv6hdr, payload_len)
					       : offsetof(struct iphdr, tot_len));
	__be16 len;

	if (bpf_skb_load_bytes(skb, off, &len, sizeof(len)))
		return 0;
	return ETH_HLEN + (p->family == 6 ? sizeof(struct ipv6hdr) : 0) + bpf_ntohs(len);
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
	struct tcphdr tcp;
	__u32 end = l7_ip_end(skb, p);

	if (!l7_plain_header(p) || bpf_skb_load_bytes(skb, p->l4_off, &tcp, sizeof(tcp)))
		return -AXO_DROP_L7_FORM;
	s->off = p->l4_off + p->l4_len;
	if (end < s->off || end > skb->len)
		return -AXO_DROP_L7_FORM;
	s->len = end - s->off;
	s->seq = bpf_ntohl(tcp.seq);
	s->ack = bpf_ntohl(tcp.ack_seq);
	if (l7_has(p, TCP_URG) || (l7_has(p, TCP_SYN) && s->len))
		return -AXO_DROP_L7_FORM;
	return 0;
}

#endif
