/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Groups: changes that are the same for several peers are told once; private to policy/.
 */
#ifndef POLICY_DIFF_GROUP_H
#define POLICY_DIFF_GROUP_H

#include "policy/diff.h"

/** struct diff_group_peers - indexes of peers; free(@items) */
struct diff_group_peers {
	uint32_t *items;
	size_t count, size;
};

void diff_group_peer_add(struct diff_group_peers *l, uint32_t index);

/** struct diff_groups - of one direction, zero-initialised is empty; @by_change: maps by ports */
struct diff_groups {
	struct map by_change;
};

/** diff_groups_add - @c happens to @peers, too; its ports are copied, its own peers not looked at */
void diff_groups_add(struct diff_groups *g, const struct diff_change *c,
		     const struct diff_group_peers *peers);

/** diff_groups_take - move all to the end of @out, in the order of struct diff; @g is empty then */
void diff_groups_take(struct diff_groups *g, struct diff *out);

#endif
