/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names of toFQDNs that policies say: each needs an identity of its own. */
#include <stdlib.h>
#include <string.h>

#include "policy/name_table.h"
#include "policy/set.h"

/** struct texts - grows; zero-initialised is empty */
struct texts {
	const char **items;
	size_t count, size;
};

static void text_add(struct texts *l, const char *text)
{
	if (l->count == l->size) {
		l->size = l->size ? l->size * 2 : 16;
		l->items = reallocarray(l->items, l->size, sizeof(*l->items));
		if (!l->items)
			abort();
	}
	l->items[l->count++] = text;
}

static int text_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void rule_add(struct texts *out, const struct rule *r)
{
	list_each(struct rule_item, item, &r->sections[SECTION_EGRESS]) {
		list_each(struct peer, p, &item->peers) {
			if (p->type == PEER_FQDN)
				text_add(out, fqdn_text(&p->fqdn));
		}
	}
}

bool policy_has_fqdns(const struct policy *p)
{
	list_each(struct rule, r, &p->rules) {
		list_each(struct rule_item, item, &r->sections[SECTION_EGRESS]) {
			if (item->peers.count &&
			    list_at(&item->peers, struct peer, 0)->type == PEER_FQDN)
				return true;
		}
	}
	return false;
}

size_t policy_set_fqdns(const struct policy_set *s, const char ***out)
{
	const struct policy *p = NULL;
	struct texts found = {0};
	size_t count = 0;

	while ((p = policy_set_next(s, p)))
		list_each(struct rule, r, &p->rules) {
			rule_add(&found, r);
		}
	if (found.count)
		qsort(found.items, found.count, sizeof(*found.items), text_cmp);
	for (size_t i = 0; i < found.count; i++)
		if (!count || strcmp(found.items[count - 1], found.items[i]))
			found.items[count++] = found.items[i];
	*out = found.items;
	return count;
}
