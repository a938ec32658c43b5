/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel knows of a packet and struct __sk_buff does not show, read from its struct
 * sk_buff (include/linux/skbuff.h): the pointer that a program is given is one to that.
 *
 * Only where the kernel lets programs read its memory (axo_cfg.kernel_reads; a kernel locked down
 * for confidentiality does not).  Nothing here is believed more than it must be: what cannot be
 * read is answered as if it were the worst.
 */
#ifndef BPF_LIB_L7_SKB_H
#define BPF_LIB_L7_SKB_H

#include "bpf/lib/config.h"

#include <bpf/bpf_core_read.h>

struct sock___axo {
} __attribute__((preserve_access_index));

struct sk_buff___axo {
	struct sock___axo *sk;
	unsigned char *head;
	__u32 end;
	__u8 ip_summed : 2;
} __attribute__((preserve_access_index));

struct skb_shared_info___axo {
	__u8 flags;
	__u8 nr_frags;
	void *frag_list;
} __attribute__((preserve_access_index));

struct inet_connection_sock___axo {
	struct {
		__u32 enabled : 1;
	} icsk_mtup;
} __attribute__((preserve_access_index));

/* Values of ip_summed ("Checksumming" in skbuff.h). */
#define L7_CHECKSUM_UNNECESSARY 1
#define L7_CHECKSUM_PARTIAL 3

/** l7_skb_ip_summed - CHECKSUM_* of the packet; 0 = NONE, also if it cannot be read */
static __always_inline __u32 l7_skb_ip_summed(struct __sk_buff *skb)
{
	const struct sk_buff___axo *in = (const void *)skb;

	return BPF_CORE_READ_BITFIELD_PROBED(in, ip_summed);
}

/** l7_skb_never_probed - a local TCP sender that never probed the path's MTU */
static __always_inline bool l7_skb_never_probed(const struct sk_buff___axo *in)
{
	const struct inet_connection_sock___axo *icsk;
	struct sock___axo *sk;

	if (bpf_core_read(&sk, sizeof(sk), &in->sk) || !sk)
		return false;
	icsk = (const void *)sk;
	return !BPF_CORE_READ_BITFIELD_PROBED(icsk, icsk_mtup.enabled);
}

/* Bytes of struct skb_shared_info that are read at once: flags, nr_frags and frag_list are there. */
#define L7_SHARED_BYTES 16

/** l7_skb_one_fragment - no more than one, which the kernel has not marked as shared */
static __always_inline bool l7_skb_one_fragment(const struct sk_buff___axo *in)
{
	__u32 flags = bpf_core_field_offset(struct skb_shared_info___axo, flags);
	__u32 frags = bpf_core_field_offset(struct skb_shared_info___axo, nr_frags);
	__u32 list = bpf_core_field_offset(struct skb_shared_info___axo, frag_list);
	__u64 shared[L7_SHARED_BYTES / 8];
	const __u8 *byte = (const void *)shared;
	unsigned char *head;
	__u32 end;

	if (flags >= L7_SHARED_BYTES || frags >= L7_SHARED_BYTES || list != L7_SHARED_BYTES - 8)
		return false;
	if (bpf_core_read(&head, sizeof(head), &in->head) ||
	    bpf_core_read(&end, sizeof(end), &in->end) ||
	    bpf_probe_read_kernel(shared, sizeof(shared), head + end))
		return false;
	return !byte[flags] && byte[frags] <= 1 && !shared[1];
}

/**
 * l7_skb_is_private - can nobody but the kernel write to the payload, @len bytes at @off?
 *
 * Memory that a sender shares with the kernel (sendfile, splice, MSG_ZEROCOPY, a packet socket's
 * ring) is only ever in fragments.  Packets of such memory are marked (SKBFL_SHARED_FRAG,
 * SKBFL_ZEROCOPY_FRAG), but for these, which do not count as private here:
 *
 *      1. Two packets joined, in a retransmission (skb_shift()) or on reception (GRO), have the
 *         marks of the first: then there are two fragments, or payload outside of them, too
 *      2. A probe of the path's MTU has no marks (tcp_clone_payload()): a socket that may have
 *         sent one, or that is not known, does not count
 */
static __always_inline bool l7_skb_is_private(struct __sk_buff *skb, __u32 off, __u32 len)
{
	const struct sk_buff___axo *in = (const void *)skb;
	__u32 linear = skb->data_end - skb->data;

	if (linear >= off + len)
		return true;
	if (!axo_cfg.kernel_reads || linear > off)
		return false;
	return l7_skb_never_probed(in) && l7_skb_one_fragment(in);
}

#endif
