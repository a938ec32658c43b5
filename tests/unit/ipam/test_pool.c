/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pool: which address is taken next, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ipam/pool.h"
#include "lib/cleanup.h"
#include "tests/unit/ipam/text.h"

static void free_pool(struct pool **pool)
{
	pool_free(*pool);
}
#define _cleanup_pool_ _cleanup_(free_pool)

/* The pool borrows its owners. */
static const struct attachment *lasting_owner(int n)
{
	static struct attachment owners[8];

	owners[n] = owner_of(n);
	return &owners[n];
}

/* A pool with @reserved ("" = none) and 1000 ms of cool-down. */
static struct pool *pool_of(const char *cidr, const char *reserved, uint32_t tracked_max)
{
	struct cidr range = reserved[0] ? cidr_of(reserved) : (struct cidr){.family = 0};
	struct pool_config config = {
		.cidr = cidr_of(cidr),
		.reserved = &range,
		.reserved_len = reserved[0] ? 1 : 0,
		.cooldown_ms = 1000,
		.tracked_max = tracked_max,
	};
	struct pool *pool;
	struct error e;

	if (pool_new(&config, &pool, &e) < 0)
		fail_msg("%s: %s", cidr, e.msg);
	return pool;
}

/* Take at @now_ms: text of the address in a static buffer, "" = exhausted. */
static const char *take(struct pool *pool, int64_t now_ms)
{
	static char text[CIDR_STR_MAX];
	struct pool_choice choice;

	assert_int_equal(pool_reserve_memory(pool), 0);
	if (pool_choose(pool, now_ms, &choice, NULL) < 0)
		return "";
	pool_claim(pool, &choice, lasting_owner(0));
	return addr_to_str(&choice.addr, text);
}

static void give_back(struct pool *pool, const char *text, int64_t now_ms)
{
	struct axo_addr addr = addr_of(text);

	pool_release(pool, &addr);
	pool_released(pool, &addr, now_ms);
}

static int request(struct pool *pool, const char *text, int owner, int64_t now_ms, struct error *e)
{
	struct axo_addr addr = addr_of(text);
	struct pool_choice choice;
	int r;

	assert_int_equal(pool_reserve_memory(pool), 0);
	r = pool_choose_requested(pool, &addr, lasting_owner(owner), now_ms, &choice, e);
	if (r == 0)
		pool_claim(pool, &choice, lasting_owner(owner));
	return r;
}

static void drain_changes(struct pool *pool)
{
	struct pool_record record;

	while (pool_change_next(pool, &record))
		;
}

