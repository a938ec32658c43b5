/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The smallest equivalent automaton, in O(m log n) for m steps that do not lead to the dead state:
 * partition refinement over states and steps (A. Valmari, "Fast brief practical DFA minimization",
 * Information Processing Letters 112, 2012).
 *
 * Two partitions refine each other: blocks of states, and "cords" of steps that have the same class
 * and lead into the same block.  All states in a block have steps of the same cords.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/dfa.h"

/**
 * struct partition - of elements into sets; those of one set lie side by side
 * @sets:     how many
 * @elements: by place
 * @place:    by element
 * @set:      by element
 * @first, @past: by set: places
 * @marked:   by set: elements marked, which lie in front
 * @touched:  sets with marked elements, @touched_count
 */
struct partition {
	uint32_t sets;
	uint32_t *elements, *place, *set, *first, *past, *marked, *touched;
	uint32_t touched_count;
};

static uint32_t *numbers(size_t n)
{
	uint32_t *p = calloc(n + 1, sizeof(*p));

	if (!p)
		abort();
	return p;
}

/* All of @n elements in one set. */
static void partition_init(struct partition *p, uint32_t n)
{
	*p = (struct partition){.sets = n > 0};
	p->elements = numbers(n);
	p->place = numbers(n);
	p->set = numbers(n);
	p->first = numbers(n);
	p->past = numbers(n);
	p->marked = numbers(n);
	p->touched = numbers(n);
	for (uint32_t i = 0; i < n; i++)
		p->elements[i] = p->place[i] = i;
	p->past[0] = n;
}

static void partition_fini(struct partition *p)
{
	free(p->elements);
	free(p->place);
	free(p->set);
	free(p->first);
	free(p->past);
	free(p->marked);
	free(p->touched);
}

static void partition_mark(struct partition *p, uint32_t element)
{
	uint32_t s = p->set[element], i = p->place[element], j = p->first[s] + p->marked[s];

	if (i < j)
		return;
	p->elements[i] = p->elements[j];
	p->place[p->elements[i]] = i;
	p->elements[j] = element;
	p->place[element] = j;
	if (!p->marked[s]++)
		p->touched[p->touched_count++] = s;
}

/* Marked elements leave their sets; the smaller part gets the new number. */
static void partition_split(struct partition *p)
{
	while (p->touched_count) {
		uint32_t s = p->touched[--p->touched_count];
		uint32_t middle = p->first[s] + p->marked[s];

		if (middle == p->past[s]) {
			p->marked[s] = 0;
			continue;
		}
		if (p->marked[s] <= p->past[s] - middle) {
			p->first[p->sets] = p->first[s];
			p->past[p->sets] = p->first[s] = middle;
		} else {
			p->past[p->sets] = p->past[s];
			p->first[p->sets] = p->past[s] = middle;
		}
		for (uint32_t i = p->first[p->sets]; i < p->past[p->sets]; i++)
			p->set[p->elements[i]] = p->sets;
		p->marked[s] = p->marked[p->sets++] = 0;
	}
}

/**
 * struct steps - those between states that live; ordered by class
 * @tail, @head, @class: by step
 * @into:    steps, ordered by head
 * @into_at: by state: where its steps start in @into
 */
struct steps {
	uint32_t count;
	uint32_t *tail, *head, *class;
	uint32_t *into, *into_at;
};

static void steps_init(struct steps *t, const struct dfa *d, const bool *alive)
{
	size_t most = (size_t)d->states * d->classes;
	uint32_t n = 0;

	t->tail = numbers(most);
	t->head = numbers(most);
	t->class = numbers(most);
	t->into_at = numbers(d->states + 1);
	for (uint32_t c = 0; c < d->classes; c++)
		for (uint32_t s = 0; s < d->states; s++) {
			uint32_t to = d->next[(size_t)s * d->classes + c];

			if (!alive[s] || !alive[to])
				continue;
			t->tail[n] = s;
			t->head[n] = to;
			t->class[n++] = c;
			t->into_at[to + 1]++;
		}
	t->count = n;
	t->into = numbers(n);
	for (uint32_t s = 0; s < d->states; s++)
		t->into_at[s + 1] += t->into_at[s];
	uint32_t *at = numbers(d->states);
	memcpy(at, t->into_at, d->states * sizeof(*at));
	for (uint32_t i = 0; i < n; i++)
		t->into[at[t->head[i]]++] = i;
	free(at);
}

