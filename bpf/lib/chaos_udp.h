/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chaos on UDP (include/axoneme/chaos_flow.h says what is a request and what its answer).
 *
 * Datagrams do not wait for each other: one that is held is overtaken by the next, as on a network.
 * Fragmented datagrams never come here: a held first fragment would outlive the others.
 */
#ifndef BPF_LIB_CHAOS_UDP_H
#define BPF_LIB_CHAOS_UDP_H

#include "bpf/lib/chaos_tcp.h"

#define DNS_PORT 53
/* An answer later than this after its request, delays apart, is of another one. */
#define CHAOS_ANSWER_NS 5000000000ull
/* Requests without an answer that one answer passes over. */
#define CHAOS_PASSED_OVER 8

/** chaos_parse_udp - @r->seg.len and the payload's place; 0 or negative */
static __noinline int chaos_parse_udp(struct __sk_buff *skb, const struct packet *p,
				      struct chaos_room *r)
{
	__be16 len;

	if (bpf_skb_load_bytes(skb, p->l4_off + 4, &len, sizeof(len)))
		return -1;
	r->payload = p->l4_off + 8;
	r->seg.len = bpf_ntohs(len) > 8 ? bpf_ntohs(len) - 8 : 0;
	r->seg.seq = 0;
	r->seg.fin = false;
	return 0;
}

/** chaos_dns_number - AXO_CHAOS_ASK_ID and the id of a DNS message; 0 = it is none */
static __noinline __u32 chaos_dns_number(struct __sk_buff *skb, const struct chaos_room *r)
{
	bool server_is_1 = !r->origin;
	__be16 port = server_is_1 ? r->key.port[1] : r->key.port[0], id;

	if (port != bpf_htons(DNS_PORT) || r->seg.len < 12 ||
	    bpf_skb_load_bytes(skb, r->payload, &id, sizeof(id)))
		return 0;
	return AXO_CHAOS_ASK_ID | id;
}

/** chaos_note - keep what was drawn for the answer */
static __noinline void chaos_note(struct chaos_room *r, __u32 number)
{
	struct axo_chaos_ask_key key = {.flow = r->key, .number = number};
	struct axo_chaos_ask ask = {.choice = r->choice, .time_ns = r->now_ns};

	bpf_map_update_elem(&axo_chaos_ask, &key, &ask, BPF_ANY);
}

/** chaos_recall - @r->choice for the answer with @number; false = there is none */
static __noinline bool chaos_recall(struct chaos_room *r, __u32 number)
{
	struct axo_chaos_ask_key key = {.flow = r->key, .number = number};
	struct axo_chaos_ask *ask = bpf_map_lookup_elem(&axo_chaos_ask, &key);
	bool fits;

	if (!ask)
		return false;
	fits = r->now_ns - ask->time_ns < CHAOS_ANSWER_NS + ask->choice.delay_ns[AXO_CHAOS_CLIENT];
	if (fits)
		r->choice = ask->choice;
	bpf_map_delete_elem(&axo_chaos_ask, &key);
	return fits;
}

/** chaos_number_next - take the next number below @limit; false = there is none */
static __always_inline bool chaos_number_next(struct axo_chaos_flow *cf, __u32 *number)
{
	bool any;

	bpf_spin_lock(&cf->lock);
	any = cf->answered != cf->asked;
	*number = cf->answered;
	cf->answered += any;
	bpf_spin_unlock(&cf->lock);
	return any;
}

/** chaos_answer - the datagram is the server's: which request is it the answer to? */
static __noinline void chaos_answer(struct __sk_buff *skb, struct axo_chaos_flow *cf,
				    struct chaos_room *r)
{
	__u32 number = chaos_dns_number(skb, r);

	if (number) {
		chaos_recall(r, number);
		return;
	}
	for (int i = 0; i < CHAOS_PASSED_OVER; i++)
		if (!chaos_number_next(cf, &number) || chaos_recall(r, number))
			return;
}

