/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Patterns to an automaton, by the subset construction: a state of the automaton is a set of
 * positions, each a place in one pattern.
 *
 * Positions of a pattern:
 *	n		text[n] comes next; at the end of the text: it has matched
 *	INNER | n	(`**.` at n only) inside a label that has begun
 *
 * A place that reads a `*` stays where it is for bytes of a label, and is at the same time the
 * place behind it.
 */
#include "policy/name_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/map.h"

/** struct place - @at: see above */
struct place {
	uint32_t pattern;
	uint32_t at;
};

#define INNER 0x80000000u

/** struct places - a set, sorted; grows */
struct places {
	struct place *items;
	size_t count, size;
};

/**
 * struct builder - the automaton as it grows
 * @states: places of a state to its number
 * @sets:   the same, by number
 * @lists:  selectors of a row to its number
 */
struct builder {
	const struct name_pattern *patterns;
	size_t max_rows;
	struct name_table table;
	size_t size;
	struct map states;
	struct map lists;
	struct map_item **sets;
	struct places work;
};

static bool is_any(const struct name_pattern *p)
{
	return !p->exact && !strcmp(p->text, "*");
}

static bool is_deep(const struct name_pattern *p, uint32_t at)
{
	return !p->exact && at == 0 && !strncmp(p->text, "**.", 3);
}

static bool is_star(const struct name_pattern *p, uint32_t at)
{
	return !p->exact && p->text[at] == '*';
}

static void place_add(struct places *l, struct place x)
{
	if (l->count == l->size) {
		l->size = l->size ? l->size * 2 : 64;
		l->items = reallocarray(l->items, l->size, sizeof(*l->items));
		if (!l->items)
			abort();
	}
	l->items[l->count++] = x;
}

/* A place, and those that it is at the same time. */
static void place_enter(struct places *l, const struct name_pattern *patterns, struct place x)
{
	const struct name_pattern *p = &patterns[x.pattern];

	place_add(l, x);
	if (x.at & INNER || is_any(p) || is_deep(p, x.at))
		return;
	while (is_star(p, x.at)) {
		x.at++;
		place_add(l, x);
	}
}

/* Where a place goes with a byte of @class_: nowhere, or into @to. */
static void place_step(struct places *to, const struct name_pattern *patterns, struct place x,
		       uint32_t class_)
{
	const struct name_pattern *p = &patterns[x.pattern];
	bool label = class_ != AXO_NAME_DOT && class_ != AXO_NAME_OTHER;
	uint32_t at = x.at & ~INNER;

	if (is_any(p)) {
		place_add(to, x);
		return;
	}
	if (is_deep(p, at)) {
		if (label)
			place_add(to, (struct place){x.pattern, INNER});
		if (class_ != AXO_NAME_DOT || !(x.at & INNER))
			return;
		place_add(to, (struct place){x.pattern, 0});
		place_enter(to, patterns, (struct place){x.pattern, 3});
		return;
	}
	if (is_star(p, at)) {
		if (label)
			place_enter(to, patterns, x);
		return;
	}
	if (p->text[at] && class_ != AXO_NAME_OTHER &&
	    axo_name_class((uint8_t)p->text[at]) == class_)
		place_enter(to, patterns, (struct place){x.pattern, at + 1});
}

static bool place_accepts(const struct name_pattern *p, uint32_t at)
{
	return is_any(p) || (!(at & INNER) && !is_deep(p, at) && !p->text[at]);
}

