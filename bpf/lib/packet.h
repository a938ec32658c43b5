/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is known of the packet in hand.
 *
 * Parsers fill a struct packet, steps read it.  Addresses live in the flow key only, already in
 * canonical order (include/axoneme/flow.h); @side says which end is the sender.
 *
 * A step returns 0 or -AXO_DROP_x.  A step that ends the packet's way returns the TC action,
 * which is positive (TC_ACT_REDIRECT), or VERDICT_SLOW.
 */
#ifndef BPF_LIB_PACKET_H
#define BPF_LIB_PACKET_H

#include <linux/pkt_cls.h>
#include <stddef.h>

#include "bpf/lib/maps.h"

/** VERDICT_SLOW - no verdict yet: the slow path decides.  No TC action has this number */
#define VERDICT_SLOW 256
/** VERDICT_FEATURE - the flow is current and has features (packet.features): tail.h goes on */
#define VERDICT_FEATURE 257

/**
 * VERIFIED_ONCE - a global function: the verifier proves it by itself, not once for every state
 * of its callers, and forgets those states behind it.  Without this the programs take 270,000
 * instructions and 0.7 s each to verify.  Price: pointers must be checked for NULL, and 6.1 takes
 * none of them as a map key.  Weak, because every object has a copy.
 */
#define VERIFIED_ONCE __weak __noinline

/**
 * VERDICT_STACK - at a device of the host: let it go on as if we were not there.  At a pod's device, and
 * only with axo_cfg.handover: let it go on to the filter that gives it to axo_host
 */
#define VERDICT_STACK 258

/** enum packet_from - where it entered; each entry point is one of them */
enum packet_from {
	FROM_POD = 0,
	FROM_HOST,    /* the host's stack routed it: axo_net */
	FROM_NETWORK, /* one of the host's devices received it */
	TO_NETWORK,   /* one of the host's devices is about to send it */
};

/** enum packet_kind - what the slow path has to do with it */
enum packet_kind {
	PACKET_UNKNOWN = 0, /* not parsed */
	PACKET_PLAIN,	    /* the key is complete */
	PACKET_FRAG_FIRST,  /* the key is complete; tells axo_frag the ports */
	PACKET_FRAG_LATER,  /* ports are still missing */
	PACKET_ICMP_ERROR,  /* belongs to the flow of the packet it quotes */
	PACKET_ND,	    /* neighbour discovery */
	PACKET_ARP,
};

/** enum icmp_role - what an ICMP or ICMPv6 message is to its flow */
enum icmp_role {
	ICMP_NONE = 0, /* it is another protocol */
	ICMP_ASKS,
	ICMP_ANSWERS,
};

/**
 * struct denial - which policy denied a packet that is dropped for AXO_DROP_POLICY*
 * @policy:   number of the compiled policy
 * @rule:     reference of the rule; AXO_RULE_DEFAULT = none allows it
 * @endpoint: id of the endpoint whose policy it is
 * @dir:      enum axo_dir: which of its policies
 * @pad:      zero
 */
struct denial {
	__u32 policy;
	__u32 rule;
	__u32 endpoint;
	__u8 dir;
	__u8 pad[3];
};

/**
 * struct packet - see above
 * @key:        canonical; fragments but the first: ports 0
 * @generation: of axo_state, read before anything was looked up
 * @frag_id:    fragments: identification, network order
 * @l4_off:     offset of the transport header from the start of the frame
 * @family:     4, 6, or 0 = neither
 * @side:       end of @key that sent this packet
 * @kind:       enum packet_kind
 * @tcp_flags:  TCP: byte 13 of the header
 * @icmp_type:  ICMP and ICMPv6: the type
 * @found:      enum flow_map (flow.h): where an entry for @key was found, alive or not
 * @mtu:        AXO_DROP_MTU: what would have fitted, for the ICMP error
 * @l4_len:     length of the TCP or UDP header; else 0
 * @icmp_role:  enum icmp_role; an answer has the key of the question
 * @features:   VERDICT_FEATURE: those of the flow that are still to be met (enum axo_feature)
 * @from:       enum packet_from; set before anything else
 * @pad:        zero
 * @denied:     only for a packet that a policy denied
 */
struct packet {
	struct axo_flow_key key;
	__u32 generation;
	__be32 frag_id;
	__u16 l4_off;
	__u8 family;
	__u8 side;
	__u8 kind;
	__u8 tcp_flags;
	__u8 icmp_type;
	__u8 found;
	__u16 mtu;
	__u16 l4_len;
	__u8 icmp_role;
	__u8 features;
	__u8 from;
	__u8 pad;
	struct denial denied;
};

/** struct ends - sender and receiver of a packet, as the packet says them */
struct ends {
	struct axo_addr src;
	struct axo_addr dst;
	__be16 sport;
	__be16 dport;
};

