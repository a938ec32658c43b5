/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes of a packet for the order of its stream (l7_tcp.h): their hash. */
#ifndef BPF_LIB_L7_BYTES_H
#define BPF_LIB_L7_BYTES_H

#include "bpf/lib/l7_scratch.h"
#include "bpf/lib/packet.h"
/** struct l7_bytes - payload of a packet, for l7_tcp.h; @off: where it starts in the frame */
struct l7_bytes {
	struct __sk_buff *skb;
	__u32 off;
};

#define l7_loop(count, step, context) bpf_loop(count, step, context, 0)

#include "bpf/lib/l7_keep.h"

/** struct l7_hash_run - argument of l7_hash_step() */
struct l7_hash_run {
	struct __sk_buff *skb;
	const struct axo_l7_tcp *t;
	struct l7_scratch *room;
	__u32 off;
	__u32 left;
	__u64 hash;
};

static long l7_hash_step(__u32 i, struct l7_hash_run *r)
{
	__u32 n = r->left < AXO_L7_BLOCK ? r->left : AXO_L7_BLOCK;

	(void)i;
	if (!n || l7_scratch_load(r->skb, r->room, r->off, n))
		return 1;
	r->hash = l7_hash_add(r->hash, r->room->bytes, n, r->t->key);
	r->off += n;
	r->left -= n;
	return 0;
}

/* 64 KB in blocks, and one for the rest. */
#define L7_HASH_STEPS (65536 / AXO_L7_BLOCK + 1)

/** l7_skb_hash - of @len bytes at @off of the frame; 0 or not */
VERIFIED_ONCE int l7_skb_hash(struct __sk_buff *skb, const struct axo_l7_tcp *t, __u32 off,
			      __u32 len, __u64 *hash)
{
	struct l7_hash_run run = {
		.skb = skb, .t = t, .room = l7_scratch_get(), .off = off, .left = len};

	if (!t || !hash || !run.room)
		return -1;
	bpf_loop(L7_HASH_STEPS, l7_hash_step, &run, 0);
	*hash = run.hash;
	return run.left ? -1 : 0;
}

static __always_inline int l7_bytes_hash(struct l7_bytes *from, const struct axo_l7_tcp *t,
					 __u32 off, __u32 len, __u64 *hash)
{
	*hash = 0;
	return l7_skb_hash(from->skb, t, from->off + off, len, hash);
}

/** l7_room_hash - of the first @n bytes in the room, all that is there: what l7_skb_hash() says */
static __always_inline __u64 l7_room_hash(const struct l7_scratch *room, const struct axo_l7_tcp *t,
					  __u32 n)
{
	__u64 hash;

	if (n <= AXO_L7_BLOCK)
		return l7_hash_add(0, room->bytes, n, t->key);
	hash = l7_hash_add(0, room->bytes, AXO_L7_BLOCK, t->key);
	return l7_hash_add(hash, room->bytes + AXO_L7_BLOCK, n - AXO_L7_BLOCK, t->key);
}
_Static_assert(L7_SCRATCH == 2 * AXO_L7_BLOCK, "l7_room_hash() takes two blocks");

/** l7_look - l7_tcp_look() of a packet; @off: of its payload.  enum l7_seg */
VERIFIED_ONCE int l7_look(struct __sk_buff *skb, struct axo_l7_tcp *t, const struct l7_segment *s,
			  __u32 off)
{
	struct l7_bytes from = {.skb = skb, .off = off};

	return t && s ? l7_tcp_look(t, s, &from) : L7_SEG_WAIT;
}

/** l7_keep - l7_tcp_keep() of a packet */
VERIFIED_ONCE int l7_keep(struct __sk_buff *skb, struct axo_l7_tcp *t, const struct l7_segment *s,
			  __u64 begin_end, __u32 off)
{
	struct l7_bytes from = {.skb = skb, .off = off};

	return t && s ? l7_tcp_keep(t, s, begin_end >> 32, begin_end, &from) : -1;
}

#endif
