/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Nondeterministic automata: many expressions side by side (Thompson's construction).
 *
 * An automaton has starts; each start has expressions behind it, and each expression accepts with a
 * number of its own.  A state reads one byte of a set, splits, or accepts.
 */
#ifndef POLICY_NFA_H
#define POLICY_NFA_H

#include "policy/regex.h"

#define NFA_MAX_STATES 262144
#define NFA_NONE UINT32_MAX

enum nfa_type { NFA_SET, NFA_SPLIT, NFA_ACCEPT };

/**
 * struct nfa_state
 * @out:  NFA_SET, NFA_SPLIT: next; NFA_ACCEPT: the number
 * @more: NFA_SPLIT: the other one, or NFA_NONE; NFA_SET: index of its set
 */
struct nfa_state {
	uint32_t out;
	uint32_t more;
	uint8_t type;
};

/**
 * struct nfa - zero-initialised is empty
 * @states: @count
 * @sets:   the different ones, @set_count
 * @starts: @start_count first states
 */
struct nfa {
	struct nfa_state *states;
	uint32_t count, size;
	struct byteset *sets;
	uint32_t set_count, set_size;
	uint32_t *starts;
	uint32_t start_count;
};

/** nfa_start - one start more; its number, from 0 */
uint32_t nfa_start(struct nfa *n);

/** nfa_add - @r behind start @start, accepting with @number; -E2BIG: more than NFA_MAX_STATES */
int nfa_add(struct nfa *n, uint32_t start, const struct regex *r, uint32_t number);

void nfa_fini(struct nfa *n);

#endif
