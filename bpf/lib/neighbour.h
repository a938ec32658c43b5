/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Neighbours: ARP requests (RFC 826) and neighbour solicitations (RFC 4861) for the gateway are
 * answered here, with the configured MAC; all other neighbour traffic is dropped, as pods have
 * no neighbour but the gateway.
 *
 * The caller has checked the frame's source MAC.  A probe from 0.0.0.0 or "::" (RFC 5227,
 * RFC 4862) for the gateway's address is answered: the address is taken.
 */
#ifndef BPF_LIB_NEIGHBOUR_H
#define BPF_LIB_NEIGHBOUR_H

#include "bpf/lib/count.h"
#include "bpf/lib/csum.h"
#include "bpf/lib/endpoint.h"
#include "bpf/lib/parse.h"

/*
 * Both frames start at eth; the pad in front of it aligns what follows.
 */

/** struct arp_frame - Ethernet and ARP for IPv4 */
struct arp_frame {
	__u16 pad;
	struct ethhdr eth;
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_len;
	__u8 protocol_len;
	__be16 op;
	__u8 sha[ETH_ALEN];
	__u8 spa[4];
	__u8 tha[ETH_ALEN];
	__u8 tpa[4];
};

/** struct nd_frame - solicitation and advertisement have one layout (RFC 4861, 4.3 and 4.4) */
struct nd_frame {
	__u16 pad;
	struct ethhdr eth;
	struct ipv6hdr ip6;
	struct icmp_header icmp;
	struct axo_addr target;
	__u8 opt_type;
	__u8 opt_len8;
	__u8 opt_mac[ETH_ALEN];
};

/* Behind the padding and on the wire. */
#define ARP_LEN (sizeof(struct arp_frame) - offsetof(struct arp_frame, eth))
#define ND_OFF offsetof(struct nd_frame, icmp)
#define ND_SOLICITATION_LEN (offsetof(struct nd_frame, opt_type) - offsetof(struct nd_frame, eth))
#define ND_ADVERTISEMENT_LEN (sizeof(struct nd_frame) - offsetof(struct nd_frame, eth))
#define ND_ROUTER_OVERRIDE 0xa0000000
#define ND_SOLICITED 0x40000000

/** neighbour_send_back - out of the device the packet came from */
static __always_inline int neighbour_send_back(struct __sk_buff *skb)
{
	count_add(AXO_COUNT_NEIGHBOUR);
	return bpf_redirect(skb->ifindex, 0);
}

/** arp_answer - TC_ACT_REDIRECT or -AXO_DROP_x */
static __noinline int arp_answer(struct __sk_buff *skb, const struct axo_endpoint *ep)
{
	const void *gateway = (const void *)&axo_cfg.gateway4.b[12];
	struct arp_frame f = {};

	if (!axo_cfg.ipv4)
		return -AXO_DROP_FAMILY_OFF;
	if (bpf_skb_load_bytes(skb, 0, &f.eth, ARP_LEN))
		return -AXO_DROP_TOO_SHORT;
	if (f.op != bpf_htons(ARP_REQUEST) || f.hardware != bpf_htons(ARP_HARDWARE_ETHERNET) ||
	    f.protocol != bpf_htons(ETH_P_IP) || f.hardware_len != ETH_ALEN ||
	    f.protocol_len != 4 || *(__u32 *)f.tpa != *(const __u32 *)gateway)
		return -AXO_DROP_ARP;
	if (!mac_equal(f.sha, ep->mac))
		return -AXO_DROP_SPOOFED_MAC;
	if (*(__u32 *)f.spa && (*(__u32 *)f.spa != addr_v4(&ep->ipv4)))
		return -AXO_DROP_SPOOFED_IP;
	f.op = bpf_htons(ARP_REPLY);
	__builtin_memcpy(f.tpa, f.spa, 4);
	__builtin_memcpy(f.spa, gateway, 4);
	__builtin_memcpy(f.tha, f.sha, ETH_ALEN);
	__builtin_memcpy(f.sha, mac_own(), ETH_ALEN);
	__builtin_memcpy(f.eth.h_dest, f.tha, ETH_ALEN);
	__builtin_memcpy(f.eth.h_source, f.sha, ETH_ALEN);
	if (bpf_skb_store_bytes(skb, 0, &f.eth, ARP_LEN, 0))
		return -AXO_DROP_REDIRECT;
	return neighbour_send_back(skb);
}

