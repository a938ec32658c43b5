/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ending connections: resets that the ends accept.
 *
 * A TCP takes a reset only with exactly the sequence number that it expects (RFC 5961, 3.2).  What
 * is known best is sent; an end that expected another number answers with an acknowledgement, and
 * the reset to that has the number it asked for (l7_reset_back()).  So nobody waits for long.
 */
#ifndef BPF_LIB_L7_RESET_H
#define BPF_LIB_L7_RESET_H

#include "bpf/lib/drop.h"
#include "bpf/lib/l7_answer.h"
#include "bpf/lib/tail.h"

/** l7_reset_reply - for who sent the packet in hand */
static __always_inline struct l7_reply l7_reset_reply(const struct packet *p,
						      const struct l7_packet *s)
{
	struct l7_reply r = {
		.seq = s->ack,
		.ack = s->seq + s->len + !!(p->tcp_flags & (TCP_SYN | TCP_FIN)),
		.flags = TCP_RST | TCP_ACK,
	};

	return r;
}

/** l7_reset_back - the packet is of a connection that is no more.  TC action */
static __noinline int l7_reset_back(struct __sk_buff *skb, const struct packet *p,
				    const struct axo_flow *f, const struct l7_packet *s)
{
	struct l7_reply r = l7_reset_reply(p, s);

	drop_tell(skb, p, AXO_DROP_L7_CLOSED);
	if (l7_has(p, TCP_RST) || !l7_has(p, TCP_ACK))
		return TC_ACT_SHOT;
	return l7_send_back(skb, p, f, &r);
}

/** l7_reset_both - @seq: what the receiver of the packet expects.  TC action */
static __noinline int l7_reset_both(struct __sk_buff *skb, const struct packet *p,
				    const struct axo_flow *f, const struct l7_packet *s, __u32 seq)
{
	struct l7_reply on = {.seq = seq, .flags = TCP_RST}, back = l7_reset_reply(p, s);

	l7_send_on(skb, p, f, &on);
	return l7_has(p, TCP_ACK) ? l7_send_back(skb, p, f, &back) : TC_ACT_SHOT;
}

#endif
