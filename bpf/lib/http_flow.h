/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections with HTTP rules (include/axoneme/http_flow.h): made on the server's SYN-ACK, owned by
 * one CPU at a time, ended with resets or with an answer.
 */
#ifndef BPF_LIB_HTTP_FLOW_H
#define BPF_LIB_HTTP_FLOW_H

#include "axoneme/http_flow.h"
#include "bpf/lib/l7_bytes.h"
#include "bpf/lib/l7_reset.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_HTTP_FLOWS);
	__type(key, struct axo_flow_key);
	__type(value, struct axo_http_flow);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_http_flow SEC(".maps") __weak;

/* What a new entry starts as: zeros that nobody writes to.  Too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct axo_http_flow);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} axo_http_zero SEC(".maps") __weak;

/** struct http_packet - all that the steps know of the packet in hand; @o: what l7_tcp.h asks for */
struct http_packet {
	struct packet *p;
	struct axo_flow *f;
	struct axo_http_flow *h;
	struct l7_packet s;
	struct l7_segment o;
};

/* How often a CPU asks for an entry that another one works on: some microseconds. */
#define HTTP_BUSY_TRIES 2000

static long http_try(__u32 i, struct axo_http_flow **h)
{
	(void)i;
	return !__sync_val_compare_and_swap(&(*h)->busy, 0, 1);
}

/** http_lock - false = it stays busy; the packet is to be dropped */
static __always_inline bool http_lock(struct axo_http_flow *h)
{
	if (!__sync_val_compare_and_swap(&h->busy, 0, 1))
		return true;
	return bpf_loop(HTTP_BUSY_TRIES, http_try, &h, 0) < HTTP_BUSY_TRIES;
}

static __always_inline void http_unlock(struct axo_http_flow *h)
{
	__sync_fetch_and_and(&h->busy, 0);
}

/**
 * http_open - the server agrees to a connection: its entry, new unless the SYN-ACK is a repeat
 *
 * A program that is interrupted here leaves no half of an entry behind: the client cannot send
 * before the SYN-ACK has passed.
 */
static __noinline int http_open(const struct packet *p, const struct l7_packet *s)
{
	struct axo_http_flow *h = bpf_map_lookup_elem(&axo_http_flow, &p->key), *fresh;
	__u32 zero = 0;

	if (h && h->mode == AXO_HTTP_FLOW_OPEN && !h->watched && h->tcp.first_seq == s->ack &&
	    h->server_first == s->seq + 1)
		return 0;
	fresh = bpf_map_lookup_elem(&axo_http_zero, &zero);
	if (!fresh || bpf_map_update_elem(&axo_http_flow, &p->key, fresh, BPF_ANY))
		return -AXO_DROP_L7_FULL;
	h = bpf_map_lookup_elem(&axo_http_flow, &p->key);
	if (!h)
		return -AXO_DROP_L7_FULL;
	l7_tcp_start(&h->tcp, s->ack);
	for (int i = 0; i < AXO_L7_KEY_WORDS; i++)
		h->tcp.key[i] = bpf_get_prandom_u32();
	h->server_first = s->seq + 1;
	h->server_next = s->seq + 1;
	return 0;
}

/** http_over - ended by the program, so neither end's FIN passes; @mode: enum axo_http_flow_mode */
static __always_inline void http_over(const struct http_packet *c, __u8 mode)
{
	c->h->mode = mode;
	/* Else the flow, and its entry with it, would stay as long as an idle connection does. */
	c->f->state = AXO_FLOW_CLOSING;
}

/** http_reset - of an open connection; nothing more is told to either end.  TC action */
static __noinline int http_reset(struct __sk_buff *skb, const struct http_packet *c, __u8 reason)
{
	struct axo_http_flow *h = c->h;

	drop_tell(skb, c->p, reason);
	http_over(c, AXO_HTTP_FLOW_RESET);
	return l7_reset_both(skb, c->p, c->f, &c->s,
			     c->p->side == c->f->originator ? h->tcp.sent : h->server_next);
}

/** http_unknown - no entry: a handshake, the last packets of a connection, or one that is older */
static __noinline int http_unknown(struct __sk_buff *skb, const struct packet *p,
				   struct axo_flow *f, const struct l7_packet *s)
{
	if (l7_has(p, TCP_RST) || (l7_has(p, TCP_SYN) && !l7_has(p, TCP_ACK)))
		return 0;
	if (!s->len && f->state == AXO_FLOW_CLOSING)
		return 0;
	drop_tell(skb, p, AXO_DROP_L7_UNKNOWN);
	/* As in http_over(): neither end's FIN will come. */
	f->state = AXO_FLOW_CLOSING;
	return l7_reset_both(skb, p, f, s, s->seq);
}

#endif
