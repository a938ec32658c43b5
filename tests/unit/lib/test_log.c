/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Log: one line per event, whatever the values hold.  stderr is a file here. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/cleanup.h"
#include "lib/log.h"

static int saved_stderr;

static int setup(void **state)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	(void)state;
	saved_stderr = dup(STDERR_FILENO);
	if (fd < 0 || saved_stderr < 0 || dup2(fd, STDERR_FILENO) < 0)
		return -1;
	log_set_level(LOG_INFO);
	return close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return dup2(saved_stderr, STDERR_FILENO) < 0 ? -1 : close(saved_stderr);
}

/* All that was logged since the last call; borrowed until the next. */
static const char *logged(void)
{
	static char text[8192];
	ssize_t n = pread(STDERR_FILENO, text, sizeof(text) - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
	assert_int_equal(lseek(STDERR_FILENO, 0, SEEK_SET), 0);
	return text;
}

/* The line behind its time. */
static void assert_logged(const char *expected)
{
	const char *line = logged();
	int stamp = 0;

	sscanf(line, "time=%*4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ %n", &stamp);
	assert_int_equal(stamp, strlen("time=2026-01-31T12:00:00.123Z "));
	assert_string_equal(line + stamp, expected);
}

static void event_is_one_line_of_keys_and_values(void **state)
{
	(void)state;
	log_info("endpoint added", "id", log_num(7), "addr", "10.0.0.5");
	assert_logged("level=info msg=\"endpoint added\" id=7 addr=10.0.0.5\n");
	log_error("x");
	assert_logged("level=error msg=x\n");
}

static void values_are_quoted_and_escaped_where_needed(void **state)
{
	static const char *const rows[][2] = {
		{"plain", "plain"},	  {"", "\"\""},
		{NULL, "\"\""},		  {"a b", "\"a b\""},
		{"a=b", "\"a=b\""},	  {"a\"b", "\"a\\\"b\""},
		{"a\\b", "\"a\\\\b\""},	  {"a\nlevel=error", "\"a\\nlevel=error\""},
		{"a\tb", "\"a\\x09b\""},  {"\x1b[2J\x7f", "\"\\x1b[2J\\x7f\""},
		{"\xc3\xa4", "\xc3\xa4"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char expected[128];

		log_info("m", "k", rows[i][0]);
		snprintf(expected, sizeof(expected), "level=info msg=m k=%s\n", rows[i][1]);
		assert_logged(expected);
	}
}

static void no_value_can_break_out_of_its_line(void **state)
{
	char value[256];
	const char *line;

	(void)state;
	for (int i = 0; i < 255; i++)
		value[i] = (char)(i + 1);
	value[255] = '\0';
	log_info("m", "k", value);
	line = logged();
	for (const char *p = line; p[1]; p++)
		assert_false((unsigned char)*p < 0x20 || *p == 0x7f);
	assert_int_equal(line[strlen(line) - 1], '\n');
}

/* Ends with the only newline, and no quote stays open. */
static void assert_whole_line(const char *line)
{
	size_t len = strlen(line);
	int quotes = 0;

	assert_true(len > 0 && len <= 2048);
	assert_ptr_equal(strchr(line, '\n'), line + len - 1);
	for (const char *p = line; *p; p++) {
		if (*p == '\\')
			p++;
		else
			quotes += *p == '"';
	}
	assert_int_equal(quotes % 2, 0);
}

static void long_line_is_cut_at_its_end_only(void **state)
{
	char value[5000];

	(void)state;
	for (int len = 1900; len < 2100; len++) {
		memset(value, 'x', sizeof(value));
		value[len] = '\0';
		log_info("m", "a", value, "b", "c d", "e", "f g");
		assert_whole_line(logged());
		value[0] = ' ';
		log_info("m", "a", value, "b", "c d");
		assert_whole_line(logged());
		memset(value, '\x1b', (size_t)len / 4);
		log_info("m", "a", value, "b", "c d");
		assert_whole_line(logged());
	}
}

static void lines_below_the_level_are_not_written(void **state)
{
	enum log_level level;

	(void)state;
	log_debug("m");
	assert_string_equal(logged(), "");
	assert_int_equal(log_level_from_str("debug", &level), 0);
	log_set_level(level);
	log_debug("m");
	assert_logged("level=debug msg=m\n");
	assert_int_equal(log_level_from_str("error", &level), 0);
	log_set_level(level);
	log_warn("m");
	assert_string_equal(logged(), "");
	log_error("m");
	assert_logged("level=error msg=m\n");
}

static void level_has_four_names(void **state)
{
	static const struct {
		const char *name;
		int r;
		enum log_level level;
	} rows[] = {
		{"debug", 0, LOG_DEBUG},	{"info", 0, LOG_INFO},
		{"warn", 0, LOG_WARN},		{"error", 0, LOG_ERROR},
		{"warning", -EINVAL, LOG_WARN}, {"", -EINVAL, LOG_WARN},
		{"INFO", -EINVAL, LOG_WARN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum log_level level = LOG_WARN;

		assert_int_equal(log_level_from_str(rows[i].name, &level), rows[i].r);
		assert_int_equal(level, rows[i].level);
	}
}

static void err_logs_the_text_of_errno_and_returns_it_negative(void **state)
{
	(void)state;
	assert_int_equal(log_err(ENOENT, "cannot open %s", "x"), -ENOENT);
	assert_logged("level=error msg=\"cannot open x\" err=\"No such file or directory\"\n");
	assert_int_equal(log_err(-ENOSPC, "y"), -ENOSPC);
	assert_logged("level=error msg=y err=\"No space left on device\"\n");
}

static void eight_numbers_fit_into_one_event(void **state)
{
	(void)state;
	log_info("m", "a", log_num(1), "b", log_num(2), "c", log_num(3), "d", log_num(4), "e",
		 log_num(-5), "f", log_num(LLONG_MAX), "g", log_num(LLONG_MIN), "h", log_num(0));
	assert_logged("level=info msg=m a=1 b=2 c=3 d=4 e=-5 f=9223372036854775807 "
		      "g=-9223372036854775808 h=0\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(event_is_one_line_of_keys_and_values),
		TEST(values_are_quoted_and_escaped_where_needed),
		TEST(no_value_can_break_out_of_its_line),
		TEST(long_line_is_cut_at_its_end_only),
		TEST(lines_below_the_level_are_not_written),
		TEST(level_has_four_names),
		TEST(err_logs_the_text_of_errno_and_returns_it_negative),
		TEST(eight_numbers_fit_into_one_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
