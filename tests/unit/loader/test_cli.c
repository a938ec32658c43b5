/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line against a serving agent: what it prints, and how it ends. */
#include "loader/cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "tests/unit/loader/fake_agent.h"

/** struct said - what a run of the program printed; both owned */
struct said {
	char *out;
	char *err;
	enum cli_exit exit;
};

static int start(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));

	fake_start(f);
	*state = f;
	return 0;
}

static int stop(void **state)
{
	struct fake *f = *state;
	int status = fake_stop(f);

	free(f);
	return status;
}

/* @line: words separated by one space; "SOCKET" stands for the agent's socket. */
static struct said run(const char *socket, const char *line)
{
	struct said said = {0};
	size_t out_size, err_size;
	FILE *out = open_memstream(&said.out, &out_size);
	FILE *err = open_memstream(&said.err, &err_size);
	char *copy = strdup(line);
	char *argv[32] = {(char *)"axoneme"};
	int argc = 1;

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "SOCKET") ? word : (char *)socket;
	said.exit = cli_main(argc, argv, out, err);
	fclose(out);
	fclose(err);
	free(copy);
	return said;
}

static struct said run_agent(void **state, const char *line)
{
	char full[512];

	snprintf(full, sizeof(full), "--socket SOCKET %s", line);
	return run(((struct fake *)*state)->socket, full);
}

static void said_free(struct said *said)
{
	free(said->out);
	free(said->err);
}

struct row {
	const char *line;
	enum cli_exit exit;
	const char *expected; /* in stdout when CLI_DONE, else in stderr */
};

static void check(void **state, const struct row *rows, size_t count)
{
	const struct fake *f = *state;

	for (size_t i = 0; i < count; i++) {
		struct said s = run(f ? f->socket : "/nonexistent/axoneme.sock", rows[i].line);
		const char *text = rows[i].exit == CLI_DONE ? s.out : s.err;

		print_message("axoneme %s: %s%s", rows[i].line, s.out, s.err);
		assert_int_equal(rows[i].exit, s.exit);
		if (!strstr(text, rows[i].expected))
			fail_msg("expected: %s", rows[i].expected);
		/* One line says why; stdout stays clean. */
		if (rows[i].exit != CLI_DONE) {
			assert_string_equal("", s.out);
			assert_ptr_equal(s.err + strlen(s.err) - 1, strchr(s.err, '\n'));
			assert_memory_equal("axoneme: ", s.err, 9);
		} else {
			assert_string_equal("", s.err);
		}
		said_free(&s);
	}
}

static void wrong_usage_is_two_and_names_the_nearest(void **state)
{
	static const struct row rows[] = {
		{"", CLI_USAGE, "a command is missing"},
		{"statsu", CLI_USAGE, "nearest: status"},
		{"endpont list", CLI_USAGE, "nearest: endpoint list"},
		{"endpoint lst", CLI_USAGE, "nearest: endpoint list"},
		{"endpoint frobnicate", CLI_USAGE, "expected one of list, get, label"},
		{"endpoint", CLI_USAGE, "expected one of list, get, label"},
		{"conntrak", CLI_USAGE, "nearest: conntrack list"},
		{"xyzzy plugh", CLI_USAGE, "axoneme help"},
		{"status now", CLI_USAGE, "too many words"},
		{"endpoint get", CLI_USAGE, "axoneme endpoint get ENDPOINT"},
		{"endpoint get 1 2", CLI_USAGE, "too many words"},
		{"endpoint label 1", CLI_USAGE, "a word is missing"},
		{"endpoint audit 1", CLI_USAGE, "a word is missing"},
		{"endpoint audit 1 maybe", CLI_USAGE, "expected on or off"},
		{"endpoint label 1 app", CLI_USAGE, "expected KEY=VALUE or KEY-"},
		{"endpoint label 1 =web", CLI_USAGE, "expected KEY=VALUE or KEY-"},
		{"endpoint label 1 app=a app=b", CLI_USAGE, "twice"},
		{"endpoint label 1 app=a app-", CLI_USAGE, "set and removed"},
		{"endpoint get web-0", CLI_USAGE, "NAMESPACE/NAME"},
		{"endpoint get 0", CLI_USAGE, "expected a number"},
		{"status -o xml", CLI_USAGE, "expected table or json"},
		{"status -o", CLI_USAGE, "a value is missing"},
		{"status --socket", CLI_USAGE, "a value is missing"},
		{"status --sockt /x", CLI_USAGE, "nearest: --socket"},
		{"status -x", CLI_USAGE, "unknown option -x"},
		{"status --endpoint 1", CLI_USAGE, "does not take option --endpoint"},
		{"conntrack list --type drop", CLI_USAGE, "does not take option --type"},
		{"monitor --type drop&x", CLI_USAGE, "name of a type"},
	};

	(void)state;
	check((void *[]){NULL}, rows, ARRAY_SIZE(rows));
}

