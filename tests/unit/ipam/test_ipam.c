/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Leases: all or nothing over the families, idempotent by attachment. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ipam/ipam.h"
#include "lib/cleanup.h"
#include "tests/unit/ipam/text.h"

/* Pools with a cool-down of 1000 ms; "" = no such family. */
static struct ipam *ipam_of(const char *v4, const char *v6)
{
	struct ipam_config config = {.v4 = cidr_of(v4), .v6 = cidr_of(v6), .cooldown_ms = 1000};
	struct ipam *ipam;
	struct error e;

	if (ipam_new(&config, &ipam, &e) < 0)
		fail_msg("%s", e.msg);
	return ipam;
}

/* Take for owner @n: "V4 V6" with - for none, or the error's code as a number. */
static const char *take(struct ipam *ipam, int n, const char *const *wanted, int64_t now_ms,
			struct error *e)
{
	static char text[2 * CIDR_STR_MAX];
	struct attachment owner = owner_of(n);
	char v4[CIDR_STR_MAX], v6[CIDR_STR_MAX];
	struct axo_addr addrs[4];
	struct ipam_lease lease;
	size_t len = 0;
	int r;

	while (wanted && wanted[len]) {
		addrs[len] = addr_of(wanted[len]);
		len++;
	}
	r = ipam_take(ipam, &owner, addrs, len, now_ms, &lease, e);
	if (r < 0) {
		snprintf(text, sizeof(text), "%d", r);
		return text;
	}
	assert_true(attachment_equal(&lease.owner, &owner));
	assert_false(lease.releasing);
	snprintf(text, sizeof(text), "%s %s",
		 addr_is_zero(&lease.v4) ? "-" : addr_to_str(&lease.v4, v4),
		 addr_is_zero(&lease.v6) ? "-" : addr_to_str(&lease.v6, v6));
	return text;
}

#define WANTED(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_code(const char *text, int code)
{
	char expected[16];

	snprintf(expected, sizeof(expected), "%d", code);
	assert_string_equal(text, expected);
}

static void give_back(struct ipam *ipam, int n, int64_t now_ms)
{
	struct attachment owner = owner_of(n);

	assert_int_equal(ipam_release(ipam, &owner), 0);
	assert_int_equal(ipam_released(ipam, &owner, now_ms), 0);
}

static uint64_t used(const struct ipam *ipam, int family)
{
	struct pool_stats stats;

	assert_true(ipam_stats(ipam, family, 0, &stats));
	return stats.used;
}

