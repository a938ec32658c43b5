/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * List: an array that a document gave.  Whether it was there at all matters: nil is not empty.
 */
#ifndef POLICY_LIST_H
#define POLICY_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/report.h"

/**
 * struct list - @count items, borrowed from an arena
 * @present: it stood in the document, be it empty
 * @pos:     where
 */
struct list {
	const void *items;
	uint32_t count;
	bool present;
	struct pos pos;
};

/** list_at - item @i of @list, whose items are of @type */
#define list_at(list, type, i) (&((__typeof__(type) const *)(list)->items)[i])

/** list_each - for every item: `list_each (struct peer, p, &item->peers)` */
#define list_each(type, var, list)                                                 \
	for (__typeof__(type) const *var = (list)->items,                          \
				    *var##_end = var ? var + (list)->count : NULL; \
	     var != var##_end; var++)

#endif
