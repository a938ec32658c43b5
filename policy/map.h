/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Map: from a sequence of bytes to a pointer.  Keys are copied; values belong to the caller.
 */
#ifndef POLICY_MAP_H
#define POLICY_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_item {
	struct map_item *next;
	uint64_t hash;
	void *value;
	size_t len;
	unsigned char key[];
};

/** struct map - zero-initialised is empty */
struct map {
	struct map_item **buckets;
	size_t size;
	size_t count;
};

/** map_get - the value, or NULL */
void *map_get(const struct map *m, const void *key, size_t len);

/** map_find - the item, or NULL */
struct map_item *map_find(const struct map *m, const void *key, size_t len);

/** map_slot - where the value stands; made (NULL) if it is not there; valid until removed */
void **map_slot(struct map *m, const void *key, size_t len);

/** map_remove - returns the value, or NULL if there was none */
void *map_remove(struct map *m, const void *key, size_t len);

/** map_next - iterate in no order: NULL starts, NULL ends; nothing may be added meanwhile */
struct map_item *map_next(const struct map *m, const struct map_item *prev);

/** map_fini - free keys and buckets, and values by @value_free unless it is NULL */
void map_fini(struct map *m, void (*value_free)(void *value));

#endif
