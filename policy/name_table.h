/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Name tables: names and patterns (rule.h, struct fqdn; serverNames) compiled to the automaton of
 * axoneme/name.h.
 *
 *	text		itself
 *	*		within a pattern: any number of letters, digits, hyphens, underscores
 *	**.		at the start: one label or more, and a dot
 *	*		alone: every name
 *
 * A pure function of its input: the same names in the same order give the same bytes.
 */
#ifndef POLICY_NAME_TABLE_H
#define POLICY_NAME_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "axoneme/name.h"
#include "lib/error.h"
#include "policy/rule.h"

/**
 * struct name_pattern - one of the names of a table
 * @text:     lower case, without a final dot
 * @exact:    a `*` is no wildcard (it matches nothing then)
 * @selector: identity, in a table of toFQDNs; else 0
 */
struct name_pattern {
	const char *text;
	bool exact;
	uint32_t selector;
};

/** struct name_table - @rows: @count, owned */
struct name_table {
	struct axo_name_row *rows;
	size_t count;
};

/** fqdn_text - the name or the pattern */
static inline const char *fqdn_text(const struct fqdn *f)
{
	return f->match_name ? f->match_name : f->match_pattern;
}

/**
 * name_table_compile - the automaton of @count patterns
 * @max_rows: more are refused; 0 = AXO_MAX_NAME_ROWS
 * @culprit:  (or NULL) index of the pattern with which it became too large
 * Return: 0 and *@out (name_table_fini); -ENOSPC with numbers in @e: too many states, or one name
 * would match more than AXO_NAME_SELECTORS selectors.
 */
int name_table_compile(const struct name_pattern *patterns, size_t count, size_t max_rows,
		       struct name_table *out, size_t *culprit, struct error *e);
void name_table_fini(struct name_table *t);

/** name_table_match - accept of a name as programs find it: any case, no final dot */
uint32_t name_table_match(const struct name_table *t, const char *name, size_t len);

/** name_pattern_matches - the same without an automaton, slowly: for lists, and to compare */
bool name_pattern_matches(const struct name_pattern *p, const char *name, size_t len);

#endif
