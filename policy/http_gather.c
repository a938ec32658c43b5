/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP rules of several port rules as one list. */
#include "policy/http_gather.h"

#include <stdlib.h>
#include <string.h>

static void *need(void *p)
{
	if (!p)
		abort();
	return p;
}

void http_gather_add(struct http_gather *g, const struct ref *ref)
{
	const struct port_rule *r = list_at(&ref->item->ports, struct port_rule, ref->part);
	char text[REF_STR_MAX];

	ref_to_str(ref, text);
	g->names = need(reallocarray(g->names, g->name_count + 1, sizeof(*g->names)));
	g->names[g->name_count++] = (struct http_part_name){need(strdup(text)), g->rule_count};
	g->rules = need(
		reallocarray(g->rules, g->rule_count + r->l7_rules.count + 1, sizeof(*g->rules)));
	list_each(struct http_rule, rule, &r->l7_rules)
		g->rules[g->rule_count++] = rule;
	g->enforce = true;
}

void http_gather_filter(struct http_gather *g, const struct http_filter *f)
{
	g->filters = need(reallocarray(g->filters, g->filter_count + 1, sizeof(*g->filters)));
	g->filters[g->filter_count++] = *f;
}

struct http_source http_gather_source(const struct http_gather *g)
{
	return (struct http_source){
		.rules = g->rules,
		.rule_count = g->rule_count,
		.filters = g->filters,
		.filter_count = g->filter_count,
		.enforce = g->enforce,
	};
}

const char *http_gather_name(const struct http_gather *g, uint32_t number,
			     char buf[static HTTP_RULE_STR_MAX])
{
	uint32_t i = g->name_count;

	while (i && g->names[i - 1].first > number)
		i--;
	if (!i)
		snprintf(buf, HTTP_RULE_STR_MAX, "none");
	else
		snprintf(buf, HTTP_RULE_STR_MAX, "%s.rules.http[%u]", g->names[i - 1].text,
			 number - g->names[i - 1].first);
	return buf;
}

int http_gather_compile(const struct http_gather *g, struct http_tables *out, struct error *e)
{
	const struct http_source source = http_gather_source(g);
	char name[HTTP_RULE_STR_MAX];
	struct error why = {0};
	uint32_t blame = 0;
	int err = http_compile(&source, out, &blame, &why);

	if (!err)
		return 0;
	if (blame < g->rule_count)
		return error_set(e, -err, "%.150s: %.90s", http_gather_name(g, blame, name),
				 why.msg);
	return error_set(e, -err, "filters of chaos rules: %.200s", why.msg);
}

void http_gather_forget(struct http_gather *g)
{
	free(g->rules);
	free(g->filters);
	g->rules = NULL;
	g->filters = NULL;
}

void http_gather_fini(struct http_gather *g)
{
	for (uint32_t i = 0; i < g->name_count; i++)
		free(g->names[i].text);
	free(g->names);
	http_gather_forget(g);
	*g = (struct http_gather){0};
}
