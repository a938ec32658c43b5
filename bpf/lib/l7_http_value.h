/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP reader: values of header lines, up to the CR.
 *
 * One that means nothing is skipped eight bytes at a time; the others have a mode of their own.
 */
#ifndef BPF_LIB_L7_HTTP_VALUE_H
#define BPF_LIB_L7_HTTP_VALUE_H

#include "bpf/lib/l7_http_line.h"

#define HTTP_WORD_CHUNKED 0x6368756e6b6564ULL /* chunked */
#define HTTP_LENGTH_DIGITS 15
#define HTTP_BYTES(b) (0x0101010101010101ULL * (b))

static __always_inline void http_value_end(struct axo_http *h)
{
	h->mode = HTTP_LF;
	h->back = HTTP_LINE;
}

/* CR: the line ends; a blank: nothing but blanks may come; else @reason. */
static __always_inline void http_value_tail(struct axo_http *h, __u32 b, __u8 reason)
{
	if (b == '\r')
		http_value_end(h);
	else if (b == ' ' || b == '\t')
		h->mode = HTTP_TAIL;
	else
		http_deny(h, reason);
}

/* High bits of bytes of @w that are control bytes; right up to the first of them. */
static __always_inline __u64 http_controls(__u64 w)
{
	__u64 low = (w - HTTP_BYTES(0x20)) & ~w;
	__u64 del = w ^ HTTP_BYTES(0x7f);

	return (low | ((del - HTTP_BYTES(1)) & ~del)) & HTTP_BYTES(0x80);
}

/* Number of the byte whose high bit is the lowest in @m, which is not 0. */
static __always_inline __u32 http_first(__u64 m)
{
	return (((((m & -m) - 1) & HTTP_BYTES(1)) * HTTP_BYTES(1)) >> 56) - 1;
}

/* The byte that is not skipped. */
static __always_inline void http_skip_byte(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r);

	h->pos++;
	if (b == '\r')
		http_value_end(h);
	else if ((b < 0x20 && b != '\t') || b == 0x7f)
		http_deny(h, b == '\n' ? AXO_HTTP_DENY_NEWLINE : AXO_HTTP_DENY_VALUE);
}

static __always_inline void http_skip_value(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 pos = h->pos, len = h->len;

	for (__u32 i = 0; i < 8; i++) {
		__u64 controls;

		if (pos + 8 > len)
			break;
		controls = http_controls(http_load8(r->in + (pos & (AXO_HTTP_CHUNK - 1))));
		if (controls) {
			pos += http_first(controls);
			break;
		}
		pos += 8;
	}
	h->pos = pos;
	if (pos < len)
		http_skip_byte(r);
}

static __always_inline void http_length(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r);

	h->pos++;
	if (http_is_digit(b) && h->count < HTTP_LENGTH_DIGITS) {
		h->left = h->left * 10 + (b - '0');
		h->count++;
	} else {
		http_value_tail(h, h->count ? b : 0, AXO_HTTP_DENY_LENGTH);
	}
}

static __always_inline void http_coding(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r);

	h->pos++;
	if (http_is_alpha(b) && h->count < 7) {
		h->left = h->left << 8 | b | 0x20;
		h->count++;
		return;
	}
	if (h->left != HTTP_WORD_CHUNKED)
		b = 0;
	h->left = 0;
	http_value_tail(h, b, AXO_HTTP_DENY_CODING);
}

static __always_inline void http_host(const struct http_run *r, __u32 code)
{
	struct axo_http *h = r->h;

	h->host_end = h->origin + h->pos - 1;
	h->host = http_accepted(r, HTTP_AUTOMATON(h, host));
	if ((code != AXO_L7_END && code != AXO_L7_SPACE) || h->host_end == h->host_at)
		http_deny(h, AXO_HTTP_DENY_HOST);
	else if (code == AXO_L7_END)
		http_value_end(h);
	else
		h->mode = HTTP_TAIL;
}

/* A value that a rule asks for; its expression knows of blanks behind it. */
static __always_inline void http_value(const struct http_run *r, __u32 code)
{
	struct axo_http *h = r->h;
	__u32 record;

	if (code != AXO_L7_END) {
		http_deny(h, AXO_HTTP_DENY_VALUE);
		return;
	}
	record = http_accepted(r, HTTP_AUTOMATON(h, value));
	if (record)
		h->held |= http_mask(r, record);
	http_value_end(h);
}

static __always_inline void http_tail(const struct http_run *r)
{
	__u32 b = http_byte(r);

	r->h->pos++;
	http_value_tail(r->h, b, AXO_HTTP_DENY_VALUE);
}

#endif
