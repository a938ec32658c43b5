/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Joins of feature sets (axo_set_join) on the host: what two sets are together that meet at an
 * address that has names.  Both orders of a pair are written, as programs meet them in either.
 */
#ifndef LOADER_FEATURE_JOIN_H
#define LOADER_FEATURE_JOIN_H

#include <stdbool.h>

#include "lib/error.h"
#include "policy/compile.h"

struct datapath;

/** feature_joins_write - those of @c, whose sets have their numbers; 0 or -ENOSPC, and so on */
int feature_joins_write(const struct datapath *d, const struct compiled *c, struct error *e);

/** feature_joins_prune - delete those with a number that @is_used denies */
void feature_joins_prune(const struct datapath *d,
			 bool (*is_used)(uint32_t number, const void *ctx), const void *ctx);

#endif
