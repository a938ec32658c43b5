/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hash table; see table.h. */
#include "ipam/table.h"

#include <errno.h>
#include <stdlib.h>

#define TABLE_BUCKETS_MIN 16

int table_init(struct table *t)
{
	struct table_node **buckets = calloc(TABLE_BUCKETS_MIN, sizeof(struct table_node *));

	if (!buckets)
		return -ENOMEM;
	*t = (struct table){.buckets = buckets, .mask = TABLE_BUCKETS_MIN - 1};
	return 0;
}

void table_fini(struct table *t)
{
	free(t->buckets);
	*t = (struct table){.buckets = NULL};
}

static void bucket_push(struct table *t, struct table_node *node)
{
	struct table_node **bucket = &t->buckets[node->hash & t->mask];

	node->next = *bucket;
	*bucket = node;
}

static void table_grow(struct table *t)
{
	struct table bigger = {.mask = t->mask * 2 + 1, .count = t->count};

	bigger.buckets = calloc(bigger.mask + 1, sizeof(*bigger.buckets));
	if (!bigger.buckets)
		return;
	for (size_t i = 0; i <= t->mask; i++) {
		struct table_node *next;

		for (struct table_node *n = t->buckets[i]; n; n = next) {
			next = n->next;
			bucket_push(&bigger, n);
		}
	}
	free(t->buckets);
	*t = bigger;
}

void table_insert(struct table *t, struct table_node *node, uint64_t hash)
{
	if (t->count > t->mask)
		table_grow(t);
	node->hash = hash;
	bucket_push(t, node);
	t->count++;
}

void table_remove(struct table *t, struct table_node *node)
{
	struct table_node **p = &t->buckets[node->hash & t->mask];

	while (*p != node)
		p = &(*p)->next;
	*p = node->next;
	node->next = NULL;
	t->count--;
}

static struct table_node *same_hash(struct table_node *n, uint64_t hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

struct table_node *table_first(const struct table *t, uint64_t hash)
{
	return same_hash(t->buckets[hash & t->mask], hash);
}

struct table_node *table_next(const struct table_node *node)
{
	return same_hash(node->next, node->hash);
}
