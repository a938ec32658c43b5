/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hash table of things that carry their own node.  The caller computes 64-bit hashes and compares
 * keys; the table only finds candidates:
 *
 *      for (n = table_first(t, hash); n; n = table_next(n))
 *              if (key_equal(TABLE_ENTRY(n, struct thing, node), key))
 *                      ...
 *
 * It grows by itself.  When there is no memory to grow, it becomes slower, not wrong.
 */
#ifndef IPAM_TABLE_H
#define IPAM_TABLE_H

#include <stddef.h>
#include <stdint.h>

/** struct table_node - embedded in what is stored; belongs to the table while it is in there */
struct table_node {
	struct table_node *next;
	uint64_t hash;
};

/**
 * struct table - the buckets
 * @buckets: chains
 * @mask:    number of buckets - 1, a power of two
 * @count:   nodes
 */
struct table {
	struct table_node **buckets;
	size_t mask;
	size_t count;
};

#define TABLE_ENTRY(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/** table_init - empty; 0 or -ENOMEM */
int table_init(struct table *t);

/** table_fini - free the buckets, not what is stored; fine on a zeroed struct */
void table_fini(struct table *t);

/** table_insert - add @node; it may not be in a table */
void table_insert(struct table *t, struct table_node *node, uint64_t hash);

/** table_remove - take @node out; it must be in @t */
void table_remove(struct table *t, struct table_node *node);

/** table_first, table_next - the nodes with this very hash; NULL = no more */
struct table_node *table_first(const struct table *t, uint64_t hash);
struct table_node *table_next(const struct table_node *node);

#endif
