/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The HTTP reader (l7_http.h) in a program: its pool of tables, its chunks, and what becomes of its
 * events: free bytes for l7_tcp.h, times and bytes for those who watch.
 */
#ifndef BPF_LIB_HTTP_READ_H
#define BPF_LIB_HTTP_READ_H

#include "bpf/lib/http_flow.h"
#include "bpf/lib/l7_pool.h"

/** http_table - of the feature set of one policy; 0 = none */
static __always_inline __u32 http_table(__u32 set)
{
	const struct axo_feature_set *features;

	if (!set)
		return 0;
	features = bpf_map_lookup_elem(&axo_feature, &set);
	return features ? features->http : 0;
}

/** http_run_get - what the reader works on; false = it is not there */
static __always_inline bool http_run_get(struct http_run *run)
{
	struct l7_scratch *room = l7_scratch_get();

	run->pool = l7_pool();
	if (!room || !run->pool)
		return false;
	run->in = room->bytes;
	return true;
}

/** http_prepare - give the readers the tables of the flow; 0, or not: it has none */
VERIFIED_ONCE int http_prepare(struct axo_http_conn *c, __u32 set0, __u32 set1)
{
	__u32 table[2] = {http_table(set0), http_table(set1)};
	struct http_run run = {};

	if (!c || !http_run_get(&run) || !(table[0] | table[1]))
		return -1;
	http_ready(&run, c, table);
	return 0;
}

/** http_read - @n bytes in the room, at most AXO_HTTP_CHUNK; enum axo_http_event */
VERIFIED_ONCE int http_read(struct axo_http_conn *c, __u32 n)
{
	struct http_run run = {};

	if (!c || !http_run_get(&run))
		return AXO_HTTP_DENY;
	return http_request(&run, c, 0, n);
}

/** http_see - keep the first bytes of a head, while somebody watches */
static __always_inline void http_see(struct __sk_buff *skb, struct axo_http_flow *h, __u32 off,
				     __u32 n)
{
	__u32 at = h->seen_len & (AXO_HTTP_SEEN - 1);

	if (h->seen_len >= AXO_HTTP_SEEN || !n)
		return;
	/* At most AXO_HTTP_SEEN bytes behind at most as many: @seen has room for both. */
	n = ((n - 1) & (AXO_HTTP_SEEN - 1)) + 1;
	if (!bpf_skb_load_bytes(skb, off, h->seen + at, n))
		h->seen_len += n;
}

/** http_head_done - a request may pass: what follows its head, and the watch */
static __always_inline void http_head_done(struct axo_http_flow *h)
{
	h->rule[0] = h->http.result.rule[0];
	h->rule[1] = h->http.result.rule[1];
	h->turns++;
	h->request_ns = bpf_ktime_get_ns();
}

/** http_tell_head - the head of a request ends in the packet @p, which is that of a tail call */
static __always_inline void http_tell_head(struct packet *p, const struct axo_http_result *result)
{
	struct tail_call *t = (struct tail_call *)p;

	_Static_assert(!offsetof(struct tail_call, p), "the packet is not where it starts");
	if (!t->heads++)
		t->filters = result->chaos[0] | result->chaos[1];
}

/** http_tell - how far the reader came in the packet @p of the client */
static __always_inline void http_tell(struct packet *p, const struct axo_http_flow *h)
{
	const struct axo_http *q = &h->http.request[0];
	struct tail_call *t = (struct tail_call *)p;

	if (q->mode == HTTP_TUNNEL || q->mode == HTTP_OPAQUE || q->mode == HTTP_DENIED)
		t->told = TAIL_TOLD_NOTHING;
	else if (q->mode > HTTP_DATA && !(q->flags & HTTP_HEAD_READ))
		t->told = TAIL_TOLD_OPEN;
	else
		t->told = TAIL_TOLD_DATA;
}

/** http_read_request - @n bytes in the room, at most AXO_HTTP_CHUNK; enum axo_http_event */
static __always_inline __u32 http_read_request(struct axo_http_flow *h, __u32 n)
{
	struct axo_http *first = &h->http.request[0];
	__u32 event = http_read(&h->http, n);

	if (event == AXO_HTTP_HEAD && h->http.result.denied)
		return AXO_HTTP_DENY;
	if (event == AXO_HTTP_HEAD)
		http_head_done(h);
	if (event == AXO_HTTP_OPAQUE || first->mode == HTTP_TUNNEL || first->mode == HTTP_OPAQUE)
		h->tcp.skip = ~0ull;
	else
		h->tcp.skip = http_skip(first, ~0ull);
	return event;
}

#endif
