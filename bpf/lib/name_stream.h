/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TCP connections that are judged by names (TLS hellos, DNS): what both have in common.  As with
 * HTTP, the server's SYN-ACK makes the entry, one CPU at a time owns it, what the client sends is put
 * in order (l7_tcp.h) and copied out of its sender's reach before it is read, and a connection that
 * is older than its rules is reset.
 *
 * The includer defines, before it includes this,
 *
 *	int stream_feed(struct name_flow *n, __u32 len);
 *
 * which reads of @len bytes in the room (l7_scratch.h) one at least: how many it has read.  If all
 * that follows is free, it says so in n->tcp.skip.  Negative: the connection is to be reset.
 */
#ifndef BPF_LIB_NAME_STREAM_H
#define BPF_LIB_NAME_STREAM_H

#include "bpf/lib/name_flow.h"

static int stream_feed(struct name_flow *n, __u32 len);

/** stream_reset - of an open connection.  TC action */
static __noinline int stream_reset(struct __sk_buff *skb, const struct stream_packet *c,
				   __u8 reason)
{
	drop_tell(skb, c->p, reason);
	c->n->mode = NAME_FLOW_RESET;
	return l7_reset_both(skb, c->p, c->f, &c->s,
			     c->p->side == c->f->originator ? c->n->tcp.sent : c->n->server_next);
}

/** stream_unknown - no entry: a handshake, the last packets of a connection, or one that is older */
static __noinline int stream_unknown(struct __sk_buff *skb, const struct stream_packet *c)
{
	if (l7_has(c->p, TCP_RST) || (l7_has(c->p, TCP_SYN) && !l7_has(c->p, TCP_ACK)))
		return 0;
	if (!c->s.len && c->f->state == AXO_FLOW_CLOSING)
		return 0;
	drop_tell(skb, c->p, AXO_DROP_L7_UNKNOWN);
	return l7_reset_both(skb, c->p, c->f, &c->s, c->s.seq);
}

/* Every step reads what is in the room, or a message of 14 bytes at least. */
#define STREAM_STEPS 4096

/** struct stream_judge - argument of stream_step(): offsets in the payload */
struct stream_judge {
	struct __sk_buff *skb;
	struct stream_packet *c;
	struct l7_scratch *room;
	__u32 pos;
	__u32 begin;
	__u32 end;
	int rc;
};

static __always_inline long stream_chunk(struct stream_judge *j, __u32 n)
{
	struct axo_l7_tcp *t = &j->c->n->tcp;
	int used;

	if (n > L7_SCRATCH)
		n = L7_SCRATCH;
	if (l7_scratch_load(j->skb, j->room, j->c->s.off + j->pos, n)) {
		j->rc = -AXO_DROP_L7_FORGED;
		return 1;
	}
	used = stream_feed(j->c->n, n);
	if (used <= 0 || (__u32)used > n) {
		j->rc = -AXO_DROP_L7_DENIED;
		return 1;
	}
	if (j->begin > j->pos)
		j->begin = j->pos;
	j->pos += used;
	j->end = j->pos;
	t->next += used;
	return 0;
}

static long stream_step(__u32 i, struct stream_judge *j)
{
	struct axo_l7_tcp *t = &j->c->n->tcp;
	__u32 n = j->c->s.len - j->pos;

	(void)i;
	if (j->pos >= j->c->s.len)
		return 1;
	if (!t->skip)
		return stream_chunk(j, n);
	if (t->skip < n)
		n = t->skip;
	t->skip -= n;
	t->next += n;
	j->pos += n;
	return 0;
}

