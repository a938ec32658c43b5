/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Identities and the labels they are made of. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "axoneme/ipcache.h"
#include "lib/cleanup.h"
#include "loader/identity.h"
#include "loader/labels.h"

static int new_table(void **state)
{
	*state = identity_table_new();
	return *state ? 0 : -1;
}

static int free_table(void **state)
{
	identity_table_free(*state);
	return 0;
}

static uint32_t ref(struct identity_table *t, const char *label)
{
	char *labels[] = {(char *)label};
	struct error e;
	uint32_t id;

	if (identity_ref(t, labels, 1, &id, &e) < 0)
		fail_msg("%s", e.msg);
	return id;
}

static void reserved_identities_are_there(void **state)
{
	const struct identity *host = identity_by_id(*state, AXO_ID_HOST);

	assert_non_null(host);
	assert_string_equal(host->labels[0], "reserved:host");
	assert_string_equal(identity_by_id(*state, AXO_ID_WORLD_IPV6)->labels[0],
			    "reserved:world-ipv6");
	assert_null(identity_by_id(*state, AXO_ID_LOCAL_MIN));
}

static void same_labels_share_a_number_and_others_do_not(void **state)
{
	uint32_t web = ref(*state, "k8s:app=web"), db = ref(*state, "k8s:app=db");

	assert_int_equal(web, AXO_ID_LOCAL_MIN);
	assert_int_not_equal(web, db);
	assert_int_equal(ref(*state, "k8s:app=web"), web);
	assert_int_equal(identity_by_id(*state, web)->refs, 2);
}

static void number_goes_with_the_last_reference_and_comes_back_last(void **state)
{
	uint32_t web = ref(*state, "k8s:app=web");

	ref(*state, "k8s:app=web");
	identity_unref(*state, web);
	assert_non_null(identity_by_id(*state, web));
	identity_unref(*state, web);
	assert_null(identity_by_id(*state, web));
	assert_int_not_equal(ref(*state, "k8s:app=other"), web);
	assert_int_not_equal(ref(*state, "k8s:app=web"), web);
}

static void numbers_go_round_and_run_out(void **state)
{
	const uint32_t all = AXO_ID_LOCAL_MAX - AXO_ID_LOCAL_MIN + 1;
	char label[32];
	char *labels[] = {label};
	struct error e;
	uint32_t id;

	for (uint32_t i = 0; i < all; i++) {
		snprintf(label, sizeof(label), "k8s:n=%u", i);
		assert_int_equal(ref(*state, label), AXO_ID_LOCAL_MIN + i);
	}
	snprintf(label, sizeof(label), "k8s:one=more");
	assert_int_equal(identity_ref(*state, labels, 1, &id, &e), -ENOSPC);
	assert_string_equal(e.msg, "all 65280 identities are in use");
	identity_unref(*state, 300);
	assert_int_equal(ref(*state, "k8s:one=more"), 300);
}

static void iteration_is_in_order_of_number(void **state)
{
	uint32_t last = 0, count = 0;

	for (int i = 0; i < 100; i++) {
		char label[32];

		snprintf(label, sizeof(label), "k8s:n=%d", i);
		ref(*state, label);
	}
	identity_unref(*state, AXO_ID_LOCAL_MIN + 50);
	for (const struct identity *i = identity_next(*state, NULL); i;
	     i = identity_next(*state, i)) {
		assert_true(count == 0 || i->id > last);
		last = i->id;
		count++;
	}
	assert_int_equal(count, 11 + 99);
}

static void restored_identity_keeps_its_number(void **state)
{
	char *web[] = {"k8s:app=web"}, *db[] = {"k8s:app=db"};
	struct error e;

	assert_int_equal(identity_restore(*state, 777, web, 1, &e), 0);
	assert_int_equal(identity_restore(*state, 777, web, 1, &e), 0);
	assert_int_equal(identity_by_id(*state, 777)->refs, 2);
	assert_int_equal(ref(*state, "k8s:app=web"), 777);
	assert_int_equal(identity_restore(*state, 777, db, 1, &e), -EEXIST);
	assert_int_equal(identity_restore(*state, 778, web, 1, &e), -EEXIST);
	assert_int_equal(identity_restore(*state, 1, db, 1, &e), -ERANGE);
	identity_set_cursor(*state, 777);
	assert_int_equal(ref(*state, "k8s:app=db"), 778);
}

