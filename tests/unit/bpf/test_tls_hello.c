/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ClientHellos as the program reads them: whole, in pieces of every size, and those it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/lib/pure.h"

#include "bpf/lib/tls_hello.h"
#include "tests/lib/tls_wire.h"

static struct hello work;
static uint8_t chunk[HELLO_CHUNK];

/** feed - @len bytes in steps of @step; the state at the end */
static int feed(const uint8_t *bytes, uint32_t len, uint32_t step)
{
	enum hello_state state = HELLO_MESSAGE;

	memset(&work, 0xa5, sizeof(work));
	memset(&work, 0, offsetof(struct hello, name));
	if (step > HELLO_CHUNK)
		step = HELLO_CHUNK;
	for (uint32_t at = 0; at < len && state < HELLO_DONE; at += step) {
		uint32_t n = len - at < step ? len - at : step;

		memset(chunk, 0x5a, sizeof(chunk));
		memcpy(chunk, bytes + at, n);
		work.pos = 0;
		state = hello_feed(&work, chunk, n);
	}
	return (int)state;
}

static const char *name(void)
{
	static char text[300];

	snprintf(text, sizeof(text), "%.*s", (int)work.len, (const char *)work.name);
	return text;
}

static void name_is_found_however_the_hello_is_cut(void **state)
{
	struct tls_wire m;

	(void)state;
	tls_hello(&m, &(struct tls_opts){.name = "www.Example.com"});
	for (uint32_t step = 1; step <= m.len && step <= HELLO_CHUNK; step++) {
		assert_int_equal(feed(m.b, m.len, step), HELLO_DONE);
		assert_string_equal(name(), "www.Example.com");
		assert_int_equal(work.pos, m.len % step ? m.len % step : step);
	}
}

static void hello_may_lie_in_several_records(void **state)
{
	(void)state;
	for (unsigned int cut = 1; cut < 80; cut++) {
		struct tls_wire m;

		tls_hello(&m, &(struct tls_opts){.name = "a.example", .record = cut});
		assert_int_equal(feed(m.b, m.len, m.len), HELLO_DONE);
		assert_string_equal(name(), "a.example");
		assert_int_equal(feed(m.b, m.len, 1), HELLO_DONE);
	}
}

static void part_of_a_hello_says_nothing_yet(void **state)
{
	struct tls_wire m;

	(void)state;
	tls_hello(&m, &(struct tls_opts){.name = "a.example"});
	for (uint32_t len = 0; len < m.len; len++)
		assert_true(feed(m.b, len, len ? len : 1) < HELLO_DONE);
}

static void hellos_without_one_readable_name_are_refused(void **state)
{
	static const struct tls_opts rows[] = {
		{.name = NULL},
		{.name = "a.example", .twice = true},
		{.name = "a.example", .ext = HELLO_EXT_ECH},
		{.name = NULL, .ext = HELLO_EXT_ECH},
		{.name = "a.example", .ext = HELLO_EXT_ESNI},
		{.name = "a.example", .ext = HELLO_EXT_EARLY_DATA},
		{.name = "a.example."},
		{.name = "a example"},
		{.name = "a\x01"},
		{.name = ""},
		{.name = "a.example", .name_type = 1},
		{.name = "a.example", .no_extensions = true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct tls_wire m;

		tls_hello(&m, &rows[i]);
		if (feed(m.b, m.len, m.len) != HELLO_BAD || feed(m.b, m.len, 1) != HELLO_BAD)
			fail_msg("row %zu is taken", i);
	}
}

static void what_is_no_hello_is_refused(void **state)
{
	static const struct {
		int at, value;
	} rows[] = {
		{0, 23}, {0, 0x80}, {1, 2}, {3, 0x50}, {5, 2}, {6, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct tls_wire m;

		tls_hello(&m, &(struct tls_opts){.name = "a.example"});
		m.b[rows[i].at] = (uint8_t)rows[i].value;
		if (feed(m.b, m.len, m.len) != HELLO_BAD)
			fail_msg("row %zu is taken", i);
	}
	assert_int_equal(feed((const uint8_t *)"GET / HTTP/1.1\r\n", 16, 16), HELLO_BAD);
}

static void lengths_that_do_not_fit_are_refused_or_wait(void **state)
{
	struct tls_wire m, changed;

	(void)state;
	tls_hello(&m, &(struct tls_opts){.name = "a.example"});
	for (uint32_t at = 0; at < m.len; at++)
		for (int bit = 0; bit < 8; bit++) {
			changed = m;
			changed.b[at] ^= (uint8_t)(1 << bit);
			int state_ = feed(changed.b, changed.len, changed.len);

			if (state_ == HELLO_DONE)
				assert_in_range(work.len, 1, 253);
		}
}

/** again - the first hello was allowed; what @m says behind it */
static int again(const struct tls_wire *m, uint32_t first)
{
	memset(&work, 0, sizeof(work));
	assert_true(m->len <= HELLO_CHUNK);
	memcpy(chunk, m->b, m->len);
	assert_int_equal(hello_feed(&work, chunk, m->len), HELLO_DONE);
	assert_int_equal(work.pos, first);
	hello_again(&work);
	return (int)hello_feed(&work, chunk, m->len);
}

static void second_hello_is_read_like_the_first(void **state)
{
	static const uint8_t ccs[] = {20, 3, 3, 0, 1, 1};
	struct tls_wire m, second;

	(void)state;
	tls_hello(&m, &(struct tls_opts){.name = "a.example"});
	tls_hello(&second, &(struct tls_opts){.name = "evil.example"});
	uint32_t first = m.len;
	tls_add(&m, ccs, sizeof(ccs));
	tls_add(&m, second.b, second.len);
	assert_int_equal(again(&m, first), HELLO_DONE);
	assert_string_equal(name(), "evil.example");
}

static void anything_else_opens_the_stream(void **state)
{
	static const uint8_t data[] = {23, 3, 3, 0, 2, 1, 2}, alert[] = {21, 3, 3, 0, 2, 1, 2},
			     key[] = {22, 3, 3, 0, 5, 16, 0, 0, 1, 0};
	struct tls_wire m;

	(void)state;
	tls_hello(&m, &(struct tls_opts){.name = "a.example"});
	uint32_t first = m.len;
	tls_add(&m, data, sizeof(data));
	assert_int_equal(again(&m, first), HELLO_OPEN);
	m.len = first;
	tls_add(&m, alert, sizeof(alert));
	assert_int_equal(again(&m, first), HELLO_OPEN);
	m.len = first;
	tls_add(&m, key, sizeof(key));
	assert_int_equal(again(&m, first), HELLO_OPEN);
	m.len = first;
	tls_add(&m, (const uint8_t *)"xx", 2);
	assert_int_equal(again(&m, first), HELLO_MESSAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_is_found_however_the_hello_is_cut),
		cmocka_unit_test(hello_may_lie_in_several_records),
		cmocka_unit_test(part_of_a_hello_says_nothing_yet),
		cmocka_unit_test(hellos_without_one_readable_name_are_refused),
		cmocka_unit_test(what_is_no_hello_is_refused),
		cmocka_unit_test(lengths_that_do_not_fit_are_refused_or_wait),
		cmocka_unit_test(second_hello_is_read_like_the_first),
		cmocka_unit_test(anything_else_opens_the_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
