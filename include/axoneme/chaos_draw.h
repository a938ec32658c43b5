/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chaos draws: chance that can be repeated.
 *
 * Every number is a pure function of (key of the experiment, ordinal, what it is for), the same in
 * programs, agent and tests: the first, second, ... request of an experiment meets the same fault
 * in every run with one seed.  Addresses, ports and times play no part.
 *
 * The mixing function is the finaliser of splitmix64 (Steele, Lea, Flood: Fast Splittable
 * Pseudorandom Number Generators, OOPSLA 2014).
 */
#ifndef AXONEME_CHAOS_DRAW_H
#define AXONEME_CHAOS_DRAW_H

#include "axoneme/chaos.h"

/** enum axo_chaos_purpose - what a draw is for: draws for different purposes are independent */
enum axo_chaos_purpose {
	AXO_CHAOS_FOR_RULE = 0,
	AXO_CHAOS_FOR_JITTER = 1,
	AXO_CHAOS_FOR_LOSS = 2,
	AXO_CHAOS_FOR_DUPLICATE = 3,
	AXO_CHAOS_FOR_CORRUPT = 4,
	AXO_CHAOS_FOR_BIT = 5, /* which one is flipped */
	AXO_CHAOS_FOR_CONNECT = 6,
};

static inline __u64 axo_chaos_mix(__u64 x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/**
 * axo_chaos_bits - 64 random bits
 * @n:       ordinal of the request or connection
 * @purpose: enum axo_chaos_purpose
 * @part:    number of the packet of that request, from 0
 */
static inline __u64 axo_chaos_bits(__u64 key, __u64 n, __u32 purpose, __u32 part)
{
	__u64 stream = axo_chaos_mix(key ^ ((__u64)purpose << 32 | part));

	return axo_chaos_mix(stream + n * 0xd1342543de82ef95ull);
}

/** axo_chaos_uniform - 0 to AXO_CHAOS_ONE - 1, each as likely up to 2^-12 */
static inline __u32 axo_chaos_uniform(__u64 bits)
{
	return (__u32)(((bits >> 32) * AXO_CHAOS_ONE) >> 32);
}

#define AXO_CHAOS_DECK 1000u /* cards of a deck: ordinals 0 to 999 are the first one */

/* One turn of a permutation of 0 to 1023: six Feistel rounds over two halves of five bits. */
static inline __u32 axo_chaos_shuffle(__u64 deck_key, __u32 x)
{
	__u32 left = (x >> 5) & 31, right = x & 31;

	for (int round = 0; round < 6; round++) {
		__u32 f = (__u32)(deck_key >> (round * 10)) & 1023;
		__u32 next;

		f = (right * 0x9e3779b1u + f) * 0x85ebca6bu;
		next = left ^ (((f >> 15) ^ (f >> 26)) & 31);
		left = right;
		right = next;
	}
	return left << 5 | right;
}

/**
 * axo_chaos_card - card number @n of the shuffled decks: 0 to AXO_CHAOS_DECK - 1
 * Every deck has each card once, and each deck its own order.  The permutation is of 1,024 cards;
 * those that do not exist are replaced by what they are mapped to.  That ends: a cycle comes back
 * to its beginning, which exists, after at most the 24 that do not.
 */
static inline __u32 axo_chaos_card(__u64 key, __u64 n)
{
	__u64 deck_key = axo_chaos_bits(key, n / AXO_CHAOS_DECK, AXO_CHAOS_FOR_RULE, 1);
	__u32 card = axo_chaos_shuffle(deck_key, (__u32)(n % AXO_CHAOS_DECK));

	for (int i = 0; i < 24 && card >= AXO_CHAOS_DECK; i++)
		card = axo_chaos_shuffle(deck_key, card);
	return card;
}

/** axo_chaos_draw - step 3 in chaos.h: 0 to AXO_CHAOS_ONE - 1 for request number @n */
static inline __u32 axo_chaos_draw(__u64 key, __u8 sampling, __u64 n)
{
	if (sampling == AXO_CHAOS_EXACT)
		return axo_chaos_card(key, n) * (AXO_CHAOS_ONE / AXO_CHAOS_DECK);
	return axo_chaos_uniform(axo_chaos_bits(key, n, AXO_CHAOS_FOR_RULE, 0));
}

/**
 * axo_chaos_jitter - nanoseconds to add to a delay; the sum is cut to 0 to AXO_CHAOS_DELAY_MAX_NS
 * @jitter_ns: of the rule
 *
 * uniform: -jitter to +jitter.  normal: standard deviation jitter, cut at 6 of them (the sum of
 * twelve uniform numbers).  pareto: 0 to 31 jitter, jitter * (1/sqrt(u) - 1), mean jitter.
 */
static inline __s64 axo_chaos_jitter(__u64 jitter_ns, __u8 distribution, __u64 bits)
{
	__u64 u = bits >> 44, sum = 0, root = 1; /* u: 20 bits */
	__s64 part = (__s64)(jitter_ns >> 10);	 /* 60 s >> 10 times 2^20 fits */

	if (distribution == AXO_CHAOS_NORMAL) {
		for (int i = 0; i < 12; i++)
			sum += axo_chaos_mix(bits + (__u64)i) >> 48;
		return part * ((__s64)(sum >> 6) - 6 * 1024);
	}
	if (distribution != AXO_CHAOS_PARETO)
		return part * ((__s64)(u >> 9) - 1024);
	/* root: the integer square root of u, 1 to 1023, bit by bit; 1 / sqrt(u / 2^20). */
	for (int bit = 9; bit >= 0; bit--) {
		__u64 next = (root & ~1ull) | 1ull << bit;

		if (next * next <= u)
			root = next;
	}
	root = root < 32 ? 32 : root;
	return part * (__s64)((1024 * 1024 / root) - 1024);
}

#endif
