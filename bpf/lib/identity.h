/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Identities: what policy calls an address.
 *
 * A local pod's identity stands in its endpoint.  For every other address the longest prefix of
 * axo_ipcache decides; what is in none is the world of its family.
 */
#ifndef BPF_LIB_IDENTITY_H
#define BPF_LIB_IDENTITY_H

#include "bpf/lib/packet.h"

static __noinline __u32 identity_of_address(const struct axo_addr *a)
{
	struct axo_ipcache_key key = {.prefixlen = 128};
	const struct axo_ipcache *hit;

	__builtin_memcpy(key.addr, a->b, sizeof(key.addr));
	hit = bpf_map_lookup_elem(&axo_ipcache, &key);
	if (hit)
		return hit->identity;
	return addr_family(a) == 4 ? AXO_ID_WORLD_IPV4 : AXO_ID_WORLD_IPV6;
}

#endif
