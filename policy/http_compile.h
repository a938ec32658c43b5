/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP rules and chaos filters to tables (include/axoneme/l7.h).
 *
 * A rule is a method, a path, a host (expressions over the whole value; none = any) and headers.
 * Method and path of all rules become one automaton; hosts another one, headers two more (names,
 * values).  Where a target is accepted, a record lists the rules in question with what they still
 * ask for, in bit masks; a rule that asks for nothing more ends the list.  If that automaton would
 * be too large, rules with a wide repetition in mid-path (`/.*` followed by more), which multiply,
 * become a second lane; if that is not enough, the rules are refused, and the first rule with which
 * they do not fit is named.
 */
#ifndef POLICY_HTTP_COMPILE_H
#define POLICY_HTTP_COMPILE_H

#include "axoneme/l7.h"
#include "policy/rule.h"

#define HTTP_MAX_STATES 32768	  /* of an automaton, before like ones are merged */
#define HTTP_MAX_WORDS (1U << 20) /* of a table: 4 MiB */
#define HTTP_MAX_CONDITIONS 64	  /* different (header, value) of a lane */

/** struct http_filter - requests that a chaos rule is for; NULL = any; @bit: 1 to 63 */
struct http_filter {
	const char *method;
	const char *path;
	const char *host;
	uint32_t bit;
};

/**
 * struct http_source - what is compiled
 * @rules:   numbered from 0 in this order
 * @enforce: the rules are in force, though there may be none (nothing is allowed then)
 */
struct http_source {
	const struct http_rule *const *rules;
	uint32_t rule_count;
	const struct http_filter *filters;
	uint32_t filter_count;
	bool enforce;
};

/**
 * struct http_tables - what came of it
 * @lanes:   one or two; see http_lane.h
 * @words:   of the table
 * @states:  of all automata
 * @classes: of the largest automaton
 * @flags:   AXO_L7_*
 */
struct http_tables {
	struct http_lane *lanes[AXO_L7_LANES_PER_TABLE];
	uint32_t lane_count;
	uint32_t words;
	uint32_t states;
	uint32_t classes;
	uint32_t flags;
};

/**
 * http_compile - Return: 0; -EINVAL, -E2BIG: the error says why
 * @blame: number of the rule that did it, or the count of rules if none did
 */
int http_compile(const struct http_source *src, struct http_tables *out, uint32_t *blame,
		 struct error *e);

/** http_tables_write - @words words to @to, which is word number @base of the pool */
void http_tables_write(const struct http_tables *t, uint32_t base, uint32_t generation,
		       uint32_t *to);

void http_tables_fini(struct http_tables *t);

/** http_rule_check - what a rule may not ask for, though the syntax allows it; -EINVAL */
int http_rule_check(const struct http_rule *r, struct error *e);

#endif
