// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Chaos: tail-called for every packet of a flow with experiments, after what enforces.
 *
 * What is not whole (fragments), not TCP or UDP, or of a flow that is gone meanwhile goes on
 * untouched: `pass` decides about it.  So does everything when a map has no room: chaos is never
 * the reason why what is allowed does not get through, unless a rule says so.
 */
#include "bpf/lib/chaos_udp.h"
#include "bpf/lib/drop.h"
#include "bpf/lib/tail.h"

/** chaos_room_fill - what does not depend on the protocol */
static __always_inline void chaos_room_fill(struct chaos_room *r, const struct tail_call *t,
					    const struct axo_flow *f)
{
	const struct packet *p = &t->p;

	r->key = p->key;
	r->set[0] = f->set[0];
	r->set[1] = f->set[1];
	r->identity[0] = f->identity[0];
	r->identity[1] = f->identity[1];
	r->origin = f->originator;
	r->seg.end = p->side == f->originator ? AXO_CHAOS_CLIENT : AXO_CHAOS_SERVER;
	r->now_ns = bpf_ktime_get_ns();
	r->depart_ns = 0;
	r->first = 0;
	r->heads = t->heads;
	r->told = t->told;
	r->filters = t->heads ? t->filters : 0;
}

static __always_inline int chaos_packet(struct __sk_buff *skb, struct tail_call *t)
{
	struct chaos_room *r = chaos_room();
	struct packet *p = &t->p;
	struct axo_flow *f;

	if (!r || p->kind != PACKET_PLAIN)
		return 0;
	f = flow_find(p);
	if (!f)
		return 0;
	chaos_room_fill(r, t, f);
	if (p->key.proto == IPPROTO_TCP)
		return chaos_tcp(skb, p, f, r);
	return p->key.proto == IPPROTO_UDP ? chaos_udp(skb, p, f, r) : 0;
}

SEC("tc")
int chaos(struct __sk_buff *skb)
{
	struct tail_call *t = tail_get();
	int rc;

	if (!t)
		return TC_ACT_SHOT;
	rc = chaos_packet(skb, t);
	if (rc == CHAOS_ANSWER) {
		bpf_tail_call_static(skb, &axo_progs, AXO_PROG_ANSWER);
		rc = -AXO_DROP_FEATURE;
	}
	if (!rc)
		rc = tail_next(skb, t);
	return rc < 0 ? drop(skb, &t->p, -rc) : rc;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
