/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Endpoints: what programs know of a pod's interface.
 *
 * The agent is the only writer; both maps are read-only to programs.  axo_endpoint is looked up
 * by the device a packet came from (who sent it, may it use this address?), axo_address by the
 * destination address (which local pod receives it?).  An endpoint is published in this order:
 * axo_endpoint, axo_ipcache, axo_address, then the generation is bumped (state.h); it is removed
 * in the reverse order.
 */
#ifndef AXONEME_ENDPOINT_H
#define AXONEME_ENDPOINT_H

#include "axoneme/address.h"
#include "axoneme/policy.h"

/**
 * enum axo_endpoint_flag
 * @AXO_ENDPOINT_AUDIT: its policy is asked, counted and reported, and denies nothing; its L7 rules
 *                      are not asked
 */
enum axo_endpoint_flag {
	AXO_ENDPOINT_AUDIT = 1,
};

/**
 * struct axo_endpoint - value of axo_endpoint (key: __u32, ifindex of the host-side device)
 * @id:       endpoint id, as `axoneme endpoint list` shows it; never 0
 * @identity: security identity of its labels
 * @ifindex:  its host-side device (the key again, so that axo_address needs no second lookup)
 * @mtu:      MTU of the pod's device, bytes
 * @ipv4:     its IPv4 address, mapped form; all zero = none
 * @ipv6:     its IPv6 address; all zero = none
 * @mac:      MAC of the device inside the pod
 * @flags:    enum axo_endpoint_flag
 * @policy:   the compiled policy that its labels and ports select (policy.h)
 */
struct axo_endpoint {
	__u32 id;
	__u32 identity;
	__u32 ifindex;
	__u32 mtu;
	struct axo_addr ipv4;
	struct axo_addr ipv6;
	__u8 mac[6];
	__u16 flags;
	struct axo_policy_ref policy;
};
_Static_assert(sizeof(struct axo_endpoint) == 88, "endpoint has padding");

/*
 * axo_address: key struct axo_addr (a local pod's address), value struct axo_endpoint, the same
 * bytes as in axo_endpoint.  The gateway's and the host's own addresses are not in it.
 *
 * axo_host: array of one struct axo_endpoint, the host itself: @id 0, identity AXO_ID_HOST, and of
 * the rest only @flags and @policy.  No policy is in force for the host while @policy.id is 0.
 */

#endif
