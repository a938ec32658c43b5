/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Malformed frames and martians: what no network may bring to a device of the host.
 *
 *      1. less data than the headers say                              TOO_SHORT
 *      2. wrong version or header length                              BAD_HEADER
 *      3. IPv4: the header's checksum is wrong                        CHECKSUM
 *      4. a source that is this host's pods', loopback, multicast, broadcast or of 0.0.0.0/8
 *         (RFC 1122, 3.2.1.3; RFC 4291, 2.5, 2.7); a mapped one; a loopback destination   MARTIAN
 *
 * 0.0.0.0 and :: are lawful sources of who has no address yet (DHCP, RFC 4862).  Transport headers
 * are the receivers' business.
 */
#ifndef BPF_LIB_MARTIAN_H
#define BPF_LIB_MARTIAN_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stddef.h>

#include "bpf/lib/config.h"

#include "axoneme/drop.h"

static __always_inline __u64 martian_half(const volatile struct axo_addr *a, int i)
{
	return bpf_be64_to_cpu(((const volatile __u64 *)a)[i]);
}

static __always_inline __u32 martian_mask4(__u32 bits)
{
	return bits ? ~0u << (32 - bits) : 0;
}

/** martian_is_pod4 - is @addr (host order) in the host's pod CIDR? */
static __always_inline bool martian_is_pod4(__u32 addr)
{
	return axo_cfg.ipv4 && !((addr ^ (__u32)martian_half(&axo_cfg.pod_net4, 1)) &
				 martian_mask4(axo_cfg.pod_bits4));
}

static __always_inline bool martian_is_pod6(__u64 upper, __u64 lower)
{
	__u32 bits = axo_cfg.pod_bits6;
	__u64 mask_up = bits >= 64 ? ~0ULL : bits ? ~0ULL << (64 - bits) : 0;
	__u64 mask_low = bits <= 64 ? 0 : ~0ULL << (128 - bits);

	return axo_cfg.ipv6 && !((upper ^ martian_half(&axo_cfg.pod_net6, 0)) & mask_up) &&
	       !((lower ^ martian_half(&axo_cfg.pod_net6, 1)) & mask_low);
}

/** martian_source4 - @addr in host order */
static __always_inline bool martian_source4(__u32 addr)
{
	__u8 first = addr >> 24;

	if (first == 0)
		return addr != 0;
	return first == 127 || (first & 0xf0) == 0xe0 || addr == 0xffffffff ||
	       martian_is_pod4(addr);
}

static __always_inline bool martian_is_low6(__u64 upper, __u64 lower)
{
	return !upper && (lower == 1 || lower >> 32 == 0xffff);
}

static __always_inline bool martian_source6(__u64 upper, __u64 lower)
{
	return upper >> 56 == 0xff || martian_is_low6(upper, lower) ||
	       martian_is_pod6(upper, lower);
}

/** martian_sum - the checksum over the @ihl words of @ip, up to @end: 0xffff when it is right */
static __always_inline __u32 martian_sum(const struct iphdr *ip, const void *end)
{
	const __u32 *w = (const void *)ip;
	__u64 sum = 0;

	for (int i = 0; i < 15; i++) {
		if (i >= ip->ihl)
			break;
		if ((const void *)(w + i + 1) > end)
			return 0;
		sum += w[i];
	}
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/** martian_check4 - @room: bytes of the frame from @ip on; @end: of what can be read directly */
static __always_inline int martian_check4(const struct iphdr *ip, const void *end, __u32 room)
{
	__u32 len = bpf_ntohs(ip->tot_len);

	if (ip->version != 4 || ip->ihl < 5)
		return -AXO_DROP_BAD_HEADER;
	/* A super-packet over 64 KB says 0 (IPv4 BIG TCP). */
	if (!len && room > 0xffff)
		len = room;
	if (len < ip->ihl * 4u)
		return -AXO_DROP_BAD_HEADER;
	if (len > room)
		return -AXO_DROP_TOO_SHORT;
	if (martian_sum(ip, end) != 0xffff)
		return -AXO_DROP_CHECKSUM;
	if (martian_source4(bpf_ntohl(ip->saddr)) || bpf_ntohl(ip->daddr) >> 24 == 127)
		return -AXO_DROP_MARTIAN;
	return 0;
}

/** martian_check6 - @src, @dst: the halves of the addresses, host order */
static __always_inline int martian_check6(const struct ipv6hdr *ip6, __u32 room, const __u64 *src,
					  const __u64 *dst)
{
	if (ip6->version != 6)
		return -AXO_DROP_BAD_HEADER;
	if (bpf_ntohs(ip6->payload_len) + sizeof(*ip6) > room)
		return -AXO_DROP_TOO_SHORT;
	if (martian_source6(src[0], src[1]) || martian_is_low6(dst[0], dst[1]))
		return -AXO_DROP_MARTIAN;
	return 0;
}

#endif
