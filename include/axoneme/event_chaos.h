/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chaos events: one for every fault that was made, or would have been in a dry run.
 */
#ifndef AXONEME_EVENT_CHAOS_H
#define AXONEME_EVENT_CHAOS_H

#include "axoneme/address.h"
#include "axoneme/state.h"

/**
 * struct axo_event_chaos - a fault
 * @type:      AXO_EVENT_CHAOS
 * @done:      1 = made; 2 = a held packet was delivered (@actual_ns counts); 0 = dry run
 * @rule:      its place in the experiment
 * @proto:     IPPROTO_*
 * @experiment: number (chaos.h)
 * @time_ns:   CLOCK_MONOTONIC
 * @ordinal:   of the request or connection
 * @asked_ns:  delay that was drawn; 0 = the fault is no delay
 * @actual_ns: delay that it became; 0 = not known yet
 * @ref:       reference of the port rule (policy.h)
 * @draw:      0 to AXO_CHAOS_ONE - 1
 * @action:    the bit of enum axo_chaos_action
 * @family:    4 or 6
 * @pad:       zero
 * @client, @server: the flow's ends
 * @client_port, @server_port: network order
 * @client_identity, @server_identity: theirs
 */
struct axo_event_chaos {
	__u8 type;
	__u8 done;
	__u8 rule;
	__u8 proto;
	__u32 experiment;
	__u64 time_ns;
	__u64 ordinal;
	__u64 asked_ns;
	__u64 actual_ns;
	__u32 ref;
	__u32 draw;
	__u32 action;
	__u8 family;
	__u8 pad[3];
	struct axo_addr client;
	struct axo_addr server;
	__be16 client_port;
	__be16 server_port;
	__u32 client_identity;
	__u32 server_identity;
	__u32 pad2;
};
_Static_assert(sizeof(struct axo_event_chaos) == 104, "event has padding");

#endif