static int place_cmp(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;

	if (x->pattern != y->pattern)
		return x->pattern < y->pattern ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void places_sort(struct places *l)
{
	size_t kept = 0;

	if (l->count)
		qsort(l->items, l->count, sizeof(*l->items), place_cmp);
	for (size_t i = 0; i < l->count; i++)
		if (!kept || place_cmp(&l->items[kept - 1], &l->items[i]))
			l->items[kept++] = l->items[i];
	l->count = kept;
}

static int too_large(const struct builder *b, struct error *e)
{
	return error_set(e, ENOSPC,
			 "the names need more than %zu states: fewer patterns with * in the middle "
			 "of labels need less",
			 b->max_rows);
}

/* A row more; 0 = there are too many. */
static uint32_t row_new(struct builder *b)
{
	struct name_table *t = &b->table;

	if (t->count >= b->max_rows)
		return 0;
	if (t->count == b->size) {
		b->size = b->size ? b->size * 2 : 64;
		t->rows = reallocarray(t->rows, b->size, sizeof(*t->rows));
		b->sets = reallocarray(b->sets, b->size, sizeof(*b->sets));
		if (!t->rows || !b->sets)
			abort();
	}
	memset(&t->rows[t->count], 0, sizeof(*t->rows));
	b->sets[t->count] = NULL;
	return (uint32_t)t->count++;
}

/* The state of b->work, made if it is not there; the empty set is state 0. */
static int state_get(struct builder *b, uint32_t *state, struct error *e)
{
	const void *key = b->work.items;
	size_t len = b->work.count * sizeof(struct place);

	if (!b->work.count) {
		*state = AXO_NAME_DEAD;
		return 0;
	}
	void **slot = map_slot(&b->states, key, len);
	if (!*slot) {
		uint32_t row = row_new(b);

		if (!row)
			return too_large(b, e);
		*slot = (void *)(uintptr_t)row;
		b->sets[row] = map_find(&b->states, key, len);
	}
	*state = (uint32_t)(uintptr_t)*slot;
	return 0;
}

static const struct place *set_of(const struct builder *b, uint32_t state, size_t *count)
{
	*count = b->sets[state]->len / sizeof(struct place);
	return (const struct place *)(const void *)b->sets[state]->key;
}

static int state_expand(struct builder *b, uint32_t state, struct error *e)
{
	size_t count;
	const struct place *set = set_of(b, state, &count);

	for (uint32_t class_ = 0; class_ < AXO_NAME_CLASSES; class_++) {
		uint32_t next;

		b->work.count = 0;
		for (size_t i = 0; i < count; i++)
			place_step(&b->work, b->patterns, set[i], class_);
		places_sort(&b->work);
		int r = state_get(b, &next, e);
		if (r < 0)
			return r;
		b->table.rows[state].next[class_] = (uint16_t)next;
	}
	return 0;
}

/* Selectors of a state's patterns, in order of patterns; a selector comes once. */
static int selectors_collect(const struct builder *b, uint32_t state, uint32_t *out,
			     struct error *e)
{
	size_t count, n = 0;
	const struct place *set = set_of(b, state, &count);

	for (size_t i = 0; i < count; i++) {
		const struct name_pattern *p = &b->patterns[set[i].pattern];

		if (!place_accepts(p, set[i].at) || (n && out[n - 1] == p->selector))
			continue;
		if (n == AXO_NAME_SELECTORS)
			return error_set(
				e, ENOSPC,
				"more than %d names and patterns match the same name, one of "
				"them is \"%.100s\"",
				AXO_NAME_SELECTORS, p->text);
		out[n++] = p->selector;
	}
	return (int)n;
}

static int state_accept(struct builder *b, uint32_t state, struct error *e)
{
	uint32_t list[AXO_NAME_SELECTORS] = {0};
	int n = selectors_collect(b, state, list, e);

	if (n <= 0)
		return n;
	if (!list[0]) {
		b->table.rows[state].accept = 1;
		return 0;
	}
	void **slot = map_slot(&b->lists, list, sizeof(list));
	if (!*slot) {
		uint32_t row = row_new(b);

		if (!row)
			return too_large(b, e);
		memcpy(b->table.rows[row].selector, list, sizeof(list));
		*slot = (void *)(uintptr_t)row;
	}
	b->table.rows[state].accept = (uint32_t)(uintptr_t)*slot;
	return 0;
}

static int builder_run(struct builder *b, size_t count, struct error *e)
{
	uint32_t start;
	int r;

	row_new(b);
	for (uint32_t i = 0; i < count; i++)
		place_enter(&b->work, b->patterns, (struct place){i, 0});
	places_sort(&b->work);
	r = state_get(b, &start, e);
	for (uint32_t state = AXO_NAME_START; r == 0 && state < b->table.count; state++)
		r = state_expand(b, state, e);
	size_t states = b->table.count;
	for (uint32_t state = AXO_NAME_START; r == 0 && state < states; state++)
		r = state_accept(b, state, e);
	if (r == 0 && b->table.count == AXO_NAME_START)
		row_new(b); /* no pattern: the start is there, and leads nowhere */
	return r;
}

static int table_build(const struct name_pattern *patterns, size_t count, size_t max_rows,
		       struct name_table *out, struct error *e)
{
	struct builder b = {.patterns = patterns, .max_rows = max_rows};
	int r = builder_run(&b, count, e);

	map_fini(&b.states, NULL);
	map_fini(&b.lists, NULL);
	free(b.sets);
	free(b.work.items);
	if (r < 0)
		name_table_fini(&b.table);
	else
		*out = b.table;
	return r;
}

/* The shortest prefix of the patterns that does not fit ends with the one to blame. */
static size_t culprit_find(const struct name_pattern *patterns, size_t count, size_t max_rows)
{
	size_t low = 1, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct name_table t = {0};

		if (table_build(patterns, mid, max_rows, &t, NULL) < 0)
			high = mid;
		else
			low = mid + 1;
		name_table_fini(&t);
	}
	return low ? low - 1 : 0;
}

int name_table_compile(const struct name_pattern *patterns, size_t count, size_t max_rows,
		       struct name_table *out, size_t *culprit, struct error *e)
{
	if (!max_rows || max_rows > AXO_MAX_NAME_ROWS)
		max_rows = AXO_MAX_NAME_ROWS;
	int r = table_build(patterns, count, max_rows, out, e);

	if (r < 0 && culprit)
		*culprit = culprit_find(patterns, count, max_rows);
	return r;
}

void name_table_fini(struct name_table *t)
{
	free(t->rows);
	*t = (struct name_table){0};
}

uint32_t name_table_match(const struct name_table *t, const char *name, size_t len)
{
	uint32_t state = AXO_NAME_START;

	for (size_t i = 0; i < len; i++)
		state = t->rows[state].next[axo_name_class((uint8_t)name[i])];
	return state ? t->rows[state].accept : 0;
}

static bool is_label_byte(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static bool rest_matches(const char *pattern, bool exact, const char *name, size_t len)
{
	for (; *pattern; pattern++, name++, len--) {
		if (*pattern == '*' && !exact) {
			for (size_t i = 0; i <= len; i++) {
				if (rest_matches(pattern + 1, exact, name + i, len - i))
					return true;
				if (i < len && !is_label_byte(name[i]))
					return false;
			}
			return false;
		}
		if (!len || tolower((unsigned char)*name) != *pattern || *pattern == '*')
			return false;
	}
	return !len;
}

bool name_pattern_matches(const struct name_pattern *p, const char *name, size_t len)
{
	if (is_any(p))
		return true;
	if (!is_deep(p, 0))
		return rest_matches(p->text, p->exact, name, len);
	for (size_t i = 0; i < len && (is_label_byte(name[i]) || (i && name[i] == '.')); i++)
		if (name[i] == '.') {
			if (name[i - 1] == '.')
				return false;
			if (rest_matches(p->text + 3, p->exact, name + i + 1, len - i - 1))
				return true;
		}
	return false;
}
