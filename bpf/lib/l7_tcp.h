/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Order: may these bytes of a judged TCP stream pass (include/axoneme/l7_tcp.h)?
 *
 * A segment is looked at in parts, by sequence number:
 *      1. below what the receiver has acknowledged: it throws them away; they pass
 *      2. below `next`: a piece that lies whole inside the segment must have the same hash
 *         (else L7_SEG_FORGED); one that the segment holds a part of cannot be compared
 *         (L7_SEG_WAIT: the sender repeats from its oldest byte, where a piece begins); what is
 *         in no piece is free
 *      3. from `next` on: new structure (L7_SEG_JUDGE), if nothing is missing before it
 *      4. behind a gap: L7_SEG_WAIT, the sender repeats what is missing, and then this
 * L7_SEG_WAIT means: drop it.  What is dropped that way for AXO_L7_STALL_NS without progress is
 * no loss of packets: L7_SEG_STALLED.
 *
 * The includer defines struct l7_bytes and
 *
 *	int l7_bytes_hash(struct l7_bytes *from, const struct axo_l7_tcp *t, __u32 off, __u32 len,
 *			  __u64 *hash);
 *
 * the hash of @len bytes at @off of the segment's payload (l7_hash.h); not 0: cannot be read.
 * and l7_loop(count, step, context on the stack), bpf_loop() in a program: 6.1 refuses loops that end where they
 * begin without a jump ("back-edge from insn"), as compilers make them.
 * Pure: the same code is compiled in userspace (tests/unit/bpf).
 */
#ifndef BPF_LIB_L7_TCP_H
#define BPF_LIB_L7_TCP_H

#include "bpf/lib/l7_hash.h"
#include "bpf/lib/l7_segment.h"

static int l7_bytes_hash(struct l7_bytes *from, const struct axo_l7_tcp *t, __u32 off, __u32 len,
			 __u64 *hash);

/** l7_tcp_start - @first_seq: of the first byte of data; the key is the caller's to draw */
static __always_inline void l7_tcp_start(struct axo_l7_tcp *t, __u32 first_seq)
{
	t->skip = 0;
	t->stall_ns = 0;
	t->first_seq = first_seq;
	t->next = first_seq;
	t->acked = first_seq;
	t->sent = first_seq;
	t->head = 0;
	t->count = 0;
}

/** l7_tcp_ack - the receiver acknowledges; false = bytes that never passed here: reset both ends */
static __always_inline bool l7_tcp_ack(struct axo_l7_tcp *t, __u32 ack)
{
	__u32 acked = *(volatile __u32 *)&t->acked;

	if (!seq_before(acked, ack))
		return true;
	if (seq_before(*(volatile __u32 *)&t->sent, ack))
		return false;
	*(volatile __u32 *)&t->acked = ack;
	t->stall_ns = 0;
	return true;
}

static long l7_forget_step(__u32 i, void *context)
{
	struct axo_l7_tcp *t = *(struct axo_l7_tcp **)context;
	const struct axo_l7_piece *piece = &t->piece[t->head & (AXO_L7_PIECES - 1)];

	(void)i;
	if (!t->count || seq_before(t->acked, piece->seq + piece->len))
		return 1;
	t->head++;
	t->count--;
	return 0;
}

/** l7_tcp_forget - pieces that the receiver has; at most AXO_L7_PIECES */
static __always_inline void l7_tcp_forget(struct axo_l7_tcp *t)
{
	if (t->count)
		l7_loop(AXO_L7_PIECES, l7_forget_step, &t);
}

/** l7_tcp_skip_free - `next` goes over free bytes, as far as the window reaches */
static __always_inline void l7_tcp_skip_free(struct axo_l7_tcp *t, __u32 acked)
{
	__u32 ahead = t->next - acked, room = ahead < L7_WINDOW ? L7_WINDOW - ahead : 0;
	__u32 n = t->skip < room ? t->skip : room;

	t->next += n;
	t->skip -= n;
}

