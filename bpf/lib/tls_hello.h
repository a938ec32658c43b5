/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The server name of a TLS ClientHello (RFC 8446, 4.1.2 and 5.1; RFC 6066, 3).  Pure: the same
 * code is compiled for unit tests and fuzzers.
 *
 * The stream's first bytes come in chunks and are read one by one, or skipped in one step where
 * their meaning does not matter.  A hello may lie in several records, and these in several segments.
 *
 * The hello is refused (HELLO_BAD) if it has no name, more than one, one that is longer than a
 * name may be or has a final dot, or if the name is encrypted (ECH, its draft ESNI: what is
 * readable is somebody else's name then).
 *
 * Behind a hello whose name is allowed, hello_again() looks at what the client sends next: a
 * second hello, which the server may ask for (HelloRetryRequest), is read like the first; with
 * anything else the stream is open.  So that no hello can come later, early data is refused.
 */
#ifndef BPF_LIB_TLS_HELLO_H
#define BPF_LIB_TLS_HELLO_H

#include "bpf/lib/tls_field.h"

/** struct hello_ctx - @chunk: bytes of the stream; the reader is at h->pos in it */
struct hello_ctx {
	struct hello *h;
	const __u8 *chunk;
};

/** hello_there - how many of @n bytes are of this record, and there */
static __always_inline __u32 hello_there(const struct hello *h, __u32 n)
{
	if (n > h->record)
		n = h->record;
	return n > h->end - h->pos ? h->end - h->pos : n;
}

static __always_inline long hello_skip(struct hello *h)
{
	__u32 n = hello_there(h, h->skip);

	h->skip -= n;
	return hello_take(h, n) ? 0 : hello_bad(h);
}

/** hello_pass - a record that is no handshake */
static __always_inline long hello_pass(struct hello *h)
{
	__u32 n = hello_there(h, h->record);

	h->record -= n;
	h->pos += n;
	return 0;
}

/** hello_end - the message has no byte left */
static __always_inline long hello_end(struct hello *h)
{
	bool whole = h->state == HELLO_EXTENSION && !h->head && !h->skip && !h->list;

	h->state = whole && h->names == 1 ? HELLO_DONE : HELLO_BAD;
	return 1;
}

static long hello_step(__u32 i, void *ctx)
{
	struct hello_ctx *c = ctx;
	struct hello *h = c->h;
	__u8 byte;

	(void)i;
	if (h->state >= HELLO_DONE)
		return 1;
	if (h->state != HELLO_MESSAGE && !h->message)
		return hello_end(h);
	if (h->pos >= h->end)
		return 1;
	byte = c->chunk[h->pos & (HELLO_CHUNK - 1)];
	if (!h->record)
		return hello_record(h, byte);
	if (h->type != HELLO_HANDSHAKE)
		return hello_pass(h);
	if (h->skip)
		return hello_skip(h);
	if (!hello_take(h, 1))
		return hello_bad(h);
	return hello_byte(h, byte);
}

/** hello_again - after HELLO_DONE, when the name is allowed */
static __always_inline void hello_again(struct hello *h)
{
	h->again = 1;
	h->names = 0;
	hello_go(h, HELLO_MESSAGE, 0);
}

/**
 * hello_feed - read @chunk from h->pos (0 for a new one) to @end, at most HELLO_CHUNK
 * Return: HELLO_DONE, HELLO_OPEN, HELLO_BAD: h->pos is behind what was read.  Another state: all is.
 */
static __noinline enum hello_state hello_feed(struct hello *h, const __u8 *chunk, __u32 end)
{
	struct hello_ctx ctx = {.h = h, .chunk = chunk};

	h->end = end;
	loop_run(HELLO_CHUNK + 64, hello_step, &ctx);
	return h->state;
}

#endif
