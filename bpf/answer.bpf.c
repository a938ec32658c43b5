// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The answer of a fault: `abort: 503`, tail-called by chaos with the packet that ends the request.
 *
 * The client gets a whole response in the server's place, as it does for a denied request
 * (http_answer.h), and the server, which saw at most a part of the head, a reset.  Where that
 * cannot be built (the client has not acknowledged what the server has sent, or waits for another
 * response), both ends are reset, and the rule counts it as failed.
 */
#include "bpf/lib/chaos_count.h"
#include "bpf/lib/http_answer.h"

/** answer_may - is this request the only one without a response? */
static __always_inline bool answer_may(const struct http_packet *c, __u32 heads)
{
	return c->h->mode == AXO_HTTP_FLOW_OPEN && l7_has(c->p, TCP_ACK) &&
	       c->s.ack == c->h->server_next && c->h->turns == heads;
}

/** answer_try - the TC action, or negative: it cannot be done */
static __noinline int answer_try(struct __sk_buff *skb, struct http_packet *c, __u32 heads)
{
	int rc = -1;

	if (!c->h || !http_lock(c->h))
		return -1;
	if (answer_may(c, heads)) {
		/* The packet in hand does not pass: the server expects its first byte. */
		c->h->tcp.sent = c->s.seq;
		rc = http_answer(skb, c, L7_TEXT_503, AXO_DROP_CHAOS);
	}
	http_unlock(c->h);
	return rc;
}

static __always_inline int answer_packet(struct __sk_buff *skb, struct tail_call *t)
{
	struct chaos_room *r = chaos_room();
	struct http_packet c = {.p = &t->p};
	int rc;

	c.f = flow_find(&t->p);
	if (!r || !c.f || l7_parse(skb, &t->p, &c.s))
		return -AXO_DROP_CHAOS;
	c.h = bpf_map_lookup_elem(&axo_http_flow, &t->p.key);
	rc = answer_try(skb, &c, t->heads);
	if (rc >= 0)
		return rc;
	chaos_count(r->choice.experiment, r->choice.rule, AXO_CHAOS_COUNT_FAILED);
	drop_tell(skb, &t->p, AXO_DROP_CHAOS);
	return l7_reset_both(skb, &t->p, c.f, &c.s, c.s.seq);
}

SEC("tc")
int answer(struct __sk_buff *skb)
{
	struct tail_call *t = tail_get();
	int rc;

	if (!t)
		return TC_ACT_SHOT;
	rc = answer_packet(skb, t);
	return rc < 0 ? drop(skb, &t->p, -rc) : rc;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
