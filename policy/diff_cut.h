/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Cuts: where verdicts of a set of entries can change, by protocol and port; private to policy/.
 *
 * Between two cuts of a protocol all ports are judged alike, as are all protocols that no entry
 * names: those are asked as DIFF_PROTO_OTHER, a reserved number that no rule can name.
 */
#ifndef POLICY_DIFF_CUT_H
#define POLICY_DIFF_CUT_H

#include "policy/diff.h"

#define DIFF_PROTO_OTHER 255

/** struct diff_cuts - @items: protocol << 17 | port, from which on it may be another; sorted */
struct diff_cuts {
	uint32_t *items;
	size_t count, size;
};

void diff_cuts_clear(struct diff_cuts *c);
void diff_cuts_fini(struct diff_cuts *c);
void diff_cut_entry(struct diff_cuts *c, const struct compiled_entry *e);
void diff_cuts_sort(struct diff_cuts *c);

/** diff_cuts_next - the next piece: *at 0 starts; false ends */
bool diff_cuts_next(const struct diff_cuts *c, size_t *at, struct diff_ports *out);

#endif
