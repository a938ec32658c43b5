/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chaos flows: what the programs remember of a flow with experiments.
 *
 * Map axo_chaos_flow: hash, key struct axo_flow_key; written by programs; the agent removes the
 * entries of flows that are no more.  Map axo_chaos_ask: LRU hash, what was drawn for a datagram,
 * kept for its answer.  A missing entry means: nothing was drawn.
 *
 * A TCP connection takes turns (bpf/lib/chaos_turn.h); where the HTTP reader tells requests apart,
 * a turn begins with the end of its first head.  A UDP flow does not: every datagram of the
 * client is a request.  Its answer is, for DNS (server port 53), the one with its id, else the
 * next one that has none yet.
 */
#ifndef AXONEME_CHAOS_FLOW_H
#define AXONEME_CHAOS_FLOW_H

#include <linux/bpf.h>
#include <linux/types.h>

#include "axoneme/feature.h"
#include "axoneme/flow.h"

#define AXO_MAX_CHAOS_FLOWS 131072
#define AXO_MAX_CHAOS_ASKS 8192

/** enum axo_chaos_end - who sends: the flow's originator is the client */
enum axo_chaos_end {
	AXO_CHAOS_CLIENT = 0,
	AXO_CHAOS_SERVER = 1,
};

/**
 * struct axo_chaos_choice - the fault that was drawn for a request
 * @experiment: its number; 0 = none, the request is untouched
 * @rule:       place of the rule in it
 * @ordinal:    of the request in the experiment
 * @draw:       0 to AXO_CHAOS_ONE - 1
 * @actions:    bits of enum axo_chaos_action: those of the rule
 * @delay_ns:   by enum axo_chaos_end: how long what that end sends is held, jitter included
 */
struct axo_chaos_choice {
	__u32 experiment;
	__u32 rule;
	__u64 ordinal;
	__u32 draw;
	__u32 actions;
	__u64 delay_ns[2];
};

/**
 * struct axo_chaos_hold - what one end sent and the delay line has
 * @release_ns: nothing that this end sends may overtake what is released then, CLOCK_MONOTONIC
 * @since_ns:   when the first packet was held
 * @asked_ns:   for how long
 * @from, @to:  TCP: sequence numbers of what is held; repeats of it are dropped
 * @experiment: that holds it, and with it @rule and @ordinal; if it ends, nothing is held
 */
struct axo_chaos_hold {
	__u64 release_ns;
	__u64 since_ns;
	__u64 asked_ns;
	__u64 ordinal;
	__u32 from;
	__u32 to;
	__u32 experiment;
	__u32 rule;
};

/**
 * struct axo_chaos_flow - value of axo_chaos_flow
 * @lock:   of what follows
 * @next:   TCP, by end: sequence number behind what was seen of it
 * @hold:   by end
 * @choice: TCP: for the request under way
 * @asking: TCP: the last payload was the client's: the next of the server begins the response
 * @known:  bit per end: @next of it is valid
 * @swallow: abort: timeout: nothing passes any more
 * @awaiting: TCP, requests are told apart: a turn began, and the head that it begins with is open
 * @late:   TCP: rules with a status are still to be asked, of the sets @late_set
 * @pushed: TCP: the client's last segment ended what it wrote (PSH)
 * @part:   number of the next packet of the request, for draws
 * @asked, @answered: UDP: numbers of the next datagram of the client, and of the server
 * @late_filters: what the request matched
 * @late_ordinal: of the request, by place of the experiment in both sets
 */
struct axo_chaos_flow {
	struct bpf_spin_lock lock;
	__u32 next[2];
	__u8 asking;
	__u8 known;
	__u8 swallow;
	__u8 pushed;
	struct axo_chaos_hold hold[2];
	struct axo_chaos_choice choice;
	__u32 part;
	__u32 asked;
	__u32 answered;
	__u8 awaiting;
	__u8 late;
	__u8 pad[6];
	__u16 late_set[2];
	__u64 late_filters;
	__u64 late_ordinal[2 * AXO_CHAOS_PER_SET];
};
_Static_assert(sizeof(struct axo_chaos_flow) == 312, "chaos flow has padding");

/** AXO_CHAOS_ASK_ID - flag in axo_chaos_ask_key.number: it is the id of a DNS message */
#define AXO_CHAOS_ASK_ID 0x80000000u

/**
 * struct axo_chaos_ask_key - key of axo_chaos_ask
 * @flow:   whose
 * @number: of the datagram in the flow, or its id
 * @pad:    zero
 */
struct axo_chaos_ask_key {
	struct axo_flow_key flow;
	__u32 number;
	__u32 pad;
};
_Static_assert(sizeof(struct axo_chaos_ask_key) == 48, "map key has padding");

/**
 * struct axo_chaos_ask - what was drawn for a datagram
 * @choice:  that
 * @time_ns: when it came, CLOCK_MONOTONIC
 */
struct axo_chaos_ask {
	struct axo_chaos_choice choice;
	__u64 time_ns;
};

#endif
