/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a packet was dropped.
 *
 * One list numbers the reasons, names them for programs (lower case, in metrics and JSON) and
 * says them for people.  Numbers are an interface: never renumber, never reuse.  Every drop is
 * counted in the map axo_drops by (reason, direction).
 */
#ifndef AXONEME_DROP_H
#define AXONEME_DROP_H

#include <linux/types.h>

/* X(symbol, number, "json_name", "what the operator reads") */
#define AXO_DROP_REASONS(X)                                                                  \
	X(TOO_SHORT, 1, "too_short", "packet shorter than its headers say")                  \
	X(BAD_HEADER, 2, "bad_header", "malformed IP or transport header")                   \
	X(EXT_HEADERS, 3, "ext_headers", "IPv6 extension header chain too long or invalid")  \
	X(ETHERTYPE, 4, "ethertype", "unsupported ethertype")                                \
	X(VLAN, 5, "vlan", "VLAN-tagged frame from a pod")                                   \
	X(NO_ENDPOINT, 6, "no_endpoint", "device belongs to no endpoint")                    \
	X(SPOOFED_MAC, 7, "spoofed_mac", "source MAC is not the endpoint's")                 \
	X(SPOOFED_IP, 8, "spoofed_ip", "source address is not the endpoint's")               \
	X(MULTICAST, 9, "multicast", "multicast or broadcast is not supported")              \
	X(LINK_LOCAL, 10, "link_local", "link-local address is not supported")               \
	X(ARP, 11, "arp", "ARP for something other than the gateway")                        \
	X(NEIGHBOUR, 12, "neighbour", "neighbour discovery other than for the gateway")      \
	X(NO_POD, 13, "no_pod", "no pod has this local address")                             \
	X(TTL_EXCEEDED, 14, "ttl_exceeded", "TTL or hop limit exceeded")                     \
	X(FRAG_NO_FIRST, 15, "frag_no_first", "fragment before its first one")               \
	X(MTU, 16, "mtu", "packet larger than the receiver's MTU")                           \
	X(ICMP_UNRELATED, 17, "icmp_unrelated", "ICMP error for no known flow")              \
	X(FAMILY_OFF, 18, "family_off", "address family is not enabled on this host")        \
	X(MAP_FULL, 19, "map_full", "flow table refused the entry")                          \
	X(REDIRECT, 20, "redirect", "kernel refused to redirect or rewrite the packet")      \
	X(DST_MAC, 21, "dst_mac", "destination MAC is not the gateway's")                    \
	X(POLICY, 22, "policy", "no policy rule allows it")                                  \
	X(POLICY_DENY, 23, "policy_deny", "a policy rule denies it")                         \
	X(FEATURE, 24, "feature", "no program for what its rules ask for")                   \
	X(MARTIAN, 25, "martian", "source address that cannot come from there")              \
	X(NO_ROUTE, 26, "no_route", "the host's routing tables refuse the destination")      \
	X(PREFILTER, 27, "prefilter", "the prefilter denies the source")                     \
	X(CHECKSUM, 28, "checksum", "IPv4 header checksum is wrong")                         \
	X(L7_CHECKSUM, 30, "l7_checksum", "wrong TCP checksum where L7 rules hold")          \
	X(L7_FORM, 31, "l7_form", "data in a form that L7 rules refuse")                     \
	X(L7_ORDER, 32, "l7_order", "out of order where L7 rules hold; the sender repeats")  \
	X(L7_FORGED, 33, "l7_forged", "other bytes than first sent; connection reset")       \
	X(L7_STALLED, 34, "l7_stalled", "no way on in 5 s of repeats; connection reset")     \
	X(L7_UNKNOWN, 35, "l7_unknown", "connection older than its L7 rules; reset")         \
	X(L7_DENIED, 36, "l7_denied", "request denied by L7 rules; answered or reset")       \
	X(L7_CLOSED, 37, "l7_closed", "connection was ended by its L7 rules")                \
	X(L7_FULL, 38, "l7_full", "no room for another connection with L7 rules")            \
	X(L7_BUSY, 39, "l7_busy", "another CPU works on the connection; the sender repeats") \
	X(DNS_REFUSED, 40, "dns_refused", "no rule allows the DNS name; answered REFUSED")   \
	X(DNS_MALFORMED, 41, "dns_malformed", "no DNS query that can be judged")             \
	X(DNS_FRAGMENT, 42, "dns_fragment", "fragment of a DNS message")                     \
	X(CHAOS, 50, "chaos", "a chaos experiment lost or swallowed it")                     \
	X(CHAOS_HELD, 51, "chaos_held", "repeats what the delay line holds")                 \
	X(CHAOS_GONE, 52, "chaos_gone", "its flow ended while the delay line held it")

enum axo_drop {
	AXO_DROP_NONE = 0,
#define X(symbol, number, json, text) AXO_DROP_##symbol = number,
	AXO_DROP_REASONS(X)
#undef X
		AXO_DROP_MAX = 256, /* reasons fit a byte */
};

/**
 * enum axo_dir - direction as the pod sees it
 * @AXO_DIR_EGRESS:  sent by a pod
 * @AXO_DIR_INGRESS: on its way to a pod
 *
 * A drop by policy has the direction of the policy that denied it: a packet that a pod sends and
 * that the receiver's ingress policy denies counts as ingress.
 */
enum axo_dir {
	AXO_DIR_EGRESS = 0,
	AXO_DIR_INGRESS = 1,
};

/**
 * struct axo_drop_key - key of axo_drops (per-CPU hash; written by programs, read by the agent)
 * @reason: enum axo_drop
 * @dir:    enum axo_dir
 */
struct axo_drop_key {
	__u16 reason;
	__u16 dir;
};
_Static_assert(sizeof(struct axo_drop_key) == 4, "map key has padding");

/**
 * struct axo_drop_count - value of axo_drops, one per CPU
 * @packets: packets dropped; a super-packet counts once
 * @bytes:   their length from the Ethernet header on
 */
struct axo_drop_count {
	__u64 packets;
	__u64 bytes;
};

#endif
