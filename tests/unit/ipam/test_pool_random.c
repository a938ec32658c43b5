/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pool against a slow, obvious model: an array of all addresses with what happened to each, in
 * random operations.  A failure prints the seed; `unit-ipam-pool_random SEED` repeats that one.
 *
 * With a large tracked_max nothing is forgotten and the very address is compared.  With a small
 * one the order of forgotten addresses is the pool's own; then what is compared is the class of
 * the address: never used or cool before cooling, never one that is held.
 */
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

#define COOLDOWN_MS 1000
#define SLOTS_MAX 256

enum slot_state { NEVER, FREE, HELD, LEAVING };

/* One address of the model; @owner is an index into owners. */
struct slot {
	enum slot_state state;
	uint64_t released_seq; /* 0 = never used */
	int64_t released_ms;
	int owner;
};

struct model {
	struct cidr cidr;
	struct axo_addr first;
	struct slot slots[SLOTS_MAX];
	int len;
	uint64_t seq;
	int64_t now_ms;
	bool exact;
	struct pool *pool;
	unsigned long long seed, random;
};

static struct attachment owners[4];
static unsigned long long only_seed;

/* xorshift64*: the sequence must be the same everywhere. */
static unsigned int pick(struct model *m, unsigned int below)
{
	m->random ^= m->random >> 12;
	m->random ^= m->random << 25;
	m->random ^= m->random >> 27;
	return (unsigned int)((m->random * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

#define check(m, condition)                                                                     \
	do {                                                                                    \
		if (!(condition))                                                               \
			fail_msg("seed %llu, time %lld: %s", (m)->seed, (long long)(m)->now_ms, \
				 #condition);                                                   \
	} while (0)

static void model_init(struct model *m, const char *cidr, const char *reserved,
		       uint32_t tracked_max)
{
	struct cidr range;
	struct pool_config config = {.cooldown_ms = COOLDOWN_MS, .tracked_max = tracked_max};
	struct error e;

	assert_int_equal(cidr_parse(cidr, &m->cidr, &e), 0);
	assert_int_equal(cidr_parse(reserved, &range, &e), 0);
	config.cidr = m->cidr;
	config.reserved = &range;
	config.reserved_len = 1;
	assert_int_equal(pool_new(&config, &m->pool, &e), 0);
	m->first = cidr_first(&m->cidr);
	m->len = 1 << ((m->cidr.family == 4 ? 32 : 128) - m->cidr.bits);
	assert_true(m->len <= SLOTS_MAX);
	for (int i = 0; i < m->len; i++) {
		struct axo_addr a = addr_add(&m->first, (uint64_t)i);
		bool never = i < 2 || cidr_contains(&range, &a) ||
			     (m->cidr.family == 4 && i == m->len - 1);

		m->slots[i].state = never ? NEVER : FREE;
	}
}

static bool is_cooling(const struct model *m, const struct slot *s)
{
	return s->state == FREE && s->released_seq && m->now_ms - s->released_ms < COOLDOWN_MS;
}

/* The free address unused longest, or -1; equal ones (never used) in address order. */
static int model_next(const struct model *m)
{
	int best = -1;

	for (int i = 0; i < m->len; i++) {
		if (m->slots[i].state != FREE)
			continue;
		if (best < 0 || m->slots[i].released_seq < m->slots[best].released_seq)
			best = i;
	}
	return best;
}

static int slot_of(const struct model *m, const struct axo_addr *addr)
{
	check(m, cidr_contains(&m->cidr, addr));
	return (int)addr_sub(addr, &m->first);
}

static void hold(struct model *m, int i, const struct pool_choice *choice, int owner)
{
	bool early = is_cooling(m, &m->slots[i]) && choice->early;
	uint64_t before = pool_get_stats(m->pool, m->now_ms).reused_early;

	pool_claim(m->pool, choice, &owners[owner]);
	m->slots[i].state = HELD;
	m->slots[i].owner = owner;
	check(m, pool_get_stats(m->pool, m->now_ms).reused_early == before + early);
}

static void step_take(struct model *m)
{
	int expected = model_next(m);
	struct pool_choice choice;
	int r, i;

	check(m, pool_reserve_memory(m->pool) == 0);
	r = pool_choose(m->pool, m->now_ms, &choice, NULL);
	check(m, (r == 0) == (expected >= 0));
	if (r < 0) {
		check(m, r == -ENOSPC);
		return;
	}
	i = slot_of(m, &choice.addr);
	check(m, m->slots[i].state == FREE);
	check(m, choice.early == is_cooling(m, &m->slots[expected]));
	check(m, choice.early == is_cooling(m, &m->slots[i]));
	check(m, !m->exact || i == expected);
	hold(m, i, &choice, (int)pick(m, ARRAY_SIZE(owners)));
}

static void step_request(struct model *m)
{
	int i = (int)pick(m, (unsigned int)m->len);
	int owner = (int)pick(m, ARRAY_SIZE(owners));
	struct axo_addr addr = addr_add(&m->first, (uint64_t)i);
	const struct slot *s = &m->slots[i];
	struct pool_choice choice;
	int expected = 0, r;

	if (s->state == NEVER)
		expected = -EADDRNOTAVAIL;
	else if (s->state != FREE)
		expected = -EADDRINUSE;
	else if (is_cooling(m, s) && s->owner != owner)
		expected = -EADDRNOTAVAIL;
	check(m, pool_reserve_memory(m->pool) == 0);
	r = pool_choose_requested(m->pool, &addr, &owners[owner], m->now_ms, &choice, NULL);
	check(m, r == expected);
	if (r < 0)
		return;
	check(m, !choice.early && !addr_cmp(&choice.addr, &addr));
	hold(m, i, &choice, owner);
}

/* A random slot in @state, or -1. */
static int pick_slot(struct model *m, enum slot_state state)
{
	int start = (int)pick(m, (unsigned int)m->len);

	for (int n = 0; n < m->len; n++) {
		int i = (start + n) % m->len;

		if (m->slots[i].state == state)
			return i;
	}
	return -1;
}

static void step_release(struct model *m)
{
	int i = pick_slot(m, HELD);
	struct axo_addr addr;

	if (i < 0)
		return;
	addr = addr_add(&m->first, (uint64_t)i);
	pool_release(m->pool, &addr);
	m->slots[i].state = LEAVING;
}

static void step_released(struct model *m)
{
	int i = pick_slot(m, LEAVING);
	struct axo_addr addr;

	if (i < 0)
		return;
	addr = addr_add(&m->first, (uint64_t)i);
	pool_released(m->pool, &addr, m->now_ms);
	m->slots[i].state = FREE;
	m->slots[i].released_seq = ++m->seq;
	m->slots[i].released_ms = m->now_ms;
}

static void check_counts(struct model *m)
{
	struct pool_stats stats = pool_get_stats(m->pool, m->now_ms);
	uint64_t size = 0, used = 0, releasing = 0, cooling = 0;

	for (int i = 0; i < m->len; i++) {
		size += m->slots[i].state != NEVER;
		used += m->slots[i].state == HELD;
		releasing += m->slots[i].state == LEAVING;
		cooling += is_cooling(m, &m->slots[i]);
	}
	check(m, stats.size == size);
	check(m, stats.used == used);
	check(m, stats.releasing == releasing);
	check(m, stats.cooling == cooling);
}

/* What the store would have on disk must be what the pool has in memory. */
static void drain(struct model *m, struct pool_record disk[SLOTS_MAX])
{
	struct pool_record change;

	while (pool_change_next(m->pool, &change))
		disk[slot_of(m, &change.addr)] = change;
	for (int i = 0; i < m->len; i++) {
		struct axo_addr addr = addr_add(&m->first, (uint64_t)i);
		struct pool_record record = pool_find(m->pool, &addr);

		check(m, record.state == disk[i].state);
		check(m, record.owner == disk[i].owner);
		check(m, record.state != POOL_RELEASED || record.seq == disk[i].seq);
		check(m,
		      record.state != POOL_RELEASED || record.released_ms == disk[i].released_ms);
	}
}

/* Phases of filling and of emptying, so that both ends are reached. */
static void step(struct model *m, int n)
{
	bool filling = n / (2 * m->len) % 2 == 0;
	unsigned int dice = pick(m, 100);

	m->now_ms += pick(m, 10) ? pick(m, 20) : pick(m, 1500);
	if (dice < (filling ? 50 : 20))
		step_take(m);
	else if (dice < 60)
		step_request(m);
	else if (dice < (filling ? 75 : 80))
		step_release(m);
	else
		step_released(m);
}

static void run_seed(unsigned long long seed, const char *cidr, const char *reserved,
		     uint32_t tracked_max)
{
	struct pool_record disk[SLOTS_MAX] = {0};
	struct model m = {.seed = seed, .random = seed * 2 + 1, .exact = tracked_max == 0};

	model_init(&m, cidr, reserved, tracked_max);
	for (int n = 0; n < 4000; n++) {
		step(&m, n);
		check_counts(&m);
		if (n % 16 == 0)
			drain(&m, disk);
	}
	pool_free(m.pool);
}

static void run_seeds(const char *cidr, const char *reserved, uint32_t tracked_max)
{
	if (only_seed) {
		run_seed(only_seed, cidr, reserved, tracked_max);
		return;
	}
	for (unsigned long long seed = 1; seed <= 6; seed++)
		run_seed(seed, cidr, reserved, tracked_max);
}

static void small_v4_pool_agrees_with_the_model(void **state)
{
	(void)state;
	run_seeds("10.0.0.0/28", "10.0.0.4/31", 0);
}

static void v4_pool_with_a_reserved_range_agrees_with_the_model(void **state)
{
	(void)state;
	run_seeds("10.0.0.0/24", "10.0.0.0/28", 0);
}

static void v6_pool_agrees_with_the_model(void **state)
{
	(void)state;
	run_seeds("fd00::/120", "fd00::80/123", 0);
}

static void smallest_pools_agree_with_the_model(void **state)
{
	(void)state;
	run_seeds("10.0.0.0/30", "10.0.0.0/31", 0);
	run_seeds("fd00::/126", "fd00::/127", 0);
}

static void pool_that_forgets_agrees_with_the_model(void **state)
{
	(void)state;
	run_seeds("10.0.0.0/28", "10.0.0.4/31", 1);
	run_seeds("10.0.0.0/24", "10.0.0.0/28", 16);
	run_seeds("fd00::/120", "fd00::80/123", 3);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_v4_pool_agrees_with_the_model),
		cmocka_unit_test(v4_pool_with_a_reserved_range_agrees_with_the_model),
		cmocka_unit_test(v6_pool_agrees_with_the_model),
		cmocka_unit_test(smallest_pools_agree_with_the_model),
		cmocka_unit_test(pool_that_forgets_agrees_with_the_model),
	};

	if (argc > 1)
		only_seed = strtoull(argv[1], NULL, 10);
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		char id[8];

		snprintf(id, sizeof(id), "c%zu", i);
		if (attachment_set(&owners[i], "net", id, "eth0", NULL) < 0)
			return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
