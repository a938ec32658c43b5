/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names and patterns to automata: against a table, and at random against matching one by one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/name_table.h"
#include "tests/policy-reference/random.h"

static bool table_says(const char *pattern, const char *name)
{
	struct name_pattern p = {.text = pattern};
	struct name_table t = {0};
	struct error e = {0};

	assert_int_equal(name_table_compile(&p, 1, 0, &t, NULL, &e), 0);
	bool says = name_table_match(&t, name, strlen(name));
	name_table_fini(&t);
	assert_int_equal(says, name_pattern_matches(&p, name, strlen(name)));
	return says;
}

static void patterns_match_what_the_language_says(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool match;
	} rows[] = {
		{"example.com", "example.com", true},
		{"example.com", "EXAMPLE.com", true},
		{"example.com", "xexample.com", false},
		{"example.com", "example.comx", false},
		{"example.com", "example.co", false},
		{"example.com", "", false},
		{"example.com", "a.example.com", false},
		{"*.example.com", "a.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", ".example.com", true},
		{"*.example.com", "a.b.example.com", false},
		{"*.example.com", "a-b_9.example.com", true},
		{"*.example.com", "a b.example.com", false},
		{"api-*.example.com", "api-.example.com", true},
		{"api-*.example.com", "api-1.example.com", true},
		{"api-*.example.com", "api.example.com", false},
		{"a*b*c", "abc", true},
		{"a*b*c", "axbxbxc", true},
		{"a*b*c", "axbx.c", false},
		{"*.*.com", "a.b.com", true},
		{"*.*.com", "b.com", false},
		{"**.example.com", "a.example.com", true},
		{"**.example.com", "a.b.c.example.com", true},
		{"**.example.com", "example.com", false},
		{"**.example.com", ".example.com", false},
		{"**.example.com", "a..example.com", false},
		{"**.example.com", "a.example.com.example.com", true},
		{"**.example.com", "a.example.comx", false},
		{"**.*.com", "a.b.com", true},
		{"**.*.com", "b.com", false},
		{"**.com", "com", false},
		{"*", "", true},
		{"*", "anything.at.all", true},
		{"*", "with a space", true},
		{"a.*", "a.b", true},
		{"a.*", "a.b.c", false},
		{"a.**", "a.bc", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (table_says(rows[i].pattern, rows[i].name) != rows[i].match)
			fail_msg("\"%s\" and \"%s\": expected %d", rows[i].pattern, rows[i].name,
				 rows[i].match);
}

/* Few letters, so that patterns and names meet. */
static void random_text(uint64_t *r, bool pattern, char *out, size_t max)
{
	static const char letters[] = "ab..a*b*";
	size_t len = random_below(r, (uint32_t)max);

	if (pattern && random_below(r, 3) == 0) {
		memcpy(out, "**.", 3);
		out += 3;
	}
	for (size_t i = 0; i < len; i++)
		*out++ = letters[random_below(r, pattern ? 8 : 5)];
	*out = '\0';
}

static void compare_with_slow(const struct name_table *t, const struct name_pattern *p,
			      size_t count, const char *name)
{
	uint32_t accept = name_table_match(t, name, strlen(name));
	const uint32_t *list = t->rows[accept].selector;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		bool expected = name_pattern_matches(&p[i], name, strlen(name));
		bool found = accept && n < AXO_NAME_SELECTORS && list[n] == p[i].selector;

		if (expected != found)
			fail_msg("\"%s\" and \"%s\": expected %d", p[i].text, name, expected);
		n += found;
	}
}

static void random_tables_find_every_selector(void **state)
{
	uint64_t r = 1;

	(void)state;
	for (int round = 0; round < 400; round++) {
		char text[8][16];
		struct name_pattern p[8];
		size_t count = 1 + random_below(&r, 8);
		struct name_table t = {0};

		for (size_t i = 0; i < count; i++) {
			random_text(&r, true, text[i], 8);
			if (!text[i][0])
				strcpy(text[i], "a");
			p[i] = (struct name_pattern){.text = text[i],
						     .selector = 100 + (uint32_t)i};
		}
		assert_int_equal(name_table_compile(p, count, 0, &t, NULL, NULL), 0);
		for (int i = 0; i < 60; i++) {
			char name[16];

			random_text(&r, false, name, 12);
			compare_with_slow(&t, p, count, name);
		}
		name_table_fini(&t);
	}
}

static void nothing_matches_no_pattern(void **state)
{
	struct name_table t = {0};

	(void)state;
	assert_int_equal(name_table_compile(NULL, 0, 0, &t, NULL, NULL), 0);
	assert_true(t.count > AXO_NAME_START);
	assert_int_equal(name_table_match(&t, "", 0), 0);
	assert_int_equal(name_table_match(&t, "a.b", 3), 0);
	name_table_fini(&t);
}

static void what_does_not_fit_names_the_culprit(void **state)
{
	struct name_pattern p[] = {{.text = "a.b"}, {.text = "c.d"}, {.text = "*aaaaaa*.*bbb*"}};
	struct name_table t = {0};
	struct error e = {0};
	size_t culprit = 99;

	(void)state;
	assert_int_equal(name_table_compile(p, 3, 12, &t, &culprit, &e), -ENOSPC);
	assert_int_equal(culprit, 2);
	assert_non_null(strstr(e.msg, "12 states"));
}

static void too_many_selectors_of_one_name_are_refused(void **state)
{
	struct name_pattern p[AXO_NAME_SELECTORS + 1];
	struct name_table t = {0};
	struct error e = {0};
	size_t culprit = 99;

	(void)state;
	for (size_t i = 0; i <= AXO_NAME_SELECTORS; i++)
		p[i] = (struct name_pattern){.text = "*.a", .selector = 1 + (uint32_t)i};
	assert_int_equal(name_table_compile(p, AXO_NAME_SELECTORS, 0, &t, &culprit, &e), 0);
	name_table_fini(&t);
	assert_int_equal(name_table_compile(p, AXO_NAME_SELECTORS + 1, 0, &t, &culprit, &e),
			 -ENOSPC);
	assert_int_equal(culprit, AXO_NAME_SELECTORS);
}

static void a_thousand_names_take_a_row_for_each_letter_at_most(void **state)
{
	static char text[1000][32];
	static struct name_pattern p[1000];
	struct name_table t = {0};
	size_t letters = 2;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		snprintf(text[i], sizeof(text[i]),
			 i % 2 ? "*.host%zu.example.com" : "n%zu.example.org", i);
		p[i].text = text[i];
		letters += strlen(text[i]) + 1;
	}
	assert_int_equal(name_table_compile(p, 1000, 0, &t, NULL, NULL), 0);
	assert_true(t.count <= letters);
	assert_true(name_table_match(&t, "n0.example.org", 14));
	assert_true(name_table_match(&t, "x.host999.example.com", 21));
	assert_false(name_table_match(&t, "x.host998.example.com", 21));
	name_table_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_what_the_language_says),
		cmocka_unit_test(random_tables_find_every_selector),
		cmocka_unit_test(nothing_matches_no_pattern),
		cmocka_unit_test(what_does_not_fit_names_the_culprit),
		cmocka_unit_test(too_many_selectors_of_one_name_are_refused),
		cmocka_unit_test(a_thousand_names_take_a_row_for_each_letter_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
