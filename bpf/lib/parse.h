/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The full parser: every frame, linear or not, into struct packet or a drop reason.
 *
 * It copies headers out with bpf_skb_load_bytes(), so it needs no bounds of the verifier and
 * works at any offset: the packet that an ICMP error quotes is read by the same code.  The
 * common packets never come here (fast.h).
 *
 * What it refuses, whoever sent it:
 *      1. less data than the headers say                                        TOO_SHORT
 *      2. wrong version, header length below the minimum                        BAD_HEADER
 *      3. IPv4-mapped or loopback addresses inside IPv6: flow keys hold IPv4 in mapped form, so
 *         such a packet could ride an IPv4 flow                                 BAD_HEADER
 *      4. extension headers: more than EXT_HEADERS_MAX, hop-by-hop not in front, a routing
 *         header that is not used up (the real destination is not in sight)     EXT_HEADERS
 *      5. an IPv4 fragment that overwrites the TCP header of the first (RFC 3128)  BAD_HEADER
 */
#ifndef BPF_LIB_PARSE_H
#define BPF_LIB_PARSE_H

#include <linux/tcp.h>
#include <linux/udp.h>

#include "bpf/lib/parse_ip.h"

static __always_inline bool icmp_is_error(const struct packet *p)
{
	if (p->family == 6)
		return p->icmp_type < ICMPV6_FIRST_INFO;
	return p->icmp_type == ICMP_DEST_UNREACH || p->icmp_type == ICMP_SOURCE_QUENCH ||
	       p->icmp_type == ICMP_REDIRECT || p->icmp_type == ICMP_TIME_EXCEEDED ||
	       p->icmp_type == ICMP_PARAMETERPROB;
}

/** icmp_has_id - a question or an answer that carries an id, by which they belong together */
static __always_inline bool icmp_has_id(const struct packet *p)
{
	__u8 type = p->icmp_type;

	if (p->family == 6)
		return type == ICMPV6_ECHO_REQUEST || type == ICMPV6_ECHO_REPLY;
	return type == ICMP_ECHO || type == ICMP_ECHOREPLY ||
	       (type >= ICMP_TIMESTAMP && type <= ICMP_ADDRESS_REPLY);
}

/** icmp_question - the type that @p answers, or its own */
static __always_inline __u8 icmp_question(const struct packet *p)
{
	__u8 type = p->icmp_type;

	if (p->family == 6)
		return type == ICMPV6_ECHO_REPLY ? ICMPV6_ECHO_REQUEST : type;
	if (type == ICMP_ECHOREPLY)
		return ICMP_ECHO;
	return type > ICMP_TIMESTAMP && type <= ICMP_ADDRESS_REPLY && !(type & 1) ? type - 1 : type;
}

/** parse_icmp - who asks has the id for a port, the other one the question's type (flow.h) */
static __noinline int parse_icmp(struct __sk_buff *skb, struct packet *p, struct cursor *c)
{
	struct icmp_header icmp;
	__be16 id, question;
	bool answer;

	if (bpf_skb_load_bytes(skb, c->off, &icmp, sizeof(icmp)))
		return -AXO_DROP_TOO_SHORT;
	p->icmp_type = icmp.type;
	id = icmp_has_id(p) ? icmp.half[0] : 0;
	question = bpf_htons(icmp_question(p));
	answer = question != bpf_htons(icmp.type);
	p->icmp_role = answer ? ICMP_ANSWERS : ICMP_ASKS;
	c->ends.sport = answer ? question : id;
	c->ends.dport = answer ? id : question;
	if (icmp_is_error(p)) {
		p->kind = PACKET_ICMP_ERROR;
	} else if (p->family == 6 && icmp.type >= ND_FIRST && icmp.type <= ND_LAST) {
		p->kind = PACKET_ND;
	}
	return 0;
}

