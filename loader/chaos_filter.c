/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers of filters; see chaos_filter.h. */
#include "loader/chaos_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/chaos_internal.h"
#include "loader/chaos_map.h"
#include "policy/chaos_compile.h"

static bool text_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool filter_is(const struct chaos_filter *f, const struct chaos_rule *r)
{
	return f->users && text_same(f->text[0], r->method) && text_same(f->text[1], r->path) &&
	       text_same(f->text[2], r->host);
}

static uint32_t number_for(const struct chaos_filters *f, const struct chaos_rule *r,
			   uint8_t before)
{
	uint32_t free_ = 0;

	for (uint32_t n = 1; n < CHAOS_FILTERS; n++)
		if (filter_is(&f->items[n], r))
			return n;
	if (before && before < CHAOS_FILTERS && !f->items[before].users)
		return before;
	for (uint32_t n = 1; n < CHAOS_FILTERS && !free_; n++)
		if (!f->items[n].users && !(f->leftover >> n & 1))
			free_ = n;
	return free_;
}

static char *copy_of(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		abort();
	return copy;
}

static void filter_put(struct chaos_filter *f)
{
	if (!f->users || --f->users)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(f->text); i++) {
		free(f->text[i]);
		f->text[i] = NULL;
	}
}

int chaos_filters_take(struct chaos *c, const struct port_rule *r, const struct axo_chaos *before,
		       struct axo_chaos *value, struct error *e)
{
	uint32_t i = 0;

	list_each(struct chaos_rule, rule, &r->l7_rules) {
		struct axo_chaos_rule *out = &value->rules[i++];
		struct chaos_filter *f;
		uint32_t n;

		if (!chaos_has_filter(rule))
			continue;
		n = number_for(&c->filters, rule, before->rules[i - 1].filter);
		if (!n) {
			chaos_filters_release(c, value);
			return error_set(e, ENOSPC,
					 "chaos rules have more than %d different filters (method, "
					 "path, host) on this host",
					 CHAOS_FILTERS - 1);
		}
		f = &c->filters.items[n];
		if (!f->users++) {
			f->text[0] = copy_of(rule->method);
			f->text[1] = copy_of(rule->path);
			f->text[2] = copy_of(rule->host);
		}
		out->filter = (uint8_t)n;
		value->filters |= 1ULL << n;
	}
	return 0;
}

void chaos_filters_release(struct chaos *c, const struct axo_chaos *value)
{
	for (uint32_t i = 0; i < value->rule_count; i++)
		if (value->rules[i].filter)
			filter_put(&c->filters.items[value->rules[i].filter]);
}

void chaos_filters_gather(const struct chaos *c, const struct feature_rule *r,
			  struct http_gather *g)
{
	const struct experiment *x = experiment_find(c, r->policy, r->part);

	for (uint32_t i = 0; x && i < x->value.rule_count; i++) {
		const struct chaos_filter *f = chaos_filter_get(c, x->value.rules[i].filter);

		if (f)
			http_gather_filter(g,
					   &(struct http_filter){.method = f->text[0],
								 .path = f->text[1],
								 .host = f->text[2],
								 .bit = x->value.rules[i].filter});
	}
}

const struct chaos_filter *chaos_filter_get(const struct chaos *c, uint8_t number)
{
	return number && number < CHAOS_FILTERS && c->filters.items[number].users
		       ? &c->filters.items[number]
		       : NULL;
}

void chaos_filters_start(struct chaos *c, const bool *used)
{
	c->filters.leftover = 0;
	for (uint32_t n = 1; n < AXO_MAX_CHAOS; n++) {
		struct axo_chaos value;

		if (used[n] && chaos_map_read(c->agent->datapath, n, &value) == 0)
			c->filters.leftover |= value.filters;
	}
}

void chaos_filters_settled(struct chaos *c)
{
	c->filters.leftover = 0;
}

void chaos_filters_fini(struct chaos_filters *f)
{
	for (uint32_t n = 1; n < CHAOS_FILTERS; n++)
		while (f->items[n].users)
			filter_put(&f->items[n]);
}
