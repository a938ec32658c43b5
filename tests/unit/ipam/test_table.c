/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hash table: everything inserted is found until it is removed, also with equal hashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ipam/table.h"

#define THINGS 3000

struct thing {
	int key;
	struct table_node node;
};

static struct thing *find(const struct table *t, int key, uint64_t hash)
{
	for (struct table_node *n = table_first(t, hash); n; n = table_next(n)) {
		struct thing *thing = TABLE_ENTRY(n, struct thing, node);

		assert_true(n->hash == hash);
		if (thing->key == key)
			return thing;
	}
	return NULL;
}

/* @spread: how many different hashes. */
static void insert_find_remove(uint64_t spread)
{
	static struct thing things[THINGS];
	struct table t;

	assert_int_equal(table_init(&t), 0);
	for (int i = 0; i < THINGS; i++) {
		things[i].key = i;
		table_insert(&t, &things[i].node, (uint64_t)i % spread);
	}
	assert_int_equal(t.count, THINGS);
	for (int i = 0; i < THINGS; i += 2)
		table_remove(&t, &things[i].node);
	assert_int_equal(t.count, THINGS / 2);
	for (int i = 0; i < THINGS; i++)
		assert_ptr_equal(find(&t, i, (uint64_t)i % spread), i % 2 ? &things[i] : NULL);
	table_fini(&t);
}

static void nodes_with_different_hashes_are_found(void **state)
{
	(void)state;
	insert_find_remove(UINT64_MAX);
}

static void nodes_with_equal_hashes_are_found(void **state)
{
	(void)state;
	insert_find_remove(7);
	insert_find_remove(1);
}

static void table_grows_with_its_nodes(void **state)
{
	static struct thing things[THINGS];
	struct table t;

	(void)state;
	assert_int_equal(table_init(&t), 0);
	for (int i = 0; i < THINGS; i++)
		table_insert(&t, &things[i].node, (uint64_t)i);
	assert_true(t.mask + 1 >= THINGS && t.mask + 1 <= 4 * THINGS);
	table_fini(&t);
	table_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_with_different_hashes_are_found),
		cmocka_unit_test(nodes_with_equal_hashes_are_found),
		cmocka_unit_test(table_grows_with_its_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
