/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Modes of the HTTP reader, and the steps that all of them share.
 *
 * This family of headers (l7_http*.h) is pure: it includes the contract only, and is compiled by
 * programs and by userspace.  Who includes it has defined two things before:
 *	http_loop(count, step, context)	bpf_loop() in a program, a plain loop elsewhere
 *	http_load8(p)			eight bytes at any address
 *
 * A mode says what the next byte is.  One call of http_step() reads at least one byte; everything
 * that lives longer is in struct axo_http.  What it reads is kept within its memory by masks, never
 * by trust in a table or a state.
 */
#ifndef BPF_LIB_L7_HTTP_MODE_H
#define BPF_LIB_L7_HTTP_MODE_H

#include "axoneme/http.h"

/** enum http_mode - those up to HTTP_DATA are between heads; zero is the first byte of a message */
enum http_mode {
	HTTP_START = 0,
	HTTP_BODY,	  /* @left bytes */
	HTTP_CHUNK_DATA,  /* @left bytes of a chunk */
	HTTP_CHUNK_CR,	  /* behind them */
	HTTP_CHUNK_FIRST, /* first digit of a chunk's size */
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_EXT, /* chunk extension, up to CR */
	HTTP_TUNNEL,	/* another protocol, allowed */
	HTTP_OPAQUE,	/* not read any more */
	HTTP_HOLD,	/* another protocol, not answered yet */
	HTTP_DENIED,
	HTTP_DATA = HTTP_DENIED,
	HTTP_METHOD,
	HTTP_TARGET, /* first byte */
	HTTP_SCHEME, /* http:// */
	HTTP_AUTH,   /* authority of an absolute target */
	HTTP_RAW,    /* asterisk, or authority of CONNECT */
	HTTP_PCT1,   /* hex digits behind '%' */
	HTTP_PCT2,
	HTTP_STATUS, /* responses: from HTTP/ to the status code */
	HTTP_LENGTH,
	HTTP_CODING,
	HTTP_TAIL,		   /* blanks behind a value */
	HTTP_LAST,		   /* LF of the empty line */
	HTTP_USUAL,		   /* from here on: modes that every request has, in their order */
	HTTP_SEGMENT = HTTP_USUAL, /* first bytes of a path segment */
	HTTP_VERSION,		   /* from HTTP/ to the CR */
	HTTP_BLANK,		   /* before a value of mode @back */
	HTTP_SKIP,		   /* a value that does not matter */
	HTTP_LF,		   /* then comes @back */
	HTTP_LINE,		   /* first byte of a header line */
	HTTP_AUTOMATA,		   /* from here on an automaton runs */
	HTTP_NAME = HTTP_AUTOMATA,
	HTTP_PATH,
	HTTP_QUERY,
	HTTP_HOST,
	HTTP_VALUE, /* a value that a rule asks for */
};

/* axo_http.flags */
#define HTTP_MINOR 1U	     /* HTTP/1.1 */
#define HTTP_HAS_HOST 2U     /* there was a Host */
#define HTTP_HAS_LENGTH 4U   /* Content-Length */
#define HTTP_HAS_CODING 8U   /* Transfer-Encoding: chunked */
#define HTTP_HAS_UPGRADE 16U /* Upgrade */
#define HTTP_IS_CONNECT 32U  /* the method is CONNECT */
#define HTTP_IS_ABSOLUTE 64U /* the target has an authority */
#define HTTP_MERGED 128U     /* the path had "//" */
#define HTTP_TRAILER 256U    /* header lines behind the last chunk */
#define HTTP_HEAD_READ 512U  /* the head is complete */

/** struct http_run - what one call works on; all of it map memory in a program */
struct http_run {
	struct axo_http *h;
	const __u32 *pool;
	const __u8 *in;
};

static __always_inline __u32 http_word(const struct http_run *r, __u32 at)
{
	return r->pool[at & AXO_L7_POOL_MASK];
}

/** http_mask - two words, low first */
static __always_inline __u64 http_mask(const struct http_run *r, __u32 at)
{
	return (__u64)http_word(r, at + 1) << 32 | http_word(r, at);
}