static void new_refuses_a_configuration_that_makes_no_sense(void **state)
{
	static const struct {
		const char *v4, *v6, *reserved, *says;
	} rows[] = {
		{"", "", "", "no pod CIDR"},
		{"10.0.0.0/24", "", "fd00::/120", "there is no IPv6 pool"},
		{"", "fd00::/64", "10.0.0.0/28", "there is no IPv4 pool"},
		{"10.0.0.0/24", "", "10.1.0.0/28",
		 "10.1.0.0/28 is not inside the pool 10.0.0.0/24"},
		{"10.0.0.0/24", "", "10.0.0.0/16", "not inside the pool"},
		{"10.0.0.0/24", "", "10.0.0.0/24", "all of it is reserved"},
		{"10.0.0.0/24", "fd00::/127", "", "too small"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cidr reserved = cidr_of(rows[i].reserved);
		struct ipam_config config = {
			.v4 = cidr_of(rows[i].v4),
			.v6 = cidr_of(rows[i].v6),
			.reserved = &reserved,
			.reserved_len = rows[i].reserved[0] ? 1 : 0,
		};
		struct ipam *ipam = NULL;
		struct error e = {.code = 0};

		assert_int_equal(ipam_new(&config, &ipam, &e), -EINVAL);
		assert_null(ipam);
		if (!strstr(e.msg, rows[i].says))
			fail_msg("\"%s\" does not say \"%s\"", e.msg, rows[i].says);
	}
}

static void take_gives_one_address_of_every_family(void **state)
{
	_cleanup_ipam_ struct ipam *v4 = ipam_of("10.0.0.0/24", "");
	_cleanup_ipam_ struct ipam *v6 = ipam_of("", "fd00::/64");
	_cleanup_ipam_ struct ipam *both = ipam_of("10.0.0.0/24", "fd00::/64");

	(void)state;
	assert_string_equal(take(v4, 1, NULL, 0, NULL), "10.0.0.2 -");
	assert_string_equal(take(v6, 1, NULL, 0, NULL), "- fd00::2");
	assert_string_equal(take(both, 1, NULL, 0, NULL), "10.0.0.2 fd00::2");
	assert_string_equal(take(both, 2, NULL, 0, NULL), "10.0.0.3 fd00::3");
}

static void take_same_owner_twice_gives_same_addresses(void **state)
{
	_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/24", "fd00::/64");

	(void)state;
	take(ipam, 1, NULL, 0, NULL);
	take(ipam, 2, NULL, 0, NULL);
	assert_string_equal(take(ipam, 1, NULL, 0, NULL), "10.0.0.2 fd00::2");
	assert_string_equal(take(ipam, 1, WANTED("10.0.0.2"), 0, NULL), "10.0.0.2 fd00::2");
	assert_true(used(ipam, 4) == 2);
	assert_true(used(ipam, 6) == 2);
}

static void take_same_owner_with_another_request_is_refused(void **state)
{
	_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/24", "fd00::/64");
	struct error e;

	(void)state;
	take(ipam, 1, NULL, 0, NULL);
	assert_code(take(ipam, 1, WANTED("10.0.0.9"), 0, &e), -EEXIST);
	assert_string_equal(
		e.msg, "container c1, interface eth0 has 10.0.0.2 already, and requests 10.0.0.9");
	assert_code(take(ipam, 1, WANTED("10.0.0.2", "fd00::9"), 0, &e), -EEXIST);
	assert_true(used(ipam, 4) == 1);
}

static void interfaces_and_networks_of_one_container_are_different_owners(void **state)
{
	_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/24", "");
	struct attachment owner;
	struct ipam_lease lease;

	(void)state;
	take(ipam, 1, NULL, 0, NULL);
	attachment_set(&owner, "net", "c1", "eth1", NULL);
	assert_int_equal(ipam_take(ipam, &owner, NULL, 0, 0, &lease, NULL), 0);
	attachment_set(&owner, "other", "c1", "eth0", NULL);
	assert_int_equal(ipam_take(ipam, &owner, NULL, 0, 0, &lease, NULL), 0);
	assert_true(used(ipam, 4) == 3);
}

static void requested_addresses_are_given_and_the_other_family_gets_any(void **state)
{
	_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/24", "fd00::/64");

	(void)state;
	assert_string_equal(take(ipam, 1, WANTED("fd00::77", "10.0.0.77"), 0, NULL),
			    "10.0.0.77 fd00::77");
	assert_string_equal(take(ipam, 2, WANTED("fd00::88"), 0, NULL), "10.0.0.2 fd00::88");
	assert_string_equal(take(ipam, 3, WANTED("10.0.0.88"), 0, NULL), "10.0.0.88 fd00::2");
}

static void impossible_requests_are_refused_and_change_nothing(void **state)
{
	_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/24", "fd00::/64");
	_cleanup_ipam_ struct ipam *v4 = ipam_of("10.0.0.0/24", "");
	struct error e;

	(void)state;
	take(ipam, 1, NULL, 0, NULL);
	assert_code(take(ipam, 2, WANTED("10.0.0.8", "10.0.0.9"), 0, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "at most one requested IPv4 address"));
	assert_code(take(ipam, 2, WANTED("10.0.0.8", "fd00::2"), 0, &e), -EADDRINUSE);
	assert_non_null(strstr(e.msg, "fd00::2 is taken by container c1"));
	assert_code(take(ipam, 2, WANTED("10.0.0.8", "fd01::2"), 0, &e), -EADDRNOTAVAIL);
	assert_code(take(ipam, 2, WANTED("10.0.0.1"), 0, &e), -EADDRNOTAVAIL);
	assert_code(take(v4, 2, WANTED("fd00::2"), 0, &e), -EADDRNOTAVAIL);
	assert_non_null(strstr(e.msg, "no IPv6 pool"));
	assert_true(used(ipam, 4) == 1 && used(ipam, 6) == 1);
	assert_string_equal(take(ipam, 2, WANTED("10.0.0.8"), 0, NULL), "10.0.0.8 fd00::3");
}

static void exhausted_family_leaves_the_other_one_untouched(void **state)
{
	_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/24", "fd00::/126");
	struct pool_stats stats;
	struct error e;

	(void)state;
	take(ipam, 1, NULL, 0, NULL);
	take(ipam, 2, NULL, 0, NULL);
	assert_code(take(ipam, 3, NULL, 0, &e), -ENOSPC);
	assert_string_equal(e.msg, "pool fd00::/126 is exhausted: 2 addresses, 2 in use");
	assert_true(used(ipam, 4) == 2);
	assert_true(ipam_stats(ipam, 6, 0, &stats) && stats.exhausted == 1);
	give_back(ipam, 1, 0);
	assert_string_equal(take(ipam, 3, NULL, 5000, NULL), "10.0.0.4 fd00::2");
}

static void release_blocks_until_released_and_then_cools_down(void **state)
{
	_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/30", "");
	struct attachment owner = owner_of(1);
	struct pool_stats stats;
	struct error e;

	(void)state;
	take(ipam, 1, NULL, 0, NULL);
	assert_int_equal(ipam_released(ipam, &owner, 10), -EBUSY);
	assert_int_equal(ipam_release(ipam, &owner), 0);
	assert_int_equal(ipam_release(ipam, &owner), 0);
	assert_true(ipam_find(ipam, &owner)->releasing);
	assert_code(take(ipam, 1, NULL, 10, &e), -EBUSY);
	assert_string_equal(e.msg, "container c1, interface eth0 is still being removed");
	assert_code(take(ipam, 2, NULL, 10, NULL), -ENOSPC);
	assert_int_equal(ipam_released(ipam, &owner, 20), 0);
	assert_int_equal(ipam_released(ipam, &owner, 20), -ENOENT);
	assert_int_equal(ipam_release(ipam, &owner), -ENOENT);
	assert_null(ipam_find(ipam, &owner));
	assert_true(ipam_stats(ipam, 4, 20, &stats) && stats.cooling == 1);
	assert_string_equal(take(ipam, 2, NULL, 30, NULL), "10.0.0.2 -");
	assert_true(ipam_stats(ipam, 4, 30, &stats) && stats.reused_early == 1);
}

static void release_of_a_stale_owner_does_not_touch_the_new_one(void **state)
{
	_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/30", "");
	struct attachment old = owner_of(1), new = owner_of(2);

	(void)state;
	take(ipam, 1, NULL, 0, NULL);
	give_back(ipam, 1, 0);
	take(ipam, 2, NULL, 5000, NULL);
	assert_int_equal(ipam_release(ipam, &old), -ENOENT);
	assert_int_equal(ipam_released(ipam, &old, 5000), -ENOENT);
	assert_false(ipam_find(ipam, &new)->releasing);
}

static void lease_is_found_by_address_until_it_is_released(void **state)
{
	_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/24", "fd00::/64");
	struct axo_addr v4 = addr_of("10.0.0.2"), v6 = addr_of("fd00::2"),
			free = addr_of("10.0.0.3");
	struct attachment owner = owner_of(1);

	(void)state;
	take(ipam, 1, NULL, 0, NULL);
	assert_non_null(ipam_find(ipam, &owner));
	assert_ptr_equal(ipam_find_address(ipam, &v4), ipam_find(ipam, &owner));
	assert_ptr_equal(ipam_find_address(ipam, &v6), ipam_find(ipam, &owner));
	assert_null(ipam_find_address(ipam, &free));
	ipam_release(ipam, &owner);
	assert_non_null(ipam_find_address(ipam, &v4));
	ipam_released(ipam, &owner, 0);
	assert_null(ipam_find_address(ipam, &v4));
}

static void iteration_visits_every_lease_once(void **state)
{
	_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/24", "");
	const struct ipam_lease *lease = NULL;
	int n = 0;

	(void)state;
	assert_null(ipam_next(ipam, NULL));
	for (int i = 0; i < 100; i++)
		take(ipam, i, NULL, 0, NULL);
	give_back(ipam, 0, 0);
	give_back(ipam, 50, 0);
	give_back(ipam, 99, 0);
	while ((lease = ipam_next(ipam, lease))) {
		assert_int_equal(ipam_release(ipam, &lease->owner), 0);
		n++;
	}
	assert_int_equal(n, 97);
	assert_true(used(ipam, 4) == 0);
}

static void gateway_is_the_first_address(void **state)
{
	_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/24", "");
	struct axo_addr gateway, expected = addr_of("10.0.0.1");
	struct pool_stats stats;

	(void)state;
	assert_true(ipam_gateway(ipam, 4, &gateway));
	assert_memory_equal(&gateway, &expected, sizeof(gateway));
	assert_false(ipam_gateway(ipam, 6, &gateway));
	assert_false(ipam_stats(ipam, 6, 0, &stats));
	assert_true(ipam_stats(ipam, 4, 0, &stats));
	assert_memory_equal(&stats.gateway, &expected, sizeof(gateway));
}

static void counters_go_on_after_a_reload(void **state)
{
	_cleanup_ipam_ struct ipam *old = ipam_of("10.0.0.0/30", "fd00::/64");
	_cleanup_ipam_ struct ipam *new = ipam_of("10.0.0.0/30", "");
	struct pool_stats stats;

	(void)state;
	take(old, 1, NULL, 0, NULL);
	assert_code(take(old, 2, NULL, 0, NULL), -ENOSPC);
	ipam_copy_counters(new, old);
	assert_true(ipam_stats(new, 4, 0, &stats) && stats.exhausted == 1);
}

static void restored_rows_of_one_owner_join(void **state)
{
	_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/24", "fd00::/64");
	struct pool_record record = {.state = POOL_USED};
	struct attachment owner = owner_of(1);
	struct error e;

	(void)state;
	record.addr = addr_of("fd00::5");
	assert_int_equal(ipam_restore(ipam, &record, &owner, &e), 0);
	record.addr = addr_of("10.0.0.5");
	assert_int_equal(ipam_restore(ipam, &record, &owner, &e), 0);
	assert_string_equal(take(ipam, 1, NULL, 0, NULL), "10.0.0.5 fd00::5");
	assert_null(ipam_next(ipam, ipam_next(ipam, NULL)));
}

static void restored_rows_that_contradict_are_refused(void **state)
{
	static const struct {
		const char *addr, *says;
		enum pool_state state;
		int owner;
	} rows[] = {
		{"10.0.0.6", "two IPv4 addresses", POOL_USED, 1},
		{"fd00::5", "half removed", POOL_RELEASING, 1},
		{"10.0.0.5", "stands there twice", POOL_USED, 2},
		{"10.0.0.5", "stands there twice", POOL_RELEASED, 2},
		{"10.1.0.5", "outside of the pools", POOL_USED, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_ipam_ struct ipam *ipam = ipam_of("10.0.0.0/24", "fd00::/64");
		struct pool_record record = {.addr = addr_of("10.0.0.5"), .state = POOL_USED};
		struct attachment owner = owner_of(1);
		struct error e = {.code = 0};

		assert_int_equal(ipam_restore(ipam, &record, &owner, &e), 0);
		owner = owner_of(rows[i].owner);
		record =
			(struct pool_record){.addr = addr_of(rows[i].addr), .state = rows[i].state};
		assert_true(ipam_restore(ipam, &record, &owner, &e) < 0);
		if (!strstr(e.msg, rows[i].says))
			fail_msg("\"%s\" does not say \"%s\"", e.msg, rows[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_refuses_a_configuration_that_makes_no_sense),
		cmocka_unit_test(take_gives_one_address_of_every_family),
		cmocka_unit_test(take_same_owner_twice_gives_same_addresses),
		cmocka_unit_test(take_same_owner_with_another_request_is_refused),
		cmocka_unit_test(interfaces_and_networks_of_one_container_are_different_owners),
		cmocka_unit_test(requested_addresses_are_given_and_the_other_family_gets_any),
		cmocka_unit_test(impossible_requests_are_refused_and_change_nothing),
		cmocka_unit_test(exhausted_family_leaves_the_other_one_untouched),
		cmocka_unit_test(release_blocks_until_released_and_then_cools_down),
		cmocka_unit_test(release_of_a_stale_owner_does_not_touch_the_new_one),
		cmocka_unit_test(lease_is_found_by_address_until_it_is_released),
		cmocka_unit_test(iteration_visits_every_lease_once),
		cmocka_unit_test(gateway_is_the_first_address),
		cmocka_unit_test(counters_go_on_after_a_reload),
		cmocka_unit_test(restored_rows_of_one_owner_join),
		cmocka_unit_test(restored_rows_that_contradict_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
