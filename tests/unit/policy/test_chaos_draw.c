/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chaos draws: decks are exact, streams are uniform and repeat, jitter has its shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "axoneme/chaos_draw.h"
#include "axoneme/chaos_stat.h"

static __u64 key_of(__u64 seed)
{
	return axo_chaos_mix(seed);
}

static void every_deck_has_every_card_once(void **state)
{
	(void)state;
	for (__u64 seed = 0; seed < 200; seed++)
		for (__u64 deck = 0; deck < 20; deck++) {
			unsigned char seen[AXO_CHAOS_DECK] = {0};

			for (__u64 n = 0; n < AXO_CHAOS_DECK; n++) {
				__u32 card = axo_chaos_card(key_of(seed), deck * 1000 + n);

				assert_true(card < AXO_CHAOS_DECK);
				assert_int_equal(seen[card]++, 0);
			}
		}
}

static void decks_of_one_experiment_differ(void **state)
{
	int same = 0;

	(void)state;
	for (__u64 n = 0; n < AXO_CHAOS_DECK; n++)
		same += axo_chaos_card(key_of(1), n) == axo_chaos_card(key_of(1), n + 1000);
	assert_true(same < 20);
}

/* Pairs of neighbours fall into 10 x 10 classes: chi-square with 99 degrees, p = 0.0001 at 162. */
static void cards_do_not_follow_each_other(void **state)
{
	unsigned int pairs[10][10] = {0};
	unsigned int total = 0;
	double chi = 0;

	(void)state;
	for (__u64 seed = 0; seed < 50; seed++)
		for (__u64 n = 0; n + 1 < 10000; n += 2) {
			pairs[axo_chaos_card(key_of(seed), n) / 100]
			     [axo_chaos_card(key_of(seed), n + 1) / 100]++;
			total++;
		}
	for (int i = 0; i < 100; i++) {
		double want = total / 100.0, d = pairs[i / 10][i % 10] - want;

		chi += d * d / want;
	}
	assert_true(chi < 162);
}

static void a_card_is_as_often_first_as_any_other(void **state)
{
	unsigned int first[10] = {0};
	double chi = 0;

	(void)state;
	for (__u64 seed = 0; seed < 10000; seed++)
		first[axo_chaos_card(key_of(seed), 0) / 100]++;
	for (int i = 0; i < 10; i++)
		chi += (first[i] - 1000.0) * (first[i] - 1000.0) / 1000;
	assert_true(chi < 33.7); /* 9 degrees, p = 0.0001 */
}

static void random_draws_have_the_asked_share(void **state)
{
	(void)state;
	for (__u64 seed = 0; seed < 20; seed++) {
		unsigned int hit = 0;

		for (__u64 n = 0; n < 10000; n++)
			hit += axo_chaos_draw(key_of(seed), AXO_CHAOS_RANDOM, n) < 800000;
		double d = hit - 8000.0, chi = d * d / 8000 + d * d / 2000;
		assert_true(chi < 15.2); /* 1 degree, p = 0.0001 */
	}
}

static void the_same_seed_gives_the_same_sequence(void **state)
{
	int same = 0;

	(void)state;
	for (__u64 n = 0; n < 1000; n++) {
		__u32 a = axo_chaos_draw(key_of(7), AXO_CHAOS_RANDOM, n);

		assert_int_equal(a, axo_chaos_draw(key_of(7), AXO_CHAOS_RANDOM, n));
		same += a == axo_chaos_draw(key_of(8), AXO_CHAOS_RANDOM, n);
	}
	assert_true(same < 5);
}

