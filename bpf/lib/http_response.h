/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a server sends: nothing of it is judged.  Its acknowledgements say what need not be kept of
 * the client's stream; the first bytes after a request say how it was answered.
 *
 * Responses are not read beyond that.  The first payload after a request begins a response; with
 * requests that are pipelined, the first of a turn.
 *
 * A request for another protocol (Upgrade, CONNECT) is held until the server has agreed.  That is
 * believed of the first response of a connection only, whose place in the stream is certain: bytes
 * of an earlier response's body could be made to look like the agreement.
 */
#ifndef BPF_LIB_HTTP_RESPONSE_H
#define BPF_LIB_HTTP_RESPONSE_H

#include "bpf/lib/http_event.h"
#include "bpf/lib/http_read.h"

#define HTTP_STATUS_LINE 12 /* "HTTP/1.1 200" */

/** http_status_code - of "HTTP/1.1 200"; 0 = it is none */
static __always_inline __u32 http_status_code(const __u8 *line)
{
	__u32 a = line[9] - '0', b = line[10] - '0', c = line[11] - '0';

	if (line[0] != 'H' || line[4] != '/' || line[8] != ' ' || a > 9 || b > 9 || c > 9)
		return 0;
	return a * 100 + b * 10 + c;
}

/** http_agreed - the server's first response is @status: what is held may go on, or need not wait */
static __always_inline void http_agreed(struct axo_http_flow *h, __u32 status)
{
	struct axo_http *q = &h->http.request[0];
	bool connect = q->flags & HTTP_IS_CONNECT;

	if (q->mode != HTTP_HOLD)
		return;
	q->mode = status == 101 || (connect && status / 100 == 2) ? HTTP_TUNNEL : HTTP_START;
	if (q->mode == HTTP_TUNNEL)
		h->tcp.skip = ~0ull;
}

/** http_begins - the first payload of a turn */
static __noinline void http_begins(struct __sk_buff *skb, struct http_packet *c)
{
	struct axo_http_flow *h = c->h;
	__u8 line[HTTP_STATUS_LINE] = {};
	__u32 status;

	if (c->s.len < sizeof(line) || bpf_skb_load_bytes(skb, c->s.off, line, sizeof(line)))
		status = 0;
	else
		status = http_status_code(line);
	if (status && status < 200 && status != 101)
		return;
	if (c->s.seq == h->server_first && h->turns == 1)
		http_agreed(h, status);
	http_event_response(c, status);
	h->turns = 0;
}

/** http_server_data - 0, or -AXO_DROP_L7_BUSY */
static __noinline int http_server_data(struct __sk_buff *skb, struct http_packet *c)
{
	struct axo_http_flow *h = c->h;

	if (!http_lock(h))
		return -AXO_DROP_L7_BUSY;
	/* Not a repeat, and a request waits for it. */
	if (h->turns && c->s.len && !seq_before(c->s.seq, h->server_next))
		http_begins(skb, c);
	if (seq_before(h->server_next, c->o.seq + c->o.len + c->o.fin))
		h->server_next = c->o.seq + c->o.len + c->o.fin;
	http_unlock(h);
	return 0;
}

/** http_server - 0 = it may pass, -AXO_DROP_x, or a TC action */
static __always_inline int http_server(struct __sk_buff *skb, struct http_packet *c)
{
	struct packet *p = c->p;

	if (l7_has(p, TCP_SYN))
		return l7_has(p, TCP_ACK) ? http_open(p, &c->s) : 0;
	if (c->h->mode != AXO_HTTP_FLOW_OPEN)
		return l7_reset_back(skb, p, c->f, &c->s);
	if (l7_has(p, TCP_RST))
		return 0;
	if (l7_has(p, TCP_ACK) && !l7_tcp_ack(&c->h->tcp, c->s.ack))
		return http_reset(skb, c, AXO_DROP_L7_UNKNOWN);
	return c->s.len || c->o.fin ? http_server_data(skb, c) : 0;
}

#endif
