/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP reader: percent-encoded bytes of a target; see steps 2 and 4 of l7_http_target.h. */
#ifndef BPF_LIB_L7_HTTP_PERCENT_H
#define BPF_LIB_L7_HTTP_PERCENT_H

#include "bpf/lib/l7_http_target.h"

/* The first digit's value is @count from here on. */
static __always_inline void http_percent_first(struct axo_http *h, __u32 b)
{
	h->count = http_hex(b);
	h->mode = HTTP_PCT2;
	if (h->count > 15)
		http_deny(h, AXO_HTTP_DENY_PERCENT);
}

static __always_inline int http_is_unreserved(__u32 v)
{
	return http_is_alpha(v) || http_is_digit(v) || v == '-' || v == '.' || v == '_' || v == '~';
}

/* An encoded byte that stays encoded. */
static __always_inline void http_percent_keep(const struct http_run *r, __u32 v)
{
	__u32 low = v & 15, high = v >> 4;

	http_move(r, AXO_L7_PCT);
	http_move_byte(r, high < 10 ? '0' + high : 'A' - 10 + high);
	http_move_byte(r, low < 10 ? '0' + low : 'A' - 10 + low);
	r->h->mode = r->h->back == HTTP_QUERY ? HTTP_QUERY : HTTP_PATH;
}

static __always_inline void http_percent_second(const struct http_run *r, __u32 b)
{
	struct axo_http *h = r->h;
	__u32 v = http_hex(b);

	if (v > 15) {
		http_deny(h, AXO_HTTP_DENY_PERCENT);
		return;
	}
	v |= h->count << 4;
	if (h->back != HTTP_QUERY && http_is_unreserved(v)) {
		h->mode = h->back;
		if (h->back == HTTP_SEGMENT)
			http_segment_byte(r, v, http_class(r, h->classes, v));
		else
			http_move_byte(r, v);
		return;
	}
	if (h->back != HTTP_QUERY &&
	    (v < 0x20 || v == 0x7f || ((v == '/' || v == '\\') && !(h->table & AXO_L7_SLASHES)))) {
		http_deny(h, AXO_HTTP_DENY_ENCODED);
		return;
	}
	if (h->dots && v == ';') {
		http_deny(h, AXO_HTTP_DENY_DOTS);
		return;
	}
	http_dots_flush(r);
	http_percent_keep(r, v);
}

static __always_inline void http_percent(const struct http_run *r)
{
	__u32 b = http_byte(r);

	r->h->pos++;
	if (r->h->mode == HTTP_PCT1)
		http_percent_first(r->h, b);
	else
		http_percent_second(r, b);
}

#endif
