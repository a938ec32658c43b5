/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chaos as a kind of feature: which experiments a feature set names; see policy_feature.h. */
#include <errno.h>
#include <string.h>

#include "loader/agent.h"
#include "loader/chaos_internal.h"
#include "loader/chaos_map.h"
#include "loader/policy_internal.h"

static int set_add(struct chaos *c, const struct feature_rule *r, struct axo_feature_set *set)
{
	struct experiment *x = experiment_find(c, r->policy, r->part);
	uint32_t at = set->chaos_count;

	if (!x)
		return -ENOENT;
	/* In the order in which they draw. */
	for (; at && experiment_order(c->by_number[set->chaos[at - 1]], x) > 0; at--)
		set->chaos[at] = set->chaos[at - 1];
	set->chaos[at] = x->row.number;
	set->chaos_count++;
	x->users++;
	return 0;
}

static void kind_release(struct policy_engine *p, const struct axo_feature_set *set)
{
	struct chaos *c = p->agent->chaos;

	for (uint32_t i = 0; i < set->chaos_count; i++) {
		struct experiment *x = c->by_number[set->chaos[i]];

		x->users--;
		chaos_drop_unused(c, x);
	}
}

static int kind_install(struct policy_engine *p, const struct feature_rule *const *rules,
			size_t count, struct axo_feature_set *set, struct error *e)
{
	if (count > AXO_CHAOS_PER_SET)
		return error_set(e, ENOSPC,
				 "%zu chaos rules cover the same port of a pod, the limit is %d",
				 count, AXO_CHAOS_PER_SET);
	for (size_t i = 0; i < count; i++) {
		int r = set_add(p->agent->chaos, rules[i], set);

		if (r == 0)
			continue;
		kind_release(p, set);
		return error_set(e, r, "policy %.200s has no experiment", rules[i]->policy->name);
	}
	return 0;
}

static void kind_start(struct policy_engine *p)
{
	struct chaos *c = p->agent->chaos;

	chaos_forget(c);
	memset(c->leftover, 0, sizeof(c->leftover));
	chaos_map_numbers(p->agent->datapath, c->leftover);
	chaos_filters_start(c, c->leftover);
}

static void kind_settled(struct policy_engine *p)
{
	struct chaos *c = p->agent->chaos;

	for (uint32_t n = 1; n < AXO_MAX_CHAOS; n++) {
		if (c->leftover[n])
			chaos_map_delete(p->agent->datapath, n);
		c->leftover[n] = false;
	}
	chaos_filters_settled(c);
}

const struct feature_kind feature_kind_chaos = {
	.bits = AXO_FEATURE_CHAOS,
	.install = kind_install,
	.release = kind_release,
	.start = kind_start,
	.settled = kind_settled,
};
