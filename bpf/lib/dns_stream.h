/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS messages in a TCP stream (RFC 1035, 4.2.2): two bytes of length, and the message, however the
 * segments cut them.  Pure: the same code is compiled for unit tests.
 */
#ifndef BPF_LIB_DNS_STREAM_H
#define BPF_LIB_DNS_STREAM_H

#include "bpf/lib/dns_name.h"

/** DNS_CHUNK - longest chunk; a power of two */
#define DNS_CHUNK 256

/**
 * struct dns_stream - one direction; map memory
 * @need: length of the message
 * @got:  bytes of it so far
 * @head: bytes of the length so far
 * @pos:  of the next byte in the chunk
 * @end:  of the chunk
 * @b:    the message; what is longer than that is not kept
 */
struct dns_stream {
	__u32 need;
	__u32 got;
	__u32 head;
	__u32 pos;
	__u32 end;
	__u32 pad;
	__u8 b[DNS_MESSAGE_MAX];
};

/** struct dns_stream_ctx - what a step gets */
struct dns_stream_ctx {
	struct dns_stream *m;
	const __u8 *chunk;
	struct dns_work *w;
};

static __always_inline bool dns_stream_is_whole(const struct dns_stream *m)
{
	return m->head == 2 && m->got == m->need;
}

static long dns_stream_step(__u32 i, void *ctx)
{
	struct dns_stream_ctx *c = ctx;
	struct dns_stream *m = c->m;
	__u8 byte;

	(void)i;
	if (dns_stream_is_whole(m) || m->pos >= m->end)
		return 1;
	byte = c->chunk[m->pos & (DNS_CHUNK - 1)];
	m->pos++;
	if (m->head < 2) {
		m->need = m->need << 8 | byte;
		m->head++;
		return 0;
	}
	if (m->got < DNS_MESSAGE_MAX)
		m->b[m->got & (DNS_MESSAGE_MAX - 1)] = byte;
	m->got++;
	return 0;
}

/** dns_stream_feed - read @chunk up to @end, or to where a message is whole: true */
static __noinline bool dns_stream_feed(struct dns_stream *m, const __u8 *chunk, __u32 end)
{
	struct dns_stream_ctx ctx = {.m = m, .chunk = chunk};

	m->pos = 0;
	m->end = end;
	loop_run(DNS_CHUNK + 1, dns_stream_step, &ctx);
	return dns_stream_is_whole(m);
}

static long dns_stream_copy_step(__u32 i, void *ctx)
{
	struct dns_stream_ctx *c = ctx;
	__u32 at = (i * 8) & (DNS_MESSAGE_MAX - 8);

	if (i * 8 >= c->w->len)
		return 1;
	*(__u64 *)&c->w->msg[at] = *(__u64 *)&c->m->b[at];
	return 0;
}

/** dns_stream_take - the message that is whole, into @w; false: it was too long to be kept */
static __noinline bool dns_stream_take(struct dns_stream *m, struct dns_work *w)
{
	struct dns_stream_ctx ctx = {.m = m, .w = w};

	w->len = m->need;
	m->need = 0;
	m->got = 0;
	m->head = 0;
	if (w->len > DNS_MESSAGE_MAX)
		return false;
	loop_run(DNS_MESSAGE_MAX / 8, dns_stream_copy_step, &ctx);
	return true;
}

#endif
