/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Answering in the server's place: the client gets a whole response and a FIN, the server a reset.
 *
 * From then on the program is the client's other end, with the little that takes: whatever the
 * client sends is acknowledged and thrown away, its FIN too, so nothing of it is repeated; and
 * while a packet of it says that the answer has not arrived, the answer is sent again.  The client
 * repeats what is not acknowledged, so it always comes back for an answer that was lost.
 */
#ifndef BPF_LIB_HTTP_ANSWER_H
#define BPF_LIB_HTTP_ANSWER_H

#include "bpf/lib/http_flow.h"

/**
 * http_may_answer - is the client's next byte from the server the first of an answer?
 *
 * Not while it waits for the response to another request, and not before it has all that the
 * server has sent: what it has not acknowledged could not be repeated.  Where responses end is not
 * read, so a client that sends a request in the middle of a response, and is denied, finds the
 * answer there.
 */
static __always_inline bool http_may_answer(const struct http_packet *c)
{
	return l7_has(c->p, TCP_ACK) && c->s.ack == c->h->server_next && !c->h->turns;
}

/** http_stamps - timestamps for a segment to the client, who sent the packet: turned around */
static __always_inline void http_stamps(struct __sk_buff *skb, const struct http_packet *c,
					struct l7_reply *r)
{
	__be32 ts[2] = {};

	r->stamped = l7_timestamps(skb, c->p, ts);
	r->ts[0] = ts[1];
	r->ts[1] = ts[0];
}

/** http_answer_fill - as much as the client, by its packet in hand, still needs */
static __always_inline void http_answer_fill(const struct http_packet *c, struct l7_reply *r)
{
	const struct axo_http_flow *h = c->h;

	r->seq = h->answer_end;
	r->ack = h->client_end;
	r->flags = TCP_ACK;
	if (seq_before(c->s.ack, h->answer_end)) {
		r->seq = h->answer_seq;
		r->flags = TCP_ACK | TCP_PSH | TCP_FIN;
		r->text = h->text;
	}
}

/**
 * http_answer - end the connection with @text (enum l7_text); http_may_answer()
 *
 * The packet in hand is the client's, and is not let through.  Return: the TC action.
 */
static __noinline int http_answer(struct __sk_buff *skb, const struct http_packet *c, __u8 text,
				  __u8 reason)
{
	struct l7_reply on = {.seq = c->h->tcp.sent, .flags = TCP_RST}, back = {};
	struct axo_http_flow *h = c->h;

	drop_tell(skb, c->p, reason);
	h->text = text;
	h->answer_seq = c->s.ack;
	h->answer_end = c->s.ack + l7_text_len(text) + 1;
	h->client_end = c->s.seq + c->s.len + l7_has(c->p, TCP_FIN);
	http_over(c, AXO_HTTP_FLOW_ANSWERED);
	/* Before the reset takes the packet. */
	http_stamps(skb, c, &back);
	http_answer_fill(c, &back);
	l7_send_on(skb, c->p, c->f, &on);
	return l7_send_back(skb, c->p, c->f, &back);
}

/** http_client_end - the client sends on after the answer.  TC action */
static __noinline int http_client_end(struct __sk_buff *skb, const struct http_packet *c)
{
	struct l7_reply r = {};
	__u32 end = c->s.seq + c->s.len + l7_has(c->p, TCP_FIN);
	struct axo_http_flow *h = c->h;

	drop_tell(skb, c->p, AXO_DROP_L7_CLOSED);
	if (l7_has(c->p, TCP_RST) || !l7_has(c->p, TCP_ACK))
		return TC_ACT_SHOT;
	if (seq_before(h->client_end, end))
		h->client_end = end;
	/* Acknowledgements are not answered, but for a keep-alive probe. */
	if (c->s.seq == end && !seq_before(end, h->client_end))
		return TC_ACT_SHOT;
	http_stamps(skb, c, &r);
	http_answer_fill(c, &r);
	return l7_send_back(skb, c->p, c->f, &r);
}

#endif
