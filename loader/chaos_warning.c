/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What to know of a chaos policy before it hits: whom, and which other experiments it meets.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/chaos.h"
#include "loader/chaos_radius.h"
#include "loader/endpoint.h"
#include "loader/policy_internal.h"
#include "loader/policy_warning.h"
#include "policy/chaos_meet.h"

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

static bool is_here(void *arg, uint32_t identity)
{
	struct endpoint_table *t = arg;

	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep))
		if (ep->identity == identity)
			return true;
	return false;
}

static void meeting_add(enum chaos_meeting how, const struct policy *policy, const struct policy *o,
			struct report *report)
{
	const char *ns = o->namespace_ ? o->namespace_ : "", *slash = *ns ? "/" : "";

	if (how == CHAOS_MEET_NOT)
		return;
	if (o == policy)
		report_add(report, SEVERITY_WARNING, policy->pos,
			   "two of its chaos rules meet in one request: %s",
			   how == CHAOS_MEET_HERE
				   ? "where both draw a fault, that of the first is made"
				   : "each host makes the faults of one");
	else if (how == CHAOS_MEET_HERE)
		report_add(report, SEVERITY_WARNING, policy->pos,
			   "meets the chaos policy %s%s%s: where both draw a fault, that of the "
			   "first by name is made",
			   ns, slash, o->name);
	else
		report_add(report, SEVERITY_WARNING, policy->pos,
			   "meets the chaos policy %s%s%s between hosts: each makes the faults of "
			   "one, so that both may hit a request",
			   ns, slash, o->name);
}

void chaos_warn(const struct policy_engine *p, const struct policy *policy, struct report *report)
{
	const struct chaos_meet meet = {p->set, p->peers, is_here, p->agent->endpoints};
	_cleanup_free_ char *pods = NULL;
	size_t count;

	if (!chaos_policy_has(policy))
		return;
	pods = pods_text(p, policy, &count);
	if (count)
		report_add(report, SEVERITY_WARNING, policy->pos,
			   "faults hit %zu of the pods here: %s", count, pods);
	for (const struct policy *o = NULL; (o = policy_set_next(p->set, o));)
		if (chaos_policy_has(o))
			meeting_add(chaos_policies_meet(&meet, policy, o), policy, o, report);
}
