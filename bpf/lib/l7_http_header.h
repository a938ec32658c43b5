/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP reader: header lines, and trailers, which are lines that may not say anything about framing.
 *
 * Names are matched by an automaton in any case; a name that means nothing has record 0 and its
 * value is skipped eight bytes at a time.  Refused: a blank before the colon or at the start of a
 * line, control bytes, bare CR or LF, a second Host, Content-Length or Transfer-Encoding, the last
 * two together, Transfer-Encoding other than "chunked" or in HTTP/1.0.
 */
#ifndef BPF_LIB_L7_HTTP_HEADER_H
#define BPF_LIB_L7_HTTP_HEADER_H

#include "bpf/lib/l7_http_value.h"

/* The first byte of a name is left to the automaton of names. */
static __always_inline void http_line(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r);

	if (b == '\r') {
		h->pos++;
		h->mode = HTTP_LAST;
		return;
	}
	if (b == ' ' || b == '\t') {
		http_deny(h, AXO_HTTP_DENY_FOLD);
		return;
	}
	http_automaton(r, HTTP_AUTOMATON(h, name));
	h->mode = HTTP_NAME;
	if (b == ':')
		http_deny(h, AXO_HTTP_DENY_NAME);
}

/* What rules ask of the header whose record is @name. */
static __always_inline void http_conditions(const struct http_run *r, __u32 name)
{
	struct axo_http *h = r->h;
	__u64 all = http_mask(r, name + 4);

	h->held |= http_mask(r, name + 2);
	if (h->named & all) {
		h->held &= ~all;
		return;
	}
	h->named |= all;
	if (!http_word(r, name + 1))
		return;
	h->row = http_word(r, name + 1);
	h->classes = http_word(r, HTTP_AUTOMATON(h, value)) * 4;
	h->back = HTTP_VALUE;
}

static __always_inline void http_name_host(const struct http_run *r)
{
	struct axo_http *h = r->h;

	if (h->flags & HTTP_HAS_HOST) {
		http_deny(h, AXO_HTTP_DENY_HOST);
		return;
	}
	h->flags |= HTTP_HAS_HOST;
	http_automaton(r, HTTP_AUTOMATON(h, host));
	h->back = HTTP_HOST;
}

static __always_inline void http_name_framing(struct axo_http *h, __u32 id)
{
	if (h->flags & (HTTP_HAS_LENGTH | HTTP_HAS_CODING)) {
		http_deny(h,
			  id == AXO_L7_NAME_LENGTH ? AXO_HTTP_DENY_LENGTH : AXO_HTTP_DENY_CODING);
		return;
	}
	h->left = 0;
	h->flags |= id == AXO_L7_NAME_LENGTH ? HTTP_HAS_LENGTH : HTTP_HAS_CODING;
	h->back = id == AXO_L7_NAME_LENGTH ? HTTP_LENGTH : HTTP_CODING;
	if (id == AXO_L7_NAME_CODING && !(h->flags & HTTP_MINOR))
		http_deny(h, AXO_HTTP_DENY_CODING);
}

/* The name is complete: what mode is the value? */
static __always_inline void http_named(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 name = http_accepted(r, HTTP_AUTOMATON(h, name)), id = http_word(r, name);

	h->mode = HTTP_BLANK;
	h->back = HTTP_SKIP;
	h->count = 0;
	if (!name)
		return;
	if (id == AXO_L7_NAME_REFUSED || (id != AXO_L7_NAME_PLAIN && h->flags & HTTP_TRAILER)) {
		http_deny(h, AXO_HTTP_DENY_NAME);
		return;
	}
	if (h->flags & HTTP_TRAILER)
		return;
	if (id == AXO_L7_NAME_HOST) {
		http_name_host(r);
	} else if (id == AXO_L7_NAME_LENGTH || id == AXO_L7_NAME_CODING) {
		http_name_framing(h, id);
	} else {
		if (id == AXO_L7_NAME_UPGRADE)
			h->flags |= HTTP_HAS_UPGRADE;
		http_conditions(r, name);
	}
}

static __always_inline void http_name(const struct http_run *r, __u32 code)
{
	if (code == AXO_L7_END)
		http_named(r);
	else
		http_deny(r->h, AXO_HTTP_DENY_NAME);
}

/* Blanks before the value; its first byte is left to the mode of the value. */
static __always_inline void http_blank(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r);

	if (b == ' ' || b == '\t') {
		h->pos++;
		if (h->pos >= h->len)
			return;
		b = http_byte(r);
		if (b == ' ' || b == '\t')
			return;
	}
	h->mode = h->back;
	h->host_at = h->mode == HTTP_HOST ? h->origin + h->pos : h->host_at;
}

#endif
