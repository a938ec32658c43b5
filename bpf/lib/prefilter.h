/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prefilter: which group denies this source?  include/axoneme/prefilter.h has the table.
 *
 * Positions that the table holds are masked, not checked: the agent makes it, and a wrong one
 * finds a wrong word and nothing worse.
 */
#ifndef BPF_LIB_PREFILTER_H
#define BPF_LIB_PREFILTER_H

#include "bpf/lib/config.h"

#include "axoneme/names.h"
#include "axoneme/prefilter.h"

/* By size: of an inner map's value clang tells the type by name only. */
struct pf_slot {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct axo_pf_chunk));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2 * AXO_PF_SLOTS);
	__type(key, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__array(values, struct pf_slot);
} axo_prefilter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AXO_PF_HEADS);
	__type(key, __u32);
	__type(value, struct axo_pf_header);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_pf_head SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, AXO_PF_GROUPS_MAX);
	__type(key, __u32);
	__type(value, struct axo_pf_count);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_pf_count SEC(".maps");

/** pf_chunk - the one that @word of the table of @h lies in; NULL: there is none */
static __always_inline const struct axo_pf_chunk *pf_chunk(const struct axo_pf_header *h,
							   __u64 word)
{
	__u32 slot = (h->bank == AXO_PF_BANK1 ? AXO_PF_SLOTS : 0) + word / AXO_PF_CHUNK_WORDS;
	__u32 zero = 0;
	void *map = bpf_map_lookup_elem(&axo_prefilter, &slot);

	return map ? bpf_map_lookup_elem(map, &zero) : NULL;
}

static __always_inline __u32 pf_half(const struct axo_pf_chunk *c, __u64 half)
{
	return ((const __u32 *)c->w)[half & (2 * AXO_PF_CHUNK_WORDS - 1)];
}

/**
 * pf_forget - @x, but the verifier knows nothing of it any more: to turn bytes around and back
 *
 * Without this it follows every way that a binary search may take, because on each of them it has
 * learned other bounds (6.18: a million instructions and it gives up).
 */
#define pf_forget(x) asm volatile("%0 = be64 %0\n%0 = be64 %0" : "+r"(x))

/** pf_word - one word; 0 when the table ends before it */
static __always_inline __u64 pf_word(const struct axo_pf_header *h, __u64 word)
{
	const struct axo_pf_chunk *c = pf_chunk(h, word);

	return c ? c->w[word & (AXO_PF_CHUNK_WORDS - 1)] : 0;
}

/** pf_search - number of the last key of @span (first and last number) that is not above @key */
static __noinline __u64 pf_search(const struct axo_pf_header *h, __u64 keys, __u64 key, __u64 span)
{
	__u64 low = axo_pf_span_pos(span), high = axo_pf_span_len(span);

	for (int i = 0; i < AXO_PF_STEPS; i++) {
		__u64 mid, wanted = key;

		pf_forget(low);
		pf_forget(high);
		pf_forget(wanted);
		if (low >= high)
			break;
		mid = low + (high - low + 1) / 2;
		if (pf_word(h, keys + mid) <= wanted)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

/** pf_denies4 - verdict for the source @addr, host order */
static __always_inline __u32 pf_denies4(const struct axo_pf_header *h, __u32 addr)
{
	__u64 at = h->index4 + (addr >> AXO_PF_SHIFT4), low = 0, high;
	const struct axo_pf_chunk *c = h->index4 ? pf_chunk(h, at / 2) : NULL;
	__u64 key = (addr & ((1u << AXO_PF_SHIFT4) - 1)) << 16 | 0xffff;

	if (!c)
		return 0;
	at = pf_half(c, at);
	if (at & AXO_PF_LEAF)
		return at & 0xffff;
	c = pf_chunk(h, at / 2);
	if (!c)
		return 0;
	high = (pf_half(c, at) >> 16) - 1;
	for (int i = 0; i <= AXO_PF_SHIFT4; i++) {
		__u64 mid, wanted = key;

		pf_forget(low);
		pf_forget(high);
		pf_forget(wanted);
		if (low >= high)
			break;
		mid = low + (high - low + 1) / 2;
		if (pf_half(c, at + mid) <= wanted)
			low = mid;
		else
			high = mid - 1;
	}
	return pf_half(c, at + low) & 0xffff;
}

/** pf_denies6 - verdict for the source whose halves are @upper and @lower, host order */
static __always_inline __u32 pf_denies6(const struct axo_pf_header *h, __u64 upper, __u64 lower)
{
	__u64 i = 0, bucket, verdict;
	__u32 len;

	if (!h->index6)
		return 0;
	if (upper >= h->base6) {
		bucket = (upper - h->base6) >> (h->shift6 & 63);
		i = h->last6;
		if (bucket < h->buckets6)
			i = pf_search(h, h->keys6, upper, pf_word(h, h->index6 + bucket));
	}
	verdict = pf_word(h, h->verdicts6 + i);
	if (!(verdict & AXO_PF_DEEPER))
		return verdict;
	len = axo_pf_span_len(verdict);
	i = pf_search(h, axo_pf_span_pos(verdict), lower, axo_pf_span(0, len - 1));
	return pf_word(h, (__u64)axo_pf_span_pos(verdict) + len + i);
}

/** pf_header - of the table in force; NULL: there is none */
static __always_inline const struct axo_pf_header *pf_header(void)
{
	const struct axo_pf_header *h;
	__u32 key = AXO_PF_ACTIVE;

	h = bpf_map_lookup_elem(&axo_pf_head, &key);
	if (!h)
		return NULL;
	key = h->bank;
	return key ? bpf_map_lookup_elem(&axo_pf_head, &key) : NULL;
}

/** pf_count - a packet of @len bytes was dropped by @verdict; no atomic: see drop.h */
static __always_inline void pf_count(__u32 verdict, __u32 len)
{
	__u32 group = verdict - 1;
	struct axo_pf_count *n = bpf_map_lookup_elem(&axo_pf_count, &group);

	if (!n)
		return;
	n->packets++;
	n->bytes += len;
}

#endif
