/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Endpoints: who sent this, and may it use these addresses?
 *
 * Where a flow's entry proves device and MAC (flow.h), none of this is asked again.
 */
#ifndef BPF_LIB_ENDPOINT_H
#define BPF_LIB_ENDPOINT_H

#include "bpf/lib/packet.h"

/** endpoint_of_device - borrowed; NULL = no endpoint */
static __always_inline const struct axo_endpoint *endpoint_of_device(__u32 ifindex)
{
	return bpf_map_lookup_elem(&axo_endpoint, &ifindex);
}

/** endpoint_of_address - the local pod with this address; NULL = none */
static __always_inline const struct axo_endpoint *endpoint_of_address(const struct axo_addr *a)
{
	return bpf_map_lookup_elem(&axo_address, a);
}

/** endpoint_has_address - is @a one of its own?  What it lacks is all zero, which nobody owns */
static __always_inline bool endpoint_has_address(const struct axo_endpoint *ep,
						 const struct axo_addr *a)
{
	if (!(addr_word(a, 0) | addr_word(a, 1)))
		return false;
	return addr_equal(a, &ep->ipv4) || addr_equal(a, &ep->ipv6);
}

#endif
