/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Prefixes of the prefilter as a sorted array; see prefilter_table.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loader/prefilter_table.h"

int pf_rules_add(struct pf_rules *r, const struct pf_rule *rule)
{
	if (r->count == r->room) {
		size_t room = r->room ? r->room * 2 : 64;
		struct pf_rule *bigger = realloc(r->items, room * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		r->items = bigger;
		r->room = room;
	}
	r->items[r->count++] = *rule;
	return 0;
}

struct cidr pf_rule_cidr(const struct pf_rule *rule)
{
	bool v4 = rule->flags & PF_IPV4;

	return (struct cidr){
		.addr = rule->addr,
		.family = v4 ? 4 : 6,
		.bits = (uint8_t)(v4 ? rule->bits - AXO_V4_PREFIX_BITS : rule->bits),
	};
}

int pf_rule_cmp(const void *a, const void *b)
{
	const struct pf_rule *x = a, *y = b;
	int order = (y->flags & PF_IPV4) - (x->flags & PF_IPV4);

	if (!order)
		order = memcmp(x->addr.b, y->addr.b, sizeof(x->addr.b));
	return order ? order : x->bits - y->bits;
}

/* ... and of the same prefix first the API's, then the earlier line. */
static int rule_line_cmp(const void *a, const void *b)
{
	const struct pf_rule *x = a, *y = b;
	int order = pf_rule_cmp(a, b);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

int pf_rules_sort(struct pf_rules *r, struct error *e)
{
	char text[CIDR_STR_MAX];
	size_t kept = 0;

	if (r->count)
		qsort(r->items, r->count, sizeof(*r->items), rule_line_cmp);
	for (size_t i = 0; i < r->count; i++) {
		const struct pf_rule *was = kept ? &r->items[kept - 1] : NULL;
		const struct pf_rule *now = &r->items[i];

		if (!was || pf_rule_cmp(was, now) != 0) {
			r->items[kept++] = *now;
		} else if (was->line && (was->flags ^ now->flags) & PF_EXCEPT) {
			struct cidr c = pf_rule_cidr(now);

			return error_set(e, EINVAL, "%u: %s is denied and excepted, see line %u",
					 now->line, cidr_to_str(&c, text), was->line);
		}
	}
	r->count = kept;
	return 0;
}

const struct pf_rule *pf_rules_find(const struct pf_rules *r, const struct axo_addr *addr)
{
	bool v4 = addr_family(addr) == 4;
	struct pf_rule key = {.flags = v4 ? PF_IPV4 : 0};

	for (int bits = 128; r->count && bits >= (v4 ? AXO_V4_PREFIX_BITS : 0); bits--) {
		struct cidr c = {.addr = *addr, .family = 6, .bits = (uint8_t)bits};
		const struct pf_rule *found;

		key.addr = cidr_first(&c);
		key.bits = (uint8_t)bits;
		found = bsearch(&key, r->items, r->count, sizeof(key), pf_rule_cmp);
		if (found)
			return found;
	}
	return NULL;
}
