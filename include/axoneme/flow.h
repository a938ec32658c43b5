/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Flows: one entry per connection, for both directions.
 *
 * The key is canonical: of the two (address, port) ends the smaller one, compared as bytes
 * (address first, then port), is end 0.  So both directions of a connection find one entry.
 * "side i" is what is known of packets *sent by* end i.
 *
 * Two maps hold the same key and value:
 *   axo_flow      established flows.  A plain hash: nothing is ever evicted from it; the agent
 *                 removes what timed out.
 *   axo_flow_lru  everything else (half-open, closing, and flows that found axo_flow full).  LRU:
 *                 a flood of half-open flows evicts other half-open flows only.
 * A flow is in at most one of them, but for the moment of its move.
 *
 * Writers: programs (everything); the agent only deletes.  Counters are atomic.
 */
#ifndef AXONEME_FLOW_H
#define AXONEME_FLOW_H

#include "axoneme/address.h"

/**
 * struct axo_flow_key - both ends of a connection
 * @addr:  the ends' addresses
 * @port:  the ends' ports, network order; other protocols: 0.  ICMP and ICMPv6: of who asked the
 *         id (0 if there is none), of the other the type of the question
 * @proto: IPPROTO_*, as carried (ICMP is 1 or 58)
 * @asker: ICMP and ICMPv6: 1 if end 0 asks, 2 if end 1 does, so that pings in both directions are
 *         two flows whatever their ids are; other protocols: 0
 * @pad:   zero
 */
struct axo_flow_key {
	struct axo_addr addr[2];
	__be16 port[2];
	__u8 proto;
	__u8 asker;
	__u8 pad[2];
};
_Static_assert(sizeof(struct axo_flow_key) == 40, "map key has padding");

/** enum axo_deliver - where packets of one side go */
enum axo_deliver {
	AXO_DELIVER_NONE = 0,	 /* not known: slow path */
	AXO_DELIVER_POD = 1,	 /* to the peer of @ifindex_out, a local pod; one routed hop */
	AXO_DELIVER_STACK = 2,	 /* to the host's stack, as if received on axo_host */
	AXO_DELIVER_NETWORK = 3, /* routed by the host's tables, out of the device they name */
	AXO_DELIVER_HOST = 4,	 /* a flow of the host itself: let go on */
};

/*
 * As ifindex_in, where no device is meant; no MAC counts.  The last two are of flows that one of
 * the host's own addresses has an end of, while a policy is in force for the host.
 */
#define AXO_IFINDEX_NETWORK 0xffffffffu /* any of the host's devices, or the stack */
#define AXO_IFINDEX_HOST 0xfffffffeu	/* the host itself, out of any of its devices */
#define AXO_IFINDEX_FORWARD 0xfffffffdu /* the host forwards it with its own address */

/** enum axo_flow_state - decides the timeout (limits.h) and which map holds the flow */
enum axo_flow_state {
	AXO_FLOW_NEW = 0,	  /* only the originator was seen */
	AXO_FLOW_REPLIED = 1,	  /* TCP: answered, and the originator has not acknowledged that */
	AXO_FLOW_ESTABLISHED = 2, /* both sides agree (TCP), a reply was seen (others) */
	AXO_FLOW_CLOSING = 3,	  /* TCP: RST, or FIN from both sides */
};

/**
 * enum axo_flow_verdict
 * @AXO_VERDICT_NONE:  not judged
 * @AXO_VERDICT_ALLOW: packets of both sides pass
 * @AXO_VERDICT_DENY:  it was allowed and is no longer: packets of neither side pass.  The entry
 *                     stays, so that what the responder still sends does not count as a flow of
 *                     its own; a flow that never was allowed has none
 */
enum axo_flow_verdict {
	AXO_VERDICT_NONE = 0,
	AXO_VERDICT_ALLOW = 1,
	AXO_VERDICT_DENY = 2,
};

/**
 * struct axo_flow_side - packets sent by one end
 * @packets:     how many passed; a super-packet counts once
 * @bytes:       their length from the Ethernet header on
 * @ifindex_in:  device (host side) they must enter by, else the entry does not apply to them;
 *               AXO_IFINDEX_NETWORK: routes change, so it may be any that leads outside;
 *               AXO_IFINDEX_HOST, AXO_IFINDEX_FORWARD
 * @ifindex_out: host-side device of the receiving pod (AXO_DELIVER_POD)
 * @smac:        source MAC that they must carry
 * @deliver:     enum axo_deliver
 * @tcp_flags:   TCP flags seen so far, or-ed
 * @dmac:        the receiver's MAC (AXO_DELIVER_POD); like @smac at a multiple of 4, as programs
 *               copy MACs by words and the verifier wants those aligned on the stack
 * @mtu:         of the receiver's device, bytes from the IP header on; 0 = do not check
 */
