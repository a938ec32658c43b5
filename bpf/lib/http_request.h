/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a client sends: put in order (l7_tcp.h), read (l7_http.h), let through or answered.
 *
 * What is judged must be what arrives.  A sender can change bytes that it gave to the kernel by
 * reference (sendfile() of a file that it writes to, vmsplice()), so bytes that might be such are
 * copied out of fragments into the head of the buffer (bpf_skb_pull_data()) before they are read:
 * that memory is the kernel's alone.  Bodies are not copied: what is in them changes no verdict.
 */
#ifndef BPF_LIB_HTTP_REQUEST_H
#define BPF_LIB_HTTP_REQUEST_H

#include "bpf/lib/http_answer.h"
#include "bpf/lib/http_event.h"
#include "bpf/lib/http_read.h"
#include "bpf/lib/l7_bytes.h"
#include "bpf/lib/l7_skb.h"

/* Bytes that are copied at first: most heads.  A longer one costs a copy of the whole packet. */
#define HTTP_PULL_FIRST 1024

/** http_pull - the first @len bytes of the payload are safe from their sender */
static __always_inline int http_pull(struct __sk_buff *skb, const struct http_packet *c, __u32 len)
{
	if (l7_skb_is_private(skb, c->s.off, c->s.len))
		return 0;
	return bpf_skb_pull_data(skb, c->s.off + len) ? -AXO_DROP_L7_ORDER : 0;
}

/** http_pull_first - as much as the look at a segment needs: nothing of what is wholly free */
static __always_inline __u32 http_pull_first(const struct http_packet *c)
{
	const struct axo_l7_tcp *t = &c->h->tcp;
	__u32 left = c->s.seq + c->s.len - t->next;

	if (seq_before(c->s.seq, t->next) && t->count)
		return c->s.len;
	if (left <= c->s.len && t->skip >= left)
		return 0;
	return c->s.len < HTTP_PULL_FIRST ? c->s.len : HTTP_PULL_FIRST;
}

/**
 * struct http_feed - argument of http_feed_step()
 * @pos:    offset in the payload of the next byte
 * @pulled: bytes of the payload that were copied
 * @chunk:  offset in the payload of what is in the room
 * @begin, @end: of the structure, offsets in the payload
 * @event:  enum axo_http_event, the last one
 * @watched: somebody listens to AXO_EVENT_L7
 * @rc:     -AXO_DROP_x: cannot go on
 */
struct http_feed {
	struct __sk_buff *skb;
	struct http_packet *c;
	struct l7_scratch *room;
	__u32 pos;
	__u32 pulled;
	__u32 chunk;
	__u32 begin;
	__u32 end;
	__u32 event;
	__u32 watched;
	int rc;
};

/** http_feed_free - go over free bytes of the segment; true = there were some */
static __always_inline bool http_feed_free(struct http_feed *feed)
{
	struct axo_l7_tcp *t = &feed->c->h->tcp;
	__u32 n = feed->c->s.len - feed->pos;

	if (!t->skip)
		return false;
	if (t->skip < n)
		n = t->skip;
	t->skip -= n;
	t->next += n;
	feed->pos += n;
	return true;
}

/** http_feed_chunk - one chunk of structure; 0 or -AXO_DROP_x */
static __always_inline int http_feed_chunk(struct http_feed *feed)
{
	__u32 n = feed->c->s.len - feed->pos, off = feed->c->s.off + feed->pos, used;
	struct axo_http_flow *h = feed->c->h;
	bool starts = h->http.request[0].mode == HTTP_START;

	if (n > AXO_HTTP_CHUNK)
		n = AXO_HTTP_CHUNK;
	if (feed->pos + n > feed->pulled) {
		if (http_pull(feed->skb, feed->c, feed->c->s.len))
			return -AXO_DROP_L7_ORDER;
		feed->pulled = feed->c->s.len;
	}
	if (l7_scratch_load(feed->skb, feed->room, off, n))
		return -AXO_DROP_L7_ORDER;
	feed->chunk = feed->pos;
	feed->event = http_read_request(h, n);
	if (feed->event == AXO_HTTP_HEAD)
		http_tell_head(feed->c->p, &h->http.result);
	used = h->http.request[0].pos;
	if (starts)
		h->seen_len = 0;
	if (feed->watched)
		http_see(feed->skb, h, off, used);
	if (feed->begin > feed->pos)
		feed->begin = feed->pos;
	feed->pos += used;
	feed->end = feed->pos;
	h->tcp.next += used;
	return 0;
}

/* Every step reads a byte at least; heads of a super-packet have 16 at least. */
#define HTTP_FEED_STEPS 16384

static long http_feed_step(__u32 i, struct http_feed *feed)
{
	(void)i;
	if (feed->pos >= feed->c->s.len)
		return 1;
	if (http_feed_free(feed))
		return 0;
	feed->rc = http_feed_chunk(feed);
	return feed->rc || feed->event == AXO_HTTP_DENY || feed->event == AXO_HTTP_HOLD;
}

