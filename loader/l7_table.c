/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Room in the pool, and who has it.
 *
 * A table is written whole before anything names its number (l7_pool.h).  Word 0 of the pool is the
 * generation given last; at AXO_L7_BASE lies the table without rules.
 */
#include "loader/l7_table.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/chaos_filter.h"
#include "loader/datapath.h"
#include "loader/l7_pool.h"
#include "loader/policy_internal.h"
#include "policy/http_engine.h"

#define FIRST_TABLE 65536U /* below: the base table */

/**
 * struct region - words in use
 * @next:   the one behind it
 * @users:  sets; a leftover has none
 * @key:    references of its rules, @key_len bytes; NULL: a leftover
 * @gather: names of its rules
 */
struct region {
	struct region *next;
	uint32_t at;
	uint32_t words;
	uint32_t users;
	void *key;
	size_t key_len;
	struct http_gather gather;
};

/** struct l7_tables - @pool: the map's, borrowed; @regions: by place; @by_key: no leftovers */
struct l7_tables {
	int pool;
	struct region *regions;
	struct map by_key;
};

static void region_free(struct region *r)
{
	free(r->key);
	http_gather_fini(&r->gather);
	free(r);
}

/* The gap of @words words; *@link is the region behind it. */
static uint32_t gap_find(struct l7_tables *t, uint32_t words, struct region ***link)
{
	uint32_t at = FIRST_TABLE;

	for (*link = &t->regions; **link; *link = &(**link)->next) {
		if ((**link)->at - at >= words)
			return at;
		at = (**link)->at + (**link)->words;
	}
	return AXO_L7_POOL_WORDS - at >= words ? at : 0;
}

static struct region *region_insert(struct region **link, uint32_t at, uint32_t words)
{
	struct region *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->at = at;
	r->words = words;
	r->next = *link;
	*link = r;
	return r;
}

static void region_remove(struct l7_tables *t, struct region *r)
{
	struct region **link = &t->regions;

	while (*link != r)
		link = &(*link)->next;
	*link = r->next;
	if (r->key)
		map_remove(&t->by_key, r->key, r->key_len);
	region_free(r);
}

/* Written before the table that has it: none is ever given twice. */
static int generation_next(const struct l7_tables *t, uint32_t *generation)
{
	_cleanup_l7_words_ struct l7_words v = {0};
	int r = l7_words_open(t->pool, 0, 1, &v);

	if (r < 0)
		return r;
	if (!++*v.word)
		*v.word = 1;
	*generation = *v.word;
	return 0;
}

static int region_write(const struct l7_tables *t, const struct http_tables *tables, uint32_t at)
{
	_cleanup_l7_words_ struct l7_words v = {0};
	uint32_t generation;
	int r = generation_next(t, &generation);

	if (r == 0)
		r = l7_words_open(t->pool, at, (uint32_t)tables->words, &v);
	if (r == 0)
		http_tables_write(tables, at, generation, v.word);
	return r;
}

/* What is there already is not written again: programs may be reading it. */
static void base_update(struct axo_l7_table *now, const struct http_tables *base)
{
	_cleanup_free_ uint32_t *words = calloc(base->words, sizeof(*words));

	if (!words)
		abort();
	http_tables_write(base, AXO_L7_BASE, now->generation ? now->generation : 1, words);
	if (memcmp(now, words, base->words * sizeof(*words)))
		memcpy(now, words, base->words * sizeof(*words));
}

static int base_write(const struct l7_tables *t)
{
	_cleanup_l7_words_ struct l7_words v = {0};
	struct http_tables base;
	int r;

	http_base_compile(&base);
	r = l7_words_open(t->pool, AXO_L7_BASE, (uint32_t)base.words, &v);
	if (r == 0)
		base_update((struct axo_l7_table *)v.word, &base);
	http_tables_fini(&base);
	return r;
}

/* Words of the table at @at; 0 = there is none. */
static uint32_t table_words(const struct l7_tables *t, uint32_t at)
{
	_cleanup_l7_words_ struct l7_words v = {0};
	uint32_t words;

	if (at < FIRST_TABLE || at > AXO_L7_POOL_WORDS - sizeof(struct axo_l7_table) / 4)
		return 0;
	if (l7_words_open(t->pool, at, sizeof(struct axo_l7_table) / 4, &v))
		return 0;
	words = ((const struct axo_l7_table *)v.word)->words;
	return words <= AXO_L7_POOL_WORDS - at ? words : 0;
}

/* The place of an earlier agent's table stays taken. */
static void leftover_add(struct l7_tables *t, uint32_t at)
{
	struct region **link = &t->regions;
	uint32_t words = table_words(t, at);

	if (!words)
		return;
	while (*link && (*link)->at < at)
		link = &(*link)->next;
	if (*link && (*link)->at - at < words)
		return;
	region_insert(link, at, words);
}

static void leftovers_find(struct policy_engine *p, struct l7_tables *t)
{
	int fd = datapath_map_fd(p->agent->datapath, MAP_FEATURE);

	for (uint32_t n = 1; n < AXO_MAX_FEATURE_SETS; n++) {
		struct axo_feature_set set;

		if (!bpf_map_lookup_elem(fd, &n, &set) && set.http)
			leftover_add(t, set.http);
	}
}

