/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * References: which part of a policy made a verdict, as a number and as text.
 *
 * A policy's parts are numbered in the order of rules, sections, items and their port rules or
 * ICMP rules: every item takes as many numbers as it has port rules and ICMP rules, at least one.
 * The text is `default/web#ingress[1].toPorts[0]`, without namespace for clusterwide policies and
 * with `specs[N].` in front where there are several.
 */
#ifndef POLICY_REF_H
#define POLICY_REF_H

#include "policy/rule.h"

/** ref_count - numbers that @p takes, from 0 */
uint32_t ref_count(const struct policy *p);

/**
 * struct ref - a part of a policy
 * @rule, @item: it
 * @section: where
 * @index: of the item in its section
 * @part:  of toPorts or icmps; -1: the item names none
 * @pos:   in the policy's file
 */
struct ref {
	const struct policy *policy;
	const struct rule *rule;
	const struct rule_item *item;
	enum rule_section section;
	uint32_t index;
	int part;
	struct pos pos;
};

/** ref_find - part number @n of @p; -ENOENT if it has no such */
int ref_find(const struct policy *p, uint32_t n, struct ref *out);

/** ref_parts - numbers an item takes */
uint32_t ref_parts(const struct rule_item *item);

#define REF_STR_MAX 640

/** ref_to_str - text into @buf, which is also returned */
const char *ref_to_str(const struct ref *r, char buf[static REF_STR_MAX]);

#endif
