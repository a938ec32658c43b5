/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The word that was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "lib/cleanup.h"
#include "lib/nearest.h"

static void distance_counts_edits_and_swaps(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned int distance;
	} rows[] = {
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"pod-cidr", "pod-cidr", 0},
		{"pod-cdir", "pod-cidr", 1},
		{"pod-cid", "pod-cidr", 1},
		{"kitten", "sitting", 3},
		{"ab", "ba", 1},
		{"ca", "abc", 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(nearest_distance(rows[i].a, rows[i].b), rows[i].distance);
		assert_int_equal(nearest_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
}

static void word_is_found_when_it_can_have_been_meant(void **state)
{
	static const char *const words[] = {"status", "endpoint", "ip", "identity", "monitor"};

	(void)state;
	static const char *const longer[] = {"authentication", "fromEndpoints", "fromEntities"};

	assert_string_equal(nearest_word("statsu", words, ARRAY_SIZE(words)), "status");
	assert_string_equal(nearest_word("endpoints", words, ARRAY_SIZE(words)), "endpoint");
	assert_string_equal(nearest_word("ips", words, ARRAY_SIZE(words)), "ip");
	assert_string_equal(nearest_word("identty", words, ARRAY_SIZE(words)), "identity");
	assert_null(nearest_word("frobnicate", words, ARRAY_SIZE(words)));
	assert_null(nearest_word("x", words, 0));
	/* The beginning of one, but not of two, nor of too few letters. */
	assert_string_equal(nearest_word("auth", longer, ARRAY_SIZE(longer)), "authentication");
	assert_null(nearest_word("from", longer, ARRAY_SIZE(longer)));
	assert_null(nearest_word("au", longer, ARRAY_SIZE(longer)));
}

static void long_text_is_cut_not_overrun(void **state)
{
	char text[5000];
	const char *const words[] = {"status"};

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(nearest_distance(text, "status"), 62);
	assert_null(nearest_word("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", words, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_counts_edits_and_swaps),
		cmocka_unit_test(word_is_found_when_it_can_have_been_meant),
		cmocka_unit_test(long_text_is_cut_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
