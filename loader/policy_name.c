/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tables of DNS rules and TLS server names; see policy_name.h. */
#include "loader/policy_name.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/name_map.h"
#include "loader/policy_internal.h"
#include "loader/policy_name_internal.h"
#include "policy/ref.h"

struct policy_names *policy_names_of(struct policy_engine *p)
{
	if (!p->names)
		p->names = calloc(1, sizeof(*p->names));
	if (!p->names)
		abort();
	return p->names;
}

/** struct patterns - of some rules; @rule: whose each is */
struct patterns {
	struct name_pattern *items;
	const struct feature_rule **rule;
	size_t count, size;
};

static void pattern_add(struct patterns *l, const struct feature_rule *rule, const char *text,
			bool exact)
{
	if (l->count == l->size) {
		l->size = l->size ? l->size * 2 : 16;
		l->items = reallocarray(l->items, l->size, sizeof(*l->items));
		l->rule = reallocarray(l->rule, l->size, sizeof(struct feature_rule *));
		if (!l->items || !l->rule)
			abort();
	}
	l->rule[l->count] = rule;
	l->items[l->count++] = (struct name_pattern){.text = text, .exact = exact};
}

static void dns_patterns(struct patterns *l, const struct feature_rule *rule)
{
	list_each(struct fqdn, f, &rule->rule->l7_rules) {
		pattern_add(l, rule, fqdn_text(f), f->match_name != NULL);
	}
}

static void sni_patterns(struct patterns *l, const struct feature_rule *rule)
{
	list_each(const char *, name, &rule->rule->server_names) {
		pattern_add(l, rule, *name, false);
	}
}

/* Which rule it was that did not fit. */
static int blame(const struct feature_rule *rule, int code, const struct error *why,
		 struct error *e)
{
	char buf[REF_STR_MAX];
	struct ref ref;

	if (ref_find(rule->policy, rule->part, &ref))
		return error_set(e, code, "%.200s", why->msg);
	return error_set(e, code, "%s: %.150s", ref_to_str(&ref, buf), why->msg);
}

static uint32_t number_free(const struct policy_names *n)
{
	for (uint32_t i = 1; i < AXO_MAX_NAME_TABLES; i++) {
		uint32_t number = (n->last + i) % AXO_MAX_NAME_TABLES;

		if (number != AXO_NAME_TABLE_FQDN && !n->used[number])
			return number;
	}
	return 0;
}

static int table_install(struct policy_engine *p, const struct patterns *l, uint32_t *number,
			 struct error *e)
{
	struct policy_names *n = policy_names_of(p);
	uint32_t free_ = number_free(n);
	struct name_table t = {0};
	struct error why = {0};
	size_t culprit = 0;
	int r;

	if (!free_)
		return error_set(e, ENOSPC, "all %d tables of names are in use",
				 AXO_MAX_NAME_TABLES - 1);
	r = name_table_compile(l->items, l->count, 0, &t, &culprit, &why);
	if (r < 0)
		return blame(l->rule[culprit], r, &why, e);
	r = name_map_put(p->agent->datapath, free_, &t, e);
	name_table_fini(&t);
	if (r < 0)
		return r;
	n->used[free_] = true;
	n->last = free_;
	*number = free_;
	return 0;
}

static void table_release(struct policy_engine *p, uint32_t number)
{
	if (!number)
		return;
	name_map_delete(p->agent->datapath, number);
	policy_names_of(p)->used[number] = false;
}

static int rules_install(struct policy_engine *p, const struct feature_rule *const *rules,
			 size_t count, void (*fill)(struct patterns *, const struct feature_rule *),
			 uint32_t *number, struct error *e)
{
	struct patterns l = {0};
	int r;

	for (size_t i = 0; i < count; i++)
		fill(&l, rules[i]);
	r = table_install(p, &l, number, e);
	free(l.items);
	free(l.rule);
	return r;
}

static int dns_install(struct policy_engine *p, const struct feature_rule *const *rules,
		       size_t count, struct axo_feature_set *set, struct error *e)
{
	return rules_install(p, rules, count, dns_patterns, &set->dns, e);
}

static void dns_release(struct policy_engine *p, const struct axo_feature_set *set)
{
	table_release(p, set->dns);
}

static int sni_install(struct policy_engine *p, const struct feature_rule *const *rules,
		       size_t count, struct axo_feature_set *set, struct error *e)
{
	return rules_install(p, rules, count, sni_patterns, &set->sni, e);
}

static void sni_release(struct policy_engine *p, const struct axo_feature_set *set)
{
	table_release(p, set->sni);
}

/* Of both kinds, as they share the numbers: once for DNS. */
static void names_start(struct policy_engine *p)
{
	struct policy_names *n = policy_names_of(p);

	for (uint32_t i = 1; i < AXO_MAX_NAME_TABLES; i++)
		n->used[i] = n->leftover[i] = name_map_has(p->agent->datapath, i);
}

static void names_settled(struct policy_engine *p)
{
	struct policy_names *n = policy_names_of(p);

	for (uint32_t i = 1; i < AXO_MAX_NAME_TABLES; i++)
		if (n->leftover[i]) {
			n->leftover[i] = false;
			table_release(p, i);
		}
}

const struct feature_kind policy_kind_dns = {
	.bits = AXO_FEATURE_DNS,
	.install = dns_install,
	.release = dns_release,
	.start = names_start,
	.settled = names_settled,
};

const struct feature_kind policy_kind_sni = {
	.bits = AXO_FEATURE_SNI,
	.install = sni_install,
	.release = sni_release,
};
