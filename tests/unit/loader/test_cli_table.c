/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* loader/cli/table.c, units.c, join.c: what people read. */
#include "loader/cli/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/cleanup.h"
#include "loader/cli/join.h"
#include "loader/cli/units.h"

static const char *const header[] = {">ID", "NAME", "STATE", NULL};

static char *table_of(size_t rows, const char *const (*cells)[3])
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct table t;

	table_begin(&t, out, header);
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < 3; j++)
			table_cell(&t, "%s", cells[i][j]);
	table_end(&t);
	fclose(out);
	return text;
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	static const char *const cells[][3] = {{"7", "web", "ready"},
					       {"1234", "a-long-name", "lost"}};
	_cleanup_free_ char *text = table_of(2, cells);

	(void)state;
	assert_string_equal("  ID  NAME         STATE\n"
			    "   7  web          ready\n"
			    "1234  a-long-name  lost\n",
			    text);
}

static void an_empty_table_is_its_header(void **state)
{
	_cleanup_free_ char *text = table_of(0, NULL);

	(void)state;
	assert_string_equal("ID  NAME  STATE\n", text);
}

static void names_cannot_steer_the_terminal(void **state)
{
	static const char *const cells[][3] = {{"1", "\x1b[2Jx\r\n\x7f", "tab\there"}};
	_cleanup_free_ char *text = table_of(1, cells);

	(void)state;
	assert_string_equal("ID  NAME      STATE\n"
			    " 1  ?[2Jx???  tab?here\n",
			    text);
}

/* Rows behind the window are written at once, in the widths known so far. */
static void a_long_table_is_written_as_it_comes(void **state)
{
	size_t count = TABLE_WINDOW + 2;
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct table t;
	size_t lines = 0;

	(void)state;
	table_begin(&t, out, header);
	for (size_t i = 0; i < count; i++) {
		table_cell(&t, "%zu", i);
		table_cell(&t, "%s", i + 1 == count ? "wider" : "n");
		table_cell(&t, "x");
		fflush(out);
		assert_int_equal(i + 1 < TABLE_WINDOW, size == 0);
	}
	table_end(&t);
	fclose(out);
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	assert_int_equal(count + 1, lines);
	assert_non_null(strstr(text, "\n1025  wider  x\n"));
}

static void a_dropped_table_prints_nothing(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct table t;

	(void)state;
	table_begin(&t, out, header);
	for (int i = 0; i < 3; i++)
		table_cell(&t, "x");
	table_drop(&t);
	fclose(out);
	assert_string_equal("", text);
}

static void bytes_have_binary_units(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1536, "1.5 KiB"},
		{1048575, "1.0 MiB"},
		{5 << 20, "5.0 MiB"},
		{UINT64_MAX, "16777216.0 TiB"},
	};
	char buf[UNITS_STR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(rows[i].text, units_bytes(rows[i].bytes, buf));
}

static void times_have_at_most_two_units(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = {
		{0, "0s"},	  {59, "59s"},
		{60, "1m"},	  {61, "1m1s"},
		{3600, "1h"},	  {3601, "1h"},
		{21599, "5h59m"}, {86400, "1d"},
		{90061, "1d1h"},  {UINT64_MAX, "213503982334601d7h"},
	};
	char buf[UNITS_STR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(rows[i].text, units_seconds(rows[i].seconds, buf));
}

static void ends_show_the_port_if_there_is_one(void **state)
{
	char buf[UNITS_STR_MAX];

	(void)state;
	assert_string_equal("10.0.0.7:80", units_end("10.0.0.7", 80, buf));
	assert_string_equal("[fd00::7]:80", units_end("fd00::7", 80, buf));
	assert_string_equal("fd00::7", units_end("fd00::7", 0, buf));
}

static void texts_are_joined_by_commas(void **state)
{
	json_t *array = json_pack("[s, s, i]", "a=b", "c=d", 3);
	_cleanup_free_ char *text = join_texts(array);
	_cleanup_free_ char *empty = join_texts(NULL);

	(void)state;
	assert_string_equal("a=b, c=d, ", text);
	assert_string_equal("", empty);
	json_decref(array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(an_empty_table_is_its_header),
		cmocka_unit_test(names_cannot_steer_the_terminal),
		cmocka_unit_test(a_long_table_is_written_as_it_comes),
		cmocka_unit_test(a_dropped_table_prints_nothing),
		cmocka_unit_test(bytes_have_binary_units),
		cmocka_unit_test(times_have_at_most_two_units),
		cmocka_unit_test(ends_show_the_port_if_there_is_one),
		cmocka_unit_test(texts_are_joined_by_commas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
