/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Taking turns: where a request begins and where its response, told from TCP headers alone.
 *
 * Pure: compiled by the programs and by the unit tests.  The caller holds the flow's lock.
 *
 *      1. A request begins with payload of the client after payload of the server, or after the
 *         start of the connection.  A response begins with payload of the server after payload of
 *         the client.  What the server says first (a banner) is neither.
 *      2. A FIN counts as a byte of payload for the order, but begins neither.
 *      3. What lies behind the last byte seen (a repetition, a keepalive) takes no turn, whoever
 *         repeats it and how often.
 *      4. An interim response (HTTP 1xx) takes no turn: the response is still to come.
 *      5. A flow whose beginning was not seen starts with the client's turn.
 */
#ifndef BPF_LIB_CHAOS_TURN_H
#define BPF_LIB_CHAOS_TURN_H

#include <stdbool.h>

#include "axoneme/chaos_flow.h"

/** enum chaos_turn - what a segment is */
enum chaos_turn {
	TURN_NOTHING = 0, /* no payload, or nothing that matters */
	TURN_REPEAT,	  /* seen before */
	TURN_REQUEST,	  /* begins one */
	TURN_RESPONSE,	  /* begins one */
	TURN_MORE,	  /* of what is under way */
};

/**
 * struct chaos_segment
 * @seq:     sequence number of its first byte, host order
 * @len:     bytes of payload
 * @end:     enum axo_chaos_end: who sends it
 * @fin:     FIN
 * @interim: HTTP 1xx and nothing else
 */
struct chaos_segment {
	__u32 seq;
	__u32 len;
	__u8 end;
	bool fin;
	bool interim;
};

/** turn_before - RFC 9293, 3.4: sequence numbers wrap */
static inline __attribute__((always_inline)) bool turn_before(__u32 a, __u32 b)
{
	return (__s32)(a - b) < 0;
}

static inline __attribute__((always_inline)) __u32 turn_next_seq(const struct chaos_segment *s)
{
	return s->seq + s->len + s->fin;
}

/** turn_is_repeat - rule 3 */
static inline __attribute__((always_inline)) bool turn_is_repeat(const struct axo_chaos_flow *f,
								 const struct chaos_segment *s)
{
	bool server = s->end == AXO_CHAOS_SERVER;

	if (!(f->known & (server ? 2 : 1)))
		return false;
	return !turn_before(server ? f->next[1] : f->next[0], turn_next_seq(s));
}

/** turn_step - take @s into account and say what it is */
static inline __attribute__((always_inline)) enum chaos_turn
turn_step(struct axo_chaos_flow *f, const struct chaos_segment *s)
{
	bool server = s->end == AXO_CHAOS_SERVER;
	bool begins = s->len && !s->interim && f->asking == server;

	if (!s->len && !s->fin)
		return TURN_NOTHING;
	if (turn_is_repeat(f, s))
		return TURN_REPEAT;
	if (server)
		f->next[1] = turn_next_seq(s);
	else
		f->next[0] = turn_next_seq(s);
	f->known |= server ? 2 : 1;
	if (!begins)
		return s->interim ? TURN_NOTHING : TURN_MORE;
	f->asking = !server;
	return server ? TURN_RESPONSE : TURN_REQUEST;
}

#endif
