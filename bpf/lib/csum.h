/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The Internet checksum (RFC 1071).  Sums are kept in 64 bits, so nothing carries out before
 * the fold; words are added as they lie in memory, so byte order takes care of itself.
 */
#ifndef BPF_LIB_CSUM_H
#define BPF_LIB_CSUM_H

#include "bpf/lib/config.h"

/** csum_words - sum of @n 16-bit words, @n known to the compiler */
static __always_inline __u64 csum_words(const void *from, int n)
{
	const __u16 *w = from;
	__u64 sum = 0;

#pragma unroll
	for (int i = 0; i < n; i++)
		sum += w[i];
	return sum;
}

/** csum_fold - complement of the sum in 16 bits, ready for the header */
static __always_inline __u16 csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Bytes that csum_packet() reads at most: an ICMPv6 error without its IP header. */
#define CSUM_PACKET_MAX 1240

/** csum_packet - sum of the linear frame from @off to its end, at most CSUM_PACKET_MAX bytes */
static __always_inline __u64 csum_packet(struct __sk_buff *skb, __u32 off)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 tail = 0, rest = (skb->len - off) & 3;
	__u64 sum = 0;

	for (int i = 0; i < CSUM_PACKET_MAX / 4; i++) {
		__u32 *w = data + off + i * 4;

		if ((void *)(w + 1) > end)
			break;
		sum += *w;
	}
	if (!rest)
		return sum;
	/* 6.1 does not conclude from the line above that rest is not 0 ("invalid zero-sized read"). */
	asm volatile("" : "+r"(rest));
	if (bpf_skb_load_bytes(skb, skb->len - rest, &tail, ((rest - 1) & 3) + 1))
		return sum;
	return sum + tail;
}

#endif
