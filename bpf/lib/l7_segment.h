/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A segment of a judged TCP stream, and what can be said of it (l7_tcp.h).  Pure. */
#ifndef BPF_LIB_L7_SEGMENT_H
#define BPF_LIB_L7_SEGMENT_H

#include <linux/types.h>
#include <stdbool.h>

/* Free bytes pass at most this far ahead of the receiver: compares modulo 2^32 stay right. */
#define L7_WINDOW (1u << 30)

/** enum l7_seg - what to do with a segment */
enum l7_seg {
	L7_SEG_PASS = 0, /* nothing new in it */
	L7_SEG_JUDGE,	 /* bytes from `next` on are to be judged */
	L7_SEG_WAIT,	 /* drop: the sender repeats */
	L7_SEG_FORGED,	 /* other bytes than those that passed: reset both ends */
	L7_SEG_STALLED,	 /* waited too long: reset both ends */
};

/**
 * struct l7_segment
 * @seq: of the first byte of payload
 * @len: of the payload; a super-packet is one segment here
 * @cut: length of the segments that a super-packet is sent in; 0 = it is one
 * @fin: 1 if it has a FIN, else 0
 */
struct l7_segment {
	__u32 seq;
	__u32 len;
	__u32 cut;
	__u32 fin;
};

static __always_inline bool seq_before(__u32 a, __u32 b)
{
	return (__s32)(a - b) < 0;
}

#endif
