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
 * @policy:    dropped by policy: number of the compiled policy; else 0
 * @saddr:     source address
 * @daddr:     destination address
 * @sport:     network order
 * @dport:     network order
 * @src_identity: 0 = not looked up
 * @dst_identity: 0 = not looked up
 * @rule:      dropped by policy: reference of the rule that denies (policy.h); AXO_RULE_DEFAULT =
 *             none allows
 *
 * Dropped by policy: @dir and @endpoint are those of the policy, so a packet that the receiver's
 * ingress policy denies names the receiver.
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
	__u8 pad;
	__u32 policy;
	struct axo_addr saddr;
	struct axo_addr daddr;
	__be16 sport;
	__be16 dport;
	__u32 src_identity;
	__u32 dst_identity;
	__u32 rule;
};
_Static_assert(sizeof(struct axo_event_drop) == 80, "event has padding");

/**
 * struct axo_event_verdict - a policy judged a new flow, or cuts one that it allowed before
 * @type:      AXO_EVENT_VERDICT
 * @verdict:   AXO_POL_ALLOW, AXO_POL_DENY or AXO_POL_AUDIT
 * @reason:    allowed: 0; else AXO_DROP_POLICY or AXO_DROP_POLICY_DENY
 * @dir:       enum axo_dir: which of @endpoint's policies
 * @ifindex:   device that the originator's packets enter by
 * @time_ns:   CLOCK_MONOTONIC
 * @endpoint:  id of the endpoint whose policy it is; 0 = the host's
 * @policy:    number of the compiled policy
 * @rule:      reference of the rule that decided; AXO_RULE_DEFAULT = default deny
 * @proto:     IPPROTO_*
 * @family:    4 or 6
 * @pad:       zero
 * @saddr:     of the flow's originator, whichever side sent the packet
 * @daddr:     of the flow's responder
 * @sport:     network order; ICMP: the id
 * @dport:     network order; ICMP: the type
 * @src_identity: of the originator
 * @dst_identity: of the responder
 *
 * One per policy that is in force for the flow: the sender's egress, then, if that allows, the
 * receiver's ingress.  A denied flow has no entry, so each of its packets is a new flow.
 */
struct axo_event_verdict {
	__u8 type;
	__u8 verdict;
	__u8 reason;
	__u8 dir;
	__u32 ifindex;
	__u64 time_ns;
	__u32 endpoint;
	__u32 policy;
	__u32 rule;
	__u8 proto;
	__u8 family;
	__u8 pad[2];
	struct axo_addr saddr;
	struct axo_addr daddr;
	__be16 sport;
	__be16 dport;
	__u32 src_identity;
	__u32 dst_identity;
	__u32 pad2;
};
_Static_assert(sizeof(struct axo_event_verdict) == 80, "event has padding");

#endif
