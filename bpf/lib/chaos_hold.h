/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Holding: how long a packet waits, and what of its flow the delay line has.
 */
#ifndef BPF_LIB_CHAOS_HOLD_H
#define BPF_LIB_CHAOS_HOLD_H

#include "bpf/lib/chaos_act.h"

/** chaos_flow - what is known of the flow of the packet in hand; made if it is not there */
static __noinline struct axo_chaos_flow *chaos_flow(struct chaos_room *r)
{
	struct axo_chaos_flow *cf = bpf_map_lookup_elem(&axo_chaos_flow, &r->key);

	if (cf)
		return cf;
	__builtin_memset(r->fresh, 0, sizeof(r->fresh));
	bpf_map_update_elem(&axo_chaos_flow, &r->key, r->fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&axo_chaos_flow, &r->key);
}

/** chaos_hold_of - of the end that sends the packet in hand */
static __always_inline struct axo_chaos_hold *chaos_hold_of(struct axo_chaos_flow *cf,
							    const struct chaos_room *r)
{
	return r->seg.end == AXO_CHAOS_SERVER ? &cf->hold[1] : &cf->hold[0];
}

/** chaos_begin_hold - under the lock: @r is the first packet that is held, and says why */
static __always_inline void chaos_begin_hold(struct axo_chaos_hold *h, const struct chaos_room *r,
					     __u64 delay_ns)
{
	if (r->now_ns >= h->release_ns || !h->experiment) {
		h->from = r->seg.seq;
		h->to = r->seg.seq;
	}
	h->experiment = r->choice.experiment;
	h->rule = r->choice.rule;
	h->ordinal = r->choice.ordinal;
	h->since_ns = r->now_ns;
	h->asked_ns = delay_ns;
}

/** struct chaos_wait - what decides how long a packet waits */
struct chaos_wait {
	__u64 delay_ns; /* it is the first packet of what is held; 0 = it is not */
	__u64 rate_ns;	/* time that it takes on a slow link */
	bool behind;	/* its sender has packets in the line */
};

/** chaos_schedule - under the lock: set @r->depart_ns, and note what the line will have */
static __always_inline void chaos_schedule(struct axo_chaos_hold *h, struct chaos_room *r,
					   const struct chaos_wait *w)
{
	__u64 depart = r->now_ns + w->delay_ns;

	if ((w->behind || w->rate_ns) && depart < h->release_ns)
		depart = h->release_ns;
	if (w->delay_ns || (w->rate_ns && !w->behind))
		chaos_begin_hold(h, r, w->delay_ns);
	if (w->delay_ns || w->behind || depart > r->now_ns)
		r->depart_ns = depart;
	r->first = !!w->delay_ns;
	/* Rule 3 of chaos_tcp.h is for what waits its time and leaves, not for a slow link's queue. */
	if (w->rate_ns)
		h->from = turn_next_seq(&r->seg);
	if (turn_before(h->to, turn_next_seq(&r->seg)))
		h->to = turn_next_seq(&r->seg);
	h->release_ns = depart + w->rate_ns;
}

/** chaos_first_delay - how long the fault holds the packet; 0 = it does not hold this one */
static __always_inline __u64 chaos_first_delay(const struct chaos_room *r, enum chaos_turn turn)
{
	if (turn == TURN_REQUEST)
		return r->choice.delay_ns[AXO_CHAOS_CLIENT];
	return turn == TURN_RESPONSE ? r->choice.delay_ns[AXO_CHAOS_SERVER] : 0;
}

/** chaos_wait - into the line or not: @r->depart_ns says; 0 or -AXO_DROP_x */
static __noinline int chaos_wait(struct __sk_buff *skb, struct axo_chaos_flow *cf,
				 struct chaos_room *r, enum chaos_turn turn)
{
	struct axo_chaos_hold *h = chaos_hold_of(cf, r);
	struct chaos_wait w = {.behind = chaos_is_held(skb, h, r->now_ns)};
	bool covered;

	if (turn == TURN_REPEAT && w.behind) {
		covered = !turn_before(r->seg.seq, h->from) &&
			  !turn_before(h->to, turn_next_seq(&r->seg));
		if (covered && r->now_ns < h->release_ns)
			return -AXO_DROP_CHAOS_HELD;
		w.behind = covered;
	}
	if (r->choice.experiment && chaos_get(r->choice.experiment)) {
		w.delay_ns = chaos_first_delay(r, turn);
		w.rate_ns = chaos_rate_ns(r, skb->len - ETH_HLEN);
	}
	if (!w.delay_ns && !w.rate_ns && !w.behind)
		return 0;
	if (!delay_line_device(skb)) {
		chaos_count(r->choice.experiment, r->choice.rule, AXO_CHAOS_COUNT_FAILED);
		return 0;
	}
	if (w.rate_ns && !w.delay_ns &&
	    h->release_ns > r->now_ns + r->choice.delay_ns[r->seg.end & 1] + CHAOS_RATE_QUEUE_NS) {
		chaos_count(r->choice.experiment, r->choice.rule, AXO_CHAOS_COUNT_LOST);
		return -AXO_DROP_CHAOS;
	}
	bpf_spin_lock(&cf->lock);
	chaos_schedule(h, r, &w);
	bpf_spin_unlock(&cf->lock);
	return 0;
}

#endif
