/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Compiled policies in the maps axo_pol_entry and axo_pol_peer (axoneme/policy.h), in batches.
 */
#ifndef LOADER_POLICY_MAP_H
#define LOADER_POLICY_MAP_H

#include <stdint.h>

#include "lib/error.h"

struct compiled;
struct compiled_delta;
struct datapath;

/** policy_map_write - all of @c as policy @number; what a failure leaves is deleted */
int policy_map_write(struct datapath *dp, uint32_t number, const struct compiled *c,
		     struct error *e);

/** policy_map_write_delta - what a new peer adds: entries first */
int policy_map_write_delta(struct datapath *dp, uint32_t number, const struct compiled *c,
			   const struct compiled_delta *delta, struct error *e);

/** policy_map_delete_delta - the entries of a delta that could not be written as a whole */
void policy_map_delete_delta(struct datapath *dp, uint32_t number, const struct compiled *c,
			     const struct compiled_delta *delta);

/** policy_map_delete - all of @c; nobody may refer to @number any more */
void policy_map_delete(struct datapath *dp, uint32_t number, const struct compiled *c);

void policy_map_delete_peer(struct datapath *dp, uint32_t number, uint32_t identity);

/** policy_map_highest - the highest number that the maps hold: of an agent before this one */
uint32_t policy_map_highest(const struct datapath *dp);

/** policy_map_prune - delete everything of numbers up to @last; how many entries went */
uint32_t policy_map_prune(struct datapath *dp, uint32_t last);

/** policy_map_hits - how often @rule decided in @dir of policy @number */
uint64_t policy_map_hits(const struct datapath *dp, uint32_t number, uint32_t rule, int dir);

#endif
