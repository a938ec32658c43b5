/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IP headers, IPv6 extension headers and fragment fields: the network layer's half of the full
 * parser (parse.h says what is refused; the rules' numbers are from there).
 */
#ifndef BPF_LIB_PARSE_IP_H
#define BPF_LIB_PARSE_IP_H

#include <linux/ip.h>
#include <linux/ipv6.h>

#include "bpf/lib/packet.h"
#include "bpf/lib/wire.h"

/* Headers before the transport header; RFC 8200, 4.1 recommends an order with at most seven. */
#define EXT_HEADERS_MAX 8

#define IP4_OFFSET_MASK 0x1fff
#define IP4_MORE 0x2000
#define IP6_OFFSET_MASK 0xfff8
#define IP6_MORE 0x0001

/**
 * struct cursor - where the parser is
 * @ends:   what was read so far
 * @off:    offset of the next header in the frame
 * @end:    offset behind the IP packet, as its header says
 * @proto:  of the next header
 * @quoted: inside an ICMP error: the packet may be cut anywhere behind the ports
 */
struct cursor {
	struct ends ends;
	__u32 off;
	__u32 end;
	__u8 proto;
	bool quoted;
};

/** parse_fragment - note the fragment; offset 0 without "more" is an atomic one (RFC 6946) */
static __always_inline void parse_fragment(struct packet *p, bool later, bool more, __be32 id)
{
	if (!later && !more)
		return;
	p->frag_id = id;
	p->kind = later ? PACKET_FRAG_LATER : PACKET_FRAG_FIRST;
}

/** parse_any_family - at a device of the host: pods may lack a family that the host has */
static __always_inline bool parse_any_family(const struct packet *p)
{
	return p->from == FROM_NETWORK || p->from == TO_NETWORK;
}

static __noinline int parse_ipv4(struct __sk_buff *skb, struct packet *p, struct cursor *c)
{
	struct iphdr ip;
	__u16 frag;
	__u32 len;

	if (!axo_cfg.ipv4 && !parse_any_family(p))
		return -AXO_DROP_FAMILY_OFF;
	if (bpf_skb_load_bytes(skb, c->off, &ip, sizeof(ip)))
		return -AXO_DROP_TOO_SHORT;
	if (ip.version != 4 || ip.ihl < 5)
		return -AXO_DROP_BAD_HEADER;
	len = bpf_ntohs(ip.tot_len);
	/* A super-packet over 64 KB says 0 (IPv4 BIG TCP). */
	if (!len && skb->gso_size)
		len = skb->len - c->off;
	if (len < ip.ihl * 4u)
		return -AXO_DROP_BAD_HEADER;
	if (!c->quoted && c->off + len > skb->len)
		return -AXO_DROP_TOO_SHORT;
	p->family = 4;
	addr_set_v4(&c->ends.src, ip.saddr);
	addr_set_v4(&c->ends.dst, ip.daddr);
	c->end = c->off + len;
	c->off += ip.ihl * 4u;
	c->proto = ip.protocol;
	frag = bpf_ntohs(ip.frag_off);
	if ((frag & IP4_OFFSET_MASK) == 1 && ip.protocol == IPPROTO_TCP)
		return -AXO_DROP_BAD_HEADER;
	parse_fragment(p, frag & IP4_OFFSET_MASK, frag & IP4_MORE, ip.id);
	return 0;
}

/** parse_ext_header - step over one; 1 = c->proto is not an extension header */
static __always_inline int parse_ext_header(struct __sk_buff *skb, struct packet *p,
					    struct cursor *c, bool first)
{
	struct frag_header frag;
	struct ext_header ext;

	switch (c->proto) {
	case IPPROTO_HOPOPTS:
		if (!first)
			return -AXO_DROP_EXT_HEADERS;
		break;
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
		break;
	case IPPROTO_FRAGMENT:
		if (p->kind != PACKET_PLAIN)
			return -AXO_DROP_EXT_HEADERS;
		if (bpf_skb_load_bytes(skb, c->off, &frag, sizeof(frag)))
			return -AXO_DROP_TOO_SHORT;
		parse_fragment(p, bpf_ntohs(frag.offset) & IP6_OFFSET_MASK,
			       bpf_ntohs(frag.offset) & IP6_MORE, frag.id);
		c->proto = frag.next;
		c->off += sizeof(frag);
		/* What follows in a later fragment is payload. */
		return p->kind == PACKET_FRAG_LATER;
	default:
		return 1;
	}
	if (bpf_skb_load_bytes(skb, c->off, &ext, sizeof(ext)))
		return -AXO_DROP_TOO_SHORT;
	if (c->proto == IPPROTO_ROUTING && ext.segments_left)
		return -AXO_DROP_EXT_HEADERS;
	/* Mobility ends the chain (RFC 6275, 6.1.1): it is the transport here. */
	if (c->proto == IPPROTO_MH)
		return 1;
	c->proto = ext.next;
	c->off += 8 + ext.len8 * 8u;
	return 0;
}

/** parse_bad_ipv6 - rule 3; "::" is a lawful source of neighbour discovery */
static __always_inline bool parse_bad_ipv6(const struct axo_addr *a)
{
	__u32 third = addr_word(a, 1);

	if (addr_word(a, 0))
		return false;
	return third == bpf_htonl(0xffff) || (!third && addr_word(a, 1) >> 32 == bpf_htonl(1));
}

static __noinline int parse_ipv6(struct __sk_buff *skb, struct packet *p, struct cursor *c)
{
	struct ipv6hdr ip6;
	__u32 len;
	int rc;

	if (!axo_cfg.ipv6 && !parse_any_family(p))
		return -AXO_DROP_FAMILY_OFF;
	if (bpf_skb_load_bytes(skb, c->off, &ip6, sizeof(ip6)))
		return -AXO_DROP_TOO_SHORT;
	if (ip6.version != 6)
		return -AXO_DROP_BAD_HEADER;
	len = bpf_ntohs(ip6.payload_len);
	/* Jumbograms (RFC 2675) exist as super-packets only (BIG TCP). */
	if (!len && skb->gso_size)
		len = skb->len - c->off - sizeof(ip6);
	c->end = c->off + sizeof(ip6) + len;
	if (!c->quoted && c->end > skb->len)
		return -AXO_DROP_TOO_SHORT;
	p->family = 6;
	__builtin_memcpy(&c->ends.src, &ip6.saddr, sizeof(c->ends.src));
	__builtin_memcpy(&c->ends.dst, &ip6.daddr, sizeof(c->ends.dst));
	if (parse_bad_ipv6(&c->ends.src) || parse_bad_ipv6(&c->ends.dst))
		return -AXO_DROP_BAD_HEADER;
	c->proto = ip6.nexthdr;
	c->off += sizeof(ip6);
	for (int i = 0; i < EXT_HEADERS_MAX + 1; i++) {
		rc = parse_ext_header(skb, p, c, i == 0);
		if (rc)
			return rc < 0 ? rc : 0;
		if (!c->quoted && c->off > c->end)
			return -AXO_DROP_TOO_SHORT;
	}
	return -AXO_DROP_EXT_HEADERS;
}

#endif
