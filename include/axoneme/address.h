/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One address type for both families.
 *
 * Every key and value that holds an IP address holds these 16 bytes, in network order.  An IPv4
 * address a.b.c.d is stored IPv4-mapped, ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so control flow is
 * shared and `bpftool map dump` shows a.b.c.d as the last four numbers.
 */
#ifndef AXONEME_ADDRESS_H
#define AXONEME_ADDRESS_H

#include <linux/types.h>

/**
 * struct axo_addr - an IPv6 address, or an IPv4 address in its mapped form
 * @b: the bytes, network order; 8-byte aligned so that programs may read two words at once
 */
struct axo_addr {
	__u8 b[16];
} __attribute__((aligned(8)));

_Static_assert(sizeof(struct axo_addr) == 16, "map key has padding");

/** AXO_V4_PREFIX_BITS - bits in front of an IPv4 address in its mapped form */
#define AXO_V4_PREFIX_BITS 96

#endif