static void new_pool_has_the_size_of_what_can_be_handed_out(void **state)
{
	static const struct {
		const char *cidr, *reserved, *first;
		uint64_t size;
	} rows[] = {
		{"10.0.0.0/24", "", "10.0.0.2", 253},
		{"10.0.0.0/24", "10.0.0.0/28", "10.0.0.16", 239},
		{"10.0.0.0/24", "10.0.0.128/25", "10.0.0.2", 126},
		{"10.0.0.0/24", "10.0.0.2/32", "10.0.0.3", 252},
		{"10.0.0.0/24", "10.1.0.0/24", "10.0.0.2", 253},
		{"10.0.0.0/30", "", "10.0.0.2", 1},
		{"10.0.0.0/16", "", "10.0.0.2", 65533},
		{"10.0.0.0/8", "", "10.0.0.2", (1u << 24) - 3},
		{"fd00::/126", "", "fd00::2", 2},
		{"fd00::/120", "fd00::/121", "fd00::80", 128},
		{"fd00::/64", "", "fd00::2", UINT64_MAX - 1},
		{"fd00::/56", "", "fd00::2", UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_pool_ struct pool *pool = pool_of(rows[i].cidr, rows[i].reserved, 0);
		struct pool_stats stats = pool_get_stats(pool, 0);

		assert_true(stats.size == rows[i].size);
		assert_string_equal(take(pool, 0), rows[i].first);
	}
}

static void new_pool_refuses_what_cannot_be_one(void **state)
{
	static const struct {
		const char *cidr, *reserved, *says;
		int64_t cooldown_ms;
	} rows[] = {
		{"10.0.0.0/31", NULL, "pool 10.0.0.0/31 is too small", 0},
		{"10.0.0.0/32", NULL, "expected a length of at most 30", 0},
		{"fd00::/127", NULL, "pool fd00::/127 is too small", 0},
		{"fd00::/128", NULL, "expected a length of at most 126", 0},
		{"10.0.0.0/24", "10.0.0.0/16", "all of it is reserved", 0},
		{"10.0.0.0/30", "10.0.0.2/32", "all of it is reserved", 0},
		{"224.0.0.0/24", NULL, "multicast", 0},
		{"239.1.0.0/16", NULL, "multicast", 0},
		{"127.0.0.0/16", NULL, "loopback", 0},
		{"0.0.0.0/0", NULL, "this network", 0},
		{"ff00::/64", NULL, "multicast", 0},
		{"fe80::/64", NULL, "link-local", 0},
		{"::/0", NULL, "loopback", 0},
		{"10.0.0.0/24", NULL, "cool-down of -1 ms", -1},
		{"10.0.0.0/24", NULL, "expected 0 to 3600000", 3600001},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cidr reserved = rows[i].reserved ? cidr_of(rows[i].reserved)
							: (struct cidr){.family = 0};
		struct pool_config config = {
			.cidr = cidr_of(rows[i].cidr),
			.reserved = &reserved,
			.reserved_len = rows[i].reserved ? 1 : 0,
			.cooldown_ms = rows[i].cooldown_ms,
		};
		struct pool *pool = NULL;
		struct error e = {.code = 0};

		assert_int_equal(pool_new(&config, &pool, &e), -EINVAL);
		assert_null(pool);
		if (!strstr(e.msg, rows[i].says))
			fail_msg("\"%s\" does not say \"%s\"", e.msg, rows[i].says);
	}
}

static void take_gives_never_used_addresses_in_address_order(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/29", "10.0.0.4/31", 0);

	(void)state;
	assert_string_equal(take(pool, 0), "10.0.0.2");
	assert_string_equal(take(pool, 0), "10.0.0.3");
	assert_string_equal(take(pool, 0), "10.0.0.6");
	assert_string_equal(take(pool, 0), "");
}

static void take_prefers_never_used_to_long_released(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/29", "", 0);

	(void)state;
	assert_string_equal(take(pool, 0), "10.0.0.2");
	give_back(pool, "10.0.0.2", 0);
	assert_string_equal(take(pool, 1000000), "10.0.0.3");
}

static void first_lap_searches_as_long_as_needed_for_a_never_used_one(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/22", "", 0);

	(void)state;
	for (int i = 2; i < 900; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.0.%d.%d", i / 256, i % 256);
		assert_int_equal(request(pool, text, 0, 0, NULL), 0);
	}
	give_back(pool, "10.0.0.2", 0);
	assert_string_equal(take(pool, 5000), "10.0.3.132");
}

static void take_gives_the_one_released_longest_ago(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/29", "", 0);

	(void)state;
	for (int i = 0; i < 5; i++)
		take(pool, 0);
	give_back(pool, "10.0.0.5", 10);
	give_back(pool, "10.0.0.3", 20);
	give_back(pool, "10.0.0.4", 20);
	assert_string_equal(take(pool, 5000), "10.0.0.5");
	assert_string_equal(take(pool, 5000), "10.0.0.3");
	assert_string_equal(take(pool, 5000), "10.0.0.4");
	assert_true(pool_get_stats(pool, 5000).reused_early == 0);
}

static void take_reuses_the_oldest_cooling_one_and_counts_it(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/29", "", 0);

	(void)state;
	for (int i = 0; i < 5; i++)
		take(pool, 0);
	give_back(pool, "10.0.0.5", 0);
	give_back(pool, "10.0.0.3", 100);
	assert_string_equal(take(pool, 999), "10.0.0.5");
	assert_true(pool_get_stats(pool, 999).reused_early == 1);
	assert_string_equal(take(pool, 1100), "10.0.0.3");
	assert_true(pool_get_stats(pool, 1100).reused_early == 1);
}

static void cool_down_ends_after_exactly_its_length(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/30", "", 0);

	(void)state;
	take(pool, 0);
	give_back(pool, "10.0.0.2", 500);
	assert_true(pool_get_stats(pool, 1499).cooling == 1);
	assert_true(pool_get_stats(pool, 1500).cooling == 0);
	assert_int_equal(request(pool, "10.0.0.2", 1, 1499, NULL), -EADDRNOTAVAIL);
	assert_int_equal(request(pool, "10.0.0.2", 1, 1500, NULL), 0);
}

static void releasing_address_is_not_reused_however_long_it_takes(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/30", "", 0);
	struct axo_addr addr = addr_of("10.0.0.2");
	struct pool_choice choice;
	struct error e;

	(void)state;
	take(pool, 0);
	pool_release(pool, &addr);
	assert_int_equal(pool_choose(pool, 1000000, &choice, &e), -ENOSPC);
	assert_string_equal(
		e.msg, "pool 10.0.0.0/30 is exhausted: 1 addresses, 0 in use, 1 being removed");
	pool_released(pool, &addr, 1000000);
	assert_string_equal(take(pool, 2000000), "10.0.0.2");
}

static void exhausted_pool_says_its_name_size_and_use_and_counts(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/24", "", 0);
	struct pool_choice choice;
	struct error e;

	(void)state;
	for (int i = 0; i < 253; i++)
		assert_string_not_equal(take(pool, 0), "");
	assert_int_equal(pool_choose(pool, 0, &choice, &e), -ENOSPC);
	assert_int_equal(e.code, -ENOSPC);
	assert_string_equal(e.msg, "pool 10.0.0.0/24 is exhausted: 253 addresses, 253 in use");
	assert_true(pool_get_stats(pool, 0).exhausted == 1);
}

static void request_of_a_free_address_gets_it_and_the_order_steps_over_it(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/29", "", 0);

	(void)state;
	assert_int_equal(request(pool, "10.0.0.3", 0, 0, NULL), 0);
	assert_string_equal(take(pool, 0), "10.0.0.2");
	assert_string_equal(take(pool, 0), "10.0.0.4");
}

static void request_of_what_is_never_handed_out_is_refused(void **state)
{
	static const struct {
		const char *addr, *says;
	} rows[] = {
		{"10.0.0.0", "never handed out"},
		{"10.0.0.1", "never handed out"},
		{"10.0.0.17", "never handed out"},
		{"10.0.0.255", "never handed out"},
		{"10.0.1.0", "outside"},
		{"9.255.255.255", "outside"},
		{"fd00::5", "outside"},
	};
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/24", "10.0.0.16/28", 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error e = {.code = 0};

		assert_int_equal(request(pool, rows[i].addr, 0, 0, &e), -EADDRNOTAVAIL);
		assert_int_equal(e.code, -EADDRNOTAVAIL);
		assert_non_null(strstr(e.msg, rows[i].addr));
		assert_non_null(strstr(e.msg, rows[i].says));
	}
}

