/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP reader of a connection: what its owner calls.
 *
 *	http_ready(c, pool, tables)		before each packet; tables are those of the flow
 *	event = http_request(&run, c, from, len)	for chunks of what the client sends, in order
 *	event = http_response(&run, c, from, len)	for chunks of what the server sends
 *
 * A chunk is up to AXO_HTTP_CHUNK bytes in run.in; the reader stops in it at every event of enum
 * axo_http_event, and c->request[0].pos (c->response.pos) says how far it came: go on from there
 * with the same chunk, if it is not at its end.  On AXO_HTTP_BODY, http_skip() says how much of what
 * follows needs no look at all.  DENY is for good; so is OPAQUE.  A request is let through when
 * AXO_HTTP_HEAD came with c->result.denied == 0; a denied one ends the connection: nothing may be
 * read from it any more.
 *
 * The bytes of an open head may be let through as they come: what a server has not seen the end of
 * it does not serve.
 */
#ifndef BPF_LIB_L7_HTTP_H
#define BPF_LIB_L7_HTTP_H

#include "bpf/lib/l7_http_table.h"

/** http_skip - take up to @n bytes of data that nobody looks at; how many were taken */
static __always_inline __u64 http_skip(struct axo_http *h, __u64 n)
{
	return h->mode == HTTP_BODY || h->mode == HTTP_CHUNK_DATA ? http_take(h, n) : 0;
}

/* The server's answers are remembered in order; with too many of them nobody listens any more. */
static __always_inline void http_expect(struct axo_http_conn *c)
{
	if (c->pending >= AXO_HTTP_PENDING) {
		c->response.mode = HTTP_OPAQUE;
		return;
	}
	if (c->request[0].method == HTTP_WORD_HEAD)
		c->heads |= 1U << c->pending;
	else
		c->heads &= ~(1U << c->pending);
	c->pending++;
}

/* All lanes have read the head. */
static __always_inline void http_verdict(struct axo_http_conn *c)
{
	struct axo_http_result *result = &c->result;
	struct axo_http *h = &c->request[0];
	__u32 other = h->flags & (HTTP_IS_CONNECT | HTTP_HAS_UPGRADE);

	for (__u32 dir = 0; dir < 2; dir++)
		if (c->enforce[dir] && result->rule[dir] == AXO_HTTP_NO_RULE)
			result->denied = 1;
	if (result->denied) {
		result->reason = http_reason(h);
		http_deny(h, result->reason);
		h->event = AXO_HTTP_HEAD;
		return;
	}
	http_expect(c);
	if (!other)
		return;
	/* Bytes behind it belong to nobody knows which protocol. */
	if (!(h->table & AXO_L7_ENFORCE)) {
		h->mode = HTTP_OPAQUE;
	} else if (h->mode == HTTP_START) {
		h->mode = HTTP_HOLD;
		result->hold = 1;
	} else {
		result->denied = 1;
		result->reason = AXO_HTTP_DENY_EARLY;
		http_deny(h, AXO_HTTP_DENY_EARLY);
		h->event = AXO_HTTP_HEAD;
	}
}

/* One more lane reads what lane 0 has read of a head; they differ in tables only. */
static __noinline void http_request_lane(struct http_run *r, struct axo_http_conn *c, __u32 n,
					 __u32 from)
{
	struct axo_http *h = &c->request[n & (AXO_L7_LANES - 1)], *first = &c->request[0];

	if (h->mode == HTTP_OPAQUE || first->event == AXO_HTTP_DENY)
		return;
	r->h = h;
	http_lane_run(r, from, first->pos);
	if (h->event == AXO_HTTP_DENY && !(h->table & AXO_L7_ENFORCE)) {
		h->mode = HTTP_OPAQUE;
		return;
	}
	if (h->event != first->event) {
		http_deny(first, h->reason);
		return;
	}
	if (h->event != AXO_HTTP_HEAD)
		return;
	http_lane_judge(r);
	http_result_add(c, h, c->lane_dir[n & (AXO_L7_LANES - 1)]);
	h->mode = HTTP_START;
}

/* What a run that came to the end of its chunk without an event means. */
static __always_inline __u8 http_rest(struct axo_http *h)
{
	if (h->event == AXO_HTTP_MORE && (h->mode == HTTP_BODY || h->mode == HTTP_CHUNK_DATA))
		h->event = AXO_HTTP_BODY;
	return h->event;
}

/** http_request - read bytes of the client, from @from to @len of the chunk; enum axo_http_event */
static __noinline int http_request(struct http_run *r, struct axo_http_conn *c, __u32 from,
				   __u32 len)
{
	struct axo_http *h = &c->request[0];
	int head = h->mode == HTTP_START || !(h->flags & HTTP_HEAD_READ);

	r->h = h;
	http_lane_run(r, from, len);
	if (h->event == AXO_HTTP_HEAD) {
		http_result_init(c, h);
		http_lane_judge(r);
		http_result_add(c, h, c->lane_dir[0]);
	}
	for (__u32 i = 1; i < AXO_L7_LANES; i++)
		if (head && i < c->lanes)
			http_request_lane(r, c, i, from);
	if (h->event == AXO_HTTP_HEAD)
		http_verdict(c);
	if (h->event == AXO_HTTP_DENY && !(h->table & AXO_L7_ENFORCE)) {
		h->mode = HTTP_OPAQUE;
		h->event = AXO_HTTP_OPAQUE;
	}
	return http_rest(h);
}

/* The head of a final response was read. */
static __always_inline void http_answered(struct axo_http_conn *c)
{
	struct axo_http *h = &c->response, *q = &c->request[0];
	int head = c->heads & 1, tunnel;

	if (!c->pending) {
		h->mode = HTTP_OPAQUE; /* to no request: an error of the server, or no HTTP */
		return;
	}
	c->pending--;
	c->heads >>= 1;
	if (head || h->status == 204 || h->status == 304)
		h->mode = HTTP_START;
	if (q->mode != HTTP_HOLD || c->pending)
		return;
	tunnel = h->status == 101 || (q->flags & HTTP_IS_CONNECT && h->status / 100 == 2);
	q->mode = tunnel ? HTTP_TUNNEL : HTTP_START;
	if (tunnel)
		h->mode = HTTP_TUNNEL;
}

/**
 * http_response - read bytes of the server; enum axo_http_event, but never DENY
 *
 * On AXO_HTTP_HEAD, c->response.status is the status code; below 200, but for 101, more follow.
 * Responses are watched, not judged: one that cannot be read makes the direction OPAQUE.
 */
static __noinline int http_response(struct http_run *r, struct axo_http_conn *c, __u32 from,
				    __u32 len)
{
	struct axo_http *h = &c->response;

	r->h = h;
	http_lane_run(r, from, len);
	if (h->event == AXO_HTTP_HEAD) {
		if (h->status >= 200 || h->status == 101)
			http_answered(c);
		else
			h->mode = HTTP_START;
	}
	if (h->event == AXO_HTTP_DENY) {
		h->mode = HTTP_OPAQUE;
		h->event = AXO_HTTP_OPAQUE;
	}
	/* Nobody will say any more whether the other protocol was accepted. */
	if (h->mode == HTTP_OPAQUE && c->request[0].mode == HTTP_HOLD)
		http_deny(&c->request[0], AXO_HTTP_DENY_EARLY);
	return http_rest(h);
}

#endif
