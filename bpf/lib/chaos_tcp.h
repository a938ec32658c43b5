/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chaos on TCP.
 *
 *      1. Handshakes and pure acknowledgements pass, but for the SYN of a connection that a rule
 *         delays or refuses.
 *      2. The first payload of a request, and that of its response, may be held; what its sender
 *         sends meanwhile stays behind it, FIN and RST included.
 *      3. A repetition of what is held is dropped: the line has it.  When the experiment, the lease
 *         or the line has come to its end, it passes: what was held may be lost.
 *      4. Where the HTTP reader tells requests apart (struct tail_call), the packet that ends the
 *         first head of a turn is the one that draws and is held: before it the server has nothing
 *         to serve.  Later heads of the turn are pipelined.  What the reader cannot follow takes
 *         turns, and matches no filter.
 *      5. Rules with a status are asked when the response begins, before it is held.
 *      6. Everything drawn for a packet (loss, duplicate, corrupt) is drawn for repetitions anew,
 *         as on a wire; the fault of the request never is.
 */
#ifndef BPF_LIB_CHAOS_TCP_H
#define BPF_LIB_CHAOS_TCP_H

#include "bpf/lib/chaos_hold.h"
#include "bpf/lib/chaos_request.h"

/** CHAOS_ANSWER - what chaos_packet() returns for the program `answer`; no TC action is that */
#define CHAOS_ANSWER 0x503

#define CHAOS_ABORTS (AXO_CHAOS_ABORT_RESET | AXO_CHAOS_ABORT_TIMEOUT | AXO_CHAOS_ABORT_503)

/** chaos_abort - 0: the rule aborts nothing */
static __noinline int chaos_abort(struct __sk_buff *skb, struct packet *p, struct axo_flow *f,
				  struct axo_chaos_flow *cf)
{
	struct chaos_room *r = chaos_room();

	if (!r || !(r->choice.actions & CHAOS_ABORTS))
		return 0;
	chaos_count(r->choice.experiment, r->choice.rule, AXO_CHAOS_COUNT_ABORTED);
	if (r->choice.actions & AXO_CHAOS_ABORT_TIMEOUT) {
		chaos_event(r, &r->choice, AXO_CHAOS_ABORT_TIMEOUT, 1, 0);
		cf->swallow = 1;
		return -AXO_DROP_CHAOS;
	}
	if (r->choice.actions & AXO_CHAOS_ABORT_503) {
		chaos_event(r, &r->choice, AXO_CHAOS_ABORT_503, 1, 0);
		return CHAOS_ANSWER;
	}
	chaos_event(r, &r->choice, AXO_CHAOS_ABORT_RESET, 1, 0);
	return chaos_reset_both(skb, p, f, r);
}

/** chaos_tell - count and tell of a delay that begins */
static __always_inline void chaos_tell(const struct chaos_room *r, __u32 action)
{
	if (r->first) {
		chaos_count(r->choice.experiment, r->choice.rule, AXO_CHAOS_COUNT_DELAYED);
		chaos_event(r, &r->choice, action, 1, 0);
	} else if (r->choice.actions & AXO_CHAOS_RATE) {
		chaos_count(r->choice.experiment, r->choice.rule, AXO_CHAOS_COUNT_PACED);
	}
}

/** chaos_carry_out - the fault of the request, on one of its packets */
static __noinline int chaos_carry_out(struct __sk_buff *skb, struct packet *p, struct axo_flow *f,
				      struct axo_chaos_flow *cf, enum chaos_turn turn)
{
	struct chaos_room *r = chaos_room();
	struct axo_chaos_hold *h;
	__u32 part = cf->part;
	int rc;

	if (!r)
		return 0;
	rc = chaos_wait(skb, cf, r, turn);
	if (rc)
		return rc;
	if (r->choice.experiment && r->seg.len) {
		rc = chaos_damage(skb, p, r, part);
		if (rc)
			return rc;
		chaos_duplicate(skb, flow_side(f, p), r, part);
	}
	if (!r->depart_ns)
		return 0;
	h = chaos_hold_of(cf, r);
	chaos_tell(r, r->seg.end == AXO_CHAOS_SERVER ? AXO_CHAOS_DELAY_RESPONSE
						     : AXO_CHAOS_DELAY_REQUEST);
	return delay_line_enter(skb, r, h->experiment, h->rule);
}

