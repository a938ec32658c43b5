/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The keyed hash over judged bytes: are these the bytes that were judged?
 *
 * Blocks of AXO_L7_BLOCK bytes go through NH (RFC 4418, 5.2: products of 32-bit sums of message
 * and key), block sums through a polynomial in a secret odd number, modulo 2^64.  Lengths are
 * compared beside it.  For two messages that are fixed before the key is drawn NH collides with
 * probability 2^-32; the key is drawn per flow, and a try that fails costs the flow.
 *
 * Pure: the same code is compiled in userspace (tests/unit/bpf).
 */
#ifndef BPF_LIB_L7_HASH_H
#define BPF_LIB_L7_HASH_H

#include "axoneme/l7_tcp.h"

/** l7_hash_block - NH of @len bytes; @block is zero up to the next multiple of 8 */
static __always_inline __u64 l7_hash_block(const __u8 *block, __u32 len, const __u32 *key)
{
	const __u32 *w = (const __u32 *)block;
	__u64 sum = 0;

	for (int i = 0; i < AXO_L7_BLOCK / 4; i += 2) {
		if (i * 4u >= len)
			break;
		sum += (__u64)(__u32)(w[i] + key[i]) * (__u32)(w[i + 1] + key[i + 1]);
	}
	return sum;
}

/** l7_hash_add - the next block; all but the last are whole */
static __always_inline __u64 l7_hash_add(__u64 hash, const __u8 *block, __u32 len, const __u32 *key)
{
	__u64 by = ((__u64)key[AXO_L7_BLOCK / 4] << 32 | key[AXO_L7_BLOCK / 4 + 1]) | 1;

	return hash * by + l7_hash_block(block, len, key);
}

#endif