/** stream_judge - the new bytes of a segment.  0 or -AXO_DROP_x */
static __always_inline int stream_judge(struct __sk_buff *skb, struct stream_packet *c)
{
	struct stream_judge j = {
		.skb = skb,
		.c = c,
		.room = l7_scratch_get(),
		.pos = c->n->tcp.next - c->s.seq,
		.begin = ~0u,
	};

	if (!j.room)
		return -AXO_DROP_L7_DENIED;
	bpf_loop(STREAM_STEPS, stream_step, &j, 0);
	if (j.rc)
		return j.rc;
	if (j.pos < c->s.len)
		return -AXO_DROP_L7_DENIED;
	if (j.begin < j.end &&
	    l7_keep(skb, &c->n->tcp, &c->o, (__u64)j.begin << 32 | j.end, c->s.off))
		return -AXO_DROP_L7_FORGED;
	return 0;
}

/** stream_is_free - nothing of the segment is looked at */
static __always_inline bool stream_is_free(const struct stream_packet *c)
{
	return c->n->tcp.skip == ~0ull && !c->n->tcp.count;
}

/** stream_ordered - a segment with payload, the entry being ours.  0, or -AXO_DROP_x */
static __always_inline int stream_ordered(struct __sk_buff *skb, struct stream_packet *c)
{
	struct axo_l7_tcp *t = &c->n->tcp;
	enum l7_seg what;
	int rc;

	if (!stream_is_free(c) && bpf_skb_pull_data(skb, c->s.off + c->s.len))
		return -AXO_DROP_L7_ORDER;
	what = l7_look(skb, t, &c->o, c->s.off);
	if (what == L7_SEG_WAIT)
		what = l7_tcp_wait(t, bpf_ktime_get_coarse_ns());
	if (what == L7_SEG_WAIT)
		return -AXO_DROP_L7_ORDER;
	if (what == L7_SEG_FORGED)
		return -AXO_DROP_L7_FORGED;
	if (what == L7_SEG_STALLED)
		return -AXO_DROP_L7_STALLED;
	rc = what == L7_SEG_JUDGE ? stream_judge(skb, c) : 0;
	if (!rc)
		l7_tcp_passes(t, &c->o);
	return rc;
}

/** stream_client_data - 0, -AXO_DROP_x, or a TC action */
static __noinline int stream_client_data(struct __sk_buff *skb, struct stream_packet *c)
{
	int rc = l7_csum_check(skb, c->p, &c->s);

	if (rc)
		return rc;
	if (!stream_lock(c->n))
		return -AXO_DROP_L7_BUSY;
	rc = stream_ordered(skb, c);
	if (rc == -AXO_DROP_L7_DENIED || rc == -AXO_DROP_L7_FORGED || rc == -AXO_DROP_L7_STALLED)
		rc = stream_reset(skb, c, -rc);
	stream_unlock(c->n);
	return rc;
}

/** stream_client - 0 = it may pass, -AXO_DROP_x, or a TC action */
static __always_inline int stream_client(struct __sk_buff *skb, struct stream_packet *c)
{
	if (l7_has(c->p, TCP_SYN))
		return l7_has(c->p, TCP_ACK) ? -AXO_DROP_L7_FORM : 0;
	if (c->n->mode != NAME_FLOW_OPEN)
		return l7_reset_back(skb, c->p, c->f, &c->s);
	if (l7_has(c->p, TCP_RST))
		return 0;
	if (c->s.len)
		return stream_client_data(skb, c);
	if (l7_has(c->p, TCP_FIN) && !seq_before(c->n->tcp.next, c->s.seq))
		l7_tcp_passes(&c->n->tcp, &c->o);
	return 0;
}

/** stream_server - what a server's packet says of the order; 0, -AXO_DROP_x, or a TC action */
static __always_inline int stream_server(struct __sk_buff *skb, struct stream_packet *c)
{
	__u32 end = c->s.seq + c->s.len + c->o.fin;

	if (c->n->mode != NAME_FLOW_OPEN)
		return l7_reset_back(skb, c->p, c->f, &c->s);
	if (l7_has(c->p, TCP_RST))
		return 0;
	if (l7_has(c->p, TCP_ACK) && !l7_tcp_ack(&c->n->tcp, c->s.ack))
		return stream_reset(skb, c, AXO_DROP_L7_FORGED);
	if (seq_before(c->n->server_next, end))
		c->n->server_next = end;
	return 0;
}

#endif
