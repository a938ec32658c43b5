/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Warnings that need the live state: what a policy says in vain as things are now.
 */
#ifndef LOADER_POLICY_WARNING_H
#define LOADER_POLICY_WARNING_H

#include <stdint.h>

#include "policy/report.h"

struct policy;
struct policy_engine;

/**
 * policy_warn - findings on one policy that is in the set
 *
 *      1. its selector, or one of its peers, matches nobody now
 *      2. a CIDRGroup that is not there
 *      3. kube-apiserver, and the agent knows no address of it
 *      4. a named port that no pod of this host has
 *      5. whose pods a chaos policy hits, and which other ones it meets (chaos_warning.c)
 *
 * Whoever comes later may make any of it right: that is why they are no errors.
 */
void policy_warn(const struct policy_engine *p, const struct policy *policy, struct report *report);

/** chaos_warn - finding 5 */
void chaos_warn(const struct policy_engine *p, const struct policy *policy, struct report *report);

/** policy_warn_budget - @entries in force, or that would be, are near what there is room for */
void policy_warn_budget(const struct policy_engine *p, uint64_t entries, struct report *report);

#endif
