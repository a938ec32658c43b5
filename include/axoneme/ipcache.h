/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ipcache: address prefix -> security identity, longest prefix wins (LPM trie).
 *
 * The agent is the only writer; read-only to programs.  A miss means "world" of the address's
 * family.  An IPv4 prefix of n bits is stored mapped, with AXO_V4_PREFIX_BITS + n bits.
 */
#ifndef AXONEME_IPCACHE_H
#define AXONEME_IPCACHE_H

#include "axoneme/address.h"

/* Reserved identities: the numbers that the field uses (facts: Cilium pkg/identity). */
#define AXO_RESERVED_IDENTITIES(X)             \
	X(UNKNOWN, 0, "unknown")               \
	X(HOST, 1, "host")                     \
	X(WORLD, 2, "world")                   \
	X(UNMANAGED, 3, "unmanaged")           \
	X(HEALTH, 4, "health")                 \
	X(INIT, 5, "init")                     \
	X(REMOTE_NODE, 6, "remote-node")       \
	X(KUBE_APISERVER, 7, "kube-apiserver") \
	X(INGRESS, 8, "ingress")               \
	X(WORLD_IPV4, 9, "world-ipv4")         \
	X(WORLD_IPV6, 10, "world-ipv6")

enum axo_identity {
#define X(symbol, number, name) AXO_ID_##symbol = number,
	AXO_RESERVED_IDENTITIES(X)
#undef X
	/* Identities of pod label sets lie between these two, inclusive. */
	AXO_ID_LOCAL_MIN = 256,
	AXO_ID_LOCAL_MAX = 65535,
};

/**
 * struct axo_ipcache_key - LPM key
 * @prefixlen: significant bits of @addr, host order, as BPF_MAP_TYPE_LPM_TRIE wants it first
 * @addr:      network order; bits behind the prefix are zero
 */
struct axo_ipcache_key {
	__u32 prefixlen;
	__u8 addr[16];
};
_Static_assert(sizeof(struct axo_ipcache_key) == 20, "map key has padding");

/**
 * struct axo_ipcache - what is known of a prefix
 * @identity: security identity
 * @flags:    reserved, 0 (a tunnel endpoint will stand beside it)
 */
struct axo_ipcache {
	__u32 identity;
	__u32 flags;
};

#endif
