// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Begin and end of experiments, by the calendar and by the kernel's clock, over boots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/cleanup.h"
#include "loader/chaos_time.h"

#define SECOND_US 1000000ll
#define SECOND_NS 1000000000ll
#define NOON_S 1900000000ll /* some moment of the calendar */
#define BOOT "11111111-1111-1111-1111-111111111111"
#define NEXT_BOOT "22222222-2222-2222-2222-222222222222"

static struct chaos_moment moment(int64_t wall_s, int64_t boot_s, const char *boot_id)
{
	return (struct chaos_moment){wall_s * SECOND_US, boot_s * SECOND_NS, boot_id};
}

/** struct begin - an experiment of an hour, applied at noon, 500 s after the boot; in seconds */
struct begin {
	const char *name;
	int64_t start_after;
	int64_t start_wall;
	int64_t start_boot;
};

static const struct begin begins[] = {
	{"at once", 0, 0, 500},
	{"in ten minutes", 600, 0, 1100},
	{"by the calendar", 0, NOON_S + 60, 560},
	{"by the calendar, a minute ago", 0, NOON_S - 60, 440},
	{"by the calendar, before the boot", 0, NOON_S - 900, -400},
};

static struct chaos_row row_of(const struct begin *b)
{
	const struct chaos_options o = {
		.duration_ns = 3600 * (uint64_t)SECOND_NS,
		.start_after_ns = (uint64_t)b->start_after * SECOND_NS,
		.start_wall_s = b->start_wall,
	};
	const struct chaos_moment now = moment(NOON_S, 500, BOOT);
	struct chaos_row row = {.boot_id = BOOT};

	chaos_times_set(&row, &o, &now);
	return row;
}

static void an_experiment_begins_when_it_is_said_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(begins); i++) {
		struct chaos_row row = row_of(&begins[i]);
		int64_t start_us = (NOON_S + begins[i].start_boot - 500) * SECOND_US;

		assert_int_equal(row.start_ns, begins[i].start_boot * SECOND_NS);
		assert_int_equal(row.end_ns, row.start_ns + 3600 * SECOND_NS);
		assert_int_equal(row.start_wall_us, start_us);
		assert_int_equal(row.end_wall_us, start_us + 3600 * SECOND_US);
	}
}

/** struct move - the agent comes back @wall seconds after noon, @boot after the boot @boot_id */
struct move {
	const char *name;
	int64_t wall;
	int64_t boot;
	const char *boot_id;
	int64_t start_boot;
	int64_t end_boot;
};

static const struct move moves[] = {
	{"the same boot", 60, 560, BOOT, 500, 4100},
	{"the same boot, and somebody set the calendar", 90000, 560, BOOT, 500, 4100},
	{"a reboot, half of it over", 1800, 20, NEXT_BOOT, -1780, 1820},
	{"a reboot, and it is over", 7200, 20, NEXT_BOOT, -7180, -3580},
	{"a reboot into the time before it", -100, 20, NEXT_BOOT, 120, 3720},
	{"a reboot that a clock of the boot before would take for the same", 1800, 2300, NEXT_BOOT,
	 500, 4100},
};

static void over_a_reboot_it_goes_on_by_the_calendar(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		const struct move *m = &moves[i];
		const struct chaos_moment now = moment(NOON_S + m->wall, m->boot, m->boot_id);
		struct chaos_row row = row_of(&begins[0]), before = row;

		chaos_times_move(&row, &now);
		assert_int_equal(row.start_ns, m->start_boot * SECOND_NS);
		assert_int_equal(row.end_ns, m->end_boot * SECOND_NS);
		assert_int_equal(row.start_wall_us, before.start_wall_us);
		assert_int_equal(row.end_wall_us, before.end_wall_us);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_experiment_begins_when_it_is_said_to),
		cmocka_unit_test(over_a_reboot_it_goes_on_by_the_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
