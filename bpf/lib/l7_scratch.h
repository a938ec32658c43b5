/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Room for bytes of a packet, one per CPU: programs at tc do not nest on a CPU. */
#ifndef BPF_LIB_L7_SCRATCH_H
#define BPF_LIB_L7_SCRATCH_H

#include "bpf/lib/config.h"

#define L7_SCRATCH 256

/** struct l7_scratch - @bytes: of the packet; 8 more may be read and written behind them */
struct l7_scratch {
	__u8 bytes[L7_SCRATCH + 8];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct l7_scratch);
} axo_l7_scratch SEC(".maps") __weak;

/** l7_scratch_get - never NULL, but the verifier wants it asked */
static __always_inline struct l7_scratch *l7_scratch_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&axo_l7_scratch, &zero);
}

/** l7_scratch_load - @n bytes of the frame, 1 to L7_SCRATCH; zeros up to the next multiple of 8 */
static __always_inline int l7_scratch_load(struct __sk_buff *skb, struct l7_scratch *room,
					   __u32 off, __u32 n)
{
	if (!n || n > L7_SCRATCH)
		return -1;
	/* 6.1 does not conclude from that what n can be ("value_size=264 off=0 size=0"). */
	asm volatile("" : "+r"(n));
	n = ((n - 1) & (L7_SCRATCH - 1)) + 1;
	if (bpf_skb_load_bytes(skb, off, room->bytes, n))
		return -1;
	*(__u64 *)(room->bytes + n) = 0;
	return 0;
}

#endif
