/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Subset construction.
 *
 * A subset is the sorted list of the states that read a byte or accept, reachable without reading.
 * For each class of bytes its successors are collected and closed; classes with the same list of
 * successors, which most are, share the work.
 */
#include "policy/dfa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/** struct list32 - a growing list of numbers */
struct list32 {
	uint32_t *items;
	uint32_t count, size;
};

/** struct subset - @at, @count: its states in build.pool; @next: of the same bucket + 1 */
struct subset {
	uint32_t at, count;
	uint32_t hash;
	uint32_t next;
};

/**
 * struct build - a construction at work
 * @set_classes: by set of the nfa: bit mask of classes
 * @marks:   by state of the nfa: == @mark: seen in this closure
 * @out:     by class: successors
 * @stack, @closure: of the closure in hand
 */
struct build {
	const struct dfa_request *q;
	struct dfa *d;
	uint64_t (*set_classes)[2];
	uint32_t *marks;
	uint32_t mark;
	struct list32 pool, stack, closure;
	struct list32 out[DFA_MAX_CLASSES];
	struct subset *subsets;
	uint32_t subset_size;
	uint32_t *buckets;
	uint32_t bucket_count;
};

static void *need(void *p)
{
	if (!p)
		abort();
	return p;
}

static void push(struct list32 *l, uint32_t v)
{
	if (l->count == l->size) {
		l->size = l->size ? l->size * 2 : 32;
		l->items = need(reallocarray(l->items, l->size, sizeof(*l->items)));
	}
	l->items[l->count++] = v;
}

/* Split classes by one set: bytes of a class that are in it become another class. */
static void classes_split(struct dfa *d, const struct byteset *set)
{
	uint8_t in_class[256], first[256];
	bool has[2][256] = {{0}};

	memset(in_class, DFA_NO_CLASS, sizeof(in_class));
	for (int b = 0; b < 256; b++)
		if (d->class_of[b] != DFA_NO_CLASS)
			has[byteset_has(set, b)][d->class_of[b]] = true;
	memset(first, DFA_NO_CLASS, sizeof(first));
	for (int b = 0; b < 256; b++) {
		uint8_t c = d->class_of[b];

		if (c == DFA_NO_CLASS || !byteset_has(set, b) || !has[0][c])
			continue;
		if (first[c] == DFA_NO_CLASS)
			first[c] = d->classes++;
		in_class[b] = first[c];
	}
	for (int b = 0; b < 256; b++)
		if (in_class[b] != DFA_NO_CLASS)
			d->class_of[b] = in_class[b];
}

static int classes_make(struct build *w)
{
	const struct dfa_request *q = w->q;
	struct dfa *d = w->d;

	d->classes = 1;
	for (int b = 0; b < 256; b++)
		d->class_of[b] = byteset_has(&q->alphabet, b) ? 0 : DFA_NO_CLASS;
	for (int b = 0; b < 256; b++) {
		struct byteset one = {{0}};

		byteset_add(&one, b);
		if (byteset_has(&q->single, b) && byteset_has(&q->alphabet, b))
			classes_split(d, &one);
	}
	for (uint32_t i = 0; i < q->nfa->set_count; i++) {
		classes_split(d, &q->nfa->sets[i]);
		if (d->classes > DFA_MAX_CLASSES)
			return -E2BIG;
	}
	w->set_classes = need(calloc(q->nfa->set_count + 1, sizeof(*w->set_classes)));
	for (uint32_t i = 0; i < q->nfa->set_count; i++)
		for (int b = 0; b < 256; b++) {
			uint8_t c = d->class_of[b];

			if (c != DFA_NO_CLASS && byteset_has(&q->nfa->sets[i], b))
				w->set_classes[i][c / 64] |= 1ULL << (c % 64);
		}
	return 0;
}

static void closure_visit(struct build *w, uint32_t s)
{
	if (s == NFA_NONE || w->marks[s] == w->mark)
		return;
	w->marks[s] = w->mark;
	push(&w->stack, s);
}

