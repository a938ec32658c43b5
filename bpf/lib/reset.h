/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Resetting a TCP connection from the middle: a packet of it becomes an RST, for its receiver or
 * for its sender (RFC 9293, 3.5.2: in the window of whoever gets it, so that it is believed).
 *
 * The checksum: what local senders leave to the device (CHECKSUM_PARTIAL) must stay so, and tc
 * does not say which packets these are.  But bpf_l4_csum_replace() leaves their field alone when
 * it is told that no pseudo header is concerned (net/core/utils.c, inet_proto_csum_replace4()).
 */
#ifndef BPF_LIB_RESET_H
#define BPF_LIB_RESET_H

#include <linux/tcp.h>

#include "bpf/lib/csum.h"
#include "bpf/lib/deliver.h"
#include "bpf/lib/wire.h"

#define TCP_HEADER_LEN 20
#define TCP_CHECK_OFF offsetof(struct tcphdr, check)

/**
 * struct reset - what the RST says
 * @seq, @ack: host order
 * @back:      to the sender of the packet: its ends are swapped
 */
struct reset {
	__u32 seq;
	__u32 ack;
	bool back;
};

/** csum_is_partial - does the device finish the L4 checksum, whose field at @off is 0 now? */
static __noinline bool csum_is_partial(struct __sk_buff *skb, __u32 off)
{
	__u16 check = 0;

	if (bpf_l4_csum_replace(skb, off, 0, 0x1234, sizeof(check)) ||
	    bpf_skb_load_bytes(skb, off, &check, sizeof(check)))
		return false;
	return !check;
}

/** csum_pseudo - of the pseudo header; whichever end sends */
static __noinline __u64 csum_pseudo(const struct packet *p, __u16 len)
{
	__u64 sum = bpf_htons(len) + bpf_htons(p->key.proto);

	/* Mapped addresses begin with ten zeros and 0xffff, which is the other zero. */
	return sum + csum_words(&p->key.addr, sizeof(p->key.addr) / 2);
}

/** reset_ip - the packet is cut to a TCP header without options; 0 or negative */
static __noinline int reset_ip(struct __sk_buff *skb, const struct packet *p)
{
	__u32 len_off = ETH_HLEN + offsetof(struct iphdr, tot_len);
	__be16 old, len = bpf_htons(p->l4_off - ETH_HLEN + TCP_HEADER_LEN);

	if (bpf_skb_change_tail(skb, p->l4_off + TCP_HEADER_LEN, 0))
		return -1;
	if (p->family == 6) {
		len = bpf_htons(p->l4_off - ETH_HLEN - sizeof(struct ipv6hdr) + TCP_HEADER_LEN);
		return bpf_skb_store_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, payload_len),
					   &len, sizeof(len), BPF_F_RECOMPUTE_CSUM);
	}
	if (bpf_skb_load_bytes(skb, len_off, &old, sizeof(old)) ||
	    bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), old, len,
				sizeof(len)))
		return -1;
	return bpf_skb_store_bytes(skb, len_off, &len, sizeof(len), 0);
}

/** reset_ends - addresses from @p, swapped: the IPv4 checksum does not change by that */
static __noinline int reset_ends(struct __sk_buff *skb, const struct packet *p)
{
	const struct axo_addr *from = packet_dst(p), *to = packet_src(p);
	__be32 v4[2];

	if (p->family == 4) {
		v4[0] = addr_v4(from);
		v4[1] = addr_v4(to);
		return bpf_skb_store_bytes(skb, ETH_HLEN + offsetof(struct iphdr, saddr), v4,
					   sizeof(v4), 0);
	}
	if (bpf_skb_store_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, saddr), from,
				sizeof(*from), 0))
		return -1;
	return bpf_skb_store_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, daddr), to, sizeof(*to),
				   0);
}

static __noinline int reset_tcp(struct __sk_buff *skb, const struct packet *p,
				const struct reset *r)
{
	bool swap = p->side != r->back;
	struct tcphdr tcp = {
		.source = swap ? p->key.port[1] : p->key.port[0],
		.dest = swap ? p->key.port[0] : p->key.port[1],
		.seq = bpf_htonl(r->seq),
		.ack_seq = bpf_htonl(r->ack),
		.doff = TCP_HEADER_LEN / 4,
		.rst = 1,
		.ack = 1,
	};
	__u64 sum = csum_pseudo(p, TCP_HEADER_LEN);
	__u32 check_off = p->l4_off + TCP_CHECK_OFF;
	__u16 check;

	if (bpf_skb_store_bytes(skb, p->l4_off, &tcp, sizeof(tcp), BPF_F_RECOMPUTE_CSUM))
		return -1;
	if (csum_is_partial(skb, check_off))
		check = ~csum_fold(sum);
	else
		check = csum_fold(sum + csum_words(&tcp, sizeof(tcp) / 2));
	return bpf_skb_store_bytes(skb, check_off, &check, sizeof(check), BPF_F_RECOMPUTE_CSUM);
}

/**
 * reset_write - make the packet that @p describes an RST
 * Return: 0, or negative: it is spoilt and must be dropped.  The MACs are for who calls.
 */
static __noinline int reset_write(struct __sk_buff *skb, const struct packet *p,
				  const struct reset *r)
{
	int rc = reset_ip(skb, p);

	if (!rc && r->back)
		rc = reset_ends(skb, p);
	return rc ? rc : reset_tcp(skb, p, r);
}

/**
 * copy_deliver - a copy of the packet goes to the receiver now; 0 or negative
 * Beyond the host it goes through the stack, which routes it as the programs would.
 */
static __noinline int copy_deliver(struct __sk_buff *skb, const struct axo_flow_side *s)
{
	__u8 macs[2 * ETH_ALEN];

	__builtin_memcpy(macs, mac_own(), ETH_ALEN);
	__builtin_memcpy(macs + ETH_ALEN, mac_own(), ETH_ALEN);
	if (s->deliver == AXO_DELIVER_POD)
		__builtin_memcpy(macs, s->dmac, ETH_ALEN);
	if (s->deliver == AXO_DELIVER_NONE || bpf_skb_store_bytes(skb, 0, macs, sizeof(macs), 0))
		return -1;
	return bpf_clone_redirect(
		skb, s->deliver == AXO_DELIVER_POD ? s->ifindex_out : axo_cfg.ifindex_net, 0);
}

/** struct frame_macs - of a frame, before something is written over them */
struct frame_macs {
	__u8 dst[ETH_ALEN];
	__u8 src[ETH_ALEN];
};

static __always_inline int frame_load_macs(struct __sk_buff *skb, struct frame_macs *m)
{
	return bpf_skb_load_bytes(skb, 0, m, sizeof(*m));
}

/** reset_back - send what reset_write() made to who sent a frame with @m; TC action or negative */
static __noinline int reset_back(struct __sk_buff *skb, const struct frame_macs *m)
{
	if (bpf_skb_store_bytes(skb, 0, m->src, ETH_ALEN, 0) ||
	    bpf_skb_store_bytes(skb, ETH_ALEN, m->dst, ETH_ALEN, 0))
		return -AXO_DROP_REDIRECT;
	return bpf_redirect(skb->ifindex, 0);
}

#endif