static void request_of_a_taken_address_names_the_owner(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/24", "", 0);
	struct axo_addr addr = addr_of("10.0.0.9");
	struct error e;

	(void)state;
	assert_int_equal(request(pool, "10.0.0.9", 3, 0, NULL), 0);
	assert_int_equal(request(pool, "10.0.0.9", 4, 0, &e), -EADDRINUSE);
	assert_string_equal(
		e.msg, "address 10.0.0.9 is taken by container c3, interface eth0, network net");
	pool_release(pool, &addr);
	assert_int_equal(request(pool, "10.0.0.9", 3, 0, &e), -EADDRINUSE);
	assert_non_null(strstr(e.msg, "still being removed from container c3"));
}

static void request_of_a_cooling_address_is_for_its_last_owner_only(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/24", "", 0);
	struct error e;

	(void)state;
	assert_int_equal(request(pool, "10.0.0.9", 3, 0, NULL), 0);
	give_back(pool, "10.0.0.9", 100);
	assert_int_equal(request(pool, "10.0.0.9", 4, 200, &e), -EADDRNOTAVAIL);
	assert_string_equal(e.msg, "address 10.0.0.9 is cooling down for another 0.900 s");
	assert_int_equal(request(pool, "10.0.0.9", 3, 200, NULL), 0);
	assert_true(pool_get_stats(pool, 200).reused_early == 0);
}

