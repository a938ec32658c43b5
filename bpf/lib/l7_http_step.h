/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP reader: one step of one lane, by its mode, and the loop over a chunk. */
#ifndef BPF_LIB_L7_HTTP_STEP_H
#define BPF_LIB_L7_HTTP_STEP_H

#include "bpf/lib/l7_http_body.h"

static __always_inline void http_step_head(const struct http_run *r)
{
	struct axo_http *h = r->h;

	switch (h->mode) {
	case HTTP_METHOD:
		return http_method(r);
	case HTTP_TARGET:
		return http_target(r);
	case HTTP_SCHEME:
		return http_scheme(r);
	case HTTP_AUTH:
		return http_authority(r);
	case HTTP_RAW:
		return http_raw(r);
	case HTTP_PCT1:
	case HTTP_PCT2:
		return http_percent(r);
	case HTTP_STATUS:
		return http_status(r);
	case HTTP_LENGTH:
		return http_length(r);
	case HTTP_CODING:
		return http_coding(r);
	case HTTP_TAIL:
		return http_tail(r);
	case HTTP_LAST:
		return http_last(r);
	default:
		return http_deny(h, AXO_HTTP_DENY_METHOD); /* no such mode */
	}
}

static __always_inline void http_step_between(const struct http_run *r)
{
	struct axo_http *h = r->h;

	switch (h->mode) {
	case HTTP_START:
		http_start(r);
		return h->mode == HTTP_METHOD ? http_method(r) : http_status(r);
	case HTTP_BODY:
	case HTTP_CHUNK_DATA:
		return http_data(h);
	case HTTP_CHUNK_CR:
		return http_chunk_cr(r);
	case HTTP_CHUNK_FIRST:
	case HTTP_CHUNK_SIZE:
		return http_chunk_size(r);
	case HTTP_CHUNK_EXT:
		return http_chunk_ext(r);
	case HTTP_HOLD:
		h->event = AXO_HTTP_HOLD;
		return;
	case HTTP_DENIED:
		h->event = AXO_HTTP_DENY;
		return;
	default:
		h->pos = h->len;
		h->event = AXO_HTTP_OPAQUE;
	}
}

/* The automaton runs; what stopped it is the mode's affair. */
static __always_inline void http_step_automaton(const struct http_run *r)
{
	__u32 code = http_scan(r), mode = r->h->mode;

	if (code >= AXO_L7_PLAIN)
		return;
	if (mode == HTTP_NAME)
		http_name(r, code);
	else if (mode == HTTP_PATH)
		http_path(r, code);
	else if (mode == HTTP_HOST)
		http_host(r, code);
	else if (mode == HTTP_QUERY)
		http_query(r, code);
	else
		http_value(r, code);
}

/* Between two lines: usually LF and a name are there, so all is done in one step. */
static __always_inline void http_step_newline(const struct http_run *r)
{
	struct axo_http *h = r->h;

	if (h->mode == HTTP_LF) {
		http_newline(r);
		if (h->mode != HTTP_LINE || h->pos >= h->len)
			return;
	}
	http_line(r);
}

static __always_inline int http_at(const struct axo_http *h, __u8 mode)
{
	return h->mode == mode && h->pos < h->len;
}

/*
 * What every request consists of: a segment of the path, or a header line and the first byte of the
 * next, is one step, for what costs is the number of steps.
 */
static __always_inline void http_step_usual(const struct http_run *r)
{
	struct axo_http *h = r->h;

	if (h->mode == HTTP_SEGMENT)
		http_segment(r);
	if (h->mode >= HTTP_AUTOMATA && h->pos < h->len)
		http_step_automaton(r);
	if (http_at(h, HTTP_VERSION))
		http_version(r);
	if (http_at(h, HTTP_BLANK))
		http_blank(r);
	if (http_at(h, HTTP_SKIP))
		http_skip_value(r);
	if (http_at(h, HTTP_LF) || http_at(h, HTTP_LINE))
		http_step_newline(r);
}

/** http_step - what http_loop() calls: 1 = the chunk is read, or something happened */
static long http_step(__u32 i, void *context)
{
	const struct http_run *r = context;
	struct axo_http *h = r->h;

	(void)i;
	if (h->pos >= h->len)
		return 1;
	if (h->mode >= HTTP_USUAL)
		http_step_usual(r);
	else if (h->mode > HTTP_DATA)
		http_step_head(r);
	else
		http_step_between(r);
	return h->event != AXO_HTTP_MORE;
}

/* A step reads a byte, but for those that only change to the mode which reads it. */
#define HTTP_STEPS (2 * AXO_HTTP_CHUNK)

/**
 * http_lane_run - feed the bytes from @from to @len of the chunk; enum axo_http_event
 *
 * Positions count from the start of the head: a new chunk, which is read from 0, moves the origin.
 */
static __always_inline __u8 http_lane_run(struct http_run *r, __u32 from, __u32 len)
{
	struct axo_http *h = r->h;

	if (!from)
		h->origin += h->pos;
	h->pos = from;
	h->len = len;
	h->event = AXO_HTTP_MORE;
	http_loop(HTTP_STEPS, http_step, r);
	if (h->event == AXO_HTTP_MORE && h->pos < h->len)
		http_deny(h, AXO_HTTP_DENY_METHOD); /* cannot be: the loop was too short */
	if (h->mode > HTTP_DATA && h->origin + h->pos > AXO_HTTP_HEAD_MAX)
		http_deny(h, AXO_HTTP_DENY_TOO_LONG);
	return h->event;
}

#endif
