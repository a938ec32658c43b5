/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Features of rules, and the feature sets of a compiled policy.
 *
 * What an allowed piece of traffic gets beyond delivery:
 *
 *   1. Enforcement (HTTP, DNS names, TLS server names).  If a plain allow covers the piece: none.
 *      Else what all the port rules that cover it say, in one language: two are a conflict.
 *   2. Chaos: of every chaos port rule that covers it, whatever else allows it.
 *
 * A port rule with a feature allows, but is not plain: a chaos rule switches no enforcement off.
 * Neither is what is allowed for want of default deny.  A feature set is the port rules of 1 and 2
 * in the order of their references; those with the same ones are one set.
 */
#ifndef POLICY_FEATURE_H
#define POLICY_FEATURE_H

#include "axoneme/feature.h"
#include "policy/map.h"
#include "policy/rule.h"

#define FEATURE_ENFORCES (AXO_FEATURE_HTTP | AXO_FEATURE_DNS | AXO_FEATURE_SNI)

/**
 * struct feature_rule - a port rule that does more than to allow
 * @ref:      its reference
 * @part:     the same, counted in its policy (ref.h)
 * @features: the bit of enum axo_feature
 */
struct feature_rule {
	uint32_t ref;
	uint32_t part;
	uint8_t features;
	const struct policy *policy;
	const struct port_rule *rule;
};

/**
 * struct feature_set
 * @rules:    @count, in the order of references, none twice
 * @features: what they need, or-ed
 * @number:   key of axo_feature; the agent's to fill in, 0 before
 */
struct feature_set {
	const struct feature_rule **rules;
	uint32_t count;
	uint8_t features;
	uint16_t number;
};

/**
 * struct feature_sets - grows; zero-initialised is empty
 * @index:    rules to place in @items + 1
 * @conflict: two rules of one piece that speak different languages; NULL = none
 */
struct feature_sets {
	struct feature_set *items;
	size_t count, size;
	struct map index;
	const struct feature_rule *conflict[2];
};

/** port_rule_feature - bit of enum axo_feature; 0 = a plain allow */
uint8_t port_rule_feature(const struct port_rule *r);

/**
 * feature_rule_needs - its features, and AXO_FEATURE_WATCH for chaos that needs requests told apart:
 * filters, and an answer in the server's place
 */
uint8_t feature_rule_needs(const struct feature_rule *r);

/** feature_name - of one bit, as in JSON: "http" */
const char *feature_name(enum axo_feature bit);

/**
 * feature_sets_get - place of the set in items, counted from 1; 0 for no rules
 * @rules: @count, borrowed; sorted here, the same rule may come several times
 */
uint32_t feature_sets_get(struct feature_sets *s, const struct feature_rule **rules, size_t count);

void feature_sets_fini(struct feature_sets *s);

#endif
