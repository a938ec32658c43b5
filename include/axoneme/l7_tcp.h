/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Order of a TCP stream that is judged while it passes: what was judged, what may pass unseen,
 * and how a repeat is recognised (RFC 9293, 3.4 and 3.10.7.4).
 *
 * One struct per judged direction, in a map value.  The words of judgement:
 *   structure  bytes that the judge must see, in order and once: heads, framing of chunks
 *   free       bytes whose content changes no verdict: bodies of known length
 *   piece      a run of structure that passed and that the receiver has not acknowledged; its
 *              keyed hash says whether a repeat carries the same bytes
 * Sequence numbers are in host order and compared modulo 2^32.
 */
#ifndef AXONEME_L7_TCP_H
#define AXONEME_L7_TCP_H

#include <linux/types.h>

/* Pieces that may be unacknowledged; a power of two. */
#define AXO_L7_PIECES 64
/* Pieces that one packet makes at most: its segments, else parts of several segments. */
#define AXO_L7_PIECES_PER_PACKET 48
/* Words of the hash key: two for every 8 bytes of a block, and the block multiplier. */
#define AXO_L7_BLOCK 128
#define AXO_L7_KEY_WORDS (AXO_L7_BLOCK / 4 + 2)
/* How long packets may be dropped for their order with no progress in between. */
#define AXO_L7_STALL_NS 5000000000ull

/**
 * struct axo_l7_piece
 * @seq:  of its first byte
 * @len:  bytes
 * @hash: keyed hash of the bytes
 */
struct axo_l7_piece {
	__u32 seq;
	__u32 len;
	__u64 hash;
};

/**
 * struct axo_l7_tcp
 * @skip:     bytes from @next on that are free, and come before more structure
 * @stall_ns: since when packets are dropped for their order; 0 = the last one was not.  Of the
 *            clock that the caller uses
 * @first_seq: of the stream: the sender's initial sequence number + 1
 * @next:     first byte that was not judged; everything below is a piece, free or acknowledged
 * @acked:    what the receiver has acknowledged last
 * @sent:     end of what passed, SYN and FIN counted
 * @head:     index of the oldest piece in @piece, modulo AXO_L7_PIECES
 * @count:    pieces in use
 * @key:      secret of the hash, random per flow
 * @piece:    ring, in order of @seq
 */
struct axo_l7_tcp {
	__u64 skip;
	__u64 stall_ns;
	__u32 first_seq;
	__u32 next;
	__u32 acked;
	__u32 sent;
	__u32 head;
	__u32 count;
	__u32 key[AXO_L7_KEY_WORDS];
	struct axo_l7_piece piece[AXO_L7_PIECES];
};
_Static_assert(sizeof(struct axo_l7_tcp) % 8 == 0, "padding");

#endif
