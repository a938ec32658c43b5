/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events: what programs tell the agent through the ring buffer axo_events.
 *
 * A record starts with its type; readers skip types they do not know.  Records are produced
 * only while axo_state.events has the type's bit.  A full ring loses the event, never the count.
 */
#ifndef AXONEME_EVENT_H
#define AXONEME_EVENT_H

#include "axoneme/address.h"
#include "axoneme/state.h"

/**
 * struct axo_event_drop - a packet was dropped
 * @type:      AXO_EVENT_DROP
 * @reason:    enum axo_drop
 * @dir:       enum axo_dir
 * @proto:     IPPROTO_*; 0 = the packet was not parsed so far
 * @time_ns:   CLOCK_MONOTONIC
 * @ifindex:   device that the packet entered by
 * @endpoint:  id of the endpoint concerned; 0 = none known
 * @len:       packet length from the Ethernet header on
 * @ethertype: host order
 * @family:    4, 6 or 0 = the addresses are not known
 * @pad:       zero
 * @saddr:     source address
 * @daddr:     destination address
 * @sport:     network order
 * @dport:     network order
 * @src_identity: 0 = not looked up
 * @dst_identity: 0 = not looked up
 */
struct axo_event_drop {
	__u8 type;
	__u8 reason;
	__u8 dir;
	__u8 proto;
	__u32 ifindex;
	__u64 time_ns;
	__u32 endpoint;
	__u32 len;
	__u16 ethertype;
	__u8 family;
	__u8 pad[5];
	struct axo_addr saddr;
	struct axo_addr daddr;
	__be16 sport;
	__be16 dport;
	__u32 src_identity;
	__u32 dst_identity;
	__u32 pad2;
};

#endif