static __always_inline __u64 addr_word(const struct axo_addr *a, int i)
{
	return ((const __u64 *)a)[i];
}

static __always_inline bool addr_equal(const struct axo_addr *a, const struct axo_addr *b)
{
	return addr_word(a, 0) == addr_word(b, 0) && addr_word(a, 1) == addr_word(b, 1);
}

/** addr_is_cfg - is @a the configured address @c?  An address that is off is all zero: never equal */
static __always_inline bool addr_is_cfg(const struct axo_addr *a, const volatile struct axo_addr *c)
{
	const volatile __u64 *w = (const volatile __u64 *)c;

	return addr_word(a, 0) == w[0] && addr_word(a, 1) == w[1] && (w[0] | w[1]);
}

static __always_inline void addr_set_v4(struct axo_addr *a, __be32 v4)
{
	__u64 *w = (__u64 *)a;

	w[0] = 0;
	w[1] = (__u64)v4 << 32 | bpf_htonl(0xffff);
}

static __always_inline __be32 addr_v4(const struct axo_addr *a)
{
	return addr_word(a, 1) >> 32;
}

/** addr_family - 4 if @a is in mapped form */
static __always_inline __u8 addr_family(const struct axo_addr *a)
{
	return !addr_word(a, 0) && (__u32)addr_word(a, 1) == bpf_htonl(0xffff) ? 4 : 6;
}

static __always_inline bool addr_less(const struct axo_addr *a, const struct axo_addr *b)
{
	if (addr_word(a, 0) != addr_word(b, 0))
		return bpf_be64_to_cpu(addr_word(a, 0)) < bpf_be64_to_cpu(addr_word(b, 0));
	return bpf_be64_to_cpu(addr_word(a, 1)) < bpf_be64_to_cpu(addr_word(b, 1));
}

/** key_set_ports - both ports and the protocol; the padding is part of what is hashed */
static __always_inline void key_set_ports(struct axo_flow_key *k, __be16 p0, __be16 p1, __u8 proto)
{
	*(__u64 *)k->port = (__u64)proto << 32 | (__u64)p1 << 16 | p0;
}

/** packet_set_ends - fill the canonical key and @side from what the packet says */
static __always_inline void packet_set_ends(struct packet *p, const struct ends *e, __u8 proto)
{
	bool swap = addr_less(&e->dst, &e->src) ||
		    (addr_equal(&e->dst, &e->src) && bpf_ntohs(e->dport) < bpf_ntohs(e->sport));

	p->side = swap;
	if (swap) {
		p->key.addr[0] = e->dst;
		p->key.addr[1] = e->src;
		key_set_ports(&p->key, e->dport, e->sport, proto);
	} else {
		p->key.addr[0] = e->src;
		p->key.addr[1] = e->dst;
		key_set_ports(&p->key, e->sport, e->dport, proto);
	}
}

/** packet_set_asker - after packet_set_ends(), for what may be ICMP */
static __always_inline void packet_set_asker(struct packet *p)
{
	if (p->icmp_role != ICMP_NONE)
		p->key.asker = 1 + (p->icmp_role == ICMP_ASKS ? p->side : !p->side);
}

/** packet_src, packet_dst - borrowed, in the key */
static __always_inline const struct axo_addr *packet_src(const struct packet *p)
{
	return p->side ? &p->key.addr[1] : &p->key.addr[0];
}

static __always_inline const struct axo_addr *packet_dst(const struct packet *p)
{
	return p->side ? &p->key.addr[0] : &p->key.addr[1];
}

/** packet_dir - whom a drop concerns: what a pod or the host sends, or what is on its way to one */
static __always_inline enum axo_dir packet_dir(const struct packet *p)
{
	return p->from == FROM_POD || p->from == TO_NETWORK ? AXO_DIR_EGRESS : AXO_DIR_INGRESS;
}

/** mac_equal, mac_copy - packet bytes: two loads instead of six; BPF reads unaligned packets */
static __always_inline bool mac_equal(const void *a, const void *b)
{
	return *(const __u32 *)a == *(const __u32 *)b &&
	       ((const __u16 *)a)[2] == ((const __u16 *)b)[2];
}

static __always_inline void mac_copy(void *to, const void *from)
{
	*(__u32 *)to = *(const __u32 *)from;
	((__u16 *)to)[2] = ((const __u16 *)from)[2];
}

/** packet_has_smac - is @mac the source of the frame? */
static __always_inline bool packet_has_smac(struct __sk_buff *skb, const void *mac)
{
	__u64 smac = 0;

	if (bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_source), &smac, ETH_ALEN))
		return false;
	return mac_equal(&smac, mac);
}

/** mac_own - the configured MAC (axo_cfg.mac), known to the verifier but not to the compiler */
static __always_inline const void *mac_own(void)
{
	return (const void *)axo_cfg.mac;
}

#endif
