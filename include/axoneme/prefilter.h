/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prefilter: the sources that XDP drops, by longest prefix; the contract between loader/ (which
 * makes the table) and bpf/lib/prefilter.h (which looks up).
 *
 * Prefixes that overlap are resolved when the table is made: what is left are intervals, each from
 * its first address up to the next interval, with one verdict.  A lookup finds the last interval
 * that begins at or before the source: an index over the upper bits gives a bucket of few, and a
 * binary search the one.  So a lookup costs two or three cache misses whatever the prefixes are,
 * where a trie pays one per level.
 *
 * The table is one array of words of 64 bits, in chunks; word i is w[i % AXO_PF_CHUNK_WORDS] of
 * chunk i / AXO_PF_CHUNK_WORDS.
 *
 *   IPv4   in half words: h[i], in memory order.  Bucket b = address >> AXO_PF_SHIFT4; h[index4 + b]
 *          is its only verdict with AXO_PF_LEAF, or the position of its half words, which lie
 *          within one chunk: (first address within the bucket) << 16 | verdict, ascending.  The
 *          first one is for address 0, and has in place of that how many there are.
 *   IPv6   the upper 64 bits: keys w[keys6 + i], ascending, the first one 0, and verdicts
 *          w[verdicts6 + i].  Bucket b = (upper - base6) >> shift6; w[index6 + b] are the first
 *          and the last i that it can be.  Below base6 it is 0, above the buckets last6.
 *          A verdict with AXO_PF_DEEPER is a span: w[pos .. pos + len) are keys of the lower 64
 *          bits, the len words behind them their verdicts.
 *
 * A verdict is 0 (pass) or the number of the group whose prefix denies, plus 1.
 *
 * There are two banks.  Map axo_prefilter (array of maps) has the chunks of both, one map each:
 * slot bank * AXO_PF_SLOTS + number.  Map axo_pf_head has at AXO_PF_ACTIVE which bank is in
 * force, and the banks' headers.  The agent fills the other bank, then writes axo_pf_head, then
 * waits until no program looks at the old one: so a packet meets the old table or the new one.
 * (Chunks as maps with one entry, and not as one map of many: lookups of those are inlined by the
 * verifier, calls take 10 ns each.)
 */
#ifndef AXONEME_PREFILTER_H
#define AXONEME_PREFILTER_H

#include <linux/types.h>

#define AXO_PF_CHUNK_WORDS 262144 /* 2 MB; a power of two */
#define AXO_PF_SLOTS 128	  /* chunks of a bank: 256 MB */
#define AXO_PF_PREFIXES_MAX 4194304
#define AXO_PF_GROUPS_MAX 1024

/** AXO_PF_SHIFT4 - bits of an IPv4 address below its bucket; the index takes 8 MB, whatever there is in it */
#define AXO_PF_SHIFT4 11

/** AXO_PF_LEAF - bit of an entry of the index of IPv4: it is a verdict */
#define AXO_PF_LEAF 0x80000000U

/** AXO_PF_STEPS - halvings that find one of AXO_PF_PREFIXES_MAX * 2 + 1 intervals */
#define AXO_PF_STEPS 24

/** AXO_PF_DEEPER - bit of a verdict of IPv6: the lower 64 bits decide */
#define AXO_PF_DEEPER 0x8000000000000000ULL

/** struct axo_pf_chunk - value of the inner maps, which have one entry each; @w: its words */
struct axo_pf_chunk {
	__u64 w[AXO_PF_CHUNK_WORDS];
};

/* A span: position in words, and how many.  Bit 63 is left to AXO_PF_DEEPER. */
#define AXO_PF_POS_BITS 32
#define axo_pf_span(pos, len) ((__u64)(len) << AXO_PF_POS_BITS | (__u64)(pos))
#define axo_pf_span_pos(span) ((__u32)(span))
#define axo_pf_span_len(span) ((__u32)((span) >> AXO_PF_POS_BITS) & 0x7fffffff)

/** enum axo_pf_head_key - keys of axo_pf_head: what is in force, then the banks' own headers */
enum axo_pf_head_key {
	AXO_PF_ACTIVE = 0,
	AXO_PF_BANK0 = 1,
	AXO_PF_BANK1 = 2,
	AXO_PF_HEADS = 3,
};

/**
 * struct axo_pf_header - value of axo_pf_head
 * @bank:      of AXO_PF_ACTIVE: the key of the header in force, 0 = none; of the others their key
 * @index4:    position of the index, in half words; 0 = no IPv4 prefix is denied
 * @index6:    position of the index; 0 = no IPv6 prefix is denied
 * @shift6:    bits of the upper half below its bucket
 * @base6:     where bucket 0 begins
 * @buckets6:  how many there are
 * @last6:     number of the last key
 * @keys6:     position of the keys
 * @verdicts6: position of their verdicts
 */
struct axo_pf_header {
	__u64 bank;
	__u64 index4;
	__u64 index6;
	__u64 shift6;
	__u64 base6;
	__u64 buckets6;
	__u64 last6;
	__u64 keys6;
	__u64 verdicts6;
};

/**
 * struct axo_pf_count - value of axo_pf_count (per-CPU array; key: __u32, number of the group)
 * @packets: dropped
 * @bytes:   their length from the Ethernet header on
 */
struct axo_pf_count {
	__u64 packets;
	__u64 bytes;
};

/* Events of XDP drops that a CPU produces at most: this many per second, and this many at once. */
#define AXO_XDP_EVENT_RATE 100
#define AXO_XDP_EVENT_BURST 20

#endif
