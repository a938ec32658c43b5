/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every file of tests/policy-corpus says in its comments what is found in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "policy/parse.h"

struct checked {
	char *text;
	size_t len;
	struct report report;
	struct policy *list;
	int parsed;
};

static void file_check(const char *path, struct checked *c)
{
	*c = (struct checked){0};
	if (file_read(path, 1 << 20, &c->text, &c->len))
		fail_msg("%s cannot be read", path);
	report_init(&c->report, path);
	c->parsed = policy_parse(path, c->text, c->len, &c->report, &c->list);
}

static void checked_fini(struct checked *c)
{
	free(c->text);
	policies_free(c->list);
	report_fini(&c->report);
}

static void finding_is(const char *path, const struct finding *f, const char *line, size_t len)
{
	char found[1024];

	snprintf(found, sizeof(found), "# %s: %u:%u: %s",
		 f->severity == SEVERITY_ERROR ? "error" : "warning", f->pos.line, f->pos.column,
		 f->text);
	if (strlen(found) != len || strncmp(found, line, len))
		fail_msg("%s\n  expected %.*s\n  found    %s", path, (int)len, line, found);
}

/* The findings are those of the comments, no more and no fewer, in that order. */
static void findings_are_as_written(const char *path, const struct checked *c)
{
	const char *line = c->text;
	uint32_t i = 0;

	while (*line == '#') {
		size_t len = strcspn(line, "\n");

		if (!strncmp(line, "# error: ", 9) || !strncmp(line, "# warning: ", 11)) {
			if (i == c->report.count)
				fail_msg("%s: not found: %.*s", path, (int)len, line);
			finding_is(path, &c->report.items[i++], line, len);
		}
		line += len + (line[len] == '\n');
	}
	if (i != c->report.count)
		fail_msg("%s: also found: %s", path, c->report.items[i].text);
}

/** struct expected - of a directory */
struct expected {
	const char *pattern;
	bool parses;
	size_t files;
};

static void directory_is(const struct expected *x)
{
	glob_t found = {0};

	if (glob(x->pattern, 0, NULL, &found))
		fail_msg("%s: no files: run from the top of the tree", x->pattern);
	assert_true(found.gl_pathc >= x->files);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		struct checked c;

		file_check(path, &c);
		findings_are_as_written(path, &c);
		if (!c.parsed != x->parses || !c.report.errors != x->parses)
			fail_msg("%s: parses %d, errors %u", path, !c.parsed, c.report.errors);
		checked_fini(&c);
	}
	globfree(&found);
}

static void valid_files_are_accepted_with_the_warnings_they_name(void **state)
{
	(void)state;
	directory_is(&(struct expected){"tests/policy-corpus/accept/*.yaml", true, 40});
	directory_is(&(struct expected){"tests/policy-corpus/accept/*.json", true, 2});
}

static void invalid_files_are_rejected_with_the_errors_they_name(void **state)
{
	(void)state;
	directory_is(&(struct expected){"tests/policy-corpus/reject/*.yaml", false, 150});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_files_are_accepted_with_the_warnings_they_name),
		cmocka_unit_test(invalid_files_are_rejected_with_the_errors_they_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