/* What is reached from @s without reading joins the closure. */
static void closure_add(struct build *w, uint32_t s)
{
	closure_visit(w, s);
	while (w->stack.count) {
		uint32_t n = w->stack.items[--w->stack.count];
		const struct nfa_state *state = &w->q->nfa->states[n];

		if (state->type != NFA_SPLIT) {
			push(&w->closure, n);
			continue;
		}
		closure_visit(w, state->more);
		closure_visit(w, state->out);
	}
}

static int u32_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t hash32(const uint32_t *items, uint32_t count)
{
	uint64_t h = count;

	for (uint32_t i = 0; i < count; i++)
		h = (h ^ items[i]) * 0x9e3779b97f4a7c15ULL;
	return h >> 32;
}

/* What the subset accepts, by the numbers of its accepting states. */
static uint32_t closure_accept(struct build *w)
{
	struct list32 numbers = {0};
	uint32_t accept = 0;

	for (uint32_t i = 0; i < w->closure.count; i++) {
		const struct nfa_state *s = &w->q->nfa->states[w->closure.items[i]];

		if (s->type == NFA_ACCEPT)
			push(&numbers, s->out);
	}
	if (numbers.count) {
		qsort(numbers.items, numbers.count, sizeof(uint32_t), u32_compare);
		accept = w->q->accept(w->q->context, numbers.items, numbers.count);
	}
	free(numbers.items);
	return accept;
}

static void buckets_grow(struct build *w)
{
	free(w->buckets);
	w->bucket_count = w->bucket_count ? w->bucket_count * 4 : 4096;
	w->buckets = need(calloc(w->bucket_count, sizeof(*w->buckets)));
	for (uint32_t i = 0; i < w->d->states; i++) {
		uint32_t *bucket = &w->buckets[w->subsets[i].hash & (w->bucket_count - 1)];

		w->subsets[i].next = *bucket;
		*bucket = i + 1;
	}
}

static void rows_grow(struct build *w)
{
	struct dfa *d = w->d;

	w->subset_size = w->subset_size ? w->subset_size * 2 : 256;
	w->subsets = need(reallocarray(w->subsets, w->subset_size, sizeof(*w->subsets)));
	d->accept = need(reallocarray(d->accept, w->subset_size, sizeof(*d->accept)));
	d->next =
		need(reallocarray(d->next, (size_t)w->subset_size * d->classes, sizeof(*d->next)));
}

/* The state whose subset is the closure in hand; made if there is none. */
static uint32_t state_of_closure(struct build *w)
{
	const struct list32 *c = &w->closure;
	struct dfa *d = w->d;
	uint32_t hash, i;

	qsort(c->items, c->count, sizeof(uint32_t), u32_compare);
	hash = hash32(c->items, c->count);
	for (i = w->buckets[hash & (w->bucket_count - 1)]; i; i = w->subsets[i - 1].next) {
		const struct subset *s = &w->subsets[i - 1];

		if (s->hash == hash && s->count == c->count &&
		    !memcmp(w->pool.items + s->at, c->items, c->count * sizeof(uint32_t)))
			return i - 1;
	}
	if (d->states == w->subset_size)
		rows_grow(w);
	w->subsets[d->states] = (struct subset){w->pool.count, c->count, hash, 0};
	for (i = 0; i < c->count; i++)
		push(&w->pool, c->items[i]);
	d->accept[d->states] = closure_accept(w);
	if (++d->states > w->bucket_count / 2) {
		buckets_grow(w);
	} else {
		uint32_t *bucket = &w->buckets[hash & (w->bucket_count - 1)];

		w->subsets[d->states - 1].next = *bucket;
		*bucket = d->states;
	}
	return d->states - 1;
}

/* The state behind a list of states of the nfa. */
static uint32_t successor(struct build *w, const struct list32 *from)
{
	w->mark++;
	w->closure.count = 0;
	for (uint32_t i = 0; i < from->count; i++)
		closure_add(w, from->items[i]);
	return state_of_closure(w);
}

