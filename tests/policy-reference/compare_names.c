/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names in the comparison: what the agent makes of them, by the compiler's own parts. */
#include "tests/policy-reference/compare_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/fqdn.h"
#include "lib/cleanup.h"

/* What queries and servers are called. */
static const char *const probes[] = {"www.example", "cdn.net",	    "a.b.example", "w1.example",
				     "x.b.example", "evil.cdn.net", "example"};

static void table_make(struct name_table *out, const struct name_pattern *patterns, size_t count)
{
	struct error e = {0};

	if (name_table_compile(patterns, count, 0, out, NULL, &e)) {
		fprintf(stderr, "names: %s\n", e.msg);
		abort();
	}
}

void names_init(struct names *n, const struct policy_set *set)
{
	n->count = policy_set_fqdns(set, &n->texts);
	struct name_pattern *p = calloc(n->count + 1, sizeof(*p));
	if (!p)
		abort();
	for (size_t i = 0; i < n->count; i++)
		p[i] = (struct name_pattern){.text = n->texts[i],
					     .selector = AXO_ID_FQDN_MIN + (uint32_t)i};
	if (n->count)
		table_make(&n->table, p, n->count);
	free(p);
}

void names_fini(struct names *n)
{
	name_table_fini(&n->table);
	free(n->texts);
}

/* The selectors of a name are in a row behind the states, as programs read them. */
static size_t selectors_of(const struct names *n, const char *name, uint32_t *out, size_t count)
{
	uint32_t at = name_table_match(&n->table, name, strlen(name));
	const struct axo_name_row *row = &n->table.rows[at];

	for (int i = 0; at && i < AXO_NAME_SELECTORS && row->selector[i]; i++) {
		bool there = false;

		for (size_t k = 0; k < count; k++)
			there |= out[k] == row->selector[i];
		if (!there && count < NAMES_SELECTORS)
			out[count++] = row->selector[i];
	}
	return count;
}

size_t names_selectors(const struct names *n, const char *const *names, size_t count,
		       uint32_t out[static NAMES_SELECTORS])
{
	size_t selectors = 0;

	for (size_t i = 0; n->count && i < count; i++)
		selectors = selectors_of(n, names[i], out, selectors);
	return selectors;
}

static size_t patterns_of(const struct verdict *v, struct name_pattern *out, size_t max)
{
	size_t n = 0;

	for (uint32_t i = 0; i < v->set->count; i++) {
		const struct feature_rule *r = v->set->rules[i];
		const char *const *servers = r->rule->server_names.items;
		const struct fqdn *f = r->rule->l7_rules.items;

		if (!(r->features & verdict_features(v)))
			continue;
		if (r->features & AXO_FEATURE_SNI)
			for (uint32_t k = 0; k < r->rule->server_names.count && n < max; k++)
				out[n++] = (struct name_pattern){.text = servers[k]};
		if (r->features & AXO_FEATURE_DNS)
			for (uint32_t k = 0; k < r->rule->l7_rules.count && n < max; k++)
				out[n++] = (struct name_pattern){.text = fqdn_text(&f[k]),
								 .exact = f[k].match_name != NULL};
	}
	return n;
}

bool names_agree(const struct verdict *v, const struct reference_verdict *ref, uint64_t *compared)
{
	struct name_pattern patterns[256];
	struct name_table table = {0};
	bool agree = true;

	if (!(verdict_features(v) & (AXO_FEATURE_DNS | AXO_FEATURE_SNI)))
		return true;
	table_make(&table, patterns, patterns_of(v, patterns, ARRAY_SIZE(patterns)));
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		bool allowed = name_table_match(&table, probes[i], strlen(probes[i])) != 0;

		agree &= allowed == reference_names_allow(ref, probes[i]);
		(*compared)++;
	}
	name_table_fini(&table);
	return agree;
}
