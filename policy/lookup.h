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
 * @plain: allowed, and a rule allows it without features: nothing is enforced
 */
struct verdict {
	bool allow;
	bool explicit_deny;
	uint32_t rule;
	uint32_t accesses;
	const struct feature_set *set;
	bool plain;
};

/** verdict_features - what an allowed packet meets */
static inline uint8_t verdict_features(const struct verdict *v)
{
	uint8_t features = v->set ? v->set->features : 0;

	return v->plain ? features & (uint8_t)~FEATURE_ENFORCES : features;
}

/** lookup_class - of a peer, as the map says: with AXO_CLASS_COMPLETE */
uint32_t lookup_class(const struct lookup *l, uint32_t identity, enum axo_dir dir);

/**
 * lookup_join - @v of an address and @by of a selector of toFQDNs that it has (axoneme/fqdn.h): what
 * both are together, as the programs join them
 */
void lookup_join(const struct lookup *l, struct verdict *v, const struct verdict *by);

struct verdict lookup_packet(const struct lookup *l, uint32_t identity, const struct packet *p);

#endif
