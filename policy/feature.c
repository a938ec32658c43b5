/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Feature sets; see feature.h. */
#include "policy/feature.h"

#include <stdlib.h>
#include <string.h>

#include "policy/chaos_compile.h"

uint8_t port_rule_feature(const struct port_rule *r)
{
	if (r->server_names.count)
		return AXO_FEATURE_SNI;
	if (!r->l7_rules.count)
		return 0;
	switch ((enum l7_type)r->l7) {
	case L7_HTTP:
		return AXO_FEATURE_HTTP;
	case L7_DNS:
		return AXO_FEATURE_DNS;
	case L7_CHAOS:
		return AXO_FEATURE_CHAOS;
	case L7_NONE:
		break;
	}
	return 0;
}

static bool chaos_needs_requests(const struct chaos_rule *r)
{
	return chaos_has_filter(r) || (r->abort && !strcmp(r->abort, "503"));
}

uint8_t feature_rule_needs(const struct feature_rule *r)
{
	if (r->features != AXO_FEATURE_CHAOS)
		return r->features;
	list_each(struct chaos_rule, c, &r->rule->l7_rules) {
		if (chaos_needs_requests(c))
			return AXO_FEATURE_CHAOS | AXO_FEATURE_WATCH;
	}
	return AXO_FEATURE_CHAOS;
}

const char *feature_name(enum axo_feature bit)
{
	switch (bit) {
	case AXO_FEATURE_HTTP:
		return "http";
	case AXO_FEATURE_DNS:
		return "dns";
	case AXO_FEATURE_SNI:
		return "sni";
	case AXO_FEATURE_CHAOS:
		return "chaos";
	case AXO_FEATURE_WATCH:
		return "watch";
	}
	return "unknown";
}

static int rule_cmp(const void *a, const void *b)
{
	uint32_t x = (*(const struct feature_rule *const *)a)->ref;
	uint32_t y = (*(const struct feature_rule *const *)b)->ref;

	return x < y ? -1 : x > y;
}

static size_t rules_unique(const struct feature_rule **rules, size_t count)
{
	size_t n = 0;

	qsort(rules, count, sizeof(struct feature_rule *), rule_cmp);
	for (size_t i = 0; i < count; i++)
		if (!n || rules[n - 1]->ref != rules[i]->ref)
			rules[n++] = rules[i];
	return n;
}

static void conflict_find(struct feature_sets *s, const struct feature_rule **rules, size_t count)
{
	const struct feature_rule *first = NULL;

	for (size_t i = 0; i < count && !s->conflict[0]; i++) {
		if (!(rules[i]->features & FEATURE_ENFORCES))
			continue;
		if (first && first->features != rules[i]->features) {
			s->conflict[0] = first;
			s->conflict[1] = rules[i];
		}
		first = first ? first : rules[i];
	}
}

static uint32_t set_new(struct feature_sets *s, const struct feature_rule **rules, size_t count)
{
	struct feature_set *set;

	if (s->count == s->size) {
		s->size = s->size ? s->size * 2 : 4;
		s->items = reallocarray(s->items, s->size, sizeof(*s->items));
		if (!s->items)
			abort();
	}
	set = &s->items[s->count++];
	*set = (struct feature_set){.count = (uint32_t)count,
				    .rules = calloc(count, sizeof(struct feature_rule *))};
	if (!set->rules)
		abort();
	memcpy(set->rules, rules, count * sizeof(struct feature_rule *));
	for (size_t i = 0; i < count; i++)
		set->features |= feature_rule_needs(rules[i]);
	return (uint32_t)s->count;
}

uint32_t feature_sets_get(struct feature_sets *s, const struct feature_rule **rules, size_t count)
{
	size_t n = rules_unique(rules, count);
	void **slot;

	if (!n)
		return 0;
	conflict_find(s, rules, n);
	/* A rule is one object in a policy that is being compiled, so pointers tell them apart. */
	slot = map_slot(&s->index, rules, n * sizeof(struct feature_rule *));
	if (!*slot)
		*slot = (void *)(uintptr_t)set_new(s, rules, n);
	return (uint32_t)(uintptr_t)*slot;
}

void feature_sets_fini(struct feature_sets *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->items[i].rules);
	free(s->items);
	map_fini(&s->index, NULL);
	*s = (struct feature_sets){0};
}
