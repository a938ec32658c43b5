/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The prefixes that policies name: each needs an identity of its own. */
#include <stdlib.h>
#include <string.h>

#include "policy/set.h"

struct prefixes {
	struct cidr *items;
	size_t count, size;
};

int cidr_order(const void *a, const void *b)
{
	const struct cidr *x = a;
	const struct cidr *y = b;
	int order = (int)x->family - (int)y->family;

	if (!order)
		order = addr_cmp(&x->addr, &y->addr);
	return order ? order : (int)x->bits - (int)y->bits;
}

static void prefix_add(struct prefixes *p, const struct cidr *c)
{
	if (!c->bits)
		return;
	if (p->count == p->size) {
		p->size = p->size ? p->size * 2 : 64;
		p->items = reallocarray(p->items, p->size, sizeof(*p->items));
		if (!p->items)
			abort();
	}
	p->items[p->count++] = *c;
}

static void list_add(struct prefixes *p, const struct list *cidrs)
{
	list_each(struct cidr, c, cidrs) {
		prefix_add(p, c);
	}
}

/* A selector may name a prefix as a label: cidr:10.0.0.0/8. */
static void selector_add(struct prefixes *out, const struct selector *s)
{
	list_each(struct requirement, r, &s->requirements) {
		if (r->source == LABEL_CIDR)
			prefix_add(out, &r->prefix);
	}
}

static void rule_add(struct prefixes *out, const struct rule *r)
{
	for (int s = 0; s < SECTION_COUNT; s++)
		list_each(struct rule_item, item, &r->sections[s]) {
			list_each(struct peer, p, &item->peers) {
				if (p->type == PEER_CIDR)
					prefix_add(out, &p->cidr);
				list_add(out, &p->except);
				if (p->type == PEER_SELECTOR)
					selector_add(out, &p->selector);
			}
		}
}

size_t policies_prefixes(const struct policy *const *list, size_t count, struct cidr **out)
{
	struct prefixes found = {0};

	for (size_t i = 0; i < count; i++) {
		list_add(&found, &list[i]->cidrs);
		list_each(struct rule, r, &list[i]->rules) {
			rule_add(&found, r);
		}
	}
	*out = found.items;
	return found.count;
}

size_t policy_set_prefixes(const struct policy_set *s, struct cidr **out)
{
	const struct policy **all;
	size_t policies = policy_set_all(s, &all), count = 0;
	size_t named = policies_prefixes(all, policies, out);
	struct cidr *found = *out;

	free(all);
	if (named)
		qsort(found, named, sizeof(*found), cidr_order);
	for (size_t i = 0; i < named; i++)
		if (!count || cidr_order(&found[count - 1], &found[i]))
			found[count++] = found[i];
	return count;
}
