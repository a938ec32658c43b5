/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ranges: the addresses of a pool that are never handed out, so that the cursor can step over all
 * of a range at once.  Built once, then constant.
 */
#ifndef IPAM_RANGES_H
#define IPAM_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cidr.h"

/** struct range - both ends included */
struct range {
	struct axo_addr first;
	struct axo_addr last;
};

/**
 * struct ranges - of one pool: sorted, neither overlapping nor adjacent
 * @v:    owned
 * @len:  at least 1: network address and gateway
 * @pool: first and last address of the pool's CIDR
 */
struct ranges {
	struct range *v;
	size_t len;
	struct range pool;
};

/**
 * ranges_init - network address, gateway, broadcast address (IPv4) and @reserved of @cidr
 *
 * Of a reserved range only what lies inside @cidr counts.  Return: 0 or -ENOMEM.
 */
int ranges_init(struct ranges *r, const struct cidr *cidr, const struct cidr *reserved,
		size_t reserved_len);

/** ranges_fini - fine on a zeroed struct */
void ranges_fini(struct ranges *r);

/** ranges_hold - is @addr one that is never handed out? (outside of the pool: false) */
bool ranges_hold(const struct ranges *r, const struct axo_addr *addr);

/** ranges_skip - first address from @addr on that no range holds; may lie behind the pool's end */
struct axo_addr ranges_skip(const struct ranges *r, const struct axo_addr *addr);

/** ranges_left - addresses of the pool that no range holds, saturated at UINT64_MAX */
uint64_t ranges_left(const struct ranges *r);

#endif
