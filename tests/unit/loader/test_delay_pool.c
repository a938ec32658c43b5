// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Memory of the delay line's frames: large ones are not copied, small ones take what they need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/delay_pool.h"

static void frames_are_kept_whole(void **state)
{
	static const struct {
		size_t len;
		uint32_t size;
	} rows[] = {
		{0, 1},
		{1, 1},
		{1458, 1458},
		{DELAY_FRAME_LARGE - 1, DELAY_FRAME_LARGE - 1},
		{DELAY_FRAME_LARGE, DELAY_FRAME_MAX},
		{DELAY_FRAME_MAX, DELAY_FRAME_MAX},
	};
	struct delay_pool pool;

	(void)state;
	assert_int_equal(delay_pool_init(&pool), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t size = 0;
		uint8_t *frame;

		memset(pool.hand, (int)i + 1, rows[i].len);
		frame = delay_pool_keep(&pool, rows[i].len, &size);
		assert_non_null(frame);
		assert_int_equal(size, rows[i].size);
		memset(pool.hand, 0xff, DELAY_FRAME_MAX);
		for (size_t at = 0; at < rows[i].len; at++)
			assert_int_equal(frame[at], i + 1);
		delay_pool_release(&pool, frame, size);
	}
	delay_pool_fini(&pool);
}

static void a_large_frame_stays_and_its_buffer_is_used_again(void **state)
{
	uint8_t *first, *frame;
	struct delay_pool pool;
	uint32_t size;

	(void)state;
	assert_int_equal(delay_pool_init(&pool), 0);
	first = pool.hand;
	frame = delay_pool_keep(&pool, DELAY_FRAME_MAX, &size);
	assert_ptr_equal(frame, first);
	assert_ptr_not_equal(pool.hand, first);
	delay_pool_release(&pool, frame, size);
	frame = delay_pool_keep(&pool, DELAY_FRAME_MAX, &size);
	assert_ptr_equal(pool.hand, first);
	delay_pool_release(&pool, frame, size);
	delay_pool_fini(&pool);
}

static void no_more_is_kept_for_use_than_the_bound(void **state)
{
	void *frames[3 * DELAY_POOL_SPARE];
	struct delay_pool pool;
	uint32_t size;

	(void)state;
	assert_int_equal(delay_pool_init(&pool), 0);
	for (size_t i = 0; i < 3 * DELAY_POOL_SPARE; i++) {
		frames[i] = delay_pool_keep(&pool, DELAY_FRAME_MAX, &size);
		assert_non_null(frames[i]);
	}
	for (size_t i = 0; i < 3 * DELAY_POOL_SPARE; i++)
		delay_pool_release(&pool, frames[i], size);
	assert_int_equal(pool.count, DELAY_POOL_SPARE);
	delay_pool_release(&pool, NULL, DELAY_FRAME_MAX);
	assert_int_equal(pool.count, DELAY_POOL_SPARE);
	delay_pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_kept_whole),
		cmocka_unit_test(a_large_frame_stays_and_its_buffer_is_used_again),
		cmocka_unit_test(no_more_is_kept_for_use_than_the_bound),
	};

	return cmocka_run_group_tests_name("delay pool", tests, NULL, NULL);
}
