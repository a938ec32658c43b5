/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow tables, read in slices: both maps one after the other, some hundred entries at a time
 * (BPF_MAP_LOOKUP_BATCH), so that neither the loop nor the memory notices half a million flows.
 *
 * The tables change meanwhile: a flow that is made, ends, or moves between the maps during the
 * walk may be missed or seen twice.
 */
#ifndef LOADER_FLOW_LIST_H
#define LOADER_FLOW_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "axoneme/flow.h"

struct flow_list;

/**
 * struct flow_slice - some flows; arrays borrowed until the next call
 * @map: which map they stand in: 0 = axo_flow, 1 = axo_flow_lru
 */
struct flow_slice {
	unsigned int map;
	const struct axo_flow_key *keys;
	const struct axo_flow *flows;
	size_t count;
};

/**
 * flow_list_new - a walk over the maps @fds (axo_flow and axo_flow_lru), which stay the caller's
 * Return: the walk (flow_list_free() it), or NULL: no memory
 */
struct flow_list *flow_list_new(const int fds[static 2]);
void flow_list_free(struct flow_list *l);

/**
 * flow_list_next - read the next slice
 * Return: 1 and *slice (which may have no flows), 0 at the end, or negative errno
 */
int flow_list_next(struct flow_list *l, struct flow_slice *slice);

#endif
