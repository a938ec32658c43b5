/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP tables on the host: which words of axo_l7_pool they take, and what their rules are called.
 *
 * The feature sets (policy_feature.h) install and release them; sets with the same HTTP rules share
 * a table.  Words behind a released table are given to others: no program looks at it any more.  The
 * tables of an earlier agent keep their place until its policies are gone.
 */
#ifndef LOADER_L7_TABLE_H
#define LOADER_L7_TABLE_H

#include "loader/policy_feature.h"
#include "policy/http_gather.h"

struct l7_tables;

/** l7_table_kind - HTTP rules, and filters of chaos rules */
extern const struct feature_kind l7_table_kind;

/**
 * l7_table_rule_name - as http_gather_name(); table @number as in axo_feature_set.http
 * Return: @buf; "" if the table is gone or the rule is none.
 */
const char *l7_table_rule_name(const struct policy_engine *p, uint32_t number, uint32_t rule,
			       char buf[static HTTP_RULE_STR_MAX]);

/** l7_tables_usage - tables and words in use; of the pool's AXO_L7_POOL_WORDS */
void l7_tables_usage(const struct policy_engine *p, uint32_t *tables, uint32_t *words);

void l7_tables_free(struct l7_tables *t);

#endif