static void changes_are_handed_out_once_and_in_order(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/29", "", 0);
	struct pool_record record;

	(void)state;
	take(pool, 0);
	take(pool, 0);
	assert_true(pool_change_next(pool, &record));
	assert_int_equal(record.state, POOL_USED);
	assert_ptr_equal(record.owner, lasting_owner(0));
	assert_true(pool_change_next(pool, &record));
	assert_false(pool_change_next(pool, &record));
	give_back(pool, "10.0.0.2", 77);
	assert_true(pool_change_next(pool, &record));
	assert_int_equal(record.state, POOL_RELEASED);
	assert_int_equal(record.released_ms, 77);
	assert_null(record.owner);
	assert_true(record.owner_hash == attachment_hash(lasting_owner(0)));
	assert_false(pool_change_next(pool, &record));
}

/* tracked_max 2: the third release forgets the first address, whose cool-down is over. */
static void old_released_address_is_forgotten_and_found_again_before_the_tracked_ones(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/29", "", 2);
	struct axo_addr first = addr_of("10.0.0.4");
	struct pool_record record;

	(void)state;
	for (int i = 0; i < 5; i++)
		take(pool, 0);
	drain_changes(pool);
	give_back(pool, "10.0.0.4", 0);
	give_back(pool, "10.0.0.2", 1);
	give_back(pool, "10.0.0.3", 2000);
	assert_int_equal(pool_find(pool, &first).state, POOL_FREE);
	assert_true(pool_get_stats(pool, 2000).records == 4);
	assert_true(pool_change_next(pool, &record));
	assert_int_equal(record.state, POOL_FREE);
	assert_memory_equal(&record.addr, &first, sizeof(first));
	assert_string_equal(take(pool, 2000), "10.0.0.4");
	assert_string_equal(take(pool, 2000), "10.0.0.2");
	assert_string_equal(take(pool, 2000), "10.0.0.3");
}

static void cooling_address_is_never_forgotten(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/28", "", 1);

	(void)state;
	for (int i = 0; i < 13; i++)
		take(pool, 0);
	for (int i = 2; i < 10; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.0.0.%d", i);
		give_back(pool, text, i);
	}
	assert_true(pool_get_stats(pool, 20).cooling == 8);
	assert_true(pool_get_stats(pool, 20).records == 13);
}

static void list_of_released_shrinks_again_after_a_burst_two_at_a_time(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/24", "", 4);
	int64_t now = 0;

	(void)state;
	for (int i = 2; i < 102; i++)
		take(pool, 0);
	for (int i = 2; i < 102; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.0.0.%d", i);
		give_back(pool, text, 0);
	}
	assert_true(pool_get_stats(pool, 0).records == 100);
	for (int i = 0; i < 200; i++) {
		uint64_t before;
		char text[CIDR_STR_MAX];

		now += 1000;
		snprintf(text, sizeof(text), "%s", take(pool, now));
		before = pool_get_stats(pool, now).records;
		give_back(pool, text, now);
		assert_true(pool_get_stats(pool, now).records + 2 >= before);
	}
	assert_true(pool_get_stats(pool, now).records <= 5);
}