static void table_start(struct policy_engine *p)
{
	struct l7_tables *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		abort();
	t->pool = datapath_map_fd(p->agent->datapath, MAP_L7_POOL);
	r = base_write(t);
	if (r < 0) {
		log_err(-r, "cannot map " AXO_MAP_L7_POOL);
		free(t);
		return;
	}
	l7_tables_free(p->l7);
	p->l7 = t;
	leftovers_find(p, t);
}

static void table_settled(struct policy_engine *p)
{
	struct region **link = p->l7 ? &p->l7->regions : NULL;

	while (link && *link) {
		struct region *r = *link;

		if (r->key) {
			link = &r->next;
			continue;
		}
		*link = r->next;
		region_free(r);
	}
}

/* Who shares a table: references of port rules with HTTP rules, or filters. */
static void gather(const struct chaos *c, struct http_gather *g,
		   const struct feature_rule *const *rules, size_t count, uint32_t *key,
		   size_t *key_count)
{
	struct ref ref;

	*key_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (rules[i]->features == AXO_FEATURE_CHAOS) {
			chaos_filters_gather(c, rules[i], g);
			key[(*key_count)++] = rules[i]->ref;
			continue;
		}
		if (ref_find(rules[i]->policy, rules[i]->part, &ref))
			continue;
		http_gather_add(g, &ref);
		key[(*key_count)++] = rules[i]->ref;
	}
}

static int region_make(struct l7_tables *t, struct http_gather *g, struct region **out,
		       struct error *e)
{
	struct http_tables tables = {0};
	struct region **link;
	int r = http_gather_compile(g, &tables, e);

	if (r < 0)
		return r;
	uint32_t at = gap_find(t, tables.words, &link);
	if (at)
		r = region_write(t, &tables, at);
	if (!at)
		r = error_set(
			e, ENOSPC,
			"HTTP rules need %zu bytes of tables, and no %u bytes have such a gap",
			tables.words * sizeof(uint32_t), AXO_L7_POOL_WORDS * 4);
	else if (r < 0)
		r = error_set(e, -r, "cannot map " AXO_MAP_L7_POOL ": %s", strerror(-r));
	else
		*out = region_insert(link, at, tables.words);
	http_tables_fini(&tables);
	return r;
}

static int table_install(struct policy_engine *p, const struct feature_rule *const *rules,
			 size_t count, struct axo_feature_set *set, struct error *e)
{
	_cleanup_free_ uint32_t *key = calloc(count + 1, sizeof(*key));
	struct http_gather g = {0};
	struct region *region;
	size_t keys = 0;
	int r = 0;

	if (!p->l7)
		return error_set(e, ENOTSUP, "there is no room for HTTP tables");
	if (!key)
		abort();
	gather(p->agent->chaos, &g, rules, count, key, &keys);
	region = map_get(&p->l7->by_key, key, keys * sizeof(*key));
	if (!region)
		r = region_make(p->l7, &g, &region, e);
	if (r == 0 && !region->key) {
		region->key_len = keys * sizeof(*key);
		region->key = TAKE_PTR(key);
		http_gather_forget(&g);
		region->gather = g;
		g = (struct http_gather){0};
		*map_slot(&p->l7->by_key, region->key, region->key_len) = region;
	}
	http_gather_fini(&g);
	if (r < 0)
		return r;
	region->users++;
	set->http = region->at;
	return 0;
}

static struct region *region_of(const struct l7_tables *t, uint32_t at)
{
	struct region *r = t ? t->regions : NULL;

	while (r && r->at != at)
		r = r->next;
	return r;
}

static void table_release(struct policy_engine *p, const struct axo_feature_set *set)
{
	struct region *r = region_of(p->l7, set->http);

	if (r && r->users && --r->users == 0)
		region_remove(p->l7, r);
}

const char *l7_table_rule_name(const struct policy_engine *p, uint32_t number, uint32_t rule,
			       char buf[static HTTP_RULE_STR_MAX])
{
	const struct region *r = number ? region_of(p->l7, number) : NULL;

	*buf = 0;
	if (!r || rule == AXO_HTTP_NO_RULE || !r->gather.name_count)
		return buf;
	return http_gather_name(&r->gather, rule, buf);
}

void l7_tables_usage(const struct policy_engine *p, uint32_t *tables, uint32_t *words)
{
	*tables = 0;
	*words = 0;
	for (const struct region *r = p->l7 ? p->l7->regions : NULL; r; r = r->next) {
		*tables += 1;
		*words += r->words;
	}
}

void l7_tables_free(struct l7_tables *t)
{
	if (!t)
		return;
	while (t->regions) {
		struct region *r = t->regions;

		t->regions = r->next;
		region_free(r);
	}
	map_fini(&t->by_key, NULL);
	free(t);
}

const struct feature_kind l7_table_kind = {
	.bits = AXO_FEATURE_HTTP | AXO_FEATURE_WATCH,
	.install = table_install,
	.release = table_release,
	.start = table_start,
	.settled = table_settled,
};
