/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses and prefixes: text, borders, arithmetic. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "lib/cidr.h"
#include "lib/cleanup.h"

static struct cidr cidr_of(const char *text)
{
	struct cidr cidr;
	struct error e;

	if (cidr_parse_host(text, &cidr, &e) < 0)
		fail_msg("%s", e.msg);
	return cidr;
}

static struct axo_addr addr_of(const char *text)
{
	return cidr_of(text).addr;
}

static void assert_addr(struct axo_addr addr, const char *text)
{
	char buf[CIDR_STR_MAX];

	assert_string_equal(addr_to_str(&addr, buf), text);
}

static void addr_parse_accepts_addresses_and_prints_them_canonically(void **state)
{
	static const struct {
		const char *text, *canonical;
		int family;
	} rows[] = {
		{"10.0.0.5", "10.0.0.5", 4},
		{"0.0.0.0", "0.0.0.0", 4},
		{"255.255.255.255", "255.255.255.255", 4},
		{"::", "::", 6},
		{"::1", "::1", 6},
		{"FD00:0:0:0:0:0:0:5", "fd00::5", 6},
		{"fd00:0:0:1::", "fd00:0:0:1::", 6},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 6},
		{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 6},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct axo_addr addr;

		assert_int_equal(addr_parse(rows[i].text, &addr, NULL), 0);
		assert_addr(addr, rows[i].canonical);
		assert_int_equal(addr_family(&addr), rows[i].family);
	}
}

static void addr_parse_refuses_everything_else_and_quotes_it(void **state)
{
	static const char *const rows[] = {
		"",	     "10.0.0",	   "10.0.0.256", "10.0.0.05",	   "10.0.0.5/24",
		"10.0.0.5 ", " ::1",	   "fe80::1%1",	 "::ffff:1.2.3.4", "1::2::3",
		"localhost", "0x0a000001", "fd00::g",	 "::ffff:102:304",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct axo_addr addr = addr_of("10.0.0.1");
		struct error e;

		if (addr_parse(rows[i], &addr, &e) != -EINVAL)
			fail_msg("\"%s\" was accepted", rows[i]);
		assert_int_equal(e.code, -EINVAL);
		assert_non_null(strstr(e.msg, rows[i]));
		assert_addr(addr, "10.0.0.1");
	}
}

static void cidr_parse_accepts_prefixes_only(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"10.0.0.0/24", NULL},
		{"0.0.0.0/0", NULL},
		{"10.0.0.5/32", NULL},
		{"fd00::/64", NULL},
		{"::/0", NULL},
		{"fd00::5/128", NULL},
		{"10.0.0.5/24", "has bits behind its length, expected 10.0.0.0/24"},
		{"fd00::5/64", "has bits behind its length, expected fd00::/64"},
		{"128.0.0.0/0", "expected 0.0.0.0/0"},
		{"10.0.0.0", "expected ADDRESS/LENGTH"},
		{"10.0.0.0/", "expected a length of 0 to 32"},
		{"10.0.0.0/33", "expected a length of 0 to 32"},
		{"10.0.0.0/-1", "expected a length of 0 to 32"},
		{"10.0.0.0/24x", "expected a length of 0 to 32"},
		{"10.0.0.0/24/24", "expected a length of 0 to 32"},
		{"fd00::/129", "expected a length of 0 to 128"},
		{"/24", "expected an IPv4 or IPv6 address"},
		{"", "expected ADDRESS/LENGTH"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/1",
		 "too long"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cidr cidr = {.family = 99};
		struct error e = {.code = 0};
		char buf[CIDR_STR_MAX];
		int r = cidr_parse(rows[i].text, &cidr, &e);

		assert_int_equal(r, rows[i].says ? -EINVAL : 0);
		assert_int_equal(e.code, r);
		if (r == 0) {
			assert_string_equal(cidr_to_str(&cidr, buf), rows[i].text);
			continue;
		}
		assert_int_equal(cidr.family, 99);
		if (!strstr(e.msg, rows[i].says))
			fail_msg("\"%s\" does not say \"%s\"", e.msg, rows[i].says);
	}
}

static void cidr_parse_host_keeps_the_host_and_adds_the_length(void **state)
{
	static const char *const rows[][2] = {
		{"10.0.0.5", "10.0.0.5/32"},
		{"10.0.0.5/24", "10.0.0.5/24"},
		{"fd00::5", "fd00::5/128"},
		{"fd00::5/64", "fd00::5/64"},
	};
	char buf[CIDR_STR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cidr cidr = cidr_of(rows[i][0]);

		assert_string_equal(cidr_to_str(&cidr, buf), rows[i][1]);
	}
}

