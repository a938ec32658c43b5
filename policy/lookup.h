/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lookup: a compiled policy asked as the programs ask its maps (axoneme/policy.h, steps 1 to 5).
 * Answers `policy trace`, and lets tests compare without a kernel.
 */
#ifndef POLICY_LOOKUP_H
#define POLICY_LOOKUP_H

#include "policy/compile.h"

struct lookup;

/** lookup_new - index of @c, which must not change while the lookup lives */
struct lookup *lookup_new(const struct compiled *c);
void lookup_free(struct lookup *l);

/**
 * struct verdict - @rule: enum axo_rule or a reference; @accesses: of maps, that it took
 * @explicit_deny: a rule denies it (else no rule allows it)
 * @set: allowed: its features; NULL = none
 */
struct verdict {
	bool allow;
	bool explicit_deny;
	uint32_t rule;
	uint32_t accesses;
	const struct feature_set *set;
};

/** lookup_class - of a peer, as the map says: with AXO_CLASS_COMPLETE */
uint32_t lookup_class(const struct lookup *l, uint32_t identity, enum axo_dir dir);

struct verdict lookup_packet(const struct lookup *l, uint32_t identity, const struct packet *p);

#endif
