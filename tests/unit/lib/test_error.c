/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Errors that can be shown. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "lib/error.h"

static void set_fills_the_struct_and_returns_the_negative_code(void **state)
{
	struct error e;

	(void)state;
	assert_int_equal(error_set(&e, EINVAL, "length %d: expected %s", 33, "0 to 32"), -EINVAL);
	assert_int_equal(e.code, -EINVAL);
	assert_string_equal(e.msg, "length 33: expected 0 to 32");
	assert_int_equal(error_set(&e, -ENOENT, "x"), -ENOENT);
	assert_int_equal(e.code, -ENOENT);
}

static void set_without_a_struct_only_returns_the_code(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, EIO, "nobody reads this: %d", 1), -EIO);
}

static void set_cuts_a_long_message(void **state)
{
	char text[1000];
	struct error e;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(error_set(&e, EIO, "%s", text), -EIO);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_the_struct_and_returns_the_negative_code),
		cmocka_unit_test(set_without_a_struct_only_returns_the_code),
		cmocka_unit_test(set_cuts_a_long_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
