/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TCP checksums at tc, where skb->ip_summed is not in sight.
 *
 * A segment with a wrong checksum is judged here and thrown away by the receiver, so the sender
 * could let other bytes follow at its place; the ring of pieces (l7_tcp.h) tells, but only resets.
 * What nobody has verified is verified here (include/linux/skbuff.h, "Checksumming"):
 *
 *      CHECKSUM_PARTIAL      the sender's stack is on this host: nothing to verify.  Super-packets
 *                            always are.  Read from the packet, or, where programs may not,
 *                            told apart by bpf_l4_csum_replace(), which leaves the field alone
 *                            then and only then (net/core/utils.c, inet_proto_csum_replace4)
 *      CHECKSUM_UNNECESSARY  the device has verified it: bpf_csum_level() answers
 *      others                verified here
 */
#ifndef BPF_LIB_L7_CSUM_H
#define BPF_LIB_L7_CSUM_H

#include "bpf/lib/csum.h"
#include "bpf/lib/l7_packet.h"
#include "bpf/lib/l7_scratch.h"
#include "bpf/lib/l7_skb.h"

#define L7_CSUM_STEP 256
#define L7_CSUM_STEPS (65536 / L7_CSUM_STEP)

static __always_inline __u32 l7_csum_off(const struct packet *p)
{
	return p->l4_off + offsetof(struct tcphdr, check);
}

/** l7_csum_is_partial - the caller writes the field at @off anew */
static __always_inline bool l7_csum_is_partial(struct __sk_buff *skb, __u32 off)
{
	__u16 check = 0;

	if (axo_cfg.kernel_reads)
		return l7_skb_ip_summed(skb) == L7_CHECKSUM_PARTIAL;
	if (bpf_skb_store_bytes(skb, off, &check, sizeof(check), 0) ||
	    bpf_l4_csum_replace(skb, off, 0, 0x1234, sizeof(check)) ||
	    bpf_skb_load_bytes(skb, off, &check, sizeof(check)))
		return false;
	return !check;
}

/** l7_csum_need_not - the packet comes from a stack of this host; as it was afterwards */
static __always_inline bool l7_csum_need_not(struct __sk_buff *skb, __u32 off)
{
	bool partial;
	__u16 check;

	if (axo_cfg.kernel_reads)
		return l7_csum_is_partial(skb, off);
	if (bpf_skb_load_bytes(skb, off, &check, sizeof(check)))
		return false;
	partial = l7_csum_is_partial(skb, off);
	return !bpf_skb_store_bytes(skb, off, &check, sizeof(check), 0) && partial;
}

/** l7_csum_pseudo - of addresses, protocol and @len bytes of TCP (RFC 9293, 3.1) */
static __always_inline __u64 l7_csum_pseudo(const struct packet *p, __u32 len)
{
	__u64 sum = csum_words(p->key.addr, 16) + bpf_htons(IPPROTO_TCP);

	/* Mapped IPv4: the two words of ones are no part of the header. */
	if (p->family == 4)
		sum -= 2 * 0xffff;
	return sum + bpf_htonl(len);
}

/** struct l7_csum_run - argument of l7_csum_step() */
struct l7_csum_run {
	struct __sk_buff *skb;
	struct l7_scratch *room;
	__u32 off;
	__u32 left;
	__s64 sum;
};

static long l7_csum_step(__u32 i, struct l7_csum_run *r)
{
	__u32 n = r->left < L7_CSUM_STEP ? r->left : L7_CSUM_STEP;

	(void)i;
	if (!n || l7_scratch_load(r->skb, r->room, r->off, n))
		return 1;
	r->sum = bpf_csum_diff(NULL, 0, (__be32 *)r->room->bytes, (n + 3) & ~3u, r->sum);
	r->off += n;
	r->left -= n;
	return r->sum < 0;
}

/** l7_csum_right - sum the segment up; @len: of TCP, header and payload */
static __noinline bool l7_csum_right(struct __sk_buff *skb, const struct packet *p, __u32 len)
{
	struct l7_csum_run run = {
		.skb = skb, .room = l7_scratch_get(), .off = p->l4_off, .left = len};

	if (!run.room)
		return false;
	bpf_loop(L7_CSUM_STEPS, l7_csum_step, &run, 0);
	if (run.sum < 0 || run.left)
		return false;
	return !csum_fold(l7_csum_pseudo(p, len) + run.sum);
}

/** l7_csum_check - 0, or -AXO_DROP_L7_CHECKSUM */
static __noinline int l7_csum_check(struct __sk_buff *skb, const struct packet *p,
				    const struct l7_packet *s)
{
	if (skb->gso_size || bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY) >= 0 ||
	    l7_csum_need_not(skb, l7_csum_off(p)) || l7_csum_right(skb, p, p->l4_len + s->len))
		return 0;
	return -AXO_DROP_L7_CHECKSUM;
}

#endif