static void help_and_version_need_no_agent(void **state)
{
	static const struct row rows[] = {
		{"--help", CLI_DONE, "conntrack flush [--endpoint ENDPOINT]"},
		{"help", CLI_DONE, "Exit status"},
		{"status -h", CLI_DONE, "usage: axoneme"},
		{"--version", CLI_DONE, "axoneme " AXO_VERSION},
		{"version -s /nonexistent", CLI_DONE, "not reachable at /nonexistent"},
		{"version -s /nonexistent -o json", CLI_DONE, "\"client\": \"" AXO_VERSION "\""},
	};

	(void)state;
	check((void *[]){NULL}, rows, ARRAY_SIZE(rows));
}

static void without_an_agent_the_socket_is_named(void **state)
{
	static const struct row rows[] = {
		{"-s /nonexistent/a.sock status", CLI_FAILED,
		 "cannot reach the agent at /nonexistent/a.sock: No such file or directory "
		 "(is axonemed running?)"},
		{"-s/nonexistent/a.sock endpoint list", CLI_FAILED, "/nonexistent/a.sock"},
		{"--socket=/nonexistent/a.sock conntrack list", CLI_FAILED, "/nonexistent/a.sock"},
		{"monitor -s /nonexistent/a.sock", CLI_FAILED, "/nonexistent/a.sock"},
		{"conntrack list -s /nonexistent/a.sock -o json", CLI_FAILED,
		 "/nonexistent/a.sock"},
		{"status -s /dev/null", CLI_FAILED, "cannot reach the agent"},
		{"status -s /proc/1/mem/x", CLI_FAILED, "cannot reach the agent"},
	};

	(void)state;
	check((void *[]){NULL}, rows, ARRAY_SIZE(rows));
}

static void what_the_agent_says_is_shown(void **state)
{
	static const struct row rows[] = {
		{"-s SOCKET status", CLI_DONE, "ready, version " AXO_VERSION ", node n1"},
		{"-s SOCKET status", CLI_DONE, "10.0.0.0/24    253     1"},
		{"-s SOCKET status", CLI_DONE, "fd00::/64    >2^53     1"},
		{"-s SOCKET status", CLI_DONE, "pods clsact, host none"},
		{"-s SOCKET status", CLI_DONE, "removals pending 6"},
		{"-s SOCKET endpoint list", CLI_DONE,
		 " 1  default    web-0  eth0       10.0.0.2  fd00::2       256  ready  k8s:app=web"},
		{"-s SOCKET endpoint get 1", CLI_DONE, "port         http 80/TCP"},
		{"-s SOCKET endpoint get default/web-0", CLI_DONE, "id           1"},
		{"-s SOCKET endpoint get fd00:0:0::2", CLI_DONE, "id           1"},
		{"-s SOCKET endpoint get 10.0.0.3", CLI_DONE, "id           2"},
		{"-s SOCKET endpoint get default/web-1", CLI_FAILED, "2 on eth0, 5 on eth1"},
		{"-s SOCKET endpoint get default/web-9", CLI_FAILED, "no endpoint default/web-9"},
		{"-s SOCKET endpoint get efault/web-0", CLI_FAILED, "no endpoint efault/web-0"},
		{"-s SOCKET endpoint get 10.0.0.99", CLI_FAILED, "no endpoint 10.0.0.99"},
		{"-s SOCKET endpoint get 77", CLI_FAILED, "no endpoint 77"},
		{"-s SOCKET ip list", CLI_DONE, "10.0.0.1/32         1  host"},
		{"-s SOCKET ip list", CLI_DONE, "fd00::2/128       256  endpoint"},
		{"-s SOCKET ip add 10.2.0.0/24 app=web", CLI_DONE, "1 applied"},
		{"-s SOCKET ip add 10.2.0.0/24 300", CLI_DONE, "1 applied"},
		{"-s SOCKET ip add 10.2.0.0/24", CLI_USAGE, "ip add: a word is missing"},
		{"-s SOCKET ip delete 10.2.0.0/24 10.3.0.0/24", CLI_DONE, "2 deleted"},
		{"-s SOCKET identity list", CLI_DONE, "  1          0         0  reserved:host"},
		{"-s SOCKET identity list", CLI_DONE, "256          3         0  k8s:app=web"},
		{"-s SOCKET conntrack flush", CLI_DONE, "3 flows removed"},
		{"-s SOCKET conntrack flush -e default/web-0", CLI_DONE, "1 flows removed"},
		{"-s SOCKET conntrack flush --endpoint=77", CLI_FAILED, "no endpoint 77"},
		{"-s SOCKET version", CLI_DONE, "axonemed  " AXO_VERSION " (API 1)"},
		{"-s SOCKET monitor --type nothing", CLI_FAILED, "event type 'nothing'"},
	};

	check(state, rows, ARRAY_SIZE(rows));
}

