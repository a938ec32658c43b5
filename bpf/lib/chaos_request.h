/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests on TCP: when one begins, by turns or by what the HTTP reader says (rules 4 and 5 of
 * chaos_tcp.h), what is drawn for it, and what its response adds.
 */
#ifndef BPF_LIB_CHAOS_REQUEST_H
#define BPF_LIB_CHAOS_REQUEST_H

#include "bpf/lib/chaos_decide.h"
#include "bpf/lib/chaos_segment.h"
#include "bpf/lib/tail.h"

/** chaos_drawn - a request begins: decide, and keep what was decided */
static __always_inline void chaos_drawn(struct axo_chaos_flow *cf, struct chaos_room *r)
{
	chaos_decide(r, ~AXO_CHAOS_CONNECT);
	bpf_spin_lock(&cf->lock);
	cf->choice = r->choice;
	cf->part = 1;
	bpf_spin_unlock(&cf->lock);
	cf->late = r->late;
	if (!r->late)
		return;
	cf->late_filters = r->filters;
	cf->late_set[0] = r->set[0];
	cf->late_set[1] = r->set[1];
	__builtin_memcpy(cf->late_ordinal, r->ordinal, sizeof(cf->late_ordinal));
}

/** chaos_answered - a response begins: what its status says */
static __noinline void chaos_answered(struct __sk_buff *skb, struct axo_chaos_flow *cf,
				      struct chaos_room *r)
{
	cf->late = 0;
	r->status = chaos_status(skb, r);
	if (!r->status || cf->late_set[0] != r->set[0] || cf->late_set[1] != r->set[1])
		return;
	r->filters = cf->late_filters;
	__builtin_memcpy(r->ordinal, cf->late_ordinal, sizeof(r->ordinal));
	chaos_decide_late(r);
	bpf_spin_lock(&cf->lock);
	cf->choice = r->choice;
	bpf_spin_unlock(&cf->lock);
}

/** chaos_told - rule 4: what a segment of the client is, by what the reader found in it */
static __noinline enum chaos_turn chaos_told(struct axo_chaos_flow *cf, struct chaos_room *r,
					     enum chaos_turn turn)
{
	bool begins;

	if (turn != TURN_REQUEST && turn != TURN_MORE)
		return turn;
	if (turn == TURN_REQUEST)
		cf->awaiting = 1;
	if (r->heads) {
		begins = cf->awaiting;
		cf->awaiting = 0;
		if (r->heads > begins)
			chaos_pipelined(r, r->heads - begins);
		return begins ? TURN_REQUEST : TURN_MORE;
	}
	/* The next request begins; what was drawn for the one before it is over. */
	if (turn == TURN_REQUEST && r->told == TAIL_TOLD_OPEN) {
		__builtin_memset(&r->choice, 0, sizeof(r->choice));
		bpf_spin_lock(&cf->lock);
		cf->choice = r->choice;
		bpf_spin_unlock(&cf->lock);
	}
	return TURN_MORE;
}

/**
 * chaos_is_pipelined - does the client write again while it is its turn?
 *
 * A sender's PSH ends what was written at once, so a request of several segments has one PSH.  One
 * that is written in pieces (head, then body) counts as well: the count is an upper bound.
 */
static __always_inline bool chaos_is_pipelined(struct axo_chaos_flow *cf,
					       const struct chaos_room *r, const struct packet *p,
					       enum chaos_turn turn)
{
	bool again = turn == TURN_MORE && cf->pushed && r->seg.len;

	if (r->seg.end == AXO_CHAOS_SERVER || (turn != TURN_MORE && turn != TURN_REQUEST))
		return false;
	cf->pushed = !!(p->tcp_flags & TCP_PSH);
	return again;
}

#endif
