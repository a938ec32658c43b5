/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chaos: the contract between the agent (which writes experiments), the programs (which draw and
 * make faults) and the delay line.
 *
 * An experiment is one port rule with `l7proto: chaos`; it has a number on this host, 1 to
 * AXO_MAX_CHAOS - 1, whatever pods it selects.  A flow names the experiments that apply to it by
 * its feature sets (feature.h); where two meet, the one of lower @rank that draws a fault wins.
 *
 * One request:
 *
 *   1. No faults: the lease is older than AXO_CHAOS_LEASE_NS, or now is not in [start_ns, end_ns).
 *      Nothing is drawn or counted then.
 *   2. Which rules match: those whose filter's bit is in what the HTTP engine found; rules without
 *      a filter match every request.  None: the request is not counted.
 *   3. The request takes an ordinal of struct axo_chaos_run (atomic; the first is 0), and draws
 *      0 to AXO_CHAOS_ONE - 1 from it: axo_chaos_draw() in chaos_draw.h.
 *   4. Of the rules that match, in order, the shares are added up; the first at which the sum is
 *      above the draw is taken.  If none is, the request is untouched.
 *      Rules with a @status come behind the others: they are asked when the response begins, with
 *      the same draw, and their shares are added to those of the rules without one that matched.
 *   5. A rule that is taken counts as drawn.  It is not carried out in a dry run, when
 *      @max_in_flight are held already, or when an experiment of lower rank made a fault: each has
 *      a counter (chaos_stat.h).
 *
 * Times of experiments are CLOCK_BOOTTIME (bpf_ktime_get_boot_ns()): they run on while the machine
 * sleeps, and mean the same to every agent until the next boot.
 *
 * axo_chaos and axo_chaos_lease: the agent writes, programs read.  axo_chaos_run and
 * axo_chaos_stat: the agent makes the entries before it makes the experiment and deletes them a
 * grace period after it; programs add to them.  A missing entry means: no such experiment.
 */
#ifndef AXONEME_CHAOS_H
#define AXONEME_CHAOS_H

#include <linux/types.h>

#define AXO_MAX_CHAOS 1024	       /* experiments on a host, and one */
#define AXO_CHAOS_RULES 32	       /* rules of an experiment */
#define AXO_CHAOS_ONE 1000000u	       /* shares and draws count in millionths */
#define AXO_CHAOS_LEASE_NS 3000000000u /* older than that: nobody watches, no faults */
#define AXO_CHAOS_DELAY_MAX_NS 60000000000ull

/** enum axo_chaos_action - bits: what a rule does to a request, a connection, or packets */
enum axo_chaos_action {
	AXO_CHAOS_DELAY_REQUEST = 1 << 0,
	AXO_CHAOS_DELAY_RESPONSE = 1 << 1,
	AXO_CHAOS_CONNECT_DELAY = 1 << 2,
	AXO_CHAOS_CONNECT_REFUSE = 1 << 3,
	AXO_CHAOS_ABORT_RESET = 1 << 4,
	AXO_CHAOS_ABORT_TIMEOUT = 1 << 5, /* the request is swallowed */
	AXO_CHAOS_ABORT_503 = 1 << 6,
	AXO_CHAOS_LOSS = 1 << 7,
	AXO_CHAOS_DUPLICATE = 1 << 8,
	AXO_CHAOS_CORRUPT = 1 << 9,
	AXO_CHAOS_RATE = 1 << 10,
};

/** AXO_CHAOS_CONNECT - actions that are drawn when a connection begins, not per request */
#define AXO_CHAOS_CONNECT (AXO_CHAOS_CONNECT_DELAY | AXO_CHAOS_CONNECT_REFUSE)

/** enum axo_chaos_distribution - of the jitter; chaos_draw.h says what each means */
enum axo_chaos_distribution {
	AXO_CHAOS_UNIFORM = 0,
	AXO_CHAOS_NORMAL = 1,
	AXO_CHAOS_PARETO = 2,
};

