/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Refusing what no component enforces, rather than enforcing half of a policy. */
#include <errno.h>
#include <string.h>

#include "policy/parse.h"
#include "policy/ref.h"

/** struct check - @part: number of the reference that comes next (ref.h) */
struct check {
	const struct policy *policy;
	uint32_t part;
	unsigned int features;
	struct report *report;
	int err;
};

static void use(struct check *c, enum policy_feature f, struct pos pos, const char *what)
{
	char buf[REF_STR_MAX];
	struct ref ref;

	if (c->features & (unsigned int)f || ref_find(c->policy, c->part, &ref))
		return;
	c->err |= report_add(c->report, SEVERITY_ERROR, pos,
			     "%s: %s valid but not enforced yet, so the policy is refused",
			     ref_to_str(&ref, buf), what);
}

/* What needs requests to be told apart. */
static void chaos_http_check(struct check *c, const struct port_rule *r)
{
	list_each(struct chaos_rule, rule, &r->l7_rules) {
		if (rule->method || rule->path || rule->host || rule->status_code)
			use(c, FEATURE_CHAOS_HTTP, rule->pos,
			    "a chaos rule with method, path, host or status-code is");
		if (rule->abort && !strcmp(rule->abort, "503"))
			use(c, FEATURE_CHAOS_HTTP, rule->pos, "a chaos rule with abort: 503 is");
	}
}

static void port_rule_check(struct check *c, const struct port_rule *r)
{
	switch ((enum l7_type)r->l7) {
	case L7_HTTP:
		use(c, FEATURE_HTTP, r->l7_pos, "rules.http is");
		break;
	case L7_DNS:
		use(c, FEATURE_DNS, r->l7_pos, "rules.dns is");
		break;
	case L7_CHAOS:
		use(c, FEATURE_CHAOS, r->l7_pos, "rules.l7proto chaos is");
		chaos_http_check(c, r);
		break;
	case L7_NONE:
		break;
	}
	if (r->server_names.count)
		use(c, FEATURE_SNI, r->server_names.pos, "serverNames is");
}

static void item_check(struct check *c, const struct rule_item *item)
{
	uint32_t first = c->part;

	list_each(struct peer, p, &item->peers) {
		if (p->type == PEER_FQDN)
			use(c, FEATURE_DNS, p->pos, "toFQDNs is");
	}
	list_each(struct port_rule, r, &item->ports) {
		port_rule_check(c, r);
		c->part++;
	}
	c->part = first + ref_parts(item);
}

static void policy_check(struct check *c)
{
	c->part = 0;
	list_each(struct rule, r, &c->policy->rules) {
		for (int s = 0; s < SECTION_COUNT; s++)
			list_each(struct rule_item, item, &r->sections[s]) {
				item_check(c, item);
			}
	}
}

int policy_check_features(const struct policy *head, unsigned int features, struct report *report)
{
	struct check c = {.features = features, .report = report};

	for (c.policy = head; c.policy; c.policy = c.policy->next)
		policy_check(&c);
	return c.err ? -EINVAL : 0;
}
