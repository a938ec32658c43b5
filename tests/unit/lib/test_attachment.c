/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Attachments: what is a valid name, and the device that follows from it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/attachment.h"
#include "lib/cleanup.h"

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void set_accepts_what_the_specification_allows(void **state)
{
	static const char *const rows[][3] = {
		{"axoneme", "c1", "eth0"},	{"a", "A", "x"},   {"net_1.a-b", "0_.-", "a.b"},
		{"n", HUNDRED HUNDRED, "eth0"}, /* cut to 191 below */
		{"n", "c", "123456789012345"},	{"n", "c", "..."}, {"n", "c", "%s-+@"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct attachment a;
		char id[ATTACHMENT_CONTAINER_MAX];

		snprintf(id, sizeof(id), "%s", rows[i][1]);
		assert_int_equal(attachment_set(&a, rows[i][0], id, rows[i][2], NULL), 0);
		assert_string_equal(a.network, rows[i][0]);
		assert_string_equal(a.container_id, id);
		assert_string_equal(a.ifname, rows[i][2]);
	}
}

static void set_refuses_and_names_everything_else(void **state)
{
	static const struct {
		const char *network, *container_id, *ifname, *says;
	} rows[] = {
		{"", "c", "eth0", "network name is empty"},
		{"n", "", "eth0", "container id is empty"},
		{"n", "c", "", "interface name \"\" has 0 characters"},
		{"../n", "c", "eth0", "network name \"../n\""},
		{"n", "../../etc", "eth0", "container id \"../../etc\""},
		{"n", ".", "eth0", "container id \".\""},
		{"n", "-c", "eth0", "container id \"-c\""},
		{"n", "c/d", "eth0", "container id \"c/d\""},
		{"n", "c d", "eth0", "container id \"c d\""},
		{"n", "c\n", "eth0", "container id"},
		{"n", "\xc3\xa4", "eth0", "container id"},
		{HUNDRED HUNDRED, "c", "eth0",
		 "network name has 200 characters: expected at most 127"},
		{"n", HUNDRED HUNDRED, "eth0",
		 "container id has 200 characters: expected at most 191"},
		{"n", "c", "1234567890123456", "has 16 characters: expected 1 to 15"},
		{"n", "c", ".", "interface name \".\" is not allowed"},
		{"n", "c", "..", "interface name \"..\" is not allowed"},
		{"n", "c", "a/b", "expected no '/'"},
		{"n", "c", "a:b", "expected no '/'"},
		{"n", "c", "a b", "white space"},
		{"n", "c", "a\tb", "white space"},
		{"n", "c", "a\x01", "white space"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct attachment a = {.network = "before"};
		struct error e = {.code = 0};

		assert_int_equal(attachment_set(&a, rows[i].network, rows[i].container_id,
						rows[i].ifname, &e),
				 -EINVAL);
		assert_int_equal(e.code, -EINVAL);
		assert_string_equal(a.network, "before");
		if (!strstr(e.msg, rows[i].says))
			fail_msg("\"%s\" does not say \"%s\"", e.msg, rows[i].says);
	}
}

static struct attachment attachment_of(const char *network, const char *id, const char *ifname)
{
	struct attachment a;

	assert_int_equal(attachment_set(&a, network, id, ifname, NULL), 0);
	return a;
}

static void equal_and_hash_look_at_all_three_parts(void **state)
{
	struct attachment a = attachment_of("n", "c", "eth0");
	const struct attachment others[] = {
		attachment_of("m", "c", "eth0"), attachment_of("n", "d", "eth0"),
		attachment_of("n", "c", "eth1"), attachment_of("nc", "eth0", "x"),
		attachment_of("n", "ceth", "0"),
	};
	struct attachment same = attachment_of("n", "c", "eth0");

	(void)state;
	assert_true(attachment_equal(&a, &same));
	assert_true(attachment_hash(&a) == attachment_hash(&same));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_false(attachment_equal(&a, &others[i]));
		assert_true(attachment_hash(&a) != attachment_hash(&others[i]));
	}
}

/* Plugin and agent of different versions must agree, and the database outlives both. */
static void hash_and_device_name_never_change(void **state)
{
	struct attachment a = attachment_of("axoneme", "c1", "eth0");
	char name[IFNAMSIZ];

	(void)state;
	assert_true(attachment_hash(&a) == 0xf3297fe9d706ff56ULL);
	attachment_device(&a, name);
	assert_string_equal(name, "axo7fe9d706ff56");
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void devices_of_many_attachments_differ(void **state)
{
	static char names[5000][IFNAMSIZ];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct attachment a;
		char id[16];

		snprintf(id, sizeof(id), "c%d", i);
		a = attachment_of("axoneme", id, "eth0");
		attachment_device(&a, names[i]);
		assert_true(attachment_is_device(names[i]));
	}
	qsort(names, 5000, sizeof(names[0]), name_cmp);
	for (int i = 1; i < 5000; i++)
		assert_string_not_equal(names[i - 1], names[i]);
}

static void is_device_knows_the_form(void **state)
{
	static const struct {
		const char *name;
		bool is_device;
	} rows[] = {
		{"axo0123456789ab", true},
		{"axoffffffffffff", true},
		{"axo0123456789aB", false},
		{"axo0123456789a", false},
		{"axo0123456789abc", false},
		{"axo_host", false},
		{"axo_net", false},
		{"axo", false},
		{"", false},
		{"eth0", false},
		{"axp0123456789ab", false},
		{"axo0123456789ag", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (attachment_is_device(rows[i].name) != rows[i].is_device)
			fail_msg("\"%s\"", rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_accepts_what_the_specification_allows),
		cmocka_unit_test(set_refuses_and_names_everything_else),
		cmocka_unit_test(equal_and_hash_look_at_all_three_parts),
		cmocka_unit_test(hash_and_device_name_never_change),
		cmocka_unit_test(devices_of_many_attachments_differ),
		cmocka_unit_test(is_device_knows_the_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