/* What these numbers are is a promise: a seed in a report must replay with later versions. */
static void draws_never_change(void **state)
{
	static const struct {
		__u64 seed, n;
		__u8 sampling;
		__u32 draw;
	} rows[] = {
		{1, 0, AXO_CHAOS_RANDOM, 693512},      {1, 1, AXO_CHAOS_RANDOM, 311742},
		{1, 123456, AXO_CHAOS_RANDOM, 505615}, {1, 0, AXO_CHAOS_EXACT, 826000},
		{1, 999, AXO_CHAOS_EXACT, 202000},     {1, 1000, AXO_CHAOS_EXACT, 680000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(axo_chaos_draw(key_of(rows[i].seed), rows[i].sampling, rows[i].n),
				 rows[i].draw);
}

struct shape {
	double mean, low, high;
};

static struct shape shape_of(__u8 distribution)
{
	struct shape s = {.low = 1e18, .high = -1e18};

	for (__u64 n = 0; n < 100000; n++) {
		double v = (double)axo_chaos_jitter(10000000, distribution,
						    axo_chaos_bits(1, n, AXO_CHAOS_FOR_JITTER, 0));

		s.mean += v / 100000;
		s.low = v < s.low ? v : s.low;
		s.high = v > s.high ? v : s.high;
	}
	return s;
}

static void jitter_has_the_shape_of_its_distribution(void **state)
{
	struct shape uniform = shape_of(AXO_CHAOS_UNIFORM);
	struct shape normal = shape_of(AXO_CHAOS_NORMAL);
	struct shape pareto = shape_of(AXO_CHAOS_PARETO);

	(void)state;
	assert_true(uniform.low >= -10000000 && uniform.low < -9900000);
	assert_true(uniform.high <= 10000000 && uniform.high > 9900000);
	assert_true(uniform.mean > -100000 && uniform.mean < 100000);
	assert_true(normal.mean > -150000 && normal.mean < 150000);
	assert_true(normal.high > 30000000 && normal.high <= 60000000);
	assert_true(normal.low < -30000000 && normal.low >= -60000000);
	assert_true(pareto.low >= 0 && pareto.high > 150000000 && pareto.high <= 310000000);
	assert_true(pareto.mean > 9000000 && pareto.mean < 11000000);
}

static void the_longest_jitter_does_not_overflow(void **state)
{
	(void)state;
	for (__u64 n = 0; n < 1000; n++)
		for (__u8 d = AXO_CHAOS_UNIFORM; d <= AXO_CHAOS_PARETO; d++) {
			__s64 v = axo_chaos_jitter(AXO_CHAOS_DELAY_MAX_NS, d, key_of(n));

			assert_true(v <= 32 * (__s64)AXO_CHAOS_DELAY_MAX_NS &&
				    v >= -6 * (__s64)AXO_CHAOS_DELAY_MAX_NS);
		}
}

static void classes_of_lateness_meet_without_gaps(void **state)
{
	(void)state;
	for (__u32 c = 0; c < AXO_CHAOS_LATE_CLASSES; c++) {
		__u64 first = axo_chaos_late_us(c);

		assert_int_equal(axo_chaos_late_class(first * 1000), c);
		assert_int_equal(axo_chaos_late_class(first * 1000 + 999), c);
		if (c)
			assert_int_equal(axo_chaos_late_class(first * 1000 - 1), c - 1);
	}
	assert_int_equal(axo_chaos_late_class(~0ull), AXO_CHAOS_LATE_CLASSES - 1);
}

static void faults_end_with_the_lease_and_the_experiment(void **state)
{
	const struct axo_chaos c = {.start_ns = 10000000000, .end_ns = 20000000000};
	static const struct {
		__u64 renewed, now;
		int active;
	} rows[] = {
		{10000000000, 9999999999, 0},  {10000000000, 10000000000, 1},
		{10000000000, 13000000000, 1}, {10000000000, 13000000001, 0},
		{19900000000, 19999999999, 1}, {19900000000, 20000000000, 0},
		{12000000001, 12000000000, 1}, {0, 12000000000, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(axo_chaos_active(&c, rows[i].renewed, rows[i].now),
				 rows[i].active);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_deck_has_every_card_once),
		cmocka_unit_test(decks_of_one_experiment_differ),
		cmocka_unit_test(cards_do_not_follow_each_other),
		cmocka_unit_test(a_card_is_as_often_first_as_any_other),
		cmocka_unit_test(random_draws_have_the_asked_share),
		cmocka_unit_test(the_same_seed_gives_the_same_sequence),
		cmocka_unit_test(draws_never_change),
		cmocka_unit_test(jitter_has_the_shape_of_its_distribution),
		cmocka_unit_test(the_longest_jitter_does_not_overflow),
		cmocka_unit_test(classes_of_lateness_meet_without_gaps),
		cmocka_unit_test(faults_end_with_the_lease_and_the_experiment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