/** l7_piece_compare - one piece with a segment that repeats below `next` */
static __always_inline enum l7_seg l7_piece_compare(const struct axo_l7_tcp *t,
						    const struct axo_l7_piece *piece,
						    const struct l7_segment *s,
						    struct l7_bytes *from)
{
	__u32 seq = piece->seq, end = seq + piece->len, s_end = s->seq + s->len;
	__u64 hash;

	if (!seq_before(s->seq, end) || !seq_before(seq, s_end))
		return L7_SEG_PASS;
	if (seq_before(seq, s->seq) || seq_before(s_end, end))
		return L7_SEG_WAIT;
	if (l7_bytes_hash(from, t, seq - s->seq, piece->len, &hash))
		return L7_SEG_WAIT;
	return hash == piece->hash ? L7_SEG_PASS : L7_SEG_FORGED;
}

/** struct l7_repeat - argument of l7_repeat_step() */
struct l7_repeat {
	const struct axo_l7_tcp *t;
	const struct l7_segment *s;
	struct l7_bytes *from;
	enum l7_seg rc;
};

static long l7_repeat_step(__u32 i, void *context)
{
	struct l7_repeat *r = context;
	const struct axo_l7_tcp *t = r->t;

	if (i >= t->count)
		return 1;
	r->rc = l7_piece_compare(t, &t->piece[(t->head + i) & (AXO_L7_PIECES - 1)], r->s, r->from);
	return r->rc != L7_SEG_PASS;
}

static __always_inline enum l7_seg l7_tcp_repeat(struct axo_l7_tcp *t, const struct l7_segment *s,
						 struct l7_bytes *from)
{
	struct l7_repeat r = {.t = t, .s = s, .from = from, .rc = L7_SEG_PASS};

	l7_loop(AXO_L7_PIECES, l7_repeat_step, &r);
	return r.rc;
}

/** l7_tcp_cut - length of the pieces that new structure in @s becomes */
static __always_inline __u32 l7_tcp_cut(const struct l7_segment *s)
{
	__u32 cut = s->cut ?: s->len;

	/* 64 KB: the loop ends after a few doublings. */
	for (int i = 0; i < 17; i++) {
		if (s->len <= cut * (AXO_L7_PIECES_PER_PACKET - 1))
			break;
		cut *= 2;
	}
	return cut;
}

static __always_inline enum l7_seg l7_tcp_wait(struct axo_l7_tcp *t, __u64 now_ns)
{
	if (!t->stall_ns)
		t->stall_ns = now_ns;
	return now_ns - t->stall_ns > AXO_L7_STALL_NS ? L7_SEG_STALLED : L7_SEG_WAIT;
}

/** l7_tcp_look - the parts above; @s has payload */
static __always_inline enum l7_seg l7_tcp_look(struct axo_l7_tcp *t, const struct l7_segment *s,
					       struct l7_bytes *from)
{
	__u32 acked = *(volatile __u32 *)&t->acked, end = s->seq + s->len, cut = l7_tcp_cut(s);
	enum l7_seg rc = L7_SEG_PASS;

	l7_tcp_forget(t);
	l7_tcp_skip_free(t, acked);
	if (!seq_before(acked, end))
		return L7_SEG_PASS;
	if (seq_before(t->next, s->seq))
		return L7_SEG_WAIT;
	if (t->count && seq_before(s->seq, t->next))
		rc = l7_tcp_repeat(t, s, from);
	if (rc != L7_SEG_PASS || !seq_before(t->next, end))
		return rc;
	/* Room for the pieces to come, before anything of them is judged. */
	return cut && (AXO_L7_PIECES - t->count) * cut >= s->len + 2 * cut ? L7_SEG_JUDGE
									   : L7_SEG_WAIT;
}

/** l7_tcp_passes - @s goes on, after l7_tcp_look() and, of what is new in it, judgement */
static __always_inline void l7_tcp_passes(struct axo_l7_tcp *t, const struct l7_segment *s)
{
	__u32 end = s->seq + s->len + s->fin;

	if (seq_before(t->sent, end))
		*(volatile __u32 *)&t->sent = end;
	t->stall_ns = 0;
}

#endif
