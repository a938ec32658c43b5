/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Address classes: what the datapath does not carry, whoever sends it.
 *
 * Asked before the source is compared with the endpoint's, so that a DHCP client or a pod's
 * link-local chatter is reported as unsupported and not as spoofed.
 *
 *      1. destination multicast or broadcast, IP or Ethernet (also the pod CIDR's last address)
 *                                                                      MULTICAST
 *      2. source or destination link-local                             LINK_LOCAL
 *      3. destination that no packet may have: unspecified, loopback, class E
 *                                                                      BAD_HEADER
 *      4. frame for another MAC than ours                              DST_MAC
 */
#ifndef BPF_LIB_CLASS_H
#define BPF_LIB_CLASS_H

#include "bpf/lib/packet.h"
#include "bpf/lib/wire.h"

/** addr_in_net - are the first @bits of @a those of @net? @bits counts the mapped form's 128 */
static __always_inline bool addr_in_net(const struct axo_addr *a,
					const volatile struct axo_addr *net, __u32 bits)
{
	const volatile __u64 *n = (const volatile __u64 *)net;
	__u64 hi = bpf_be64_to_cpu(addr_word(a, 0) ^ n[0]);
	__u64 lo = bpf_be64_to_cpu(addr_word(a, 1) ^ n[1]);

	if (bits >= 128)
		return !(hi | lo);
	if (bits > 64)
		return !hi && !(lo >> ((128 - bits) & 63));
	if (bits == 64)
		return !hi;
	return !bits || !(hi >> ((64 - bits) & 63));
}

/** addr_is_pod - is @a of the host's pod CIDR, used or not? */
static __always_inline bool addr_is_pod(const struct axo_addr *a, __u8 family)
{
	if (family == 4)
		return axo_cfg.ipv4 &&
		       addr_in_net(a, &axo_cfg.pod_net4, AXO_V4_PREFIX_BITS + axo_cfg.pod_bits4);
	return axo_cfg.ipv6 && addr_in_net(a, &axo_cfg.pod_net6, axo_cfg.pod_bits6);
}

/** v4_is_directed_broadcast - the last address of the pod CIDR; /31 and /32 have none (RFC 3021) */
static __always_inline bool v4_is_directed_broadcast(const struct axo_addr *a)
{
	__u32 host_bits = 32 - axo_cfg.pod_bits4;
	__u32 mask = host_bits < 32 ? (1u << (host_bits & 31)) - 1 : ~0u;

	return host_bits > 1 && addr_is_pod(a, 4) && (bpf_ntohl(addr_v4(a)) & mask) == mask;
}

static __always_inline int class_check_v4(const struct axo_addr *src, const struct axo_addr *dst)
{
	__u32 s = bpf_ntohl(addr_v4(src)), d = bpf_ntohl(addr_v4(dst));

	if (d >> 28 == 0xe || d == 0xffffffff || v4_is_directed_broadcast(dst))
		return -AXO_DROP_MULTICAST;
	if (d >> 16 == 0xa9fe || s >> 16 == 0xa9fe) /* 169.254/16, RFC 3927 */
		return -AXO_DROP_LINK_LOCAL;
	if (d >> 28 == 0xf || d >> 24 == 127 || d >> 24 == 0)
		return -AXO_DROP_BAD_HEADER;
	return 0;
}

static __always_inline int class_check_v6(const struct axo_addr *src, const struct axo_addr *dst)
{
	if (dst->b[0] == 0xff)
		return -AXO_DROP_MULTICAST;
	if ((dst->b[0] == 0xfe && (dst->b[1] & 0xc0) == 0x80) ||
	    (src->b[0] == 0xfe && (src->b[1] & 0xc0) == 0x80)) /* fe80::/10 */
		return -AXO_DROP_LINK_LOCAL;
	if (!(addr_word(dst, 0) | addr_word(dst, 1)))
		return -AXO_DROP_BAD_HEADER;
	return 0;
}

/** class_check - rules 1 to 4; @p was parsed and is IP */
static __noinline int class_check(struct __sk_buff *skb, const struct packet *p)
{
	int rc = p->family == 4 ? class_check_v4(packet_src(p), packet_dst(p))
				: class_check_v6(packet_src(p), packet_dst(p));

	if (rc || skb->pkt_type == PACKET_HOST)
		return rc;
	if (skb->pkt_type == PACKET_BROADCAST || skb->pkt_type == PACKET_MULTICAST)
		return -AXO_DROP_MULTICAST;
	return -AXO_DROP_DST_MAC;
}

#endif
