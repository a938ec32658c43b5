/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP reader: method and target, normalised while they pass.
 *
 * What the automaton of targets sees is "METHOD SP TARGET", the target in these steps (RFC 3986,
 * 6.2.2), which need no copy of it:
 *      1. an absolute target is its path and query; no path is "/"
 *      2. in the path, percent-encoded unreserved characters are decoded (6.2.2.2), and hex digits
 *         of those that stay are upper case (6.2.2.1); in the query only the latter
 *      3. several slashes are one
 *      4. "." segments vanish, ".." takes the segment before it along (5.2.4): the automaton's row
 *         behind every slash is on a stack, so taking back is going back to a row
 *
 * What servers are known to read differently is refused: encoded slashes and backslashes (unless a
 * rule speaks of them), encoded control bytes, ".." above the root, behind merged slashes or more
 * than AXO_HTTP_DEPTH segments back, segments like "..;x".
 */
#ifndef BPF_LIB_L7_HTTP_TARGET_H
#define BPF_LIB_L7_HTTP_TARGET_H

#include "bpf/lib/l7_http_mode.h"

#define HTTP_WORD_CONNECT 0x434f4e4e454354ULL
#define HTTP_WORD_OPTIONS 0x4f5054494f4e53ULL
#define HTTP_WORD_HEAD 0x48454144ULL
#define HTTP_WORD_SCHEME 0x687474703a2f2fULL /* http:// */
#define HTTP_METHOD_MAX 24

/* A byte of the method; 0 when something else comes. */
static __always_inline int http_method_byte(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r);

	h->pos++;
	if (b == ' ' && h->count) {
		if (h->method == HTTP_WORD_CONNECT && h->count == 7)
			h->flags |= HTTP_IS_CONNECT;
		http_move(r, AXO_L7_END);
		h->target_at = h->origin + h->pos;
		h->mode = HTTP_TARGET;
		return 0;
	}
	if ((!http_is_alpha(b) && !http_is_digit(b) && b != '-' && b != '_') ||
	    h->count >= HTTP_METHOD_MAX) {
		http_deny(h, AXO_HTTP_DENY_METHOD);
		return 0;
	}
	h->method = h->method << 8 | b;
	h->count++;
	http_move_byte(r, b);
	return 1;
}

static __always_inline void http_method(const struct http_run *r)
{
	for (__u32 i = 0; i < 5; i++)
		if (r->h->pos >= r->h->len || !http_method_byte(r))
			return;
}

/* A slash of the path was read. */
static __always_inline void http_slash(const struct http_run *r)
{
	struct axo_http *h = r->h;

	http_move(r, AXO_L7_SLASH);
	h->stack[h->depth & (AXO_HTTP_DEPTH - 1)] = h->row;
	h->depth++;
	if (h->depth > h->deep)
		h->deep = h->depth;
	h->dots = 0;
	h->mode = HTTP_SEGMENT;
	if (!h->depth) /* 256 segments */
		http_deny(h, AXO_HTTP_DENY_TARGET);
}

/* ".." is complete. */
static __always_inline void http_dot_dot(const struct http_run *r)
{
	struct axo_http *h = r->h;

	if (h->depth < 2 || h->flags & HTTP_MERGED ||
	    (__u8)(h->deep - h->depth) + 1 >= AXO_HTTP_DEPTH) {
		http_deny(h, AXO_HTTP_DENY_DOTS);
		return;
	}
	h->depth--;
	h->row = h->stack[(h->depth - 1) & (AXO_HTTP_DEPTH - 1)];
	h->dots = 0;
}

/* Dots that turned out to start a name. */
static __always_inline void http_dots_flush(const struct http_run *r)
{
	if (r->h->dots)
		http_move_byte(r, '.');
	if (r->h->dots == 2)
		http_move_byte(r, '.');
	r->h->dots = 0;
}

static __always_inline void http_target_end(const struct http_run *r)
{
	struct axo_http *h = r->h;

	h->accept = http_accepted(r, HTTP_AUTOMATON(h, target));
	h->target_end = h->origin + h->pos - 1;
	h->mode = HTTP_VERSION;
	h->left = 0;
	h->count = 0;
}

/* SP, '?' or '%', wherever they stand in a path or query; dots of the segment are dealt with. */
static __always_inline void http_target_special(const struct http_run *r, __u32 code)
{
	struct axo_http *h = r->h;

	switch (code) {
	case AXO_L7_END:
		http_target_end(r);
		break;
	case AXO_L7_QUERY:
		http_move(r, AXO_L7_QUERY);
		h->mode = HTTP_QUERY;
		break;
	case AXO_L7_PCT:
		h->back = h->mode;
		h->mode = HTTP_PCT1;
		break;
	default:
		http_deny(h, AXO_HTTP_DENY_TARGET);
	}
}

/* Byte @b at the start of a segment, as received or decoded; @code: its class. */
static __always_inline void http_segment_byte(const struct http_run *r, __u32 b, __u32 code)
{
	struct axo_http *h = r->h;

	if (b == '.' && h->dots < 2) {
		h->dots++;
		return;
	}
	if (h->dots && b == ';') {
		http_deny(h, AXO_HTTP_DENY_DOTS);
		return;
	}
	if (code >= AXO_L7_PLAIN) {
		http_dots_flush(r);
		http_move(r, code);
		h->mode = HTTP_PATH;
		return;
	}
	if (code != AXO_L7_PCT) {
		if (code == AXO_L7_SLASH && !h->dots)
			h->flags |= HTTP_MERGED;
		if (h->dots == 2)
			http_dot_dot(r);
		h->dots = 0;
	}
	if (code != AXO_L7_SLASH && !h->event)
		http_target_special(r, code);
}

static __always_inline void http_segment(const struct http_run *r)
{
	__u32 b = http_byte(r), code = http_class(r, r->h->classes, b);

	if (code >= AXO_L7_PLAIN && b != '.' && !r->h->dots) {
		r->h->mode = HTTP_PATH; /* which reads it */
		return;
	}
	r->h->pos++;
	http_segment_byte(r, b, code);
}

/* A byte that is no data stopped the automaton in the path. */
static __always_inline void http_path(const struct http_run *r, __u32 code)
{
	if (code == AXO_L7_SLASH)
		http_slash(r);
	else
		http_target_special(r, code);
}

static __always_inline void http_query(const struct http_run *r, __u32 code)
{
	if (code == AXO_L7_SLASH || code == AXO_L7_QUERY)
		http_move(r, code);
	else
		http_target_special(r, code);
}

#endif