/** nd_check - a solicitation for the gateway that @ep may send?  RFC 4861, 7.1.1.  0 or -AXO_DROP_x */
static __always_inline int nd_check(const struct packet *p, const struct nd_frame *f,
				    const struct axo_endpoint *ep)
{
	const struct axo_addr *src = packet_src(p), *dst = packet_dst(p);
	bool link_local = src->b[0] == 0xfe && (src->b[1] & 0xc0) == 0x80;
	bool unspecified = !(addr_word(src, 0) | addr_word(src, 1));

	if (p->icmp_type != ND_SOLICITATION || f->icmp.code || f->ip6.hop_limit != 255 ||
	    !addr_is_cfg(&f->target, &axo_cfg.gateway6))
		return -AXO_DROP_NEIGHBOUR;
	if (dst->b[0] != 0xff && !addr_is_cfg(dst, &axo_cfg.gateway6))
		return -AXO_DROP_NEIGHBOUR;
	if (!link_local && !unspecified && !endpoint_has_address(ep, src))
		return -AXO_DROP_SPOOFED_IP;
	return 0;
}

/** nd_set_receiver - who asked, or all nodes (ff02::1) if it has no address yet; true = it has one */
static __always_inline bool nd_set_receiver(const struct packet *p, struct nd_frame *f)
{
	const struct axo_addr *src = packet_src(p);
	__u64 *dst = (__u64 *)&f->ip6.daddr;
	__u16 *mac = (__u16 *)f->eth.h_dest;

	if (addr_word(src, 0) | addr_word(src, 1)) {
		dst[0] = addr_word(src, 0);
		dst[1] = addr_word(src, 1);
		__builtin_memcpy(mac, f->eth.h_source, ETH_ALEN);
		return true;
	}
	/* Not tables: libbpf 1.1 gives the kernel a wrong BTF of a program's constant sections. */
	dst[0] = bpf_cpu_to_be64(0xff02000000000000);
	dst[1] = bpf_cpu_to_be64(1);
	mac[0] = bpf_htons(0x3333);
	mac[1] = 0;
	mac[2] = bpf_htons(1);
	return false;
}

/** nd_fill - make the advertisement of the solicitation in @f (RFC 4861, 7.2.4) */
static __always_inline void nd_fill(const struct packet *p, struct nd_frame *f)
{
	bool solicited = nd_set_receiver(p, f);
	__u64 sum;

	__builtin_memcpy(f->eth.h_source, mac_own(), ETH_ALEN);
	__builtin_memcpy(&f->ip6.saddr, &f->target, sizeof(f->ip6.saddr));
	f->ip6.payload_len = bpf_htons(sizeof(*f) - ND_OFF);
	f->icmp.type = ND_ADVERTISEMENT;
	f->icmp.check = 0;
	f->icmp.word = bpf_htonl(ND_ROUTER_OVERRIDE | (solicited ? ND_SOLICITED : 0));
	f->opt_type = ND_OPT_TARGET_MAC;
	f->opt_len8 = 1;
	__builtin_memcpy(f->opt_mac, mac_own(), ETH_ALEN);
	sum = csum_words(&f->ip6.saddr, (sizeof(*f) - offsetof(struct nd_frame, ip6.saddr)) / 2);
	f->icmp.check = csum_fold(sum + f->ip6.payload_len + bpf_htons(IPPROTO_ICMPV6));
}

/** nd_answer - TC_ACT_REDIRECT or -AXO_DROP_x */
static __noinline int nd_answer(struct __sk_buff *skb, const struct packet *p,
				const struct axo_endpoint *ep)
{
	struct nd_frame f = {};
	int rc;

	/* RFC 6980: not behind extension headers or in fragments. */
	if (p->l4_off != ND_OFF - offsetof(struct nd_frame, eth) ||
	    bpf_skb_load_bytes(skb, 0, &f.eth, ND_SOLICITATION_LEN))
		return -AXO_DROP_NEIGHBOUR;
	rc = nd_check(p, &f, ep);
	if (rc)
		return rc;
	nd_fill(p, &f);
	if (bpf_skb_change_tail(skb, ND_ADVERTISEMENT_LEN, 0) ||
	    bpf_skb_store_bytes(skb, 0, &f.eth, ND_ADVERTISEMENT_LEN, 0))
		return -AXO_DROP_REDIRECT;
	return neighbour_send_back(skb);
}

#endif
