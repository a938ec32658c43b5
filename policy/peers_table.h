/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of peers from inside: peers.c fills it, match.c asks it; private to the two.
 */
#ifndef POLICY_PEERS_TABLE_H
#define POLICY_PEERS_TABLE_H

#include "policy/map.h"
#include "policy/peers.h"

/** struct posting - slots that have one label, in no order */
struct posting {
	uint32_t *slots;
	uint32_t count, size;
};

struct prefix_slot {
	struct cidr cidr;
	uint32_t slot;
	bool plain;
};

/** struct slot - @id: 0 = free; what loops over all slots need is beside it */
struct slot {
	uint32_t id;
	bool plain;
	struct peer_identity *who;
};

struct peers {
	struct slot *slots;
	uint32_t slot_count, slot_size;
	struct posting free_slots;
	struct map by_id;    /* slot + 1 */
	struct map by_label; /* "key=value" to struct posting, owned */
	struct prefix_slot *prefixes;
	uint32_t prefix_count, prefix_size;
	bool prefixes_sorted;
	uint32_t world[2]; /* slots: IPv4, IPv6 */
	char *cluster;
};

/** label_posting - slots that have the label, whatever its source; NULL = none */
struct posting *label_posting(const struct peers *p, const char *key, const char *value);

#endif
