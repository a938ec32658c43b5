/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Prefixes of the prefilter as text, and their groups. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/cleanup.h"
#include "loader/prefilter_file.h"

static struct pf_groups groups;

static int setup(void **state)
{
	(void)state;
	pf_groups_init(&groups);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pf_groups_fini(&groups);
	return 0;
}

static int parse(const char *text, struct pf_rules *rules, struct error *e)
{
	char *copy = strdup(text);
	int r = pf_file_parse("f", copy, strlen(copy), &groups, rules, e);

	free(copy);
	return r;
}

static const struct pf_rule *find(const struct pf_rules *r, const char *text)
{
	struct axo_addr a;

	assert_int_equal(addr_parse(text, &a, NULL), 0);
	return pf_rules_find(r, &a);
}

static void a_file_has_prefixes_exceptions_and_groups(void **state)
{
	struct pf_rules r = {0};
	struct error e = {0};

	(void)state;
	if (parse("; all of these\n"
		  "203.0.113.0/24\r\n"
		  "\t[lab] # the other side\n"
		  " 198.51.100.0/24   # a comment\n"
		  "!198.51.100.7\n"
		  "2001:db8::/32\n"
		  "[lab]\n"
		  "[more.of-it_1]\n"
		  "2001:db8::1",
		  &r, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(r.count, 5);
	assert_int_equal(groups.count, 3);
	assert_string_equal(groups.names[find(&r, "203.0.113.9")->group], "default");
	assert_string_equal(groups.names[find(&r, "198.51.100.9")->group], "lab");
	assert_int_equal(find(&r, "198.51.100.9")->line, 4);
	assert_true(find(&r, "198.51.100.7")->flags & PF_EXCEPT);
	assert_string_equal(groups.names[find(&r, "2001:db8::1")->group], "more.of-it_1");
	assert_null(find(&r, "192.0.2.1"));
	free(r.items);
}

static void what_is_wrong_names_the_line(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"10.0.0.0/8\n\n10.0.0.1/8\n", "f:3: prefix \"10.0.0.1/8\": has bits behind"},
		{"10.0.0.0/33", "f:1: prefix \"10.0.0.0/33\": expected a length of 0 to 32"},
		{"10.0.0.0/8 lab", "f:1: prefix \"10.0.0.0/8 lab\""},
		{"!", "f:1: "},
		{"[lab", "f:1: \"[lab\": expected [NAME]"},
		{"[]", "f:1: group \"\": expected 1 to 63 letters"},
		{"[a b]", "f:1: group \"a b\""},
		{"10.0.0.0/8\n!10.0.0.0/8", "f:2: 10.0.0.0/8 is denied and excepted, see line 1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pf_rules r = {0};
		struct error e = {0};

		assert_true(parse(rows[i].text, &r, &e) < 0);
		if (strncmp(e.msg, rows[i].message, strlen(rows[i].message)) != 0)
			fail_msg("%s: expected %s, found %s", rows[i].text, rows[i].message, e.msg);
		free(r.items);
	}
}

static void groups_keep_their_numbers_and_are_bounded(void **state)
{
	struct error e = {0};
	char name[16];

	(void)state;
	for (int i = 0; i < AXO_PF_GROUPS_MAX; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		assert_int_equal(pf_groups_number(&groups, name, &e), i);
	}
	assert_int_equal(pf_groups_number(&groups, "g7", &e), 7);
	assert_int_equal(pf_groups_number(&groups, "one-more", &e), -ENOSPC);
	assert_string_equal(e.msg, "more than 1024 groups");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_has_prefixes_exceptions_and_groups, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_wrong_names_the_line, setup, teardown),
		cmocka_unit_test_setup_teardown(groups_keep_their_numbers_and_are_bounded, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
