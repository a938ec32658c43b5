/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Touch: what must be compiled again when objects come, change or go.
 */
#ifndef POLICY_TOUCH_H
#define POLICY_TOUCH_H

#include "policy/compile.h"

/** policy_selects - has @policy a rule for endpoints with these labels? */
bool policy_selects(const struct policy *policy, const struct label_set *labels);

/**
 * policy_touches - may @changed, which came or went, change what a subject is compiled to?
 * @c:       what it was compiled to; NULL: no policy selected it
 * @subject: its labels, before or after the change; its ports do not count
 *
 *      1. A policy touches whom it selects.
 *      2. A namespace touches its pods, and those with a rule that asks peers for labels of
 *         namespaces; its name alone, which never changes, is none.
 *      3. A group of prefixes touches those with a policy that names it, or asks for its labels.
 *
 * Of an object that is replaced both versions are to be asked.
 */
bool policy_touches(const struct policy *changed, const struct compiled *c,
		    const struct subject *subject);

/** compiled_locks_down - is one of its policies annotated, as policy.lockdown says? */
bool compiled_locks_down(const struct compiled *c);

#endif