static void out_collect(struct build *w, uint32_t state)
{
	const struct subset s = w->subsets[state];

	for (uint32_t c = 0; c < w->d->classes; c++)
		w->out[c].count = 0;
	for (uint32_t i = 0; i < s.count; i++) {
		const struct nfa_state *n = &w->q->nfa->states[w->pool.items[s.at + i]];

		for (int word = 0; n->type == NFA_SET && word < 2; word++)
			for (uint64_t m = w->set_classes[n->more][word]; m; m &= m - 1)
				push(&w->out[word * 64 + __builtin_ctzll(m)], n->out);
	}
}

/* An earlier class with the same successors. */
static uint32_t out_same(const struct build *w, const uint32_t *hashes, uint32_t c)
{
	for (uint32_t k = 0; k < c; k++)
		if (hashes[k] == hashes[c] && w->out[k].count == w->out[c].count &&
		    !memcmp(w->out[k].items, w->out[c].items, w->out[c].count * sizeof(uint32_t)))
			return k;
	return c;
}

static void row_make(struct build *w, uint32_t state)
{
	uint32_t hashes[DFA_MAX_CLASSES], row[DFA_MAX_CLASSES];
	uint32_t classes = w->d->classes;

	out_collect(w, state);
	for (uint32_t c = 0; c < classes; c++) {
		uint32_t same;

		row[c] = 0;
		hashes[c] = hash32(w->out[c].items, w->out[c].count);
		if (!w->out[c].count)
			continue;
		same = out_same(w, hashes, c);
		row[c] = same < c ? row[same] : successor(w, &w->out[c]);
	}
	memcpy(w->d->next + (size_t)state * classes, row, classes * sizeof(*row));
}

static void build_fini(struct build *w)
{
	for (uint32_t c = 0; c < DFA_MAX_CLASSES; c++)
		free(w->out[c].items);
	free(w->set_classes);
	free(w->marks);
	free(w->pool.items);
	free(w->stack.items);
	free(w->closure.items);
	free(w->subsets);
	free(w->buckets);
}

static int subsets_make(struct build *w)
{
	const struct nfa *n = w->q->nfa;
	struct dfa *d = w->d;
	int err = classes_make(w);

	if (err)
		return err;
	w->marks = need(calloc(n->count + 1, sizeof(*w->marks)));
	rows_grow(w);
	buckets_grow(w);
	push(&w->closure, 0);
	push(&w->pool, 0);
	w->closure.count = 0;
	state_of_closure(w); /* of nothing: the dead state */
	d->starts = need(calloc(n->start_count + 1, sizeof(*d->starts)));
	d->start_count = n->start_count;
	for (uint32_t i = 0; i < n->start_count; i++) {
		struct list32 first = {.items = &n->starts[i], .count = 1};

		d->starts[i] = successor(w, &first);
	}
	for (uint32_t i = 0; i < d->states; i++) {
		if (d->states > w->q->max_states)
			return -E2BIG;
		row_make(w, i);
	}
	return 0;
}

int dfa_build(struct dfa *d, const struct dfa_request *q)
{
	struct build w = {.q = q, .d = d};
	int err;

	*d = (struct dfa){0};
	err = subsets_make(&w);
	build_fini(&w);
	if (err)
		dfa_fini(d);
	else
		dfa_minimise(d);
	return err;
}

uint32_t dfa_match(const struct dfa *d, uint32_t start, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t s = d->starts[start];

	for (size_t i = 0; i < len; i++) {
		if (d->class_of[p[i]] == DFA_NO_CLASS)
			return 0;
		s = d->next[(size_t)s * d->classes + d->class_of[p[i]]];
	}
	return d->accept[s];
}

void dfa_fini(struct dfa *d)
{
	free(d->next);
	free(d->accept);
	free(d->starts);
	*d = (struct dfa){0};
}
