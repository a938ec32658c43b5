/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text to number: the strict function and its borders. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/cleanup.h"
#include "lib/number.h"

static void parse_accepts_decimal_digits_in_range_only(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max, value;
		int r;
	} rows[] = {
		{"0", 0, 10, 0, 0},
		{"10", 0, 10, 10, 0},
		{"010", 0, 10, 10, 0},
		{"18446744073709551615", 0, UINT64_MAX, UINT64_MAX, 0},
		{"18446744073709551616", 0, UINT64_MAX, 0, -ERANGE},
		{"99999999999999999999999", 0, UINT64_MAX, 0, -ERANGE},
		{"11", 0, 10, 0, -ERANGE},
		{"4", 5, 10, 0, -ERANGE},
		{"", 0, 10, 0, -EINVAL},
		{"-1", 0, 10, 0, -EINVAL},
		{"+1", 0, 10, 0, -EINVAL},
		{" 1", 0, 10, 0, -EINVAL},
		{"1 ", 0, 10, 0, -EINVAL},
		{"1\n", 0, 10, 0, -EINVAL},
		{"0x1", 0, 10, 0, -EINVAL},
		{"1.0", 0, 10, 0, -EINVAL},
		{"99999999999999999999999x", 0, 10, 0, -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 4711;
		int r = number_parse(rows[i].text, rows[i].min, rows[i].max, &value);

		if (r != rows[i].r || value != (r == 0 ? rows[i].value : 4711))
			fail_msg("\"%s\": %d, %llu", rows[i].text, r, (unsigned long long)value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_accepts_decimal_digits_in_range_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