/* The whole life of a pool with far more releases than it remembers; steps stand for time. */
static void assert_churn_is_cheap(const char *cidr, uint32_t tracked_max, int live, int rounds,
				  int steps_per_round)
{
	_cleanup_pool_ struct pool *pool = pool_of(cidr, "", tracked_max);
	_cleanup_free_ struct axo_addr *ring = calloc((size_t)live, sizeof(*ring));
	unsigned int seed = 1;
	int64_t now = 0;

	assert_non_null(ring);
	for (int i = 0; i < rounds; i++) {
		struct axo_addr *slot = &ring[rand_r(&seed) % live];
		struct pool_choice choice;

		now += 100;
		if (!addr_is_zero(slot)) {
			pool_release(pool, slot);
			pool_released(pool, slot, now);
		}
		assert_int_equal(pool_reserve_memory(pool), 0);
		assert_int_equal(pool_choose(pool, now, &choice, NULL), 0);
		assert_false(choice.early);
		pool_claim(pool, &choice, lasting_owner(0));
		*slot = choice.addr;
		drain_changes(pool);
	}
	assert_true(pool_get_stats(pool, now).records <= (uint64_t)live + tracked_max + 1);
	if (pool_get_stats(pool, now).steps > (uint64_t)steps_per_round * (uint64_t)rounds)
		fail_msg("%s: %llu steps in %d rounds", cidr,
			 (unsigned long long)pool_get_stats(pool, now).steps, rounds);
}

static void churn_costs_few_steps_and_bounded_memory_whatever_the_size(void **state)
{
	(void)state;
	assert_churn_is_cheap("10.0.0.0/28", 65536, 2, 20000, 4);
	assert_churn_is_cheap("10.0.0.0/16", 65536, 500, 100000, 4);
	assert_churn_is_cheap("10.0.0.0/16", 1000, 500, 200000, 4);
	assert_churn_is_cheap("fd00::/64", 1000, 500, 100000, 4);
	assert_churn_is_cheap("fd00::/116", 1000, 2000, 100000, 4);
	/* All but one or two of the 4094 addresses have a record. */
	assert_churn_is_cheap("fd00::/116", 1000, 3094, 100000, 32);
}

static uint64_t records_after_5000_pods(const char *cidr)
{
	_cleanup_pool_ struct pool *pool = pool_of(cidr, "", 0);

	for (int i = 0; i < 5000; i++) {
		char text[CIDR_STR_MAX];

		snprintf(text, sizeof(text), "%s", take(pool, i * 1000));
		give_back(pool, text, i * 1000);
	}
	return pool_get_stats(pool, 5000000).records;
}

static void only_a_large_pool_forgets_by_default(void **state)
{
	(void)state;
	assert_true(records_after_5000_pods("10.0.0.0/16") == 5000);
	assert_true(records_after_5000_pods("10.0.0.0/15") == POOL_TRACKED_LARGE);
	assert_true(records_after_5000_pods("fd00::/64") == POOL_TRACKED_LARGE);
}

/* 1021 addresses, the cursor has come round, and all but a few behind it are taken. */
static void later_lap_does_not_search_long_for_a_forgotten_address(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/22", "", 1);
	uint64_t before;

	(void)state;
	for (int i = 0; i < 1021; i++)
		take(pool, 0);
	give_back(pool, "10.0.0.9", 0);
	give_back(pool, "10.0.3.1", 0);
	give_back(pool, "10.0.3.2", 1000); /* forgets .9: the only one, the cursor jumps to it */
	give_back(pool, "10.0.3.3", 2000); /* forgets 3.1 and 3.2 */
	assert_string_equal(take(pool, 2000), "10.0.0.9");
	before = pool_get_stats(pool, 5000).steps;
	assert_string_equal(take(pool, 5000), "10.0.3.3"); /* rule 2, although 3.1 is older */
	assert_true(pool_get_stats(pool, 5000).steps == before + POOL_SCAN_MAX);
	for (int i = 4; i < 7; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.0.3.%d", i);
		give_back(pool, text, 5000);
	}
	assert_string_equal(take(pool, 5000), "10.0.3.1"); /* rather search than reuse early */
	assert_true(pool_get_stats(pool, 5000).reused_early == 0);
}

