/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts of what is neither a packet that passed (flow.h) nor one that was dropped (drop.h).
 *
 * Map axo_counts: per-CPU array of __u64, index enum axo_count; written by programs, read by
 * the agent.  Numbers are an interface: append only.
 */
#ifndef AXONEME_COUNT_H
#define AXONEME_COUNT_H

#include <linux/types.h>

/* X(symbol, number, "json_name", "what the operator reads") */
#define AXO_COUNTS(X)                                                                             \
	X(FLOW_FULL, 0, "flow_full", "established flow left in axo_flow_lru, axo_flow is full")   \
	X(NEIGHBOUR, 1, "neighbour_answered", "ARP or neighbour solicitation answered")           \
	X(ICMP_SENT, 2, "icmp_sent", "ICMP error sent by the datapath")                           \
	X(ICMP_LIMITED, 3, "icmp_limited", "ICMP error not sent, over the rate limit")            \
	X(EVENT_LOST, 4, "event_lost", "event not sent, ring buffer full")                        \
	X(AUDIT, 5, "policy_audit", "judgement that would have dropped the packet without audit") \
	X(FQDN_LEARNED, 8, "fqdn_learned", "address learned from a DNS answer")                   \
	X(FQDN_FULL, 9, "fqdn_full", "address of a DNS answer not learned, table full")

enum axo_count {
#define X(symbol, number, json, text) AXO_COUNT_##symbol = number,
	AXO_COUNTS(X)
#undef X
		AXO_COUNT_MAX = 16, /* entries of the map; room to append without a new layout */
};

/* ICMP errors that one CPU sends at most: this many per second, and this many at once. */
#define AXO_ICMP_RATE 1000
#define AXO_ICMP_BURST 50

/**
 * struct axo_icmp_bucket - the token bucket of ICMP errors, one per CPU (map axo_icmp_bucket)
 * @time_ns: when @credit_ns was last raised, CLOCK_MONOTONIC
 * @credit_ns: saved-up time; an error costs 1 s / AXO_ICMP_RATE
 */
struct axo_icmp_bucket {
	__u64 time_ns;
	__u64 credit_ns;
};

#endif
