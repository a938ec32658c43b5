/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Watching: the HTTP reader where nothing is enforced, for the filters of chaos rules.
 *
 *      1. Nothing is denied, and no packet is dropped for its order: everything passes, and what
 *         the reader has not read matches no filter.
 *      2. Bytes are read in order.  What comes ahead of its time is not read, unless all that is
 *         missing before it is body; a repeat is not read again.
 *      3. When the client speaks again after the server has, and the reader has lost its place or
 *         does not understand, it begins anew with that packet: so it finds back behind a loss, on
 *         a connection that was there before it, and behind another protocol.
 *      4. An entry is made when the client first sends payload.  It is that of the program http, so
 *         that a request can be answered the same way (http_answer.h), but marked: a connection
 *         that gets rules while it is open is reset.
 */
#ifndef BPF_LIB_HTTP_WATCH_H
#define BPF_LIB_HTTP_WATCH_H

#include "bpf/lib/http_answer.h"
#include "bpf/lib/http_read.h"

/** watch_begin - read from byte @seq on, as if nothing had been before */
static __always_inline void watch_begin(struct axo_http_flow *h, __u32 seq)
{
	h->tcp.next = seq;
	h->tcp.skip = 0;
	for (int i = 0; i < AXO_L7_LANES; i++)
		h->http.request[i].mode = HTTP_START;
}

/** watch_open - the client's first payload; NULL = there is no room */
static __noinline struct axo_http_flow *watch_open(const struct packet *p,
						   const struct l7_packet *s)
{
	struct axo_http_flow *h, *fresh;
	__u32 zero = 0;

	fresh = bpf_map_lookup_elem(&axo_http_zero, &zero);
	if (!fresh)
		return NULL;
	bpf_map_update_elem(&axo_http_flow, &p->key, fresh, BPF_NOEXIST);
	h = bpf_map_lookup_elem(&axo_http_flow, &p->key);
	if (!h || h->watched)
		return h;
	l7_tcp_start(&h->tcp, s->seq);
	h->server_first = s->ack;
	h->server_next = s->ack;
	h->watched = 1;
	return h;
}

/** watch_place - can the reader read the segment?  It stands at its first new byte then */
static __always_inline bool watch_place(struct axo_http_flow *h, const struct l7_packet *s)
{
	struct axo_l7_tcp *t = &h->tcp;
	__u8 mode = h->http.request[0].mode;
	__u32 gap = s->seq - t->next;
	bool follows = !seq_before(t->next, s->seq) || t->skip >= gap;

	if (!seq_before(t->next, s->seq + s->len))
		return false;
	if (h->heard &&
	    (!follows || mode == HTTP_OPAQUE || mode == HTTP_TUNNEL || mode == HTTP_DENIED)) {
		watch_begin(h, s->seq);
		return true;
	}
	if (!follows)
		return false;
	if (seq_before(t->next, s->seq)) {
		t->skip -= gap;
		t->next = s->seq;
	}
	return true;
}

/** struct watch_feed - argument of watch_step(); @pos: offset in the payload of the next byte */
struct watch_feed {
	struct __sk_buff *skb;
	struct http_packet *c;
	struct l7_scratch *room;
	__u32 pos;
};

static __always_inline bool watch_free(struct watch_feed *w)
{
	struct axo_l7_tcp *t = &w->c->h->tcp;
	__u32 n = w->c->s.len - w->pos;

	if (!t->skip)
		return false;
	if (t->skip < n)
		n = t->skip;
	t->skip -= n;
	t->next += n;
	w->pos += n;
	return true;
}

static long watch_step(__u32 i, struct watch_feed *w)
{
	struct axo_http_flow *h = w->c->h;
	__u32 n, used, event;

	(void)i;
	if (w->pos >= w->c->s.len)
		return 1;
	if (watch_free(w))
		return 0;
	n = w->c->s.len - w->pos;
	if (n > AXO_HTTP_CHUNK)
		n = AXO_HTTP_CHUNK;
	if (l7_scratch_load(w->skb, w->room, w->c->s.off + w->pos, n))
		return 1;
	event = http_read_request(h, n);
	if (event == AXO_HTTP_HEAD)
		http_tell_head(w->c->p, &h->http.result);
	used = h->http.request[0].pos;
	w->pos += used;
	h->tcp.next += used;
	return event == AXO_HTTP_DENY;
}

/* Every step reads a byte at least; heads of a super-packet have 16 at least. */
#define WATCH_STEPS 16384

/** watch_client - payload of the client, the entry being ours */
static __noinline void watch_client(struct __sk_buff *skb, struct http_packet *c)
{
	struct watch_feed w = {.skb = skb, .c = c, .room = l7_scratch_get()};
	struct axo_http_flow *h = c->h;
	bool place = watch_place(h, &c->s);

	if (seq_before(h->tcp.sent, c->s.seq + c->s.len))
		h->tcp.sent = c->s.seq + c->s.len;
	if (!place) {
		h->heard = 0;
		return;
	}
	h->heard = 0;
	if (!w.room || http_prepare(&h->http, c->f->set[0], c->f->set[1]))
		return;
	w.pos = h->tcp.next - c->s.seq;
	bpf_loop(WATCH_STEPS, watch_step, &w, 0);
	http_tell(c->p, h);
}

/** watch_server - payload of the server: where the client's next request would be answered */
static __noinline void watch_server(struct __sk_buff *skb, struct http_packet *c)
{
	struct axo_http_flow *h = c->h;
	__u8 line[12] = {};

	if (!seq_before(h->server_next, c->s.seq + c->s.len + c->o.fin))
		return;
	h->server_next = c->s.seq + c->s.len + c->o.fin;
	if (!c->s.len)
		return;
	h->heard = 1;
	/* "HTTP/1.1 1": the response is still to come; not so behind 101. */
	if (c->s.len >= sizeof(line) && !bpf_skb_load_bytes(skb, c->s.off, line, sizeof(line)) &&
	    line[0] == 'H' && line[4] == '/' && line[8] == ' ' && line[9] == '1' && line[11] != '1')
		return;
	h->turns = 0;
}

/** watch_data - payload, or the server's FIN */
static __noinline void watch_data(struct __sk_buff *skb, struct http_packet *c)
{
	bool client = c->p->side == c->f->originator;

	if (!c->h && client && c->s.len)
		c->h = watch_open(c->p, &c->s);
	if (!c->h || !http_lock(c->h))
		return;
	c->h->watched = 1;
	if (!client)
		watch_server(skb, c);
	else if (c->s.len)
		watch_client(skb, c);
	http_unlock(c->h);
}

/** watch_syn - a connection begins: what is known of one before it with these ports goes */
static __noinline void watch_syn(const struct http_packet *c)
{
	if (c->h && !l7_has(c->p, TCP_ACK) && c->h->tcp.first_seq != c->s.seq + 1)
		bpf_map_delete_elem(&axo_http_flow, &c->p->key);
}

#endif
