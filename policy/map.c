/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chained hash table.  The hash is keyed by nothing: keys come from policies, which are trusted
 * to the point that whoever writes them owns the node's network. */
#include "policy/map.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_bytes(const void *key, size_t len)
{
	const unsigned char *p = key;
	uint64_t h = 0xcbf29ce484222325ull; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h ^ h >> 32;
}

static void map_grow(struct map *m)
{
	size_t size = m->size ? m->size * 2 : 16;
	struct map_item **buckets = calloc(size, sizeof(struct map_item *));

	if (!buckets)
		abort();
	for (size_t i = 0; i < m->size; i++)
		while (m->buckets[i]) {
			struct map_item *item = m->buckets[i];

			m->buckets[i] = item->next;
			item->next = buckets[item->hash & (size - 1)];
			buckets[item->hash & (size - 1)] = item;
		}
	free(m->buckets);
	m->buckets = buckets;
	m->size = size;
}

static struct map_item **item_find(const struct map *m, const void *key, size_t len, uint64_t hash)
{
	struct map_item **p = &m->buckets[hash & (m->size - 1)];

	/* An empty key may be NULL, which memcmp() must not see. */
	while (*p && ((*p)->hash != hash || (*p)->len != len ||
		      (len && memcmp((*p)->key, key, len) != 0)))
		p = &(*p)->next;
	return p;
}

struct map_item *map_find(const struct map *m, const void *key, size_t len)
{
	return m->size ? *item_find(m, key, len, hash_bytes(key, len)) : NULL;
}

void *map_get(const struct map *m, const void *key, size_t len)
{
	struct map_item *item = map_find(m, key, len);

	return item ? item->value : NULL;
}

void **map_slot(struct map *m, const void *key, size_t len)
{
	uint64_t hash = hash_bytes(key, len);

	if (m->count >= m->size)
		map_grow(m);
	struct map_item **p = item_find(m, key, len, hash);
	if (*p)
		return &(*p)->value;
	struct map_item *item = calloc(1, sizeof(*item) + len);
	if (!item)
		abort();
	item->hash = hash;
	item->len = len;
	if (len)
		memcpy(item->key, key, len);
	*p = item;
	m->count++;
	return &item->value;
}

void *map_remove(struct map *m, const void *key, size_t len)
{
	if (!m->size)
		return NULL;
	struct map_item **p = item_find(m, key, len, hash_bytes(key, len));
	struct map_item *item = *p;
	if (!item)
		return NULL;
	void *value = item->value;
	*p = item->next;
	free(item);
	m->count--;
	return value;
}

struct map_item *map_next(const struct map *m, const struct map_item *prev)
{
	size_t i = 0;

	if (prev && prev->next)
		return prev->next;
	if (prev)
		i = (prev->hash & (m->size - 1)) + 1;
	for (; i < m->size; i++)
		if (m->buckets[i])
			return m->buckets[i];
	return NULL;
}

void map_fini(struct map *m, void (*value_free)(void *value))
{
	for (size_t i = 0; i < m->size; i++)
		while (m->buckets[i]) {
			struct map_item *item = m->buckets[i];

			m->buckets[i] = item->next;
			if (value_free)
				value_free(item->value);
			free(item);
		}
	free(m->buckets);
	*m = (struct map){0};
}
