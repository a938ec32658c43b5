/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chaos counters: what each rule of an experiment did, and how late the delay line was.
 *
 * Map axo_chaos_stat (hash), key struct axo_chaos_stat_key, made by the agent with the experiment;
 * written by programs, atomically; kept over restarts of the agent.
 */
#ifndef AXONEME_CHAOS_STAT_H
#define AXONEME_CHAOS_STAT_H

#include "axoneme/chaos.h"

/* X(symbol, number, "json_name", "what the operator reads").  Append only; at most 24. */
#define AXO_CHAOS_COUNTS(X)                                                                      \
	X(MATCHED, 0, "matched", "requests (connections) that the rule's filter matches")        \
	X(DRAWN, 1, "drawn", "of them, those that the draw gave to the rule")                    \
	X(DELAYED, 2, "delayed", "held by the delay line")                                       \
	X(ABORTED, 3, "aborted", "reset, swallowed, answered with 503")                          \
	X(REFUSED, 4, "refused", "connections refused")                                          \
	X(LOST, 5, "lost", "packets dropped")                                                    \
	X(DUPLICATED, 6, "duplicated", "packets sent twice")                                     \
	X(CORRUPTED, 7, "corrupted", "packets with a bit flipped")                               \
	X(PACED, 8, "paced", "packets that waited for their turn in the rate")                   \
	X(DRY, 9, "dry", "drawn, but nothing done: dry run")                                     \
	X(LIMITED, 10, "limited", "drawn, but nothing done: as many as may be are held")         \
	X(YIELDED, 11, "yielded", "drawn, but nothing done: an earlier experiment made a fault") \
	X(FAILED, 12, "failed", "drawn, but the kernel could not do it")                         \
	X(DELIVERED, 13, "delivered", "packets that came out of the delay line")                 \
	X(LATE_NS, 14, "late_ns", "sum of the nanoseconds that those came too late")

enum axo_chaos_count {
#define X(symbol, number, json, text) AXO_CHAOS_COUNT_##symbol = number,
	AXO_CHAOS_COUNTS(X)
#undef X
		AXO_CHAOS_COUNT_MAX = 24,
};

/** struct axo_chaos_stat_key - @experiment: its number; @rule: its place in the experiment */
struct axo_chaos_stat_key {
	__u32 experiment;
	__u32 rule;
};

/* Lateness is counted in classes of microseconds, four an octave. */
#define AXO_CHAOS_LATE_CLASSES 96

/**
 * struct axo_chaos_stat - value of axo_chaos_stat
 * @count:    by enum axo_chaos_count
 * @late_max_ns: the latest so far (a race may lose one)
 * @late:     packets out of the delay line by axo_chaos_late_class() of actual minus asked
 */
struct axo_chaos_stat {
	__u64 count[AXO_CHAOS_COUNT_MAX];
	__u64 late_max_ns;
	__u64 late[AXO_CHAOS_LATE_CLASSES];
};

/** axo_chaos_late_class - four classes per octave of microseconds; the last one is open */
static inline __u32 axo_chaos_late_class(__u64 late_ns)
{
	__u64 us = late_ns / 1000;
	__u32 octave = 0, class_;

	if (us < 4)
		return (__u32)us;
	for (int shift = 16; shift; shift >>= 1)
		if (us >> (octave + shift))
			octave += shift;
	class_ = 4 + (octave - 2) * 4 + ((us >> (octave - 2)) & 3);
	return class_ < AXO_CHAOS_LATE_CLASSES ? class_ : AXO_CHAOS_LATE_CLASSES - 1;
}

/** axo_chaos_late_us - the first microsecond of a class */
static inline __u64 axo_chaos_late_us(__u32 class_)
{
	return class_ < 4 ? class_ : (__u64)(4 + class_ % 4) << (class_ / 4 - 1);
}

#endif