/** parse_tcp - the flags, and the length that the header claims */
static __always_inline int parse_tcp(struct __sk_buff *skb, struct packet *p,
				     const struct cursor *c)
{
	__u8 bytes[2]; /* data offset, flags */

	if (bpf_skb_load_bytes(skb, c->off + 12, bytes, sizeof(bytes)))
		return -AXO_DROP_TOO_SHORT;
	if (bytes[0] >> 4 < 5)
		return -AXO_DROP_BAD_HEADER;
	if (c->off + (bytes[0] >> 4) * 4u > c->end)
		return -AXO_DROP_TOO_SHORT;
	p->tcp_flags = bytes[1];
	p->l4_len = (bytes[0] >> 4) * 4u;
	return 0;
}

static __always_inline bool parse_is_icmp(const struct packet *p, const struct cursor *c)
{
	return c->proto == (p->family == 6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

/** parse_min_l4 - bytes of transport header that a whole packet of @proto has at least */
static __always_inline __u32 parse_min_l4(__u8 proto)
{
	if (proto == IPPROTO_TCP)
		return sizeof(struct tcphdr);
	if (proto == IPPROTO_SCTP)
		return 12;
	return 8; /* UDP, ICMP, ICMPv6 */
}

/** parse_l4 - ports, or what stands for them; other protocols have none */
static __noinline int parse_l4(struct __sk_buff *skb, struct packet *p, struct cursor *c)
{
	bool icmp = parse_is_icmp(p, c);
	__be16 ports[2];

	if (!icmp && c->proto != IPPROTO_TCP && c->proto != IPPROTO_UDP && c->proto != IPPROTO_SCTP)
		return 0;
	if (!c->quoted && c->off + parse_min_l4(c->proto) > c->end)
		return -AXO_DROP_TOO_SHORT;
	if (icmp)
		return parse_icmp(skb, p, c);
	if (bpf_skb_load_bytes(skb, c->off, ports, sizeof(ports)))
		return -AXO_DROP_TOO_SHORT;
	c->ends.sport = ports[0];
	c->ends.dport = ports[1];
	if (c->proto == IPPROTO_UDP)
		p->l4_len = sizeof(struct udphdr);
	return c->proto == IPPROTO_TCP && !c->quoted ? parse_tcp(skb, p, c) : 0;
}

/** parse_l3 - the IP packet at c->off; @ipv6 says which; fills all of @p but the generation */
static __noinline int parse_l3(struct __sk_buff *skb, struct packet *p, struct cursor *c, bool ipv6)
{
	int rc;

	p->kind = PACKET_PLAIN;
	rc = ipv6 ? parse_ipv6(skb, p, c) : parse_ipv4(skb, p, c);
	p->l4_off = c->off;
	if (!rc && p->kind != PACKET_FRAG_LATER)
		rc = parse_l4(skb, p, c);
	/* Also when it is refused: the drop event names the ends. */
	if (p->family) {
		packet_set_ends(p, &c->ends, c->proto);
		packet_set_asker(p);
	}
	return rc;
}

/** parse_frame - from the Ethernet header on */
VERIFIED_ONCE int parse_frame(struct __sk_buff *skb, struct packet *p)
{
	struct cursor c = {.off = ETH_HLEN};
	__be16 ethertype;

	if (!p)
		return -AXO_DROP_BAD_HEADER;
	if (bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_proto), &ethertype,
			       sizeof(ethertype)))
		return -AXO_DROP_TOO_SHORT;
	if (skb->vlan_present || ethertype == bpf_htons(ETH_P_8021Q) ||
	    ethertype == bpf_htons(ETH_P_8021AD))
		return -AXO_DROP_VLAN;
	if (ethertype == bpf_htons(ETH_P_IP))
		return parse_l3(skb, p, &c, false);
	if (ethertype == bpf_htons(ETH_P_IPV6))
		return parse_l3(skb, p, &c, true);
	if (ethertype != bpf_htons(ETH_P_ARP))
		return -AXO_DROP_ETHERTYPE;
	p->kind = PACKET_ARP;
	return 0;
}

#endif
