/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP reader: the first line of a request or response, but for path and query (l7_http_target.h). */
#ifndef BPF_LIB_L7_HTTP_LINE_H
#define BPF_LIB_L7_HTTP_LINE_H

#include "bpf/lib/l7_http_percent.h"

#define HTTP_WORD_10 0x485454502f312e30ULL /* HTTP/1.0 */

/* Forget the message before. */
static __always_inline void http_restart(struct axo_http *h)
{
	h->left = 0;
	h->method = 0;
	h->held = 0;
	h->named = 0;
	h->chaos = 0;
	h->log = 0;
	h->accept = 0;
	h->host = 0;
	h->authority = 0;
	h->host_at = 0;
	h->host_end = 0;
	h->flags = 0;
	h->count = 0;
	h->dots = 0;
	h->depth = 0;
	h->deep = 0;
	h->origin = 0 - (__u32)h->pos;
}

static __always_inline void http_start(const struct http_run *r)
{
	struct axo_http *h = r->h;

	http_restart(h);
	if (h->response) {
		h->mode = HTTP_STATUS;
		return;
	}
	http_automaton(r, HTTP_AUTOMATON(h, target));
	h->mode = HTTP_METHOD;
}

/* First byte of the target: which form has it? */
static __always_inline void http_target(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r);

	h->pos++;
	if (h->flags & HTTP_IS_CONNECT) {
		http_move_byte(r, b);
		h->mode = HTTP_RAW;
		if (http_class(r, h->classes, b) < AXO_L7_PLAIN)
			http_deny(h, AXO_HTTP_DENY_TARGET);
	} else if (b == '/') {
		http_slash(r);
	} else if (b == '*' && h->method == HTTP_WORD_OPTIONS) {
		http_move_byte(r, b);
		h->mode = HTTP_RAW;
	} else if ((b | 0x20) == 'h') {
		h->left = 'h';
		h->count = 1;
		h->mode = HTTP_SCHEME;
	} else {
		http_deny(h, AXO_HTTP_DENY_TARGET);
	}
}

/* "*" is over with the next byte; an authority of CONNECT takes more. */
static __always_inline void http_raw(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r), code = http_class(r, h->classes, b);

	h->pos++;
	if (b == ' ')
		http_target_end(r);
	else if (code >= AXO_L7_PLAIN && h->flags & HTTP_IS_CONNECT)
		http_move(r, code);
	else
		http_deny(h, AXO_HTTP_DENY_TARGET);
}

/* The row of the target automaton waits in @accept while the one of hosts runs. */
static __always_inline void http_scheme(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r);

	h->pos++;
	h->left = h->left << 8 | (http_is_alpha(b) ? b | 0x20 : b);
	if (++h->count < 7)
		return;
	if (h->left != HTTP_WORD_SCHEME) {
		http_deny(h, AXO_HTTP_DENY_TARGET);
		return;
	}
	h->accept = h->row;
	h->count = 0;
	h->flags |= HTTP_IS_ABSOLUTE;
	http_automaton(r, HTTP_AUTOMATON(h, host));
	h->mode = HTTP_AUTH;
}

static __always_inline void http_authority(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r), code = http_class(r, h->classes, b);

	h->pos++;
	if (code >= AXO_L7_PLAIN) {
		h->count = 1;
		http_move(r, code);
		return;
	}
	if ((b != '/' && b != '?' && b != ' ') || !h->count) {
		http_deny(h, AXO_HTTP_DENY_TARGET);
		return;
	}
	h->authority = http_accepted(r, HTTP_AUTOMATON(h, host));
	http_automaton(r, HTTP_AUTOMATON(h, target));
	h->row = h->accept;
	h->accept = 0;
	http_slash(r); /* an empty path is "/" */
	if (b != '/')
		http_target_special(r, b == '?' ? AXO_L7_QUERY : AXO_L7_END);
}

/* One of the eight bytes: all but the last are known. */
static __always_inline void http_version_byte(struct axo_http *h, __u32 b)
{
	__u32 known = HTTP_WORD_10 >> ((7 - (h->count & 7)) * 8) & 0xff;

	if (h->count == 7 && b == '1')
		h->flags |= HTTP_MINOR;
	else if (b != known)
		http_deny(h, AXO_HTTP_DENY_VERSION);
	h->count++;
	h->pos++;
}

/* HTTP/1.x, then CR. */
static __always_inline void http_version(const struct http_run *r)
{
	struct axo_http *h = r->h;

	for (__u32 i = 0; i < 8; i++)
		if (h->count < 8 && h->pos < h->len && h->mode == HTTP_VERSION)
			http_version_byte(h, http_byte(r));
	if (h->mode != HTTP_VERSION || h->pos >= h->len || h->count < 8)
		return;
	if (http_byte(r) != '\r')
		http_deny(h, AXO_HTTP_DENY_NEWLINE);
	else
		h->mode = HTTP_LF;
	h->back = HTTP_LINE;
	h->pos++;
}

/* HTTP/1.x SP three digits; what follows is skipped. */
static __always_inline void http_status(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r);

	if (h->count < 8) {
		http_version_byte(h, b);
		return;
	}
	h->pos++;
	h->count++;
	if (h->count == 9) {
		if (b != ' ')
			http_deny(h, AXO_HTTP_DENY_VERSION);
		h->status = 0;
		return;
	}
	if (!http_is_digit(b)) {
		http_deny(h, AXO_HTTP_DENY_VERSION);
		return;
	}
	h->status = h->status * 10 + (b - '0');
	if (h->count == 12) {
		h->mode = HTTP_SKIP;
		h->back = HTTP_SKIP;
	}
}

static __always_inline void http_newline(const struct http_run *r)
{
	struct axo_http *h = r->h;

	if (http_byte(r) == '\n')
		h->mode = h->back;
	else
		http_deny(h, AXO_HTTP_DENY_NEWLINE);
	h->pos++;
}

#endif