static void restored_pool_goes_on_as_before(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/29", "", 0);
	_cleanup_pool_ struct pool *copy = pool_of("10.0.0.0/29", "", 0);
	struct pool_record record;
	struct pool_cursor cursor;

	(void)state;
	for (int i = 0; i < 3; i++)
		take(pool, 0);
	give_back(pool, "10.0.0.3", 10);
	give_back(pool, "10.0.0.2", 20);
	for (struct axo_addr a = addr_of("10.0.0.4"); pool_find(pool, &a).state != POOL_FREE;
	     a = addr_add(&a, 1)) {
		record = pool_find(pool, &a);
		assert_int_equal(pool_restore(copy, &record), 0);
		assert_int_equal(pool_restore(copy, &record), -EEXIST);
	}
	record = pool_find(pool, &(struct axo_addr){{0}});
	record.addr = addr_of("10.0.0.3");
	record = pool_find(pool, &record.addr);
	assert_int_equal(pool_restore(copy, &record), 0);
	record.addr = addr_of("10.0.0.2");
	record = pool_find(pool, &record.addr);
	assert_int_equal(pool_restore(copy, &record), 0);
	assert_true(pool_cursor_get(pool, &cursor));
	assert_false(pool_cursor_get(pool, &cursor));
	pool_cursor_set(copy, &cursor);
	for (int i = 0; i < 5; i++) {
		char text[CIDR_STR_MAX];

		snprintf(text, sizeof(text), "%s", take(pool, 5000));
		assert_string_equal(take(copy, 5000), text);
	}
	assert_string_equal(take(copy, 5000), "");
}

static void restored_cursor_knows_its_lap(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/24", "", 0);
	struct pool_cursor cursor = {addr_of("10.0.0.77"), true};

	(void)state;
	pool_cursor_set(pool, &cursor);
	assert_false(pool_cursor_get(pool, &cursor));
	assert_string_equal(take(pool, 0), "10.0.0.77");
	assert_string_equal(take(pool, 0), "10.0.0.78");
	assert_true(pool_cursor_get(pool, &cursor));
	assert_true(cursor.wrapped);
	cursor = (struct pool_cursor){addr_of("10.0.1.0"), true};
	pool_cursor_set(pool, &cursor);
	assert_string_equal(take(pool, 0), "10.0.0.2");
}

static void restore_refuses_what_is_outside_and_drops_what_became_reserved(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/24", "10.0.0.32/28", 0);
	struct pool_record record = {.addr = addr_of("10.0.1.1"), .state = POOL_RELEASED};

	(void)state;
	assert_int_equal(pool_restore(pool, &record), -EINVAL);
	record.addr = addr_of("10.0.0.33");
	assert_int_equal(pool_restore(pool, &record), 0);
	assert_true(pool_get_stats(pool, 0).records == 0);
	assert_true(pool_change_next(pool, &record));
	assert_int_equal(record.state, POOL_FREE);
}

static void address_that_became_reserved_while_in_use_is_not_handed_out_again(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/30", "", 0);
	_cleanup_pool_ struct pool *later = pool_of("10.0.0.0/29", "10.0.0.0/30", 0);
	struct pool_record record;

	(void)state;
	take(pool, 0);
	record = pool_find(pool, &(struct axo_addr){{0}});
	record.addr = addr_of("10.0.0.2");
	record = pool_find(pool, &record.addr);
	assert_int_equal(pool_restore(later, &record), 0);
	assert_true(pool_get_stats(later, 0).used == 1);
	give_back(later, "10.0.0.2", 0);
	assert_true(pool_get_stats(later, 0).records == 0);
	for (int i = 4; i < 7; i++)
		assert_string_not_equal(take(later, 1000000), "10.0.0.2");
	assert_string_equal(take(later, 1000000), "");
}

