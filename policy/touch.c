/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a changed object touches; see touch.h. */
#include "policy/touch.h"

#include <string.h>

#include "policy/compiler.h"

static bool selects(const struct policy *policy, const struct subject *s)
{
	list_each(struct rule, r, &policy->rules) {
		if (r->host == s->host && selector_matches(&r->subject, &s->labels))
			return true;
	}
	return false;
}

bool policy_selects(const struct policy *policy, const struct label_set *labels)
{
	return selects(policy, &(struct subject){.labels = *labels});
}

bool compiled_locks_down(const struct compiled *c)
{
	return c->compiler->terms.lockdown;
}

static bool asks_namespaces(const struct selector *s)
{
	static const char labels[] = LABEL_NAMESPACE_LABELS;

	list_each(struct requirement, r, &s->requirements) {
		if (!strncmp(r->key, labels, sizeof(labels) - 1) &&
		    strcmp(r->key, LABEL_NAMESPACE_LABELS LABEL_NAMESPACE_NAME) != 0)
			return true;
	}
	return false;
}

static bool namespace_touches(const struct policy *ns, const struct compiled *c,
			      const struct label_set *subject)
{
	const char *own = label_set_namespace(subject);

	if (own && !strcmp(own, ns->name))
		return true;
	for (size_t i = 0; c && i < c->compiler->terms.count; i++) {
		const struct term *t = &c->compiler->terms.items[i];

		for (uint32_t m = 0; m < t->match_count; m++)
			if (t->matches[m].type == PEER_SELECTOR &&
			    asks_namespaces(t->matches[m].selector))
				return true;
	}
	return false;
}

static bool item_names_group(const struct rule_item *item, const struct policy *group)
{
	list_each(struct peer, p, &item->peers) {
		if (p->type != PEER_GROUP)
			continue;
		if (p->group ? !strcmp(p->group, group->name)
			     : selector_matches(&p->selector, &group->labels))
			return true;
	}
	return false;
}

static bool rule_names_group(const struct rule *r, const struct policy *group)
{
	for (int s = 0; s < SECTION_COUNT; s++)
		list_each(struct rule_item, item, &r->sections[s]) {
			if (item_names_group(item, group))
				return true;
		}
	return false;
}

static bool group_touches(const struct policy *group, const struct compiled *c)
{
	for (size_t i = 0; c && i < c->compiler->terms.held_count; i++)
		list_each(struct rule, r, &c->compiler->terms.held[i]->rules) {
			if (rule_names_group(r, group))
				return true;
		}
	return false;
}

bool policy_touches(const struct policy *changed, const struct compiled *c,
		    const struct subject *subject)
{
	switch ((enum policy_kind)changed->kind) {
	case POLICY_NAMESPACE:
		return namespace_touches(changed, c, &subject->labels);
	case POLICY_CIDR_GROUP:
		return group_touches(changed, c);
	default:
		return selects(changed, subject);
	}
}
