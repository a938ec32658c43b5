/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Limits: to which requests, DNS names or TLS server names allowed traffic is limited.
 *
 * Two port rules that are written the same limit the same, whatever policies they are of: a policy
 * that is applied again changes nothing.  Whether two patterns that are written differently match
 * the same is not asked.
 */
#ifndef POLICY_DIFF_LIMIT_H
#define POLICY_DIFF_LIMIT_H

#include "policy/arena.h"
#include "policy/feature.h"

/** struct diff_limit - @count texts, ascending, none twice: what still passes */
struct diff_limit {
	const char **texts;
	size_t count;
};

/**
 * struct diff_limits - no limit twice; zero-initialised is empty
 * @by_text, @by_set: places in @items + 1
 */
struct diff_limits {
	struct arena arena;
	struct diff_limit *items;
	size_t count, size;
	struct map by_text, by_set;
};

/**
 * diff_limits_get - number of the limit that @set is, equal ones have one; 0: it limits nothing
 * @set: of an allowed packet, may be NULL; must live while the same @l is asked
 */
uint32_t diff_limits_get(struct diff_limits *l, const struct feature_set *set);

/** diff_limits_at - by number, which is not 0 */
const struct diff_limit *diff_limits_at(const struct diff_limits *l, uint32_t number);

void diff_limits_fini(struct diff_limits *l);

#endif
