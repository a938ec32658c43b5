/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS over TCP: queries are judged as over UDP, but a refused one resets the connection: an answer
 * of our own would need a place in the server's stream.  Answers teach before their last byte goes
 * on; they pass in order, so that none teaches late.  Longer ones than DNS_MESSAGE_MAX pass, and
 * teach nothing.
 */
#ifndef BPF_LIB_DNS_TCP_H
#define BPF_LIB_DNS_TCP_H

#include "bpf/lib/dns_judge.h"
#include "bpf/lib/name_stream.h"

#include "bpf/lib/dns_stream.h"

/** struct dns_flow - value of axo_dns_flow */
struct dns_flow {
	struct name_flow n;
	struct dns_stream query;
	struct dns_stream answer;
};

#define DNS_MAX_FLOWS 16384

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DNS_MAX_FLOWS);
	__type(key, struct axo_flow_key);
	__type(value, struct dns_flow);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_dns_flow SEC(".maps") __weak;

/* What a new entry starts as: zeros that nobody writes to. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dns_flow);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} axo_dns_zero SEC(".maps") __weak;

/** dns_tcp_query - stream_feed() */
VERIFIED_ONCE int dns_tcp_query(struct dns_flow *f, __u32 len)
{
	struct l7_scratch *room = l7_scratch_get();
	struct dns_state *s = dns_state_get();
	struct tail_call *t = tail_get();
	int used;

	if (!f || !room || !s || !t)
		return -1;
	if (!dns_stream_feed(&f->query, room->bytes, len))
		return len;
	used = f->query.pos;
	if (!dns_stream_take(&f->query, &s->w) || !dns_query_read(&s->w) || !dns_name_allowed(s))
		return -1;
	dns_asked_put(&t->p, s);
	return used;
}

static __always_inline int stream_feed(struct name_flow *n, __u32 len)
{
	return dns_tcp_query((struct dns_flow *)n, len);
}

/** dns_tcp_open - the server agrees to a connection: its entry, new unless the SYN-ACK is a repeat */
static __noinline int dns_tcp_open(const struct stream_packet *c)
{
	struct dns_flow *f;
	const void *zeros;
	__u32 zero = 0;

	if (c->n && stream_is_repeat(c->n, &c->s))
		return 0;
	zeros = bpf_map_lookup_elem(&axo_dns_zero, &zero);
	if (!zeros || bpf_map_update_elem(&axo_dns_flow, &c->p->key, zeros, BPF_ANY))
		return -AXO_DROP_L7_FULL;
	f = bpf_map_lookup_elem(&axo_dns_flow, &c->p->key);
	if (!f)
		return -AXO_DROP_L7_FULL;
	stream_start(&f->n, &c->s);
	return 0;
}

/** struct dns_tcp_read - argument of dns_tcp_step(); @pos: offset in the payload */
struct dns_tcp_read {
	struct __sk_buff *skb;
	const struct stream_packet *c;
	struct dns_flow *f;
	struct dns_state *s;
	struct l7_scratch *room;
	__u32 pos;
};

static long dns_tcp_step(__u32 i, struct dns_tcp_read *r)
{
	__u32 n = r->c->s.len - r->pos;

	(void)i;
	if (r->pos >= r->c->s.len)
		return 1;
	if (n > DNS_CHUNK)
		n = DNS_CHUNK;
	if (l7_scratch_load(r->skb, r->room, r->c->s.off + r->pos, n))
		return 1;
	if (dns_stream_feed(&r->f->answer, r->room->bytes, n) &&
	    dns_stream_take(&r->f->answer, &r->s->w))
		dns_answer_learn(r->c->p, r->s);
	r->pos += r->f->answer.pos;
	return 0;
}

/** dns_tcp_answer - a server's segment with payload, the entry being ours.  0 or -AXO_DROP_x */
static __noinline int dns_tcp_answer(struct __sk_buff *skb, struct stream_packet *c,
				     struct dns_state *s)
{
	struct dns_tcp_read r = {
		.skb = skb,
		.c = c,
		.f = (struct dns_flow *)c->n,
		.s = s,
		.room = l7_scratch_get(),
		.pos = c->n->server_next - c->s.seq,
	};

	if (!r.room || seq_before(c->n->server_next, c->s.seq))
		return -AXO_DROP_L7_ORDER;
	if (seq_before(c->n->server_next, c->s.seq + c->s.len))
		bpf_loop(STREAM_STEPS, dns_tcp_step, &r, 0);
	return 0;
}

/** dns_tcp_server - 0 = it may pass, -AXO_DROP_x, or a TC action */
static __always_inline int dns_tcp_server(struct __sk_buff *skb, struct stream_packet *c,
					  struct dns_state *s)
{
	int rc = 0;

	if (c->s.len && c->n->mode == NAME_FLOW_OPEN) {
		if (!stream_lock(c->n))
			return -AXO_DROP_L7_BUSY;
		rc = dns_tcp_answer(skb, c, s);
		stream_unlock(c->n);
	}
	return rc ?: stream_server(skb, c);
}

/** dns_tcp - 0: it goes on; else a TC action or -AXO_DROP_x */
static __always_inline int dns_tcp(struct __sk_buff *skb, struct packet *p, struct dns_state *s)
{
	struct stream_packet c = {.p = p};
	int rc;

	c.f = flow_find(p);
	if (!c.f)
		return -AXO_DROP_FEATURE;
	rc = stream_parse(skb, &c);
	if (rc)
		return rc;
	c.n = bpf_map_lookup_elem(&axo_dns_flow, &p->key);
	if (s->client)
		return c.n ? stream_client(skb, &c) : stream_unknown(skb, &c);
	if (l7_has(p, TCP_SYN) && l7_has(p, TCP_ACK))
		return dns_tcp_open(&c);
	return c.n ? dns_tcp_server(skb, &c, s) : stream_unknown(skb, &c);
}

#endif
