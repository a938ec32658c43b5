/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Deterministic automata: subset construction, then the smallest equivalent one.
 *
 * Bytes that no expression tells apart are one class.  State 0 is dead: nothing can be accepted any
 * more.  What a state accepts is a number that the caller gives for the numbers of the expressions
 * that match there; states with equal numbers are alike.
 */
#ifndef POLICY_DFA_H
#define POLICY_DFA_H

#include "policy/nfa.h"

#define DFA_MAX_CLASSES 120
#define DFA_NO_CLASS 0xff

/**
 * struct dfa - zero-initialised is empty
 * @next:     @states rows of @classes columns
 * @accept:   by state; 0 = nothing
 * @starts:   by start of the nondeterministic automaton
 * @class_of: by byte; DFA_NO_CLASS: not in the alphabet
 */
struct dfa {
	uint32_t *next;
	uint32_t *accept;
	uint32_t *starts;
	uint32_t states;
	uint32_t classes;
	uint32_t start_count;
	uint8_t class_of[256];
};

/**
 * struct dfa_request - what is asked for
 * @alphabet:   bytes that occur
 * @single:     bytes of it that must have a class of their own
 * @max_states: before states that are alike are merged
 * @accept:     a number above 0 for @count ascending numbers of expressions
 */
struct dfa_request {
	const struct nfa *nfa;
	struct byteset alphabet;
	struct byteset single;
	uint32_t max_states;
	uint32_t (*accept)(void *context, const uint32_t *numbers, uint32_t count);
	void *context;
};

/** dfa_build - the smallest automaton; -E2BIG: more than @max_states or DFA_MAX_CLASSES */
int dfa_build(struct dfa *d, const struct dfa_request *q);

/** dfa_minimise - merge states that are alike; part of dfa_build() */
void dfa_minimise(struct dfa *d);

/** dfa_match - what start @start accepts for @len bytes; 0 = nothing */
uint32_t dfa_match(const struct dfa *d, uint32_t start, const void *data, size_t len);

void dfa_fini(struct dfa *d);

#endif
