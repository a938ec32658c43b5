/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a policy says in vain; see policy_warning.h. */
#include "loader/policy_warning.h"

#include <string.h>

#include "loader/agent.h"
#include "loader/policy_internal.h"

/* From three quarters of what can be in force on. */
#define BUDGET_NUMERATOR 3
#define BUDGET_DENOMINATOR 4

#define PATH_MAX_TEXT 96

/** struct warner - @path: of what is being looked at, as the parser writes it */
struct warner {
	const struct policy_engine *p;
	struct report *report;
	bool found;
	bool pods_only;
	char path[PATH_MAX_TEXT];
};

static void found_one(void *arg, uint32_t slot)
{
	struct warner *w = arg;
	uint32_t id = peers_id(w->p->peers, slot);

	w->found |= !w->pods_only || axo_peer_kind(id) == AXO_PEER_POD;
}

static bool matches_somebody(struct warner *w, const struct selector *s, bool pods_only)
{
	const struct match match = {.type = PEER_SELECTOR, .selector = s};

	w->found = false;
	w->pods_only = pods_only;
	peers_match(w->p->peers, &match, found_one, w);
	return w->found;
}

static void subject_warn(struct warner *w, const struct rule *r)
{
	if (!matches_somebody(w, &r->subject, true))
		report_add(w->report, SEVERITY_WARNING, r->subject.pos,
			   "%s: the selector selects no pod now", w->path);
}

static bool some_group_matches(const struct warner *w, const struct selector *s)
{
	for (const struct policy *g = NULL; (g = policy_set_next(w->p->set, g));)
		if (g->kind == POLICY_CIDR_GROUP && selector_matches(s, &g->labels))
			return true;
	return false;
}

static void group_warn(struct warner *w, const struct peer *peer)
{
	if (!peer->group) {
		if (!some_group_matches(w, &peer->selector))
			report_add(w->report, SEVERITY_WARNING, peer->pos,
				   "%s: no CiliumCIDRGroup has these labels now", w->path);
	} else if (!policy_set_find(w->p->set, POLICY_CIDR_GROUP, NULL, peer->group)) {
		report_add(w->report, SEVERITY_WARNING, peer->pos,
			   "%s: there is no CiliumCIDRGroup %s now: it stands for no address",
			   w->path, peer->group);
	}
}

static void peer_warn(struct warner *w, const struct peer *peer)
{
	if (peer->type == PEER_GROUP)
		group_warn(w, peer);
	if (peer->type == PEER_SELECTOR && !matches_somebody(w, &peer->selector, false))
		report_add(w->report, SEVERITY_WARNING, peer->pos,
			   "%s: the selector matches nobody now", w->path);
	if (peer->type == PEER_ENTITY && peer->entity == ENTITY_KUBE_APISERVER &&
	    !w->p->agent->opt.kube_apiserver.count)
		report_add(w->report, SEVERITY_WARNING, peer->pos,
			   "%s: the agent knows no address of kube-apiserver (its option "
			   "kube-apiserver)",
			   w->path);
}

static bool port_is_known(const struct policy_engine *p, const char *name)
{
	struct policy_subject *s;

	subject_each(p, item, s)
	{
		for (size_t i = 0; i < s->port_count; i++)
			if (!strcmp(s->ports[i].name, name))
				return true;
	}
	return false;
}

static void ports_warn(struct warner *w, const struct rule_item *item)
{
	list_each(struct port_rule, r, &item->ports) {
		list_each(struct port, port, &r->ports) {
			if (port->name && !port_is_known(w->p, port->name))
				report_add(w->report, SEVERITY_WARNING, port->pos,
					   "%s: no pod of this host has a port named %s now",
					   w->path, port->name);
		}
	}
}

/* As ref.h writes it, with the index of the peer. */
static void path_set(struct warner *w, const struct rule *r, int section, uint32_t item)
{
	static const char *const names[SECTION_COUNT] = {"ingress", "ingressDeny", "egress",
							 "egressDeny"};
	char spec[24] = "spec";

	if (r->index >= 0)
		snprintf(spec, sizeof(spec), "specs[%d]", r->index);
	if (section < 0)
		snprintf(w->path, sizeof(w->path), "%s", spec);
	else
		snprintf(w->path, sizeof(w->path), "%s.%s[%u]", spec, names[section], item);
}

static void rule_warn(struct warner *w, const struct rule *r)
{
	path_set(w, r, -1, 0);
	if (r->host)
		return;
	subject_warn(w, r);
	for (int s = 0; s < SECTION_COUNT; s++)
		for (uint32_t i = 0; i < r->sections[s].count; i++) {
			const struct rule_item *item =
				list_at(&r->sections[s], struct rule_item, i);

			path_set(w, r, s, i);
			list_each(struct peer, peer, &item->peers) {
				peer_warn(w, peer);
			}
			ports_warn(w, item);
		}
}

void policy_warn(const struct policy_engine *p, const struct policy *policy, struct report *report)
{
	struct warner w = {.p = p, .report = report};

	list_each(struct rule, r, &policy->rules) {
		rule_warn(&w, r);
	}
	chaos_warn(p, policy, report);
}

void policy_warn_budget(const struct policy_engine *p, uint64_t entries, struct report *report)
{
	uint64_t most = p->entries_limit / 2;

	if (entries <= most / BUDGET_DENOMINATOR * BUDGET_NUMERATOR)
		return;
	report_add(report, SEVERITY_WARNING, (struct pos){0},
		   "%llu of the %llu policy entries that can be in force are: what needs more is "
		   "refused",
		   (unsigned long long)entries, (unsigned long long)most);
}
