/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Entries of connections that are judged by names (name_stream.h): what they begin with, who owns
 * them, and when they are made.
 */
#ifndef BPF_LIB_NAME_FLOW_H
#define BPF_LIB_NAME_FLOW_H

#include "bpf/lib/l7_bytes.h"
#include "bpf/lib/l7_reset.h"

/** enum name_flow_mode */
enum name_flow_mode {
	NAME_FLOW_OPEN = 0,
	NAME_FLOW_RESET = 1, /* both ends were sent a reset; so is what they still send */
};

/**
 * struct name_flow - what an entry begins with
 * @busy: 1 while a CPU works on it
 * @mode: enum name_flow_mode
 * @server_first: the server's initial sequence number + 1
 * @server_next:  end of what the server has sent, in order
 * @tcp:  order of what the client sends
 */
struct name_flow {
	__u32 busy;
	__u32 mode;
	__u32 server_first;
	__u32 server_next;
	struct axo_l7_tcp tcp;
};

/** struct stream_packet - the packet in hand; @o: what l7_tcp.h asks for */
struct stream_packet {
	struct packet *p;
	const struct axo_flow *f;
	struct name_flow *n;
	struct l7_packet s;
	struct l7_segment o;
};

#define STREAM_BUSY_TRIES 2000

static long stream_try(__u32 i, struct name_flow **n)
{
	(void)i;
	return !__sync_val_compare_and_swap(&(*n)->busy, 0, 1);
}

/** stream_lock - false = it stays busy; the packet is to be dropped */
static __always_inline bool stream_lock(struct name_flow *n)
{
	if (!__sync_val_compare_and_swap(&n->busy, 0, 1))
		return true;
	return bpf_loop(STREAM_BUSY_TRIES, stream_try, &n, 0) < STREAM_BUSY_TRIES;
}

static __always_inline void stream_unlock(struct name_flow *n)
{
	__sync_fetch_and_and(&n->busy, 0);
}

/** stream_parse - fill @c but for its entry.  0 or -AXO_DROP_x */
static __always_inline int stream_parse(struct __sk_buff *skb, struct stream_packet *c)
{
	int rc = l7_parse(skb, c->p, &c->s);

	c->o.seq = c->s.seq;
	c->o.len = c->s.len;
	c->o.cut = skb->gso_size < c->s.len ? skb->gso_size : 0;
	c->o.fin = l7_has(c->p, TCP_FIN);
	return rc;
}

/** stream_is_repeat - a SYN-ACK of the connection that @n is of */
static __always_inline bool stream_is_repeat(const struct name_flow *n, const struct l7_packet *s)
{
	return n->mode == NAME_FLOW_OPEN && n->tcp.first_seq == s->ack &&
	       n->server_first == s->seq + 1;
}

/** stream_start - @n is new; the SYN-ACK in hand */
static __always_inline void stream_start(struct name_flow *n, const struct l7_packet *s)
{
	l7_tcp_start(&n->tcp, s->ack);
	for (int i = 0; i < AXO_L7_KEY_WORDS; i++)
		n->tcp.key[i] = bpf_get_prandom_u32();
	n->server_first = s->seq + 1;
	n->server_next = s->seq + 1;
}

#endif
