/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Blast radius; see chaos_radius.h. */
#include "loader/chaos_radius.h"

#include <errno.h>
#include <string.h>

#include "loader/agent.h"
#include "loader/chaos.h"
#include "loader/endpoint.h"
#include "loader/policy_internal.h"

static bool rule_has_chaos(const struct rule *r)
{
	for (int s = 0; s < SECTION_COUNT; s++)
		list_each(struct rule_item, item, &r->sections[s]) {
			list_each(struct port_rule, port, &item->ports) {
				if (port_rule_feature(port) == AXO_FEATURE_CHAOS)
					return true;
			}
		}
	return false;
}

bool chaos_selects(const struct policy_engine *p, const struct policy *policy,
		   const struct endpoint *ep)
{
	const struct peer_identity *who = peers_get(p->peers, ep->identity);
	const char *ns = policy->namespace_;

	if (!who || (ns && strcmp(ns, ep->namespace_) != 0))
		return false;
	list_each(struct rule, r, &policy->rules) {
		if (!r->host && rule_has_chaos(r) && selector_matches(&r->subject, &who->labels))
			return true;
	}
	return false;
}

static void namespace_count(const struct policy_engine *p, const struct policy *policy,
			    const char *name, struct chaos_radius *out)
{
	struct endpoint_table *t = p->agent->endpoints;

	*out = (struct chaos_radius){.namespace_ = name};
	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep)) {
		if (strcmp(ep->namespace_, name) != 0)
			continue;
		out->total++;
		out->selected += chaos_selects(p, policy, ep);
	}
}

/* Wider: more of its namespace, compared without division. */
static bool is_wider(const struct chaos_radius *a, const struct chaos_radius *b)
{
	if (chaos_radius_is_wide(a) != chaos_radius_is_wide(b))
		return chaos_radius_is_wide(a);
	return a->selected > b->selected;
}

void chaos_radius_of(const struct policy_engine *p, const struct policy *policy,
		     struct chaos_radius *out)
{
	struct endpoint_table *t = p->agent->endpoints;
	const char *last = NULL;

	*out = (struct chaos_radius){.namespace_ = ""};
	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep)) {
		struct chaos_radius one;
		size_t all = out->all + chaos_selects(p, policy, ep);

		out->all = all;
		/* Endpoints of one namespace mostly stand together. */
		if (last && !strcmp(last, ep->namespace_))
			continue;
		last = ep->namespace_;
		if (!strcmp(out->namespace_, last))
			continue;
		namespace_count(p, policy, last, &one);
		if (one.selected && is_wider(&one, out))
			*out = one;
		out->all = all;
	}
}

bool chaos_radius_is_wide(const struct chaos_radius *r)
{
	return r->selected > CHAOS_RADIUS_FEW && 2 * r->selected > r->total;
}

int chaos_radius_check(struct policy_engine *p, const struct policy *policy, struct error *e)
{
	struct chaos_radius r;

	if (policy->chaos.allow_wide)
		return 0;
	chaos_radius_of(p, policy, &r);
	if (!chaos_radius_is_wide(&r))
		return 0;
	return error_set(
		e, EINVAL,
		"chaos policy %.80s selects %zu of the %zu endpoints of namespace %.63s on "
		"this host, more than half: narrow it, or annotate it with " CHAOS_ANNOTATION
		"allow-wide: \"true\"",
		policy->name, r.selected, r.total, r.namespace_);
}
