/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cni/netconf.c: what every command needs of the configuration. */
#include "cni/netconf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "axoneme/names.h"
#include "cni/nocase.h"
#include "lib/cleanup.h"

#define V "\"cniVersion\":\"1.0.0\",\"name\":\"net\""

static const struct {
	const char *text;
	int code; /* 0 = accepted */
	const char *named;
} rows[] = {
	{"{" V "}", 0, NULL},
	{"{" V ",\"fancy\":{\"deep\":[1,null]}}", 0, NULL},
	{"{" V ",\"socket\":null,\"prevResult\":null}", 0, NULL},
	{"{" V ",\"name\":\"twice\"}", 0, NULL},
	{"{\"cniVersion\":\"1.1.0\"}", 0, NULL},
	{"{\"name\":\"net\"}", CNI_INCOMPATIBLE_VERSION, "cniVersion is missing"},
	{"{\"cniVersion\":\"2.0.0\"}", CNI_INCOMPATIBLE_VERSION, "2.0.0"},
	{"{\"cniVersion\":1}", CNI_INVALID_CONFIG, "cniVersion is a number: expected a string"},
	{"{" V ",\"name\":7}", CNI_INVALID_CONFIG, "name"},
	{"{" V ",\"name\":\"\"}", CNI_INVALID_CONFIG, "name"},
	{"{" V ",\"name\":\"a/b\"}", CNI_INVALID_CONFIG, "a/b"},
	{"{" V ",\"socket\":7}", CNI_INVALID_CONFIG, "socket is a number"},
	{"{" V ",\"socket\":\"run/x\"}", CNI_INVALID_CONFIG, "absolute"},
	{"{" V ",\"queueDir\":[]}", CNI_INVALID_CONFIG, "queueDir is an array"},
	{"{" V ",\"queueDir\":\"\"}", CNI_INVALID_CONFIG, "queueDir"},
	{"{" V ",\"prevResult\":true}", CNI_INVALID_CONFIG, "prevResult is a boolean"},
	{"", CNI_UNDECODABLE, "not JSON"},
	{"{" V "} trailing", CNI_UNDECODABLE, "not JSON"},
	{"\"text\"", CNI_UNDECODABLE, "not JSON"},
	{"[]", CNI_UNDECODABLE, "an array: expected an object"},
};

static void configurations_are_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_auto_t *root = NULL;
		struct netconf conf = {.root = NULL};
		struct failure f = {.code = 0};
		int r = netconf_load(rows[i].text, strlen(rows[i].text), &root, &f);

		if (r == 0)
			r = netconf_parse(root, &conf, &f);
		if (f.code != rows[i].code || (r == 0) != !rows[i].code)
			fail_msg("row %zu: %d %s", i, f.code, f.msg);
		if (rows[i].named && !strstr(f.msg, rows[i].named))
			fail_msg("row %zu: %s", i, f.msg);
		netconf_free(&conf);
	}
}

static void what_is_absent_has_its_default(void **state)
{
	json_auto_t *root = json_loads("{" V "}", 0, NULL);
	struct netconf conf;
	struct failure f;

	(void)state;
	assert_int_equal(netconf_parse(root, &conf, &f), 0);
	assert_int_equal(conf.version, CNI_1_0_0);
	assert_string_equal(conf.name, "net");
	assert_string_equal(conf.socket, AXO_DEFAULT_SOCKET);
	assert_string_equal(conf.queue_dir, AXO_DEFAULT_QUEUE_DIR);
	assert_null(conf.prev_result);
	netconf_free(&conf);
}

static void deep_nesting_is_refused_not_followed(void **state)
{
	_cleanup_free_ char *deep = malloc(200001);
	json_t *root = NULL;
	struct failure f;

	(void)state;
	memset(deep, '[', 200000);
	deep[200000] = '\0';
	assert_int_equal(netconf_load(deep, 200000, &root, &f), -ECANCELED);
	assert_int_equal(f.code, CNI_UNDECODABLE);
	assert_null(root);
}

static void keys_are_found_in_any_case_and_exactly_first(void **state)
{
	json_auto_t *j = json_loads("{\"HOSTPORT\":1,\"hostPort\":2,\"IngressRate\":3}", 0, NULL);

	(void)state;
	assert_int_equal(json_integer_value(nocase_get(j, "hostPort")), 2);
	assert_int_equal(json_integer_value(nocase_get(j, "ingressrate")), 3);
	assert_null(nocase_get(j, "ingress"));
	assert_null(nocase_get(NULL, "x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configurations_are_read_strictly),
		cmocka_unit_test(what_is_absent_has_its_default),
		cmocka_unit_test(deep_nesting_is_refused_not_followed),
		cmocka_unit_test(keys_are_found_in_any_case_and_exactly_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
