/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP reader: the end of a head, and what comes between two heads. */
#ifndef BPF_LIB_L7_HTTP_BODY_H
#define BPF_LIB_L7_HTTP_BODY_H

#include "bpf/lib/l7_http_header.h"

#define HTTP_CHUNK_DIGITS 15
#define HTTP_EXT_MAX 250

/* The mode behind a head, by its framing (RFC 9112, 6.3). */
static __always_inline void http_framing(struct axo_http *h)
{
	h->flags |= HTTP_HEAD_READ;
	if (h->flags & HTTP_HAS_CODING) {
		h->mode = HTTP_CHUNK_FIRST;
		h->left = 0;
	} else if (h->flags & HTTP_HAS_LENGTH) {
		h->mode = h->left ? HTTP_BODY : HTTP_START;
	} else {
		h->mode = h->response ? HTTP_OPAQUE : HTTP_START;
	}
}

/* LF of the empty line. */
static __always_inline void http_last(const struct http_run *r)
{
	struct axo_http *h = r->h;

	if (http_byte(r) != '\n') {
		http_deny(h, AXO_HTTP_DENY_NEWLINE);
		return;
	}
	h->pos++;
	if (h->origin + h->pos > AXO_HTTP_HEAD_MAX) {
		http_deny(h, AXO_HTTP_DENY_TOO_LONG);
	} else if (h->flags & HTTP_TRAILER) {
		h->mode = HTTP_START;
		h->event = AXO_HTTP_IDLE;
	} else if (!h->response && (h->flags & (HTTP_MINOR | HTTP_HAS_HOST)) == HTTP_MINOR) {
		http_deny(h, AXO_HTTP_DENY_HOST);
	} else {
		http_framing(h);
		h->event = AXO_HTTP_HEAD;
	}
}

/* Data is not looked at. */
static __always_inline __u64 http_take(struct axo_http *h, __u64 n)
{
	if (n > h->left)
		n = h->left;
	h->left -= n;
	if (!h->left)
		h->mode = h->mode == HTTP_BODY ? HTTP_START : HTTP_CHUNK_CR;
	return n;
}

static __always_inline void http_data(struct axo_http *h)
{
	h->pos += http_take(h, (__u16)(h->len - h->pos));
	if (h->mode == HTTP_START)
		h->event = AXO_HTTP_IDLE;
}

static __always_inline void http_chunk_cr(const struct http_run *r)
{
	struct axo_http *h = r->h;

	if (http_byte(r) == '\r')
		h->mode = HTTP_LF;
	else
		http_deny(h, AXO_HTTP_DENY_CHUNK);
	h->back = HTTP_CHUNK_FIRST;
	h->origin = 0 - (__u32)h->pos;
	h->pos++;
}

/* The line of the size ends. */
static __always_inline void http_chunk_begin(struct axo_http *h)
{
	h->mode = HTTP_LF;
	h->back = HTTP_CHUNK_DATA;
	h->origin = 0 - (__u32)h->pos;
	if (h->left)
		return;
	h->back = HTTP_LINE;
	h->flags |= HTTP_TRAILER;
}

static __always_inline void http_chunk_size(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r), digit = http_hex(b);

	h->pos++;
	if (h->mode == HTTP_CHUNK_FIRST) {
		h->left = 0;
		h->count = 0;
	}
	if (digit < 16 && h->count < HTTP_CHUNK_DIGITS) {
		h->left = h->left << 4 | digit;
		h->count++;
		h->mode = HTTP_CHUNK_SIZE;
	} else if (b == '\r' && h->count) {
		http_chunk_begin(h);
	} else if (b == ';' && h->count) {
		h->count = 0;
		h->mode = HTTP_CHUNK_EXT;
	} else {
		http_deny(h, AXO_HTTP_DENY_CHUNK);
	}
}

static __always_inline void http_chunk_ext(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 b = http_byte(r);

	h->pos++;
	if (b == '\r')
		http_chunk_begin(h);
	else if ((b < 0x20 && b != '\t') || b > 0x7e || h->count++ >= HTTP_EXT_MAX)
		http_deny(h, AXO_HTTP_DENY_CHUNK);
}

#endif
