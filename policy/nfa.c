/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Thompson's construction, back to front: a fragment is made knowing what comes behind it. */
#include "policy/nfa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Memory of a few megabytes at most; without it there is nothing better than to start again. */
static void *grow(void *items, uint32_t *size, size_t item)
{
	*size = *size ? *size * 2 : 64;
	items = reallocarray(items, *size, item);
	if (!items)
		abort();
	return items;
}

static uint32_t state_new(struct nfa *n, enum nfa_type type, uint32_t out, uint32_t more)
{
	if (n->count == n->size)
		n->states = grow(n->states, &n->size, sizeof(*n->states));
	n->states[n->count] = (struct nfa_state){.type = type, .out = out, .more = more};
	return n->count++;
}

/* Rules have few different sets, but for single characters, which come first in practice. */
static uint32_t set_index(struct nfa *n, const struct byteset *set)
{
	for (uint32_t i = 0; i < n->set_count; i++)
		if (!memcmp(&n->sets[i], set, sizeof(*set)))
			return i;
	if (n->set_count == n->set_size)
		n->sets = grow(n->sets, &n->set_size, sizeof(*n->sets));
	n->sets[n->set_count] = *set;
	return n->set_count++;
}

/* The first state of @r with @next behind it; NFA_NONE: too many states. */
static uint32_t build(struct nfa *n, const struct regex *r, uint32_t next);

static uint32_t build_repeat(struct nfa *n, const struct regex *r, uint32_t next)
{
	uint32_t first = next;

	if (r->max == REGEX_NO_MAX) {
		first = state_new(n, NFA_SPLIT, NFA_NONE, next);
		uint32_t body = build(n, r->left, first);
		if (body == NFA_NONE)
			return NFA_NONE;
		n->states[first].out = body;
	}
	for (uint32_t i = r->min; r->max != REGEX_NO_MAX && i < r->max; i++) {
		uint32_t body = build(n, r->left, first);
		if (body == NFA_NONE)
			return NFA_NONE;
		first = state_new(n, NFA_SPLIT, body, next);
	}
	for (uint32_t i = 0; i < r->min && first != NFA_NONE; i++)
		first = build(n, r->left, first);
	return first;
}

static uint32_t build_alt(struct nfa *n, const struct regex *r, uint32_t next)
{
	uint32_t left = build(n, r->left, next);
	uint32_t right = left == NFA_NONE ? NFA_NONE : build(n, r->right, next);

	return right == NFA_NONE ? NFA_NONE : state_new(n, NFA_SPLIT, left, right);
}

static uint32_t build(struct nfa *n, const struct regex *r, uint32_t next)
{
	if (n->count > NFA_MAX_STATES)
		return NFA_NONE;
	switch ((enum regex_type)r->type) {
	case REGEX_SET:
		return state_new(n, NFA_SET, next, set_index(n, &r->set));
	case REGEX_CAT:
		next = build(n, r->right, next);
		return next == NFA_NONE ? NFA_NONE : build(n, r->left, next);
	case REGEX_ALT:
		return build_alt(n, r, next);
	case REGEX_REPEAT:
		return build_repeat(n, r, next);
	case REGEX_EMPTY:
	case REGEX_BOL:
	case REGEX_EOL:
		break;
	}
	return next;
}

uint32_t nfa_start(struct nfa *n)
{
	n->starts = reallocarray(n->starts, n->start_count + 1, sizeof(*n->starts));
	if (!n->starts)
		abort();
	n->starts[n->start_count] = NFA_NONE;
	return n->start_count++;
}

int nfa_add(struct nfa *n, uint32_t start, const struct regex *r, uint32_t number)
{
	uint32_t first = build(n, r, state_new(n, NFA_ACCEPT, number, NFA_NONE));

	if (first == NFA_NONE || n->count > NFA_MAX_STATES)
		return -E2BIG;
	n->starts[start] = state_new(n, NFA_SPLIT, first, n->starts[start]);
	return 0;
}

void nfa_fini(struct nfa *n)
{
	free(n->states);
	free(n->sets);
	free(n->starts);
	*n = (struct nfa){0};
}