/** http_keep - remember the structure that was read; 0 or not */
static __always_inline int http_keep(const struct http_feed *feed)
{
	struct http_packet *c = feed->c;

	/* Usually a head is one chunk, and still in the room. */
	if (!c->o.cut && !feed->begin && !feed->chunk && feed->end == c->o.len)
		return l7_tcp_keep_one(&c->h->tcp, &c->o,
				       l7_room_hash(feed->room, &c->h->tcp, feed->end));
	return l7_keep(feed->skb, &c->h->tcp, &c->o, (__u64)feed->begin << 32 | feed->end,
		       c->s.off);
}

/**
 * http_judge - the new bytes of a segment; @pulled: bytes of the payload that were copied
 *
 * Return: 0; -AXO_DROP_L7_DENIED: answer or reset; -AXO_DROP_L7_FORGED: reset, for the reader is
 * ahead of what could be copied.
 */
static __noinline int http_judge(struct __sk_buff *skb, struct http_packet *c, __u32 pulled)
{
	struct http_feed feed = {
		.skb = skb,
		.c = c,
		.room = l7_scratch_get(),
		.pos = c->h->tcp.next - c->s.seq,
		.pulled = pulled,
		.begin = ~0u,
		.watched = event_wanted(AXO_EVENT_L7),
	};

	if (!feed.room || http_prepare(&c->h->http, c->f->set[0], c->f->set[1]))
		return -AXO_DROP_L7_DENIED;
	bpf_loop(HTTP_FEED_STEPS, http_feed_step, &feed, 0);
	if (feed.rc)
		return -AXO_DROP_L7_FORGED;
	if (feed.event == AXO_HTTP_DENY || feed.pos < c->s.len)
		return -AXO_DROP_L7_DENIED;
	return feed.begin < feed.end && http_keep(&feed) ? -AXO_DROP_L7_FORGED : 0;
}

/** http_ordered - a segment with payload, the entry being ours.  0, or -AXO_DROP_x */
static __always_inline int http_ordered(struct __sk_buff *skb, struct http_packet *c)
{
	struct axo_l7_tcp *t = &c->h->tcp;
	__u32 pull = http_pull_first(c);
	enum l7_seg what;
	int rc;

	if (pull && http_pull(skb, c, pull))
		return -AXO_DROP_L7_ORDER;
	what = l7_look(skb, t, &c->o, c->s.off);
	if (what == L7_SEG_JUDGE && c->h->http.request[0].mode == HTTP_HOLD)
		what = L7_SEG_WAIT;
	if (what == L7_SEG_WAIT)
		what = l7_tcp_wait(t, bpf_ktime_get_coarse_ns());
	if (what == L7_SEG_WAIT)
		return -AXO_DROP_L7_ORDER;
	if (what == L7_SEG_FORGED)
		return -AXO_DROP_L7_FORGED;
	if (what == L7_SEG_STALLED)
		return -AXO_DROP_L7_STALLED;
	rc = what == L7_SEG_JUDGE ? http_judge(skb, c, pull) : 0;
	if (!rc)
		l7_tcp_passes(t, &c->o);
	return rc;
}

/** http_deny_request - tell, and answer it if that can be done.  TC action */
static __noinline int http_deny_request(struct __sk_buff *skb, struct http_packet *c)
{
	bool answer = http_may_answer(c);

	c->h->rule[0] = c->h->http.result.rule[0];
	c->h->rule[1] = c->h->http.result.rule[1];
	http_event_denied(c, answer ? 403 : 0);
	if (answer)
		return http_answer(skb, c, L7_TEXT_403, AXO_DROP_L7_DENIED);
	return http_reset(skb, c, AXO_DROP_L7_DENIED);
}

/** http_client_data - 0, -AXO_DROP_x, or the TC action of an answer */
static __noinline int http_client_data(struct __sk_buff *skb, struct http_packet *c)
{
	int rc = l7_csum_check(skb, c->p, &c->s);

	if (rc)
		return rc;
	if (!http_lock(c->h))
		return -AXO_DROP_L7_BUSY;
	rc = http_ordered(skb, c);
	http_tell(c->p, c->h);
	if (rc == -AXO_DROP_L7_DENIED)
		rc = http_deny_request(skb, c);
	else if (rc == -AXO_DROP_L7_FORGED || rc == -AXO_DROP_L7_STALLED)
		rc = http_reset(skb, c, -rc);
	http_unlock(c->h);
	return rc;
}

/** http_client - 0 = it may pass, -AXO_DROP_x, or a TC action */
static __always_inline int http_client(struct __sk_buff *skb, struct http_packet *c)
{
	struct packet *p = c->p;

	if (l7_has(p, TCP_SYN))
		return l7_has(p, TCP_ACK) ? -AXO_DROP_L7_FORM : 0;
	if (c->h->mode == AXO_HTTP_FLOW_ANSWERED)
		return http_client_end(skb, c);
	if (c->h->mode != AXO_HTTP_FLOW_OPEN)
		return l7_reset_back(skb, p, c->f, &c->s);
	if (l7_has(p, TCP_RST))
		return 0;
	if (c->s.len)
		return http_client_data(skb, c);
	if (l7_has(p, TCP_FIN) && !seq_before(c->h->tcp.next, c->s.seq))
		l7_tcp_passes(&c->h->tcp, &c->o);
	return 0;
}

#endif
