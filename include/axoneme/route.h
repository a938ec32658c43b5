/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Routes: which destinations outside pods may leave past the host's stack.
 *
 * Map axo_route: LPM trie, key as axo_ipcache, longest prefix wins; the agent is the only writer.
 * A flow of a pod to a destination that is AXO_ROUTE_NATIVE is routed by the host's tables and
 * redirected to the device they name; netfilter does not see it.  Everything else, and what is in
 * no prefix, enters the host's stack on axo_host: what is to be masqueraded or otherwise
 * translated.  The host's own addresses (identity host) are never native.
 */
#ifndef AXONEME_ROUTE_H
#define AXONEME_ROUTE_H

#include <linux/types.h>

enum axo_route_via {
	AXO_ROUTE_STACK = 0,
	AXO_ROUTE_NATIVE = 1,
};

/** struct axo_route - value of axo_route; @via: enum axo_route_via */
struct axo_route {
	__u32 via;
};

#define AXO_MAX_ROUTES 1024

#endif
