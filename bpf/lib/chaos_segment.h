/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading a TCP segment for chaos: where its payload is, and whether it is an interim response.
 */
#ifndef BPF_LIB_CHAOS_SEGMENT_H
#define BPF_LIB_CHAOS_SEGMENT_H

#include "bpf/lib/chaos_map.h"
#include "bpf/lib/packet.h"
#include "bpf/lib/wire.h"

/** chaos_parse_tcp - @r->seg and what belongs to it; 0 or negative */
static __noinline int chaos_parse_tcp(struct __sk_buff *skb, const struct packet *p,
				      struct chaos_room *r)
{
	__u32 end = skb->len;
	__be32 words[2];
	__be16 len;

	if (bpf_skb_load_bytes(skb, ETH_HLEN + (p->family == 6 ? 4 : 2), &len, sizeof(len)) ||
	    bpf_skb_load_bytes(skb, p->l4_off + 4, words, sizeof(words)))
		return -1;
	/* 0: a super-packet beyond 64 KB. */
	if (len)
		end = ETH_HLEN + bpf_ntohs(len) + (p->family == 6 ? 40 : 0);
	r->payload = p->l4_off + p->l4_len;
	r->seg.seq = bpf_ntohl(words[0]);
	r->ack = bpf_ntohl(words[1]);
	r->seg.len = end > r->payload ? end - r->payload : 0;
	r->seg.fin = !!(p->tcp_flags & TCP_FIN);
	r->seg.interim = false;
	return 0;
}

/** struct blank_search - for the empty line in @room->text */
struct blank_search {
	__u32 found; /* offset behind it; 0 = not yet */
};

static long blank_step(__u32 i, void *arg)
{
	struct blank_search *s = arg;
	struct chaos_room *r = chaos_room();

	if (!r || i > CHAOS_TEXT - 4)
		return 1;
	if (r->text[i] != '\r' || r->text[i + 1] != '\n' || r->text[i + 2] != '\r' ||
	    r->text[i + 3] != '\n')
		return 0;
	s->found = i + 4;
	return 1;
}

/**
 * chaos_is_interim - an HTTP response 1xx, with nothing behind it
 *
 * 101 is the response: what follows is another protocol.  One whose head is longer than the text
 * that is looked at is taken for interim; one that the final response follows in the same segment
 * is not.
 */
static __noinline bool chaos_is_interim(struct __sk_buff *skb, struct chaos_room *r)
{
	static const char status[] = "HTTP/1.1 1";
	struct blank_search s = {};
	__u32 len = r->seg.len;

	if (len < 16)
		return false;
	if (len > CHAOS_TEXT)
		len = CHAOS_TEXT;
	__builtin_memset(r->text, 0, sizeof(r->text));
	/* 6.1 does not conclude from the lines above what len may be. */
	asm volatile("" : "+r"(len));
	len = ((len - 1) & (CHAOS_TEXT - 1)) + 1;
	if (bpf_skb_load_bytes(skb, r->payload, r->text, len))
		return false;
	for (__u32 i = 0; i < sizeof(status) - 1; i++)
		if (r->text[i] != status[i])
			return false;
	if (r->text[10] == '0' && r->text[11] == '1')
		return false;
	bpf_loop(CHAOS_TEXT - 3, blank_step, &s, 0);
	return !s.found || s.found == r->seg.len;
}

/** chaos_status - the code of "HTTP/1.1 200" at the start of the payload; 0 = it is none */
static __noinline __u32 chaos_status(struct __sk_buff *skb, const struct chaos_room *r)
{
	__u8 line[12];
	__u32 a, b, c;

	if (r->seg.len < sizeof(line) || bpf_skb_load_bytes(skb, r->payload, line, sizeof(line)))
		return 0;
	a = line[9] - '0';
	b = line[10] - '0';
	c = line[11] - '0';
	if (line[0] != 'H' || line[1] != 'T' || line[2] != 'T' || line[3] != 'P' ||
	    line[4] != '/' || line[8] != ' ' || a > 9 || b > 9 || c > 9)
		return 0;
	return a * 100 + b * 10 + c;
}

#endif
