/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses that are never handed out: union, borders, skipping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ipam/ranges.h"
#include "lib/cleanup.h"

#define RESERVED_MAX 4

static struct ranges ranges_of(const char *cidr, const char *const reserved[RESERVED_MAX])
{
	struct cidr pool, list[RESERVED_MAX];
	struct ranges r;
	size_t len = 0;

	assert_int_equal(cidr_parse(cidr, &pool, NULL), 0);
	for (; len < RESERVED_MAX && reserved[len]; len++)
		assert_int_equal(cidr_parse(reserved[len], &list[len], NULL), 0);
	assert_int_equal(ranges_init(&r, &pool, list, len), 0);
	return r;
}

static void ranges_are_joined_and_sorted(void **state)
{
	static const struct {
		const char *cidr, *reserved[RESERVED_MAX], *joined;
		uint64_t left;
	} rows[] = {
		{"10.0.0.0/24", {NULL}, "10.0.0.0-10.0.0.1 10.0.0.255-10.0.0.255", 253},
		{"10.0.0.0/24", {"10.0.0.2/31"}, "10.0.0.0-10.0.0.3 10.0.0.255-10.0.0.255", 251},
		{"10.0.0.0/24",
		 {"10.0.0.64/26", "10.0.0.16/28", "10.0.0.32/27"},
		 "10.0.0.0-10.0.0.1 10.0.0.16-10.0.0.127 10.0.0.255-10.0.0.255",
		 141},
		{"10.0.0.0/24",
		 {"10.0.0.16/28", "10.0.0.16/30", "10.0.0.24/29"},
		 "10.0.0.0-10.0.0.1 10.0.0.16-10.0.0.31 10.0.0.255-10.0.0.255",
		 237},
		{"10.0.0.0/24", {"10.0.0.128/25"}, "10.0.0.0-10.0.0.1 10.0.0.128-10.0.0.255", 126},
		{"10.0.0.0/24", {"10.0.0.0/16"}, "10.0.0.0-10.0.0.255", 0},
		{"10.0.0.0/24",
		 {"10.0.1.0/24", "fd00::/64"},
		 "10.0.0.0-10.0.0.1 10.0.0.255-10.0.0.255",
		 253},
		{"fd00::/126", {NULL}, "fd00::-fd00::1", 2},
		{"fd00::/120", {"fd00::f0/124"}, "fd00::-fd00::1 fd00::f0-fd00::ff", 238},
		{"fd00::/63", {NULL}, "fd00::-fd00::1", UINT64_MAX},
		{"fd00::/63", {"fd00::/64"}, "fd00::-fd00::ffff:ffff:ffff:ffff", UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ranges r = ranges_of(rows[i].cidr, rows[i].reserved);
		char text[512] = "", a[CIDR_STR_MAX], b[CIDR_STR_MAX];

		for (size_t j = 0; j < r.len; j++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s-%s",
				 j ? " " : "", addr_to_str(&r.v[j].first, a),
				 addr_to_str(&r.v[j].last, b));
		assert_string_equal(text, rows[i].joined);
		assert_true(ranges_left(&r) == rows[i].left);
		ranges_fini(&r);
	}
}

static void hold_and_skip_agree_with_each_single_address(void **state)
{
	static const char *const reserved[RESERVED_MAX] = {"10.0.0.16/28", "10.0.0.40/32",
							   "10.0.0.252/30"};
	struct ranges r = ranges_of("10.0.0.0/24", reserved);

	(void)state;
	for (unsigned int i = 0; i < 256; i++) {
		struct axo_addr addr = addr_from_bytes(4, (uint8_t[]){10, 0, 0, (uint8_t)i});
		bool held = i < 2 || (i >= 16 && i < 32) || i == 40 || i >= 252;
		struct axo_addr next = ranges_skip(&r, &addr);
		unsigned int expected = i < 2		    ? 2
					: i >= 16 && i < 32 ? 32
					: i == 40	    ? 41
					: i >= 252	    ? 256
							    : i;

		assert_int_equal(ranges_hold(&r, &addr), held);
		assert_true(addr_sub(&next, &addr) == expected - i);
	}
	ranges_fini(&r);
	ranges_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_joined_and_sorted),
		cmocka_unit_test(hold_and_skip_agree_with_each_single_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