/** chaos_question - the datagram is the client's: draw, and keep it for the answer */
static __noinline void chaos_question(struct __sk_buff *skb, struct axo_chaos_flow *cf,
				      struct chaos_room *r)
{
	__u32 number = chaos_dns_number(skb, r);

	chaos_decide(r, ~AXO_CHAOS_CONNECT);
	if (!number) {
		bpf_spin_lock(&cf->lock);
		number = cf->asked++ & ~AXO_CHAOS_ASK_ID;
		bpf_spin_unlock(&cf->lock);
	}
	chaos_note(r, number);
}

/** chaos_datagram_wait - how long, if at all: @r->depart_ns; 0 or -AXO_DROP_CHAOS */
static __noinline int chaos_datagram_wait(struct __sk_buff *skb, struct axo_chaos_flow *cf,
					  struct chaos_room *r)
{
	struct axo_chaos_hold *h = chaos_hold_of(cf, r);
	__u64 delay = r->seg.end ? r->choice.delay_ns[1] : r->choice.delay_ns[0];
	__u64 rate = chaos_rate_ns(r, skb->len - ETH_HLEN), depart = r->now_ns + delay;

	if (!delay && !rate)
		return 0;
	if (!delay_line_device(skb)) {
		chaos_count(r->choice.experiment, r->choice.rule, AXO_CHAOS_COUNT_FAILED);
		return 0;
	}
	if (rate) {
		bpf_spin_lock(&cf->lock);
		if (depart < h->release_ns)
			depart = h->release_ns;
		if (depart < r->now_ns + delay + CHAOS_RATE_QUEUE_NS)
			h->release_ns = depart + rate;
		bpf_spin_unlock(&cf->lock);
		if (depart >= r->now_ns + delay + CHAOS_RATE_QUEUE_NS) {
			chaos_count(r->choice.experiment, r->choice.rule, AXO_CHAOS_COUNT_LOST);
			return -AXO_DROP_CHAOS;
		}
	}
	r->first = !!delay;
	if (depart > r->now_ns)
		r->depart_ns = depart;
	return 0;
}

/** chaos_datagram - carry out @r->choice on the datagram in hand */
static __noinline int chaos_datagram(struct __sk_buff *skb, struct packet *p, struct axo_flow *f,
				     struct axo_chaos_flow *cf)
{
	struct chaos_room *r = chaos_room();
	__u32 part;
	int rc;

	if (!r || !chaos_get(r->choice.experiment))
		return 0;
	part = r->seg.end;
	if (r->choice.actions & AXO_CHAOS_ABORT_TIMEOUT) {
		chaos_count(r->choice.experiment, r->choice.rule, AXO_CHAOS_COUNT_ABORTED);
		chaos_event(r, &r->choice, AXO_CHAOS_ABORT_TIMEOUT, 1, 0);
		return -AXO_DROP_CHAOS;
	}
	rc = chaos_datagram_wait(skb, cf, r);
	if (!rc)
		rc = chaos_damage(skb, p, r, part);
	if (rc)
		return rc;
	chaos_duplicate(skb, flow_side(f, p), r, part);
	if (!r->depart_ns)
		return 0;
	chaos_tell(r, part ? AXO_CHAOS_DELAY_RESPONSE : AXO_CHAOS_DELAY_REQUEST);
	return delay_line_enter(skb, r, r->choice.experiment, r->choice.rule);
}

/** chaos_udp - 0: the datagram goes on */
static __always_inline int chaos_udp(struct __sk_buff *skb, struct packet *p, struct axo_flow *f,
				     struct chaos_room *r)
{
	struct axo_chaos_flow *cf;

	if (chaos_parse_udp(skb, p, r))
		return 0;
	cf = chaos_flow(r);
	if (!cf)
		return 0;
	__builtin_memset(&r->choice, 0, sizeof(r->choice));
	if (r->seg.end == AXO_CHAOS_SERVER)
		chaos_answer(skb, cf, r);
	else
		chaos_question(skb, cf, r);
	return r->choice.experiment ? chaos_datagram(skb, p, f, cf) : 0;
}

#endif