static void rebase_keeps_cool_what_was_cool_and_cools_the_rest_again(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/29", "", 0);

	(void)state;
	for (int i = 0; i < 5; i++)
		take(pool, 0);
	give_back(pool, "10.0.0.6", 100000);
	give_back(pool, "10.0.0.2", 101500);
	give_back(pool, "10.0.0.3", 102000);
	pool_rebase(pool, 50);
	assert_true(pool_get_stats(pool, 50).cooling == 2);
	assert_true(pool_get_stats(pool, 1050).cooling == 0);
	assert_string_equal(take(pool, 50), "10.0.0.6");
	assert_true(pool_get_stats(pool, 50).reused_early == 0);
	assert_string_equal(take(pool, 50), "10.0.0.2");
	assert_true(pool_get_stats(pool, 50).reused_early == 1);
}

static void counters_go_on_in_a_copy(void **state)
{
	_cleanup_pool_ struct pool *pool = pool_of("10.0.0.0/30", "", 0);
	_cleanup_pool_ struct pool *copy = pool_of("10.0.0.0/30", "", 0);

	(void)state;
	take(pool, 0);
	assert_string_equal(take(pool, 0), "");
	give_back(pool, "10.0.0.2", 0);
	assert_string_equal(take(pool, 0), "10.0.0.2");
	pool_copy_counters(copy, pool);
	assert_true(pool_get_stats(copy, 0).exhausted == 1);
	assert_true(pool_get_stats(copy, 0).reused_early == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_pool_has_the_size_of_what_can_be_handed_out),
		cmocka_unit_test(new_pool_refuses_what_cannot_be_one),
		cmocka_unit_test(take_gives_never_used_addresses_in_address_order),
		cmocka_unit_test(take_prefers_never_used_to_long_released),
		cmocka_unit_test(first_lap_searches_as_long_as_needed_for_a_never_used_one),
		cmocka_unit_test(take_gives_the_one_released_longest_ago),
		cmocka_unit_test(take_reuses_the_oldest_cooling_one_and_counts_it),
		cmocka_unit_test(cool_down_ends_after_exactly_its_length),
		cmocka_unit_test(releasing_address_is_not_reused_however_long_it_takes),
		cmocka_unit_test(exhausted_pool_says_its_name_size_and_use_and_counts),
		cmocka_unit_test(request_of_a_free_address_gets_it_and_the_order_steps_over_it),
		cmocka_unit_test(request_of_what_is_never_handed_out_is_refused),
		cmocka_unit_test(request_of_a_taken_address_names_the_owner),
		cmocka_unit_test(request_of_a_cooling_address_is_for_its_last_owner_only),
		cmocka_unit_test(changes_are_handed_out_once_and_in_order),
		cmocka_unit_test(
			old_released_address_is_forgotten_and_found_again_before_the_tracked_ones),
		cmocka_unit_test(cooling_address_is_never_forgotten),
		cmocka_unit_test(list_of_released_shrinks_again_after_a_burst_two_at_a_time),
		cmocka_unit_test(churn_costs_few_steps_and_bounded_memory_whatever_the_size),
		cmocka_unit_test(only_a_large_pool_forgets_by_default),
		cmocka_unit_test(later_lap_does_not_search_long_for_a_forgotten_address),
		cmocka_unit_test(restored_pool_goes_on_as_before),
		cmocka_unit_test(restored_cursor_knows_its_lap),
		cmocka_unit_test(restore_refuses_what_is_outside_and_drops_what_became_reserved),
		cmocka_unit_test(address_that_became_reserved_while_in_use_is_not_handed_out_again),
		cmocka_unit_test(rebase_keeps_cool_what_was_cool_and_cools_the_rest_again),
		cmocka_unit_test(counters_go_on_in_a_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