static void contains_knows_the_borders_and_the_families(void **state)
{
	static const struct {
		const char *cidr, *addr;
		bool inside;
	} rows[] = {
		{"10.0.0.0/24", "10.0.0.0", true},
		{"10.0.0.0/24", "10.0.0.255", true},
		{"10.0.0.0/24", "10.0.1.0", false},
		{"10.0.0.0/24", "9.255.255.255", false},
		{"10.0.0.0/24", "fd00::1", false},
		{"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::", false},
		{"10.0.0.5/32", "10.0.0.5", true},
		{"10.0.0.5/32", "10.0.0.4", false},
		{"::/0", "fd00::1", true},
		{"::/0", "10.0.0.1", false},
		{"fd00::/64", "fd00::ffff:ffff:ffff:ffff", true},
		{"fd00::/64", "fd00:0:0:1::", false},
		{"fd00::5/128", "fd00::5", true},
		{"fd00::5/128", "fd00::4", false},
		{"fd00::/65", "fd00::8000:0:0:0", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cidr cidr = cidr_of(rows[i].cidr);
		struct axo_addr addr = addr_of(rows[i].addr);

		if (cidr_contains(&cidr, &addr) != rows[i].inside)
			fail_msg("%s and %s", rows[i].cidr, rows[i].addr);
	}
}

static void first_last_and_mapped_bits_follow_from_the_prefix(void **state)
{
	static const struct {
		const char *cidr, *first, *last;
		unsigned int mapped_bits;
	} rows[] = {
		{"10.0.0.77/24", "10.0.0.0", "10.0.0.255", 120},
		{"10.0.0.77/32", "10.0.0.77", "10.0.0.77", 128},
		{"10.0.0.77/0", "0.0.0.0", "255.255.255.255", 96},
		{"fd00::77/64", "fd00::", "fd00::ffff:ffff:ffff:ffff", 64},
		{"fd00::77/128", "fd00::77", "fd00::77", 128},
		{"fd00::77/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cidr cidr = cidr_of(rows[i].cidr);

		assert_addr(cidr_first(&cidr), rows[i].first);
		assert_addr(cidr_last(&cidr), rows[i].last);
		assert_int_equal(cidr_mapped_bits(&cidr), rows[i].mapped_bits);
	}
}

static void add_and_sub_carry_over_all_128_bits(void **state)
{
	static const struct {
		const char *addr, *sum;
		uint64_t n;
	} rows[] = {
		{"10.0.0.255", "10.0.1.0", 1},
		{"10.0.0.0", "10.1.0.0", 65536},
		{"fd00::ffff:ffff:ffff:ffff", "fd00:0:0:1::", 1},
		{"fd00::1", "fd00:0:0:1::", UINT64_MAX},
	};
	struct axo_addr low = addr_of("fd00::"), high = addr_of("fd00:0:0:2::");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct axo_addr addr = addr_of(rows[i].addr), sum = addr_add(&addr, rows[i].n);

		assert_addr(sum, rows[i].sum);
		assert_true(addr_sub(&sum, &addr) == rows[i].n);
	}
	assert_true(addr_sub(&high, &low) == UINT64_MAX);
	low = addr_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_addr(addr_add(&low, 1), "::");
}

static void compare_is_in_network_order(void **state)
{
	static const char *const sorted[] = {"::",	"::1",	  "0.0.0.0", "1.0.0.2",
					     "2.0.0.1", "fd00::", "ff00::"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(sorted); j++) {
			struct axo_addr a = addr_of(sorted[i]), b = addr_of(sorted[j]);
			int r = addr_cmp(&a, &b);

			assert_int_equal((r > 0) - (r < 0), (i > j) - (i < j));
		}
	}
}

static void bytes_go_in_and_out_in_their_family(void **state)
{
	static const uint8_t v4[4] = {10, 0, 0, 5};
	static const uint8_t v6[16] = {0xfd, [15] = 5};
	struct axo_addr a = addr_from_bytes(4, v4), b = addr_from_bytes(6, v6);
	struct axo_addr zero = {{0}};

	(void)state;
	assert_addr(a, "10.0.0.5");
	assert_memory_equal(addr_bytes(&a), v4, sizeof(v4));
	assert_addr(b, "fd00::5");
	assert_memory_equal(addr_bytes(&b), v6, sizeof(v6));
	assert_true(addr_is_zero(&zero));
	assert_false(addr_is_zero(&a));
	a = addr_of("0.0.0.0");
	assert_false(addr_is_zero(&a)); /* mapped: an address, not "none" */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addr_parse_accepts_addresses_and_prints_them_canonically),
		cmocka_unit_test(addr_parse_refuses_everything_else_and_quotes_it),
		cmocka_unit_test(cidr_parse_accepts_prefixes_only),
		cmocka_unit_test(cidr_parse_host_keeps_the_host_and_adds_the_length),
		cmocka_unit_test(contains_knows_the_borders_and_the_families),
		cmocka_unit_test(first_last_and_mapped_bits_follow_from_the_prefix),
		cmocka_unit_test(add_and_sub_carry_over_all_128_bits),
		cmocka_unit_test(compare_is_in_network_order),
		cmocka_unit_test(bytes_go_in_and_out_in_their_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
