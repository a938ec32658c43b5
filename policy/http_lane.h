/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One lane of HTTP tables while it is made; private to policy/http_*.c. */
#ifndef POLICY_HTTP_LANE_H
#define POLICY_HTTP_LANE_H

#include "policy/dfa.h"
#include "policy/http_compile.h"
#include "policy/map.h"

/**
 * struct http_records - what states accept, numbered from 1; equal ones are one
 * @words: of all, one behind the other
 * @ends:  by number: behind its last word; ends[0] is 0
 */
struct http_records {
	struct map index;
	uint32_t *words;
	uint32_t *ends;
	uint32_t count;
};

/** http_records_get - number of the record that reads @words */
uint32_t http_records_get(struct http_records *r, const uint32_t *words, uint32_t count);

void http_records_fini(struct http_records *r);

/** struct http_part - an automaton and its records */
struct http_part {
	struct dfa dfa;
	struct http_records records;
};

/**
 * struct http_condition - a header that must be there, or have a value
 * @name:  in lower case
 * @value: NULL = any
 */
struct http_condition {
	const char *name;
	const char *value;
};

/**
 * struct http_names - header names that mean something
 * @name:  in lower case
 * @id:    enum axo_l7_header
 * @start: of its values in the automaton of values, from 1; 0 = none
 * @presence, @all: see struct axo_l7_name
 */
struct http_name {
	const char *name;
	uint32_t id;
	uint32_t start;
	uint64_t presence;
	uint64_t all;
};

#define HTTP_MAX_NAMES (HTTP_MAX_CONDITIONS + 8)

/**
 * struct http_lane
 * @rules, @filters: numbers of those that are in it
 * @asked: by place in @rules: what is still asked for
 * @hosts: expressions
 */
struct http_lane {
	struct arena arena;
	const struct http_source *src;
	uint32_t *rules, rule_count;
	uint32_t *filters, filter_count;
	struct axo_l7_candidate *asked;
	uint32_t *filter_hosts;
	const char **hosts;
	uint32_t host_count;
	struct http_condition conditions[HTTP_MAX_CONDITIONS];
	uint32_t condition_count;
	struct http_name names[HTTP_MAX_NAMES];
	uint32_t name_count;
	struct http_part target, name, host, value;
	bool overflow; /* a record with too many candidates */
};

/** http_conditions_make - hosts, conditions and names of the lane's rules */
int http_conditions_make(struct http_lane *l, struct error *e);

/** http_headers_make - the automata of names and values */
int http_headers_make(struct http_lane *l);

/** http_hosts_make - the automaton of hosts */
int http_hosts_make(struct http_lane *l);

/** http_targets_make - the automaton of methods and targets */
int http_targets_make(struct http_lane *l);

/** http_lane_words - size in the table */
uint32_t http_lane_words(const struct http_lane *l);

/** http_lane_write - to @to, which is word number @base of the pool */
void http_lane_write(const struct http_lane *l, uint32_t base, uint32_t *to);

#endif
