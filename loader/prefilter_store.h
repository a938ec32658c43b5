/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The prefilter on disk: what the API denies and excepts, and the numbers of groups.
 *
 * Everything is written into the open transaction (loader/db.h).  Return: 0 or negative errno with
 * an error.
 */
#ifndef LOADER_PREFILTER_STORE_H
#define LOADER_PREFILTER_STORE_H

#include <sqlite3.h>

#include "loader/prefilter_file.h"

struct pf_store;

int pf_store_open(sqlite3 *db, struct pf_store **s, struct error *e);
void pf_store_close(struct pf_store *s);

int pf_store_put(struct pf_store *s, const struct pf_rule *rule, struct error *e);
int pf_store_delete(struct pf_store *s, const struct pf_rule *rule, struct error *e);
int pf_store_put_group(struct pf_store *s, size_t number, const char *name, struct error *e);

/** pf_store_load - append to @rules, and give groups their numbers, from empty */
int pf_store_load(struct pf_store *s, struct pf_rules *rules, struct pf_groups *groups,
		  struct error *e);

#endif
