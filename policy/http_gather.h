/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP rules of several port rules, numbered for one table, and how each is called.
 *
 * Rule number n of a table is the n-th of all in the order in which port rules were added.  Its name
 * is that of the port rule and the place in it: `default/web#ingress[0].toPorts[0].rules.http[2]`.
 */
#ifndef POLICY_HTTP_GATHER_H
#define POLICY_HTTP_GATHER_H

#include "policy/http_compile.h"
#include "policy/ref.h"

#define HTTP_RULE_STR_MAX (REF_STR_MAX + 32)

/** struct http_part_name - @text: of a port rule, owned; its rules start at number @first */
struct http_part_name {
	char *text;
	uint32_t first;
};

/** struct http_gather - zero-initialised is empty; rules are borrowed */
struct http_gather {
	const struct http_rule **rules;
	uint32_t rule_count;
	struct http_part_name *names;
	uint32_t name_count;
	struct http_filter *filters;
	uint32_t filter_count;
	bool enforce;
};

/** http_gather_add - the rules of the port rule (with L7_HTTP) that @ref is */
void http_gather_add(struct http_gather *g, const struct ref *ref);

/** http_gather_filter - a filter of a chaos rule */
void http_gather_filter(struct http_gather *g, const struct http_filter *f);

/** http_gather_source - for http_compile(); valid while @g does not change */
struct http_source http_gather_source(const struct http_gather *g);

/** http_gather_name - of rule @number, into @buf, which is also returned */
const char *http_gather_name(const struct http_gather *g, uint32_t number,
			     char buf[static HTTP_RULE_STR_MAX]);

/** http_gather_compile - http_compile() whose error names the rule that did it */
int http_gather_compile(const struct http_gather *g, struct http_tables *out, struct error *e);

/** http_gather_forget - only names are kept: the rules are about to go */
void http_gather_forget(struct http_gather *g);

void http_gather_fini(struct http_gather *g);

#endif