struct axo_flow_side {
	__u64 packets;
	__u64 bytes;
	__u32 ifindex_in;
	__u32 ifindex_out;
	__u8 smac[6];
	__u8 deliver;
	__u8 tcp_flags;
	__u8 dmac[6];
	__u16 mtu;
};
_Static_assert(sizeof(struct axo_flow_side) == 40, "flow side has padding");

/**
 * struct axo_flow - what was decided for a connection
 * @created_s:  when, CLOCK_MONOTONIC seconds
 * @seen_s:     last packet, CLOCK_MONOTONIC seconds (coarse; up to two seconds old)
 * @generation: of the decision (state.h); an entry of another generation is judged again
 * @rule:       by enum axo_dir: reference of the rule that decided (policy.h): of the
 *              originator's egress policy and of the responder's ingress policy
 * @identity:   security identity of end 0 and of end 1
 * @originator: which end sent the first packet: 0 or 1
 * @state:      enum axo_flow_state
 * @verdict:    enum axo_flow_verdict
 * @features:   enum axo_feature of both policies; 0 = packets are delivered at once
 * @tick:       the programs' own: jiffies / 128 when @seen_s was written
 * @set:        by enum axo_dir: key of axo_feature, of the policies as in @rule; 0 = none
 * @side:       per direction
 */
struct axo_flow {
	__u32 created_s;
	__u32 seen_s;
	__u32 generation;
	__u32 rule[2];
	__u32 identity[2];
	__u8 originator;
	__u8 state;
	__u8 verdict;
	__u8 features;
	__u32 tick;
	__u16 set[2];
	struct axo_flow_side side[2];
};
_Static_assert(sizeof(struct axo_flow) == 120, "flow has padding");

/* Idle seconds after which a flow is dead, by (protocol, state); X(symbol, seconds). */
#define AXO_FLOW_TIMEOUTS(X)      \
	X(TCP_NEW, 60)            \
	X(TCP_ESTABLISHED, 21600) \
	X(TCP_CLOSING, 10)        \
	X(UDP_NEW, 30)            \
	X(UDP_ESTABLISHED, 120)   \
	X(OTHER, 60)

enum axo_flow_timeout {
#define X(symbol, seconds) AXO_TIMEOUT_##symbol##_S = seconds,
	AXO_FLOW_TIMEOUTS(X)
#undef X
};

/**
 * axo_flow_timeout_s - idle seconds a flow of @proto lives in @state
 */
static inline __u32 axo_flow_timeout_s(__u8 proto, __u8 state)
{
	if (proto == 6 /* IPPROTO_TCP */) {
		if (state == AXO_FLOW_ESTABLISHED)
			return AXO_TIMEOUT_TCP_ESTABLISHED_S;
		return state == AXO_FLOW_CLOSING ? AXO_TIMEOUT_TCP_CLOSING_S
						 : AXO_TIMEOUT_TCP_NEW_S;
	}
	if (proto == 17 /* IPPROTO_UDP */)
		return state == AXO_FLOW_ESTABLISHED ? AXO_TIMEOUT_UDP_ESTABLISHED_S
						     : AXO_TIMEOUT_UDP_NEW_S;
	return AXO_TIMEOUT_OTHER_S;
}

/**
 * struct axo_frag_key - key of axo_frag: which datagram a fragment belongs to (RFC 791, RFC 8200 4.5)
 * @saddr: source address
 * @daddr: destination address
 * @id:    identification, as carried (IPv4: 16 bits)
 * @ifindex: device the fragments enter by: no pod adds to another's datagram
 * @proto: IPPROTO_*; 0 in IPv6, where only the first fragment's next header counts
 * @pad:   zero
 */
struct axo_frag_key {
	struct axo_addr saddr;
	struct axo_addr daddr;
	__be32 id;
	__u32 ifindex;
	__u8 proto;
	__u8 pad[7];
};
_Static_assert(sizeof(struct axo_frag_key) == 48, "map key has padding");

/**
 * struct axo_frag - what the first fragment said
 * @sport: source port, network order; ICMP: as in struct axo_flow_key
 * @dport: destination port, network order; likewise
 * @proto: IPPROTO_*, behind all extension headers
 * @icmp_type: ICMP and ICMPv6: the type
 * @icmp_role: the programs' own: does it ask or answer?
 * @pad:   zero
 */
struct axo_frag {
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 icmp_type;
	__u8 icmp_role;
	__u8 pad;
};

#endif
