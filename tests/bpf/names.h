/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Name tables in the fixture's maps, written as the agent writes them; and what was learned.
 */
#ifndef TESTS_BPF_NAMES_H
#define TESTS_BPF_NAMES_H

#include "axoneme/fqdn.h"
#include "tests/bpf/fixture.h"

/**
 * names_set - table number @table has @count patterns; NULL text: no table
 * @first: identity of the first one as a selector, the others follow; 0 = they have none
 */
void names_set(struct fixture *x, uint32_t table, const char *const *patterns, size_t count,
	       uint32_t first);

/** names_clear - what was asked and learned */
void names_clear(struct fixture *x);

/** feature_set - number @set of axo_feature */
void feature_set(struct fixture *x, uint32_t set, const struct axo_feature_set *value);

/** learned - seconds that @endpoint may use @addr for @selector; -1 = it did not learn that */
int learned(struct fixture *x, uint32_t endpoint, const char *addr, uint32_t selector);

/** learned_count - entries of axo_fqdn */
size_t learned_count(struct fixture *x);

/** learned_age - all that was learned is @seconds older */
void learned_age(struct fixture *x, uint32_t seconds);

#endif
