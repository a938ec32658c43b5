/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The prefilter's table (axoneme/prefilter.h) made from prefixes.  Pure.
 *
 * A million prefixes make up to two million intervals: 16 bytes each while they are sorted out, 4
 * (IPv4) or 16 (IPv6) in the table, and an index of 1 MB (IPv4) or 2 MB (IPv6).
 */
#ifndef LOADER_PREFILTER_TABLE_H
#define LOADER_PREFILTER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "axoneme/prefilter.h"
#include "lib/cidr.h"
#include "lib/error.h"

/**
 * struct pf_rule - one prefix
 * @addr:  mapped form; bits behind the prefix are zero
 * @bits:  of the mapped form, 0 to 128; of an IPv4 prefix 96 and more
 * @flags: enum pf_flag
 * @group: number of its group, below AXO_PF_GROUPS_MAX
 * @line:  of the file; 0 = of the API
 */
struct pf_rule {
	struct axo_addr addr;
	uint8_t bits;
	uint8_t flags;
	uint16_t group;
	uint32_t line;
};

/** enum pf_flag - of a prefix */
enum pf_flag {
	PF_IPV4 = 1,
	PF_EXCEPT = 2, /* it passes, whatever shorter ones say */
};

/** struct pf_rules - an array that grows; free @items */
struct pf_rules {
	struct pf_rule *items;
	size_t count;
	size_t room;
};

/** pf_rules_add - 0 or -ENOMEM */
int pf_rules_add(struct pf_rules *r, const struct pf_rule *rule);

/** pf_rule_cidr - the prefix of @rule */
struct cidr pf_rule_cidr(const struct pf_rule *rule);

/** pf_rule_cmp - by family, address, length: what holds for qsort() and bsearch() */
int pf_rule_cmp(const void *a, const void *b);

/**
 * pf_rules_sort - into that order; the same prefix twice becomes one
 *
 * Of two that say the same the earlier line stays; of the API and a file the API's.
 * Return: 0, or -EINVAL with @e: two lines of a file deny and except the same prefix
 */
int pf_rules_sort(struct pf_rules *r, struct error *e);

/** pf_rules_find - the longest one that @addr lies in; @r is sorted.  NULL = none */
const struct pf_rule *pf_rules_find(const struct pf_rules *r, const struct axo_addr *addr);

/** struct pf_table - @count words, and where in them is what; pf_table_fini() it */
struct pf_table {
	struct axo_pf_header header;
	uint64_t *words;
	size_t count;
	size_t room;
};

/** pf_table_make - from sorted rules; 0, -ENOMEM */
int pf_table_make(const struct pf_rules *r, struct pf_table *out);
void pf_table_fini(struct pf_table *t);

#endif
