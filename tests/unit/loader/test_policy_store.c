/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Policies on disk, and their names in paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "loader/policy_path.h"
#include "loader/policy_store.h"

static sqlite3 *db;

static int setup(void **state)
{
	struct policy_store *s;
	struct error e;

	if (sqlite3_open(":memory:", &db) != SQLITE_OK || policy_store_open(db, &s, &e) < 0 ||
	    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return -1;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	policy_store_close(*state);
	return sqlite3_close(db) == SQLITE_OK ? 0 : -1;
}

static int64_t document(struct policy_store *s, const char *file, const char *text)
{
	struct policy_text t = {.file = file, .text = text, .len = strlen(text)};
	struct error e;
	int64_t id = 0;

	assert_int_equal(policy_store_put_document(s, &t, &id, &e), 0);
	return id;
}

static int collect(const struct policy_text *t, void *arg)
{
	char *all = arg;

	strcat(all, t->file);
	strcat(all, "=");
	strncat(all, t->text, t->len);
	strcat(all, " ");
	return 0;
}

static void a_document_goes_with_its_last_object(void **state)
{
	static const struct policy_name web = {0, "shop", "web"}, wide = {1, NULL, "wide"};
	struct policy_store *s = *state;
	int64_t first = document(s, "one.yaml", "1"), second = document(s, "two.yaml", "2");
	char all[128] = "";
	struct error e;

	assert_int_equal(policy_store_put_object(s, &web, first, &e), 0);
	assert_int_equal(policy_store_put_object(s, &wide, first, &e), 0);
	assert_int_equal(policy_store_put_object(s, &web, second, &e), 0);
	assert_int_equal(policy_store_tidy(s, first, &e), 0);
	assert_int_equal(policy_store_document(s, &web), second);
	assert_int_equal(policy_store_document(s, &wide), first);
	assert_int_equal(policy_store_delete_object(s, &wide, &e), 0);
	assert_int_equal(policy_store_tidy(s, first, &e), 0);
	assert_int_equal(policy_store_each_document(s, collect, all, &e), 0);
	assert_string_equal(all, "two.yaml=2 ");
	assert_int_equal(policy_store_document(s, &wide), 0);
}

static void the_last_text_of_a_file_is_kept(void **state)
{
	struct policy_store *s = *state;
	struct policy_text t = {.file = "/x/a.yaml", .text = "old", .len = 3};
	char all[128] = "", *text;
	struct error e;

	assert_int_equal(policy_store_put_file(s, &t, &e), 0);
	t.text = "newer";
	t.len = 5;
	assert_int_equal(policy_store_put_file(s, &t, &e), 0);
	text = policy_store_text(s, 0, "/x/a.yaml");
	assert_string_equal(text, "newer");
	free(text);
	assert_int_equal(policy_store_delete_file(s, "/x/a.yaml", &e), 0);
	assert_int_equal(policy_store_each_file(s, collect, all, &e), 0);
	assert_string_equal(all, "");
}

static int prefix(const char *text, uint32_t id, void *arg)
{
	assert_string_equal(text, "10.0.0.0/8");
	*(uint32_t *)arg += id;
	return 0;
}

static void a_prefix_keeps_its_number(void **state)
{
	struct policy_store *s = *state;
	uint32_t sum = 0;
	struct error e;

	assert_int_equal(policy_store_put_prefix(s, "10.0.0.0/8", 0x01000005, &e), 0);
	assert_int_equal(policy_store_each_prefix(s, prefix, &sum, &e), 0);
	assert_int_equal(sum, 0x01000005);
	assert_int_equal(policy_store_delete_prefix(s, "10.0.0.0/8", &e), 0);
	assert_int_equal(policy_store_each_prefix(s, prefix, &sum, &e), 0);
	assert_int_equal(sum, 0x01000005);
}

static void nothing_is_written_without_a_transaction(void **state)
{
	struct policy_text t = {.file = "a.yaml", .text = "", .len = 0};
	struct policy_store *s;
	struct error e;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(policy_store_open(db, &s, &e), 0);
	assert_int_equal(policy_store_put_file(s, &t, &e), -EIO);
	policy_store_close(s);
	sqlite3_close(db);
}

static void a_path_names_a_policy(void **state)
{
	struct policy_path p;
	char longest[400] = "/v1/policies/";

	(void)state;
	assert_int_equal(policy_path_parse("/v1/policies/shop/web", &p), 0);
	assert_string_equal(p.namespace_, "shop");
	assert_string_equal(p.name, "web");
	assert_int_equal(policy_path_parse("/v1/policies/wide", &p), 0);
	assert_string_equal(p.namespace_, "");
	assert_string_equal(p.name, "wide");
	assert_int_equal(policy_path_parse("/v1/policies/", &p), -EINVAL);
	assert_int_equal(policy_path_parse("/v1/policies/shop/", &p), -EINVAL);
	memset(longest + 13, 'x', 300);
	assert_int_equal(policy_path_parse(longest, &p), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_document_goes_with_its_last_object, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_last_text_of_a_file_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(a_prefix_keeps_its_number, setup, teardown),
		cmocka_unit_test(nothing_is_written_without_a_transaction),
		cmocka_unit_test(a_path_names_a_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
