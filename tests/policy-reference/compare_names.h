/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names in the comparison of compiler and reference: selectors of toFQDNs that an address has, and
 * the tables of DNS rules and serverNames.
 */
#ifndef TESTS_POLICY_COMPARE_NAMES_H
#define TESTS_POLICY_COMPARE_NAMES_H

#include "policy/lookup.h"
#include "policy/name_table.h"
#include "tests/policy-reference/reference.h"

#define NAMES_SELECTORS 16

/**
 * struct names - of the policies that are compared
 * @texts: the @count selectors; the i-th has the identity AXO_ID_FQDN_MIN + i
 * @table: as answers teach by it
 */
struct names {
	const char **texts;
	size_t count;
	struct name_table table;
};

void names_init(struct names *n, const struct policy_set *set);
void names_fini(struct names *n);

/** names_selectors - of an address that has these @count names; returns how many */
size_t names_selectors(const struct names *n, const char *const *names, size_t count,
		       uint32_t out[static NAMES_SELECTORS]);

/** names_agree - do the tables of @v allow the names that the reference allows?  Adds to @compared */
bool names_agree(const struct verdict *v, const struct reference_verdict *ref, uint64_t *compared);

#endif
