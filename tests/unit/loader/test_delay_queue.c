// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The delay queue: order by release time, first in first out, nothing lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "axoneme/delay.h"
#include "loader/delay_queue.h"

#define MANY 5000

static void put(struct delay_queue *q, uint64_t release_ns, uint32_t experiment, uint32_t number)
{
	struct delay_held held = {.release_ns = release_ns,
				  .frame = malloc(sizeof(number)),
				  .len = sizeof(number),
				  .size = sizeof(number),
				  .experiment = experiment};

	assert_non_null(held.frame);
	memcpy(held.frame, &number, sizeof(number));
	assert_int_equal(delay_queue_put(q, &held), 0);
}

/** take - the number inside the first packet; its release time if asked for */
static uint32_t take(struct delay_queue *q, uint64_t *release_ns)
{
	struct delay_held held;
	uint32_t number;

	assert_true(delay_queue_take(q, &held));
	assert_int_equal(held.len, sizeof(number));
	memcpy(&number, held.frame, sizeof(number));
	free(held.frame);
	if (release_ns)
		*release_ns = held.release_ns;
	return number;
}

static void comes_out_by_release_time(void **state)
{
	struct delay_queue q = {0};
	uint64_t last = 0, at;

	(void)state;
	assert_true(delay_queue_next_ns(&q) == DELAY_NEVER);
	srand(1);
	for (uint32_t i = 0; i < MANY; i++)
		put(&q, (uint64_t)rand() << 16, 1, i);
	assert_int_equal(q.count, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		assert_true(delay_queue_next_ns(&q) >= last);
		take(&q, &at);
		assert_true(at >= last);
		last = at;
	}
	assert_int_equal(q.count, 0);
	assert_int_equal(q.bytes, 0);
	delay_queue_fini(&q);
}

static void equal_times_keep_their_order(void **state)
{
	struct delay_queue q = {0};

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		put(&q, 1000 + i % 3, 1, i);
	for (uint32_t group = 0; group < 3; group++)
		for (uint32_t i = group; i < MANY; i += 3)
			assert_int_equal(take(&q, NULL), i);
	delay_queue_fini(&q);
}

static void hasten_brings_one_experiment_forward_in_order(void **state)
{
	struct delay_queue q = {0};

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		put(&q, 1000 + i, i % 2 ? 7 : 8, i);
	delay_queue_hasten(&q, 7);
	for (uint32_t i = 1; i < 1000; i += 2)
		assert_int_equal(take(&q, NULL), i);
	assert_int_equal(delay_queue_next_ns(&q), 1000);
	delay_queue_hasten(&q, DELAY_ALL);
	assert_int_equal(delay_queue_next_ns(&q), 0);
	for (uint32_t i = 0; i < 1000; i += 2)
		assert_int_equal(take(&q, NULL), i);
	delay_queue_fini(&q);
}

static void what_is_held_is_counted_and_freed(void **state)
{
	struct delay_queue q = {0};

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		put(&q, i, 1, i);
	assert_in_range(q.bytes, 100 * sizeof(uint32_t), 100 * 100);
	delay_queue_fini(&q);
	assert_int_equal(q.count, 0);
}

static void release_time_survives_its_48_bits(void **state)
{
	static const uint64_t now[] = {
		0, 1, 1ull << 47, (1ull << 48) - 1, 1ull << 48, 123456789012345678ull};
	static const int64_t ahead[] = {0, 1, -1, 60000000000ll, -60000000000ll, 1ll << 46};

	(void)state;
	for (size_t i = 0; i < sizeof(now) / sizeof(now[0]); i++) {
		for (size_t j = 0; j < sizeof(ahead) / sizeof(ahead[0]); j++) {
			struct axo_delay_tag tag = {.mark = AXO_DELAY_MARK};
			uint64_t release = now[i] + (uint64_t)ahead[j];

			axo_delay_set_release(&tag, release);
			assert_true(axo_delay_release(&tag, now[i]) == release);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_out_by_release_time),
		cmocka_unit_test(equal_times_keep_their_order),
		cmocka_unit_test(hasten_brings_one_experiment_forward_in_order),
		cmocka_unit_test(what_is_held_is_counted_and_freed),
		cmocka_unit_test(release_time_survives_its_48_bits),
	};

	return cmocka_run_group_tests_name("delay queue", tests, NULL, NULL);
}
