/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The compiler agrees with the reference.  AXO_SEED starts elsewhere, AXO_ROUNDS asks for more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/number.h"
#include "tests/policy-reference/compare.h"

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	uint64_t value = otherwise;

	if (text && number_parse(text, 0, UINT64_MAX, &value))
		fail_msg("%s=%s is no number", name, text);
	return value;
}

static void compiler_agrees_with_reference_on_random_policies(void **state)
{
	uint64_t seed = number_of("AXO_SEED", 1), rounds = number_of("AXO_ROUNDS", 150);
	struct compare_result r = {0};

	(void)state;
	for (uint64_t i = 0; i < rounds && !r.mismatches; i++)
		compare_seed(seed + i, &r);
	assert_int_equal(r.mismatches, 0);
	assert_in_range(r.max_accesses, 2, 3);
	if (rounds < 150)
		return;
	/* The sample is worth something only if every kind of verdict is in it. */
	assert_true(r.triples >= 100000);
	assert_true(r.allowed > r.triples / 10);
	assert_true(r.denied_by_rule > r.triples / 50);
	assert_true(r.enforced > r.triples / 1000);
	assert_true(r.chaos > r.triples / 1000);
	assert_true(r.by_name > r.triples / 1000);
	assert_in_range(r.joined, 5, r.triples);
	assert_true(r.names > 1000);
	assert_true(r.stricter < r.triples / 1000);
	assert_true(r.triples - r.allowed - r.denied_by_rule > r.triples / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compiler_agrees_with_reference_on_random_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
