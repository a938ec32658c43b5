/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random policies as text, so that the parser takes part, and small enough that rules meet.
 *
 * A case is a list of policies made of parts that can be left out one by one: that is how a
 * failing case is made small.
 */
#ifndef TESTS_POLICY_RANDOM_H
#define TESTS_POLICY_RANDOM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define RANDOM_MAX_POLICIES 6
#define RANDOM_MAX_ITEMS 3
#define RANDOM_MAX_PARTS 3

/** struct random_list - texts of a flow list; NULL = left out */
struct random_list {
	const char *key;
	const char *texts[RANDOM_MAX_PARTS];
	int count;
};

/**
 * struct random_item
 * @split: every port in a port rule of its own, so that there are parts
 * @rules: what stands behind the ports of each port rule: features, or ""
 */
struct random_item {
	bool used;
	bool split;
	const char *rules;
	struct random_list peers;
	struct random_list ports;
	struct random_list icmps;
};

/**
 * struct random_policy
 * @kind:     enum policy_kind
 * @language: in which its port rules enforce; 0 = they have no features
 * @sections: by enum rule_section
 */
struct random_policy {
	bool used;
	int kind;
	int language;
	const char *namespace_;
	const char *subject;
	const char *options; /* further lines of the rule, or "" */
	struct random_item sections[4][RANDOM_MAX_ITEMS];
	int counts[4];
};

struct random_case {
	struct random_policy policies[RANDOM_MAX_POLICIES];
	int count;
};

/** random_next - the next number of a sequence (splitmix64); random_below: 0 to @n - 1 */
uint64_t random_next(uint64_t *state);
uint32_t random_below(uint64_t *state, uint32_t n);

void random_fill(struct random_case *c, uint64_t *state);

/** random_write - as YAML, with the namespaces and the group that the policies speak of */
void random_write(const struct random_case *c, FILE *out);

/**
 * random_drop - leave out part number @n
 * Return: false: there is no such part (or it is left out already).
 */
bool random_drop(struct random_case *c, int n);

/** RANDOM_PARTS - numbers of parts are below this */
#define RANDOM_PARTS 2048

#endif
