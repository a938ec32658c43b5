/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP reader: a head is complete; which rule allows it, which chaos filters match? */
#ifndef BPF_LIB_L7_HTTP_JUDGE_H
#define BPF_LIB_L7_HTTP_JUDGE_H

#include "bpf/lib/l7_http_step.h"

#define HTTP_CANDIDATE_WORDS (sizeof(struct axo_l7_candidate) / 4)
#define HTTP_FILTERS_MAX 64

/* A record of hosts is a bit mask. */
static __always_inline __u32 http_host_bit(const struct http_run *r, __u32 record, __u32 host)
{
	return record && http_word(r, record + host / 32) >> (host % 32) & 1;
}

/* Does host expression @host - 1 hold, for whatever names a host?  0 = none is asked for. */
static __always_inline int http_host_holds(const struct http_run *r, __u32 host)
{
	const struct axo_http *h = r->h;

	if (!host--)
		return 1;
	if (!(h->flags & (HTTP_HAS_HOST | HTTP_IS_ABSOLUTE)))
		return 0;
	if (h->flags & HTTP_HAS_HOST && !http_host_bit(r, h->host, host))
		return 0;
	return !(h->flags & HTTP_IS_ABSOLUTE) || http_host_bit(r, h->authority, host);
}

/* The flags that a candidate must have for what the request asks for. */
static __always_inline __u32 http_asked(const struct axo_http *h)
{
	return (h->flags & HTTP_IS_CONNECT ? AXO_L7_CONNECT : 0) |
	       (h->flags & HTTP_HAS_UPGRADE ? AXO_L7_UPGRADE : 0);
}

static long http_candidate_step(__u32 i, void *context)
{
	const struct http_run *r = context;
	struct axo_http *h = r->h;
	__u32 at = h->accept + sizeof(struct axo_l7_match) / 4 + i * HTTP_CANDIDATE_WORDS;
	__u32 asked = http_asked(h);

	if ((http_word(r, at + 6) & asked) != asked || http_mask(r, at + 2) & ~h->held ||
	    !http_host_holds(r, http_word(r, at + 1)))
		return 0;
	h->rule = http_word(r, at);
	h->log = http_mask(r, at + 4) & ~h->held;
	return 1;
}

static long http_filter_step(__u32 i, void *context)
{
	const struct http_run *r = context;
	struct axo_http *h = r->h;
	__u32 at = h->accept + sizeof(struct axo_l7_match) / 4 +
		   http_word(r, h->accept) * HTTP_CANDIDATE_WORDS + 2 * i;

	if (http_host_holds(r, http_word(r, at + 1)))
		h->chaos |= 1ULL << (http_word(r, at) & 63);
	return 0;
}

/** http_lane_judge - fills @rule, @log and @chaos of the lane, whose head is complete */
static __always_inline void http_lane_judge(struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 rules, filters;

	h->rule = AXO_HTTP_NO_RULE;
	h->chaos = 0;
	h->log = 0;
	if (!h->accept)
		return;
	rules = http_word(r, h->accept);
	filters = http_word(r, h->accept + 1);
	if (rules)
		http_loop(rules < AXO_HTTP_CANDIDATES ? rules : AXO_HTTP_CANDIDATES,
			  http_candidate_step, r);
	if (filters)
		http_loop(filters < HTTP_FILTERS_MAX ? filters : HTTP_FILTERS_MAX, http_filter_step,
			  r);
}

/* What lane @i says becomes part of the result. */
static __always_inline void http_result_add(struct axo_http_conn *c, const struct axo_http *h,
					    __u32 dir)
{
	struct axo_http_result *result = &c->result;

	result->chaos[dir & 1] |= h->chaos;
	if (h->rule < result->rule[dir & 1])
		result->rule[dir & 1] = h->rule;
	if (h->rule != AXO_HTTP_NO_RULE)
		result->log |= h->log;
}

static __always_inline void http_result_init(struct axo_http_conn *c, const struct axo_http *h)
{
	struct axo_http_result *result = &c->result;

	result->rule[0] = AXO_HTTP_NO_RULE;
	result->rule[1] = AXO_HTTP_NO_RULE;
	result->chaos[0] = 0;
	result->chaos[1] = 0;
	result->log = 0;
	result->method = h->method;
	result->target_at = h->target_at;
	result->target_end = h->target_end;
	result->host_at = h->host_at;
	result->host_end = h->host_end;
	result->head_len = h->origin + h->pos;
	result->minor = h->flags & HTTP_MINOR;
	result->denied = 0;
	result->reason = AXO_HTTP_DENY_NONE;
	result->hold = 0;
}

static __always_inline __u8 http_reason(const struct axo_http *h)
{
	if (h->flags & HTTP_IS_CONNECT)
		return AXO_HTTP_DENY_CONNECT;
	return h->flags & HTTP_HAS_UPGRADE ? AXO_HTTP_DENY_UPGRADE : AXO_HTTP_DENY_RULE;
}

#endif