/** http_class - of byte @b by the classes at byte offset @classes */
static __always_inline __u32 http_class(const struct http_run *r, __u32 classes, __u32 b)
{
	return ((const __u8 *)r->pool)[(classes + b) & (AXO_L7_POOL_WORDS * 4 - 1)];
}

static __always_inline __u32 http_byte(const struct http_run *r)
{
	return r->in[r->h->pos & (AXO_HTTP_CHUNK - 1)];
}

/** http_move - one step of the automaton that runs, by a column */
static __always_inline void http_move(const struct http_run *r, __u32 column)
{
	r->h->row = http_word(r, r->h->row + column);
}

/** http_move_byte - one step by a byte that is data */
static __always_inline void http_move_byte(const struct http_run *r, __u32 b)
{
	http_move(r, http_class(r, r->h->classes, b));
}

static __always_inline void http_deny(struct axo_http *h, __u8 reason)
{
	h->mode = HTTP_DENIED;
	h->reason = reason;
	h->event = AXO_HTTP_DENY;
}

/** http_automaton - run another one from its start; @at: offset of a struct axo_l7_automaton */
static __always_inline void http_automaton(const struct http_run *r, __u32 at)
{
	r->h->classes = http_word(r, at) * 4;
	r->h->row = http_word(r, at + 1);
}

/** http_accepted - the record of the state that the automaton at @at is in */
static __always_inline __u32 http_accepted(const struct http_run *r, __u32 at)
{
	return http_word(r, r->h->row + http_word(r, at + 2));
}

/* Offsets of the automata of the lane in hand. */
#define HTTP_AUTOMATON(h, member) \
	((h)->lane + (__u32)(__builtin_offsetof(struct axo_l7_lane, member) / 4))

/* Rounds of eight bytes that one step feeds to an automaton at most. */
#define HTTP_SCAN_ROUNDS 4

/* The last bytes of a chunk, fewer than eight. */
static __always_inline __u32 http_scan_tail(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 code = AXO_L7_PLAIN;

	for (__u32 i = 0; i < 8; i++) {
		if (h->pos >= h->len)
			break;
		code = http_class(r, h->classes, http_byte(r));
		h->pos++;
		if (code < AXO_L7_PLAIN)
			break;
		http_move(r, code);
	}
	return code;
}

/**
 * http_scan - feed bytes to the automaton that runs
 *
 * Returns the class of the byte that stopped it, which was read and not fed; AXO_L7_PLAIN or more
 * if none did.  Eight bytes at constant offsets are half the instructions of eight single ones.
 */
static __always_inline __u32 http_scan(const struct http_run *r)
{
	struct axo_http *h = r->h;
	__u32 row = h->row, pos = h->pos, len = h->len, classes = h->classes, code = AXO_L7_PLAIN;

	if (pos + 8 > len)
		return http_scan_tail(r);
	for (__u32 round = 0; round < HTTP_SCAN_ROUNDS; round++) {
		const __u8 *p = r->in + (pos & (AXO_HTTP_CHUNK - 1));
		__u32 i;

		if (pos + 8 > len)
			break;
		for (i = 0; i < 8; i++) {
			code = http_class(r, classes, p[i]);
			if (code < AXO_L7_PLAIN)
				break;
			row = http_word(r, row + code);
		}
		pos += i;
		if (i < 8) {
			pos++;
			break;
		}
	}
	h->row = row;
	h->pos = pos;
	return code;
}

static __always_inline int http_is_digit(__u32 b)
{
	return b - '0' < 10;
}

static __always_inline int http_is_alpha(__u32 b)
{
	return (b | 0x20) - 'a' < 26;
}

/** http_hex - value of a hex digit, or more than 15 */
static __always_inline __u32 http_hex(__u32 b)
{
	if (http_is_digit(b))
		return b - '0';
	return (b | 0x20) - 'a' < 6 ? (b | 0x20) - 'a' + 10 : 16;
}

#endif