/** chaos_swallows - abort: timeout, as long as its experiment is in force */
static __always_inline bool chaos_swallows(struct axo_chaos_flow *cf)
{
	if (!cf->swallow)
		return false;
	if (chaos_get(cf->choice.experiment))
		return true;
	cf->swallow = 0;
	return false;
}

/** chaos_payload - a segment with payload, FIN or RST */
static __noinline int chaos_payload(struct __sk_buff *skb, struct packet *p, struct axo_flow *f)
{
	struct chaos_room *r = chaos_room();
	enum chaos_turn turn = TURN_MORE;
	struct axo_chaos_flow *cf;
	int rc;

	cf = r ? chaos_flow(r) : NULL;
	if (!cf)
		return 0;
	if (chaos_swallows(cf))
		return -AXO_DROP_CHAOS;
	if (r->seg.end == AXO_CHAOS_SERVER && cf->asking && r->seg.len)
		r->seg.interim = chaos_is_interim(skb, r);
	bpf_spin_lock(&cf->lock);
	if (!(p->tcp_flags & TCP_RST))
		turn = turn_step(cf, &r->seg);
	r->choice = cf->choice;
	cf->part++;
	bpf_spin_unlock(&cf->lock);
	if (r->seg.end == AXO_CHAOS_CLIENT && (r->heads || r->told))
		turn = chaos_told(cf, r, turn);
	else if (chaos_is_pipelined(cf, r, p, turn))
		chaos_pipelined(r, 1);
	if (turn == TURN_RESPONSE && cf->late)
		chaos_answered(skb, cf, r);
	if (turn == TURN_REQUEST) {
		chaos_drawn(cf, r);
		rc = chaos_abort(skb, p, f, cf);
		if (rc)
			return rc;
	}
	return chaos_carry_out(skb, p, f, cf, turn);
}

/** chaos_connect - a SYN: refuse or hold it */
static __noinline int chaos_connect(struct __sk_buff *skb, struct packet *p, struct axo_flow *f,
				    struct axo_chaos_flow *cf)
{
	struct chaos_room *r = chaos_room();

	if (!r)
		return 0;
	chaos_decide(r, AXO_CHAOS_CONNECT);
	if (r->choice.actions & AXO_CHAOS_CONNECT_REFUSE) {
		chaos_count(r->choice.experiment, r->choice.rule, AXO_CHAOS_COUNT_REFUSED);
		chaos_event(r, &r->choice, AXO_CHAOS_CONNECT_REFUSE, 1, 0);
		return chaos_refuse(skb, p, f, r);
	}
	if (!r->choice.experiment || chaos_wait(skb, cf, r, TURN_REQUEST) || !r->depart_ns)
		return 0;
	chaos_tell(r, AXO_CHAOS_CONNECT_DELAY);
	return delay_line_enter(skb, r, r->choice.experiment, r->choice.rule);
}

/** chaos_syn - a connection begins, or its SYN is repeated */
static __noinline int chaos_syn(struct __sk_buff *skb, struct packet *p, struct axo_flow *f)
{
	struct chaos_room *r = chaos_room();
	struct axo_chaos_flow *cf;

	if (!r || r->seg.end == AXO_CHAOS_SERVER)
		return 0;
	r->seg.len++; /* the SYN's own place */
	cf = bpf_map_lookup_elem(&axo_chaos_flow, &r->key);
	if (cf && (cf->known & 1) && cf->next[0] == turn_next_seq(&r->seg)) {
		__builtin_memset(&r->choice, 0, sizeof(r->choice));
		return chaos_wait(skb, cf, r, TURN_REPEAT);
	}
	bpf_map_delete_elem(&axo_chaos_flow, &r->key);
	cf = chaos_flow(r);
	if (!cf)
		return 0;
	cf->known = 1;
	cf->next[0] = turn_next_seq(&r->seg);
	return chaos_connect(skb, p, f, cf);
}

/** chaos_tcp - 0: the packet goes on */
static __always_inline int chaos_tcp(struct __sk_buff *skb, struct packet *p, struct axo_flow *f,
				     struct chaos_room *r)
{
	if (chaos_parse_tcp(skb, p, r))
		return 0;
	if (p->tcp_flags & TCP_SYN)
		return chaos_syn(skb, p, f);
	if (!r->seg.len && !(p->tcp_flags & (TCP_FIN | TCP_RST)))
		return 0;
	return chaos_payload(skb, p, f);
}

#endif
