// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Quantiles of lateness from classes: upper ends, but never later than the latest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/cleanup.h"
#include "loader/chaos_json.h"

/** struct row - @late_us: @count packets that late, up to 0 */
struct row {
	uint64_t late_us[8];
	uint64_t p50_us;
	uint64_t p99_us;
};

static const struct row rows[] = {
	{{0}, 0, 0},
	/* One packet is the median and the latest. */
	{{811}, 811, 811},
	{{80, 81, 82, 83, 84, 1000}, 96, 1000},
	{{1, 2, 3}, 3, 3},
	{{100, 200, 300, 400, 500, 600, 70000}, 448, 70000},
};

static void a_quantile_is_at_most_the_latest(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct axo_chaos_stat s = {0};

		for (const uint64_t *us = rows[i].late_us; *us; us++) {
			s.late[axo_chaos_late_class(*us * 1000)]++;
			if (*us * 1000 > s.late_max_ns)
				s.late_max_ns = *us * 1000;
		}
		assert_int_equal(chaos_late_us(&s, 0.5), rows[i].p50_us);
		assert_int_equal(chaos_late_us(&s, 0.99), rows[i].p99_us);
	}
}

static void a_latest_that_a_race_lost_is_the_limit_all_the_same(void **state)
{
	struct axo_chaos_stat s = {.late_max_ns = 100000};

	(void)state;
	/* Two CPUs wrote the latest at once: what is shown must not contradict itself. */
	s.late[axo_chaos_late_class(900000)] = 1;
	assert_int_equal(chaos_late_us(&s, 0.99), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quantile_is_at_most_the_latest),
		cmocka_unit_test(a_latest_that_a_race_lost_is_the_limit_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
