/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP rules to lanes: which rules go where, and who is to blame when they do not fit. */
#include "policy/http_compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/http_lane.h"

static void part_fini(struct http_part *p)
{
	dfa_fini(&p->dfa);
	http_records_fini(&p->records);
}

static void lane_free(struct http_lane *l)
{
	if (!l)
		return;
	part_fini(&l->target);
	part_fini(&l->name);
	part_fini(&l->host);
	part_fini(&l->value);
	arena_fini(&l->arena);
	free(l);
}

/* A wide repetition that something follows: many of those multiply the states of each other. */
static bool is_wide(const char *path)
{
	for (const char *p = path; p && (p = strpbrk(p, "*+{")); p++) {
		bool any = p > path && (p[-1] == '.' || p[-1] == ']');

		if (any && p[1] && p[1] != '$' && p[1] != ')')
			return true;
	}
	return false;
}

/** enum share - which rules a lane takes */
enum share { SHARE_ALL, SHARE_NARROW, SHARE_WIDE };

static bool is_mine(enum share share, const char *path)
{
	return share == SHARE_ALL || (share == SHARE_WIDE) == is_wide(path);
}

static struct http_lane *lane_new(const struct http_source *src, uint32_t rules, enum share share)
{
	struct http_lane *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->src = src;
	l->rules = arena_alloc(&l->arena, rules * sizeof(*l->rules));
	l->filters = arena_alloc(&l->arena, src->filter_count * sizeof(*l->filters));
	for (uint32_t i = 0; i < rules; i++)
		if (is_mine(share, src->rules[i]->path))
			l->rules[l->rule_count++] = i;
	for (uint32_t i = 0; i < src->filter_count; i++)
		if (is_mine(share, src->filters[i].path))
			l->filters[l->filter_count++] = i;
	return l;
}

static int lane_make(struct http_lane *l, struct error *e)
{
	int err = http_conditions_make(l, e);

	if (err)
		return err;
	err = http_targets_make(l);
	if (!err)
		err = http_hosts_make(l);
	if (!err)
		err = http_headers_make(l);
	return err ? error_set(e, -err,
			       "automata with more than %d states, or %d rules for one path",
			       HTTP_MAX_STATES, AXO_HTTP_CANDIDATES)
		   : 0;
}

static int lane_add(struct http_tables *t, const struct http_source *src, uint32_t rules,
		    enum share share, struct error *e)
{
	struct http_lane *l = lane_new(src, rules, share);
	int err = lane_make(l, e);

	if (err) {
		lane_free(l);
		return err;
	}
	t->lanes[t->lane_count++] = l;
	return 0;
}

static void tables_count(struct http_tables *t)
{
	t->words = sizeof(struct axo_l7_table) / 4;
	for (uint32_t i = 0; i < t->lane_count; i++) {
		const struct http_lane *l = t->lanes[i];
		const struct dfa *all[] = {&l->target.dfa, &l->name.dfa, &l->host.dfa,
					   &l->value.dfa};

		t->words += http_lane_words(l);
		for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++) {
			t->states += all[k]->states;
			t->classes = all[k]->classes > t->classes ? all[k]->classes : t->classes;
		}
	}
}

static bool speaks_of_slashes(const char *path)
{
	return path && (strcasestr(path, "%2f") || strcasestr(path, "%5c"));
}

static uint32_t source_flags(const struct http_source *src)
{
	/* Where nothing is denied, nothing depends on how a server reads them. */
	uint32_t flags = src->enforce ? AXO_L7_ENFORCE : AXO_L7_SLASHES;

	for (uint32_t i = 0; i < src->rule_count; i++)
		if (speaks_of_slashes(src->rules[i]->path))
			flags |= AXO_L7_SLASHES;
	return flags;
}

/* The first @rules rules, in one lane or two. */
static int compile_some(const struct http_source *src, uint32_t rules, struct http_tables *out,
			struct error *e)
{
	struct http_tables t = {.flags = source_flags(src)};
	int err = lane_add(&t, src, rules, SHARE_ALL, e);

	if (err == -E2BIG) {
		err = lane_add(&t, src, rules, SHARE_NARROW, e);
		if (!err)
			err = lane_add(&t, src, rules, SHARE_WIDE, e);
	}
	tables_count(&t);
	if (!err && t.words > HTTP_MAX_WORDS)
		err = error_set(e, E2BIG, "tables of more than %u bytes", HTTP_MAX_WORDS * 4);
	if (err)
		http_tables_fini(&t);
	else
		*out = t;
	return err;
}

/* The rule without which those before it fit. */
static uint32_t find_blame(const struct http_source *src)
{
	uint32_t fits = 0, fails = src->rule_count;
	struct http_tables t;
	struct error e;

	if (!fails || compile_some(src, 0, &t, &e))
		return src->rule_count;
	http_tables_fini(&t);
	while (fails - fits > 1) {
		uint32_t middle = (fits + fails) / 2;

		if (compile_some(src, middle, &t, &e)) {
			fails = middle;
		} else {
			http_tables_fini(&t);
			fits = middle;
		}
	}
	return fails - 1;
}

int http_compile(const struct http_source *src, struct http_tables *out, uint32_t *blame,
		 struct error *e)
{
	int err = compile_some(src, src->rule_count, out, e);

	if (err)
		*blame = find_blame(src);
	return err;
}

void http_tables_fini(struct http_tables *t)
{
	for (uint32_t i = 0; i < t->lane_count; i++)
		lane_free(t->lanes[i]);
	*t = (struct http_tables){0};
}