static void labels_are_sorted_unique_and_have_a_source(void **state)
{
	struct label_set set = {0};
	struct error e;

	(void)state;
	assert_int_equal(label_set_put(&set, "tier", "front", &e), 0);
	assert_int_equal(label_set_put(&set, "app.kubernetes.io/name", "web", &e), 0);
	assert_int_equal(label_set_put(&set, "app", "one", &e), 0);
	assert_int_equal(label_set_put(&set, "k8s:app", "two", &e), 0);
	assert_int_equal(label_set_put_namespace(&set, "default", &e), 0);
	assert_int_equal(set.count, 4);
	assert_string_equal(set.items[0], "k8s:app.kubernetes.io/name=web");
	assert_string_equal(set.items[1], "k8s:app=two");
	assert_string_equal(set.items[2], "k8s:io.kubernetes.pod.namespace=default");
	assert_string_equal(set.items[3], "k8s:tier=front");
	assert_int_equal(label_set_drop(&set, "app", &e), 0);
	assert_int_equal(label_set_drop(&set, "app", &e), -ENOENT);
	assert_int_equal(set.count, 3);
	assert_string_equal(set.items[0], "k8s:app.kubernetes.io/name=web");
	label_set_fini(&set);
}

static void wrong_labels_are_refused(void **state)
{
	char long_key[LABELS_KEY_MAX + 2], long_value[LABELS_VALUE_MAX + 2];
	struct label_set set = {0};
	struct error e;

	(void)state;
	memset(long_key, 'a', sizeof(long_key) - 1);
	long_key[sizeof(long_key) - 1] = '\0';
	memset(long_value, 'a', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	const struct {
		const char *key, *value, *words;
	} rows[] = {
		{"", "x", "0 characters"},
		{"a=b", "x", "expected letters"},
		{"a b", "x", "expected letters"},
		{"reserved:host", "x", "expected the source k8s"},
		{long_key, "x", "318 characters"},
		{"a", long_value, "513 bytes"},
		{"a", "x\ny", "control character"},
		{LABELS_NAMESPACE_KEY, "kube-system", "is the agent's"},
		{"k8s:" LABELS_NAMESPACE_KEY, "kube-system", "is the agent's"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(label_set_put(&set, rows[i].key, rows[i].value, &e), -EINVAL);
		if (!strstr(e.msg, rows[i].words))
			fail_msg("\"%s\" is not in: %s", rows[i].words, e.msg);
	}
	assert_int_equal(set.count, 0);
}

static void label_set_has_an_end(void **state)
{
	struct label_set set = {0};
	struct error e;
	char key[16];

	(void)state;
	for (int i = 0; i < LABELS_MAX; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_int_equal(label_set_put(&set, key, "v", &e), 0);
	}
	assert_int_equal(label_set_put(&set, "more", "v", &e), -E2BIG);
	assert_int_equal(label_set_put(&set, "k7", "other", &e), 0);
	assert_int_equal(set.count, LABELS_MAX);
	label_set_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reserved_identities_are_there, new_table,
						free_table),
		cmocka_unit_test_setup_teardown(same_labels_share_a_number_and_others_do_not,
						new_table, free_table),
		cmocka_unit_test_setup_teardown(
			number_goes_with_the_last_reference_and_comes_back_last, new_table,
			free_table),
		cmocka_unit_test_setup_teardown(numbers_go_round_and_run_out, new_table,
						free_table),
		cmocka_unit_test_setup_teardown(iteration_is_in_order_of_number, new_table,
						free_table),
		cmocka_unit_test_setup_teardown(restored_identity_keeps_its_number, new_table,
						free_table),
		cmocka_unit_test(labels_are_sorted_unique_and_have_a_source),
		cmocka_unit_test(wrong_labels_are_refused),
		cmocka_unit_test(label_set_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
