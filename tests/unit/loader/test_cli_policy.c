/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* axoneme policy validate: what it prints, and how it ends, without an agent. */
#include "loader/cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#define GOOD "tests/policy-corpus/accept/ports-empty.yaml"
#define BAD "tests/policy-corpus/reject/unknown-field.yaml"

/** struct said - what a run of the program printed; both owned */
struct said {
	char *out;
	char *err;
	enum cli_exit exit;
};

static void run(struct said *said, const char *line)
{
	size_t out_size, err_size;
	FILE *out = open_memstream(&said->out, &out_size);
	FILE *err = open_memstream(&said->err, &err_size);
	char *copy = strdup(line);
	/* Whatever runs on the machine is not asked. */
	char *argv[16] = {(char *)"axoneme", (char *)"--socket", (char *)"/nonexistent/socket"};
	int argc = 3;

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	said->exit = cli_main(argc, argv, out, err);
	fclose(out);
	fclose(err);
	free(copy);
}

static void said_free(struct said *said)
{
	free(said->out);
	free(said->err);
}

static void a_good_file_ends_with_0_and_prints_warnings(void **state)
{
	struct said said;

	(void)state;
	run(&said, "policy validate " GOOD);
	assert_int_equal(said.exit, CLI_DONE);
	assert_string_equal(said.out, GOOD ": ok (objects: 1, rules: 1, warnings: 1)\n");
	assert_string_equal(said.err, "warning: " GOOD ":10:7: spec.ingress[0].toPorts[0]: has no "
				      "ports and so never matches\n");
	said_free(&said);
}

static void an_error_ends_with_1_and_names_file_line_and_column(void **state)
{
	struct said said;

	(void)state;
	run(&said, "policy validate " BAD " " GOOD);
	assert_int_equal(said.exit, CLI_FAILED);
	assert_non_null(strstr(said.err, "error: " BAD
					 ":9:5: spec.ingress[0].fromEndpoint is no known field; "
					 "did you mean \"fromEndpoints\"?\n"));
	assert_non_null(strstr(said.out, GOOD ": ok")); /* the other files are still checked */
	said_free(&said);
}

static void a_file_that_is_not_there_fails(void **state)
{
	struct said said;

	(void)state;
	run(&said, "policy validate /nonexistent/p.yaml");
	assert_int_equal(said.exit, CLI_FAILED);
	assert_string_equal(said.err, "axoneme: /nonexistent/p.yaml: No such file or directory\n");
	said_free(&said);
	run(&said, "policy validate");
	assert_int_equal(said.exit, CLI_USAGE);
	said_free(&said);
}

static void a_name_in_two_files_is_an_error_of_the_second(void **state)
{
	struct said said;

	(void)state;
	run(&said, "policy validate " GOOD " tests/policy-corpus/accept/icmp.yaml");
	assert_int_equal(said.exit, CLI_FAILED);
	assert_non_null(strstr(said.err, "error: tests/policy-corpus/accept/icmp.yaml: "
					 "CiliumNetworkPolicy default/p of "
					 "tests/policy-corpus/accept/icmp.yaml is already there "
					 "from " GOOD " (line 3)\n"));
	said_free(&said);
}

static void json_lists_files_and_findings(void **state)
{
	struct said said;
	json_error_t e;
	const char *severity = NULL, *message = NULL;
	int line = 0, column = 0, valid = 1;

	(void)state;
	run(&said, "-o json policy validate " GOOD " " BAD);
	assert_int_equal(said.exit, CLI_FAILED);
	json_t *all = json_loads(said.out, 0, &e);
	assert_non_null(all);
	assert_int_equal(json_array_size(all), 2);
	assert_int_equal(json_unpack(json_array_get(all, 1), "{s:b, s:[{s:s, s:i, s:i, s:s}]}",
				     "valid", &valid, "findings", "severity", &severity, "line",
				     &line, "column", &column, "message", &message),
			 0);
	assert_false(valid);
	assert_string_equal(severity, "error");
	assert_int_equal(line, 9);
	assert_int_equal(column, 5);
	assert_non_null(strstr(message, "fromEndpoint"));
	json_decref(all);
	said_free(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_ends_with_0_and_prints_warnings),
		cmocka_unit_test(an_error_ends_with_1_and_names_file_line_and_column),
		cmocka_unit_test(a_file_that_is_not_there_fails),
		cmocka_unit_test(a_name_in_two_files_is_an_error_of_the_second),
		cmocka_unit_test(json_lists_files_and_findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
