/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What to know of a chaos policy before it hits: whom, and which other experiments it meets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/chaos.h"
#include "loader/chaos_radius.h"
#include "loader/endpoint.h"
#include "loader/policy_internal.h"
#include "loader/policy_warning.h"

#define PODS_SHOWN 10

/* "default/a, default/b and 3 more" */
static char *pods_text(const struct policy_engine *p, const struct policy *policy, size_t *count)
{
	struct endpoint_table *t = p->agent->endpoints;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	*count = 0;
	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep)) {
		if (!chaos_selects(p, policy, ep))
			continue;
		if ((*count)++ < PODS_SHOWN)
			fprintf(f, "%s%s/%s", *count > 1 ? ", " : "", ep->namespace_, ep->name);
	}
	if (*count > PODS_SHOWN)
		fprintf(f, " and %zu more", *count - PODS_SHOWN);
	if (fclose(f) != 0)
		abort();
	return text;
}

static bool ports_meet(const struct port *a, const struct port *b)
{
	if (a->proto && b->proto && a->proto != b->proto)
		return false;
	if (a->name || b->name)
		return a->name && b->name && !strcmp(a->name, b->name);
	return a->first <= b->last && b->first <= a->last;
}

static bool items_meet(const struct rule_item *a, const struct rule_item *b)
{
	list_each(struct port_rule, x, &a->ports) {
		list_each(struct port_rule, y, &b->ports) {
			if (port_rule_feature(x) != AXO_FEATURE_CHAOS ||
			    port_rule_feature(y) != AXO_FEATURE_CHAOS)
				continue;
			list_each(struct port, m, &x->ports) {
				list_each(struct port, n, &y->ports) {
					if (ports_meet(m, n))
						return true;
				}
			}
		}
	}
	return false;
}

/** struct meeting - two rules in one direction; whom they select is not asked here */
struct meeting {
	const struct rule *a;
	const struct rule *b;
};

static bool rules_meet(const struct meeting *m)
{
	static const enum rule_section allows[] = {SECTION_INGRESS, SECTION_EGRESS};

	for (size_t i = 0; i < ARRAY_SIZE(allows); i++)
		list_each(struct rule_item, x, &m->a->sections[allows[i]]) {
			list_each(struct rule_item, y, &m->b->sections[allows[i]]) {
				if (items_meet(x, y))
					return true;
			}
		}
	return false;
}

/* Is there an endpoint here that both select, at a port that both name? */
static bool policies_meet(const struct policy_engine *p, const struct policy *a,
			  const struct policy *b)
{
	struct endpoint_table *t = p->agent->endpoints;
	bool ports = false;

	list_each(struct rule, x, &a->rules) {
		list_each(struct rule, y, &b->rules) {
			ports |= rules_meet(&(struct meeting){x, y});
		}
	}
	for (struct endpoint *ep = endpoint_next(t, NULL); ports && ep; ep = endpoint_next(t, ep))
		if (chaos_selects(p, a, ep) && chaos_selects(p, b, ep))
			return true;
	return false;
}

void chaos_warn(const struct policy_engine *p, const struct policy *policy, struct report *report)
{
	_cleanup_free_ char *pods = NULL;
	size_t count;

	if (!chaos_policy_has(policy))
		return;
	pods = pods_text(p, policy, &count);
	if (count)
		report_add(report, SEVERITY_WARNING, policy->pos,
			   "faults hit %zu of the pods here: %s", count, pods);
	for (const struct policy *o = NULL; (o = policy_set_next(p->set, o));) {
		if (o == policy || !chaos_policy_has(o) || !policies_meet(p, policy, o))
			continue;
		report_add(report, SEVERITY_WARNING, policy->pos,
			   "meets the chaos policy %s%s%s: where both draw a fault, that of the "
			   "first by name is made",
			   o->namespace_ ? o->namespace_ : "", o->namespace_ ? "/" : "", o->name);
	}
}