static void steps_fini(struct steps *t)
{
	free(t->tail);
	free(t->head);
	free(t->class);
	free(t->into);
	free(t->into_at);
}

/* A state lives if something can still be accepted from it. */
static bool *alive_states(const struct dfa *d)
{
	bool *alive = calloc(d->states, sizeof(*alive)), changed = true;

	if (!alive)
		abort();
	for (uint32_t s = 0; s < d->states; s++)
		alive[s] = d->accept[s] != 0;
	while (changed) {
		changed = false;
		for (uint32_t s = d->states; s-- > 1;)
			for (uint32_t c = 0; c < d->classes && !alive[s]; c++)
				changed |= alive[s] = alive[d->next[(size_t)s * d->classes + c]];
	}
	return alive;
}

struct accept_of {
	uint32_t accept, state;
};

static int accept_compare(const void *a, const void *b)
{
	const struct accept_of *x = a, *y = b;

	return x->accept < y->accept ? -1 : x->accept > y->accept;
}

/* Blocks of states that accept the same; dead ones are a block of their own. */
static void blocks_init(struct partition *blocks, const struct dfa *d, const bool *alive)
{
	struct accept_of *order = calloc(d->states, sizeof(*order));

	if (!order)
		abort();
	partition_init(blocks, d->states);
	for (uint32_t s = 0; s < d->states; s++)
		order[s] = (struct accept_of){alive[s] ? d->accept[s] : UINT32_MAX, s};
	qsort(order, d->states, sizeof(*order), accept_compare);
	for (uint32_t i = 0, j; i < d->states; i = j) {
		for (j = i; j < d->states && order[j].accept == order[i].accept; j++)
			partition_mark(blocks, order[j].state);
		partition_split(blocks);
	}
	free(order);
}

/* Cords: at first, one for each class. */
static void cords_init(struct partition *cords, const struct steps *t)
{
	partition_init(cords, t->count);
	for (uint32_t i = 0, j; i < t->count; i = j) {
		for (j = i; j < t->count && t->class[j] == t->class[i]; j++)
			partition_mark(cords, j);
		partition_split(cords);
	}
}

static void refine(struct partition *blocks, struct partition *cords, const struct steps *t)
{
	for (uint32_t b = 1, c = 0; c < cords->sets; c++) {
		for (uint32_t i = cords->first[c]; i < cords->past[c]; i++)
			partition_mark(blocks, t->tail[cords->elements[i]]);
		partition_split(blocks);
		for (; b < blocks->sets; b++) {
			for (uint32_t i = blocks->first[b]; i < blocks->past[b]; i++) {
				uint32_t s = blocks->elements[i];

				for (uint32_t k = t->into_at[s]; k < t->into_at[s + 1]; k++)
					partition_mark(cords, t->into[k]);
			}
			partition_split(cords);
		}
	}
}

/* A block becomes a state; the dead ones state 0. */
static void blocks_apply(struct dfa *d, const struct partition *blocks, const bool *alive)
{
	uint32_t *number = numbers(blocks->sets), states = 1;
	struct dfa small = *d;

	small.next = numbers((size_t)(blocks->sets + 1) * d->classes);
	small.accept = numbers(blocks->sets);
	for (uint32_t s = 0; s < d->states; s++)
		if (alive[s] && !number[blocks->set[s]])
			number[blocks->set[s]] = states++;
	for (uint32_t s = 0; s < d->states; s++) {
		uint32_t to = alive[s] ? number[blocks->set[s]] : 0;

		small.accept[to] = alive[s] ? d->accept[s] : 0;
		for (uint32_t c = 0; alive[s] && c < d->classes; c++) {
			uint32_t next = d->next[(size_t)s * d->classes + c];

			small.next[(size_t)to * d->classes + c] =
				alive[next] ? number[blocks->set[next]] : 0;
		}
	}
	for (uint32_t i = 0; i < d->start_count; i++)
		small.starts[i] = alive[d->starts[i]] ? number[blocks->set[d->starts[i]]] : 0;
	small.states = states;
	free(d->next);
	free(d->accept);
	free(number);
	*d = small;
}

void dfa_minimise(struct dfa *d)
{
	bool *alive = alive_states(d);
	struct partition blocks, cords;
	struct steps t;

	steps_init(&t, d, alive);
	blocks_init(&blocks, d, alive);
	cords_init(&cords, &t);
	refine(&blocks, &cords, &t);
	blocks_apply(d, &blocks, alive);
	partition_fini(&cords);
	partition_fini(&blocks);
	steps_fini(&t);
	free(alive);
}
