/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Name tables in the kernel: axo_name_table and the maps of rows in it (axoneme/name.h).
 */
#ifndef LOADER_NAME_MAP_H
#define LOADER_NAME_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "policy/name_table.h"

struct datapath;

/** name_map_put - @t becomes table @number, in place of what that was, at once */
int name_map_put(const struct datapath *dp, uint32_t number, const struct name_table *t,
		 struct error *e);

/** name_map_delete - table @number goes: names match nothing in it */
void name_map_delete(const struct datapath *dp, uint32_t number);

/** name_map_has - is there a table @number? */
bool name_map_has(const struct datapath *dp, uint32_t number);

#endif
