/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Remembering what was judged: structure becomes pieces (l7_tcp.h).  Pure. */
#ifndef BPF_LIB_L7_KEEP_H
#define BPF_LIB_L7_KEEP_H

#include "bpf/lib/l7_tcp.h"

/** l7_tcp_keep_one - @s is structure from end to end and one segment: one piece.  As l7_tcp_keep() */
static __always_inline int l7_tcp_keep_one(struct axo_l7_tcp *t, const struct l7_segment *s,
					   __u64 hash)
{
	struct axo_l7_piece *piece = &t->piece[(t->head + t->count) & (AXO_L7_PIECES - 1)];

	if (t->count >= AXO_L7_PIECES)
		return -1;
	piece->seq = s->seq;
	piece->len = s->len;
	piece->hash = hash;
	t->count++;
	return 0;
}

/** struct l7_keeping - argument of l7_keep_step() */
struct l7_keeping {
	struct axo_l7_tcp *t;
	const struct l7_segment *s;
	struct l7_bytes *from;
	__u32 begin;
	__u32 end;
	__u32 cut;
	int rc;
};

static long l7_keep_step(__u32 i, void *context)
{
	struct l7_keeping *k = context;
	__u32 stop = k->cut ? k->begin - k->begin % k->cut + k->cut : k->end;
	struct axo_l7_tcp *t = k->t;
	struct axo_l7_piece *piece;
	__u64 hash;

	(void)i;
	if (k->begin >= k->end)
		return 1;
	if (stop > k->end)
		stop = k->end;
	k->rc = -1;
	if (t->count >= AXO_L7_PIECES ||
	    l7_bytes_hash(k->from, t, k->begin, stop - k->begin, &hash))
		return 1;
	piece = &t->piece[(t->head + t->count) & (AXO_L7_PIECES - 1)];
	piece->seq = k->s->seq + k->begin;
	piece->len = stop - k->begin;
	piece->hash = hash;
	t->count++;
	k->begin = stop;
	k->rc = 0;
	return 0;
}

/**
 * l7_tcp_keep - structure that was judged: remember it as pieces, before it passes
 * @begin: offset in the payload of the first byte of structure; @end: behind the last one.  What
 *         lies between is kept, too, free or not
 * Return: 0, or not 0: cannot be read.
 */
static __always_inline int l7_tcp_keep(struct axo_l7_tcp *t, const struct l7_segment *s,
				       __u32 begin, __u32 end, struct l7_bytes *from)
{
	struct l7_keeping k = {
		.t = t, .s = s, .from = from, .begin = begin, .end = end, .cut = l7_tcp_cut(s)};

	l7_loop(AXO_L7_PIECES_PER_PACKET, l7_keep_step, &k);
	return k.rc || k.begin < k.end;
}

#endif