static void options_may_stand_anywhere(void **state)
{
	static const char *const rows[] = {
		"-o json endpoint get 1",	   "endpoint -o json get 1",
		"endpoint get -o json 1",	   "endpoint get 1 -o json",
		"endpoint get 1 -ojson",	   "endpoint get 1 --output=json",
		"endpoint get 1 -o table -o json", "endpoint get -o json -- 1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct said s = run_agent(state, rows[i]);
		json_t *json = json_loads(s.out, 0, NULL);

		print_message("%s: %s\n", rows[i], s.err);
		assert_int_equal(CLI_DONE, s.exit);
		assert_int_equal(1, json_integer_value(json_object_get(json, "id")));
		json_decref(json);
		said_free(&s);
	}
}

static void endpoint_list_as_json_has_the_documented_keys(void **state)
{
	static const char *const keys[] = {"id",     "namespace",  "name",   "containerId",
					   "ifname", "hostDevice", "ipv4",   "ipv6",
					   "mac",    "identity",   "labels", "state"};
	struct said s = run_agent(state, "endpoint list -o json");
	json_t *list = json_loads(s.out, 0, NULL);

	assert_int_equal(3, json_array_size(list));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_non_null(json_object_get(json_array_get(list, 0), keys[i]));
	assert_string_equal("",
			    json_string_value(json_object_get(json_array_get(list, 1), "ipv6")));
	json_decref(list);
	said_free(&s);
}

/* The fake agent answers a PATCH with the body it got. */
static void labels_are_sent_as_a_patch(void **state)
{
	struct said s = run_agent(state, "endpoint label default/web-0 app=web tier- x= -o json");
	json_t *got = json_loads(s.out, 0, NULL);
	json_t *expected =
		json_pack("{s:{s:s, s:s}, s:[s]}", "add", "app", "web", "x", "", "remove", "tier");

	assert_int_equal(CLI_DONE, s.exit);
	assert_true(json_equal(expected, got));
	json_decref(expected);
	json_decref(got);
	said_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_usage_is_two_and_names_the_nearest),
		cmocka_unit_test(help_and_version_need_no_agent),
		cmocka_unit_test(without_an_agent_the_socket_is_named),
		cmocka_unit_test_setup_teardown(what_the_agent_says_is_shown, start, stop),
		cmocka_unit_test_setup_teardown(options_may_stand_anywhere, start, stop),
		cmocka_unit_test_setup_teardown(endpoint_list_as_json_has_the_documented_keys,
						start, stop),
		cmocka_unit_test_setup_teardown(labels_are_sent_as_a_patch, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