/**
 * struct axo_chaos_rule - one item of `l7`
 * @delay_request_ns:  held before the server sees the request
 * @delay_response_ns: held before the client sees the response
 * @connect_delay_ns:  held before the server sees the connection
 * @jitter_ns:    spread of the delays, by @distribution; 0 = none
 * @rate_bytes_s: bytes per second, from the IP header on
 * @share:        of the requests that match, in millionths
 * @loss:         of the packets of a request and its response, in millionths
 * @duplicate, @corrupt: likewise
 * @actions:      bits of enum axo_chaos_action
 * @status:       HTTP status of the response that it is for; 0 = any
 * @filter:       0 = every request; else only those for which the HTTP engine has bit number
 *                @filter of its mask set (1 to 63, numbered over the host)
 * @distribution: enum axo_chaos_distribution
 */
struct axo_chaos_rule {
	__u64 delay_request_ns;
	__u64 delay_response_ns;
	__u64 connect_delay_ns;
	__u64 jitter_ns;
	__u64 rate_bytes_s;
	__u32 share;
	__u32 loss;
	__u32 duplicate;
	__u32 corrupt;
	__u32 actions;
	__u16 status;
	__u8 filter;
	__u8 distribution;
};
_Static_assert(sizeof(struct axo_chaos_rule) == 64, "chaos rule has padding");

/** enum axo_chaos_sampling */
enum axo_chaos_sampling {
	AXO_CHAOS_RANDOM = 0, /* every draw by itself */
	AXO_CHAOS_EXACT = 1,  /* shuffled decks of 1,000 */
};

/**
 * struct axo_chaos - value of axo_chaos (hash; key __u32: number of the experiment)
 * @key:      what all its draws come from: axo_chaos_key() of seed and name
 * @start_ns: first moment with faults, CLOCK_BOOTTIME
 * @end_ns:   first moment without; changes while the experiment runs (stop, guard)
 * @rank:     order among the experiments of the host; changes when others come and go
 * @ref:      reference of the port rule (policy.h), for events
 * @actions:  all bits of its rules, or-ed
 * @max_in_flight: packets that may be held at a time; 0 = no limit
 * @rule_count: 1 to AXO_CHAOS_RULES
 * @filters:  bits @filter of its rules, or-ed; bit 0: of one that asks for none.  Not of those that
 *            are for connections alone
 * @sampling: enum axo_chaos_sampling
 * @dry_run:  match, draw and count, but do nothing
 * @late:     some of its rules have a @status
 * @rules:    in the order of the policy
 */
struct axo_chaos {
	__u64 key;
	__u64 start_ns;
	__u64 end_ns;
	__u32 rank;
	__u32 ref;
	__u32 actions;
	__u32 max_in_flight;
	__u64 filters;
	__u32 rule_count;
	__u8 sampling;
	__u8 dry_run;
	__u8 late;
	__u8 pad;
	struct axo_chaos_rule rules[AXO_CHAOS_RULES];
};
_Static_assert(sizeof(struct axo_chaos) == 56 + 64 * AXO_CHAOS_RULES, "experiment has padding");

/**
 * struct axo_chaos_run - value of axo_chaos_run (hash; key __u32): what programs learn; atomic
 * @ordinal:   number of the next request; goes on where it was when the agent restarts
 * @connects:  number of the next connection, for the actions of AXO_CHAOS_CONNECT
 * @in_flight: packets in the delay line
 * @pipelined: requests that came before the response to an earlier one was over; they share its
 *             turn and are not drawn for on their own
 */
struct axo_chaos_run {
	__u64 ordinal;
	__u64 connects;
	__u64 in_flight;
	__u64 pipelined;
};

/**
 * struct axo_chaos_lease - the only entry of axo_chaos_lease (array)
 * @renewed_ns: when the agent was last seen alive, CLOCK_BOOTTIME; 0 = never
 */
struct axo_chaos_lease {
	__u64 renewed_ns;
};

/** axo_chaos_active - step 1; @now_ns: CLOCK_BOOTTIME */
static inline int axo_chaos_active(const struct axo_chaos *c, __u64 renewed_ns, __u64 now_ns)
{
	/* The agent may have renewed after now_ns was read. */
	if (now_ns > renewed_ns && now_ns - renewed_ns > AXO_CHAOS_LEASE_NS)
		return 0;
	return now_ns >= c->start_ns && now_ns < c->end_ns;
}

#endif
