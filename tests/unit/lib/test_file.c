/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files: whole reads, atomic writes, mkdir -p. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/cleanup.h"
#include "lib/file.h"

/* Every test runs in an empty directory of its own. */
static int setup(void **state)
{
	char *dir = strdup("/tmp/unit-file-XXXXXX");

	*state = dir;
	return dir && mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	char command[64];
	int r;

	snprintf(command, sizeof(command), "rm -r %s", (char *)*state);
	r = chdir("/") == 0 && system(command) == 0 ? 0 : -1;
	free(*state);
	return r;
}

static int entries(const char *dir)
{
	_cleanup_dir_ DIR *d = opendir(dir);
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	return n - 2;
}

static void assert_content(const char *path, const char *expected)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	assert_int_equal(file_read(path, 1 << 20, &text, &len), 0);
	assert_int_equal(len, strlen(expected));
	assert_string_equal(text, expected);
}

static void written_file_reads_back(void **state)
{
	(void)state;
	assert_int_equal(file_write_atomic("a", "hello", 5, 0600), 0);
	assert_content("a", "hello");
	assert_int_equal(file_write_atomic("./a", "", 0, 0600), 0);
	assert_content("a", "");
	assert_int_equal(entries("."), 1);
}

static void read_works_for_files_around_the_buffer_size(void **state)
{
	static const size_t sizes[] = {1, 4095, 4096, 4097, 8192, 100000};
	_cleanup_free_ char *big = malloc(100000);

	(void)state;
	assert_non_null(big);
	for (size_t i = 0; i < 100000; i++)
		big[i] = (char)(i % 251);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_free_ char *text = NULL;
		size_t len = 0;

		assert_int_equal(file_write_atomic("big", big, sizes[i], 0600), 0);
		assert_int_equal(file_read("big", sizes[i], &text, &len), 0);
		assert_int_equal(len, sizes[i]);
		assert_memory_equal(text, big, len);
		assert_int_equal(text[len], 0);
	}
}

static void read_refuses_too_large_files_and_says_what_is_wrong(void **state)
{
	char *text = (char *)"before";

	(void)state;
	assert_int_equal(file_write_atomic("a", "12345", 5, 0600), 0);
	assert_int_equal(file_read("a", 4, &text, NULL), -EFBIG);
	assert_int_equal(file_read("none", 4, &text, NULL), -ENOENT);
	assert_int_equal(file_read(".", 4, &text, NULL), -EISDIR);
	assert_string_equal(text, "before");
}

static void read_works_for_proc(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(file_read("/proc/self/status", 1 << 20, &text, NULL), 0);
	assert_non_null(strstr(text, "Pid:"));
}

static void atomic_write_replaces_and_sets_the_mode(void **state)
{
	mode_t mask = umask(022);
	struct stat st;

	(void)state;
	assert_int_equal(file_write_atomic("a", "old", 3, 0640), 0);
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(file_write_atomic("a", "new", 3, 0644), 0);
	assert_content("a", "new");
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	umask(mask);
}

/* A reader that has the old file open keeps the old text: the name moves, the file does not change. */
static void atomic_write_does_not_touch_the_old_file(void **state)
{
	char buf[8] = "";

	(void)state;
	assert_int_equal(file_write_atomic("a", "old", 3, 0600), 0);
	_cleanup_close_ int fd = open("a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_write_atomic("a", "new", 3, 0600), 0);
	assert_int_equal(read(fd, buf, sizeof(buf)), 3);
	assert_string_equal(buf, "old");
}

static void failed_atomic_write_leaves_no_trace(void **state)
{
	char name[300];

	(void)state;
	assert_int_equal(mkdir("dir", 0700), 0);
	assert_int_equal(file_write_atomic("dir", "x", 1, 0600), -EISDIR);
	assert_int_equal(file_write_atomic("none/a", "x", 1, 0600), -ENOENT);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(file_write_atomic(name, "x", 1, 0600), -ENAMETOOLONG);
	assert_int_equal(entries("."), 1);
	assert_int_equal(entries("dir"), 0);
}

static void write_text_needs_an_existing_file(void **state)
{
	(void)state;
	assert_int_equal(file_write_text("a", "1"), -ENOENT);
	assert_int_equal(file_write_atomic("a", "0", 1, 0600), 0);
	assert_int_equal(file_write_text("a", "1"), 0);
	assert_content("a", "1");
	assert_int_equal(file_write_text("/dev/full", "1"), -ENOSPC);
}

static void dir_make_creates_parents_and_may_be_repeated(void **state)
{
	mode_t mask = umask(022);
	struct stat st;

	(void)state;
	assert_int_equal(dir_make("a/b//c/", 0750), 0);
	assert_int_equal(dir_make("a/b/c", 0755), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(dir_make("/", 0755), 0);
	assert_int_equal(dir_make(".", 0755), 0);
	assert_int_equal(symlink("a", "link"), 0);
	assert_int_equal(dir_make("link", 0755), 0);
	assert_int_equal(dir_make("link/d", 0755), 0);
	assert_int_equal(entries("a"), 2);
	umask(mask);
}

static void dir_make_refuses_what_is_no_directory(void **state)
{
	char name[5000];

	(void)state;
	assert_int_equal(file_write_atomic("file", "", 0, 0600), 0);
	assert_int_equal(dir_make("file/a", 0755), -ENOTDIR);
	assert_int_equal(dir_make("file", 0755), -ENOTDIR);
	assert_int_equal(dir_make("", 0755), -EINVAL);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(dir_make(name, 0755), -ENAMETOOLONG);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(written_file_reads_back),
		TEST(read_works_for_files_around_the_buffer_size),
		TEST(read_refuses_too_large_files_and_says_what_is_wrong),
		TEST(read_works_for_proc),
		TEST(atomic_write_replaces_and_sets_the_mode),
		TEST(atomic_write_does_not_touch_the_old_file),
		TEST(failed_atomic_write_leaves_no_trace),
		TEST(write_text_needs_an_existing_file),
		TEST(dir_make_creates_parents_and_may_be_repeated),
		TEST(dir_make_refuses_what_is_no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
