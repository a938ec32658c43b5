/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Feature sets on the host: numbers, and what stands behind them in the maps.
 *
 * A compiled policy has sets of port rules (policy/feature.h).  The same rules are the same set
 * for all policies of the host: one number, one entry of axo_feature, which never changes while
 * somebody uses the number.  It goes, with the tables and experiments behind it, when the last
 * policy that names it goes, a grace period after the programs ceased to see that policy.
 *
 * How to add a kind: a file with a const struct feature_kind, one line in kinds[]
 * (loader/policy_feature.c), the gate in loader/policy_source.c opened.  Its functions:
 *
 *   install   tables for @rules, all that need one of the kind's bits, into maps of its own, and their number
 *             into its field of @set.  Called before any program can see the set.  Different sets
 *             may bring the same rules (beside other chaos): whether their table is shared is the
 *             kind's affair.  Failing refuses the policy; the error says what does not fit
 *   release   the reverse.  No program looks at it any more, so it may go at once
 *   start     the policies are about to be loaded: what is in the maps is of an earlier agent (or
 *             of this one before it loaded again), still in use, and its numbers are not free
 *   settled   programs have ceased to see that: what install() did not bring since can go
 *
 * start and settled may be NULL.
 */
#ifndef LOADER_POLICY_FEATURE_H
#define LOADER_POLICY_FEATURE_H

#include "axoneme/feature.h"
#include "lib/error.h"
#include "policy/compile.h"

struct policy_engine;
struct policy_features;

/** struct feature_kind - @rules: @count, in the order of references; see above */
struct feature_kind {
	uint8_t bits; /* enum axo_feature */
	int (*install)(struct policy_engine *p, const struct feature_rule *const *rules,
		       size_t count, struct axo_feature_set *set, struct error *e);
	void (*release)(struct policy_engine *p, const struct axo_feature_set *set);
	void (*start)(struct policy_engine *p);
	void (*settled)(struct policy_engine *p);
};

/**
 * policy_features_take - numbers for the sets of @c from place @first on
 * Return: 0; negative errno: none of them is taken then.  -ENOSPC: too many.
 */
int policy_features_take(struct policy_engine *p, struct compiled *c, size_t first,
			 struct error *e);

/** policy_features_release - all sets of @c that have a number; no program sees @c any more */
void policy_features_release(struct policy_engine *p, struct compiled *c);

/** policy_features_start - forget all sets; those in the map are leftovers */
int policy_features_start(struct policy_engine *p, struct error *e);

/** policy_features_settled - leftovers go */
void policy_features_settled(struct policy_engine *p);

void policy_features_free(struct policy_features *f);

#endif
