/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a chaos port rule to what programs read (axoneme/chaos.h).
 */
#ifndef POLICY_CHAOS_COMPILE_H
#define POLICY_CHAOS_COMPILE_H

#include "axoneme/chaos.h"
#include "lib/error.h"
#include "policy/rule.h"

/**
 * chaos_key - what all draws of an experiment come from
 * @name: reference of the port rule as text, so that the experiments of one policy differ, and
 *        one that is applied again repeats
 */
uint64_t chaos_key(uint64_t seed, const char *name);

/** chaos_has_filter - is it for some requests only?  A status is of responses */
bool chaos_has_filter(const struct chaos_rule *r);

/**
 * chaos_compile - @r, whose l7 is L7_CHAOS; times, rank and reference are the caller's to fill in
 * @key: by chaos_key()
 *
 * Filters have numbers on the host: @rules[].filter is the caller's, too, and its bit in @filters.
 */
void chaos_compile(const struct port_rule *r, const struct chaos_options *o, uint64_t key,
		   struct axo_chaos *out);

#endif
