/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Selectors against label sets; see selector.h. */
#include "policy/selector.h"

#include <string.h>

static bool values_hold(const struct requirement *r, const char *value)
{
	list_each(char *, v, &r->values) {
		if (!strcmp(*v, value))
			return true;
	}
	return false;
}

/* Has the set a label of the key (and source), with one of the values if @values? */
static bool label_holds(const struct requirement *r, const struct label_set *labels, bool values)
{
	int i = label_set_first(labels, r->key);

	if (i < 0)
		return false;
	for (; (uint32_t)i < labels->count && !strcmp(labels->items[i].key, r->key); i++) {
		const struct label *l = &labels->items[i];

		if (r->source != LABEL_ANY && r->source != l->source)
			continue;
		if (!values || values_hold(r, l->value))
			return true;
	}
	return false;
}

static bool prefix_holds(const struct requirement *r, const struct label_set *labels)
{
	return labels->has_prefix && labels->prefix.bits >= r->prefix.bits &&
	       cidr_contains(&r->prefix, &labels->prefix.addr);
}

bool requirement_matches(const struct requirement *r, const struct label_set *labels)
{
	if (r->source == LABEL_CIDR)
		return prefix_holds(r, labels) == (r->op == OP_IN || r->op == OP_EXISTS);
	switch ((enum selector_op)r->op) {
	case OP_IN:
		return label_holds(r, labels, true);
	case OP_NOT_IN:
		return !label_holds(r, labels, true);
	case OP_EXISTS:
		return label_holds(r, labels, false);
	default:
		return !label_holds(r, labels, false);
	}
}

bool selector_matches(const struct selector *s, const struct label_set *labels)
{
	list_each(struct requirement, r, &s->requirements) {
		if (!requirement_matches(r, labels))
			return false;
	}
	return true;
}

/* Is there a value that both let through?  @in is OP_IN. */
static bool values_meet(const struct requirement *in, const struct requirement *other)
{
	list_each(char *, v, &in->values) {
		bool listed = values_hold(other, *v);

		if (other->op == OP_IN ? listed : !listed)
			return true;
	}
	return false;
}

/*
 * Same source and key only: any: and k8s: may be met by different labels.  For LABEL_ANY two
 * sources may hold two values, so there only presence can contradict.
 */
static bool requirements_contradict(const struct requirement *a, const struct requirement *b)
{
	bool a_needs = a->op == OP_IN || a->op == OP_EXISTS;

	if (a->source != b->source || a->source == LABEL_CIDR || strcmp(a->key, b->key))
		return false;
	if (a_needs && b->op == OP_DOES_NOT_EXIST)
		return true;
	if (a->op != OP_IN)
		return false;
	if (b->op == OP_NOT_IN)
		return !values_meet(a, b);
	return b->op == OP_IN && a->source != LABEL_ANY && !values_meet(a, b);
}

bool selector_contradicts(const struct selector *s, const struct requirement **one,
			  const struct requirement **other)
{
	list_each(struct requirement, a, &s->requirements) {
		list_each(struct requirement, b, &s->requirements) {
			if (!requirements_contradict(a, b))
				continue;
			*one = a;
			*other = b;
			return true;
		}
	}
	return false;
}
