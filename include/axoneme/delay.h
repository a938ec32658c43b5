/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The delay line: the contract between bpf/chaos.bpf.c (sends packets in), the agent or the
 * kernel's fq (holds them) and bpf/from_delay.bpf.c (delivers them).
 *
 * A packet in the line carries its release time and the experiment and rule that it is held for
 * where its MAC addresses were; delivery writes those anew.  Nothing else of it is touched.
 * Packets of one direction of one flow never overtake each other: their release times do not go
 * back, and of equal ones the first in is the first out.
 *
 * Maps: axo_delay, one entry, and axo_delay_lost (array, key: number of the experiment) are
 * written by the agent and read by programs.
 */
#ifndef AXONEME_DELAY_H
#define AXONEME_DELAY_H

#include <linux/types.h>

/** enum axo_delay_mode - who holds the packets */
enum axo_delay_mode {
	AXO_DELAY_NONE = 0, /* there is no line: no packet is held */
	AXO_DELAY_TAP = 1,  /* a thread of the agent, behind a TAP device */
	AXO_DELAY_FQ = 2,   /* sch_fq on a pair of devices, by departure time */
};

/**
 * struct axo_delay - the only entry of axo_delay
 * @ifindex: device that packets are sent into
 * @mode:    enum axo_delay_mode
 */
struct axo_delay {
	__u32 ifindex;
	__u32 mode;
};

/**
 * struct axo_delay_lost - value of axo_delay_lost
 * @packets: that went into the line and will never come out: the agent that held them is gone.
 *           axo_chaos_run.in_flight minus this are in the line
 */
struct axo_delay_lost {
	__u64 packets;
};

/** AXO_DELAY_MARK - first byte: locally administered, unicast, and not what pods' MACs begin with */
#define AXO_DELAY_MARK 0x0e

/** enum axo_delay_flag */
enum axo_delay_flag {
	AXO_DELAY_FIRST = 1, /* the packet that was held; others stay behind it */
};

/**
 * struct axo_delay_tag - in place of both MAC addresses
 * @mark:       AXO_DELAY_MARK
 * @rule:       place of the rule in the experiment
 * @experiment: its number
 * @flags:      enum axo_delay_flag
 * @pad:        zero
 * @release:    low 48 bits of the release time, CLOCK_MONOTONIC ns, most significant word first
 */
struct axo_delay_tag {
	__u8 mark;
	__u8 rule;
	__u16 experiment;
	__u8 flags;
	__u8 pad;
	__u16 release[3];
};
_Static_assert(sizeof(struct axo_delay_tag) == 12, "the tag is two MAC addresses");

/** AXO_DELAY_BITS - of a release time in a tag: 78 hours, a thousand times the longest delay */
#define AXO_DELAY_BITS 48

static inline void axo_delay_set_release(struct axo_delay_tag *t, __u64 release_ns)
{
	t->release[0] = (__u16)(release_ns >> 32);
	t->release[1] = (__u16)(release_ns >> 16);
	t->release[2] = (__u16)release_ns;
}

/** axo_delay_release - the release time in full; @now_ns: less than 39 hours away from it */
static inline __u64 axo_delay_release(const struct axo_delay_tag *t, __u64 now_ns)
{
	__u64 low = (__u64)t->release[0] << 32 | (__u64)t->release[1] << 16 | t->release[2];
	__u64 ahead = (low - now_ns) << (64 - AXO_DELAY_BITS);

	return now_ns + (__u64)((__s64)ahead >> (64 - AXO_DELAY_BITS));
}

#endif
