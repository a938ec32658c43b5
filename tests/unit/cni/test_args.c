/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cni/args.c: CNI_ARGS. */
#include "cni/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/cleanup.h"

static const struct {
	const char *text;
	const char *error; /* part of the message; NULL = accepted */
	const char *ip, *mac, *pod_namespace, *pod_name;
} rows[] = {
	{"", NULL, NULL, NULL, NULL, NULL},
	{";", NULL, NULL, NULL, NULL, NULL},
	{"IP=10.0.0.5", NULL, "10.0.0.5", NULL, NULL, NULL},
	{"IP=10.0.0.5;MAC=02:00:00:00:00:01;", NULL, "10.0.0.5", "02:00:00:00:00:01", NULL, NULL},
	{"IP=10.0.0.5;IP=10.0.0.6", NULL, "10.0.0.6", NULL, NULL, NULL},
	{"IP=;MAC=", NULL, NULL, NULL, NULL, NULL},
	{"IgnoreUnknown=1;K8S_POD_NAMESPACE=prod;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=x;"
	 "K8S_POD_UID=y",
	 NULL, NULL, NULL, "prod", "web-0"},
	{"K8S_POD_UID=y;K8S_POD_INFRA_CONTAINER_ID=x", NULL, NULL, NULL, NULL, NULL},
	{"FANCY=1;IgnoreUnknown=1", NULL, NULL, NULL, NULL, NULL},
	{"IgnoreUnknown=true;FANCY=a=b=c", NULL, NULL, NULL, NULL, NULL},
	{"K8S_POD_NAME=a=b", NULL, NULL, NULL, NULL, "a=b"},
	{"FANCY=1", "FANCY", NULL, NULL, NULL, NULL},
	{"IgnoreUnknown=0;FANCY=1", "FANCY", NULL, NULL, NULL, NULL},
	{"IgnoreUnknown=1;nonsense", "nonsense", NULL, NULL, NULL, NULL},
	{"ip=10.0.0.5", "\"ip\"", NULL, NULL, NULL, NULL},
	{"=x", "key \"\"", NULL, NULL, NULL, NULL},
};

static void same(const char *a, const char *b)
{
	assert_int_equal(a != NULL, b != NULL);
	if (a)
		assert_string_equal(a, b);
}

static void args_are_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct failure f = {.code = 0};
		struct args args = {.text = NULL};
		int r = args_parse(rows[i].text, &args, &f);

		if ((r == 0) != !rows[i].error)
			fail_msg("row %zu: %d %s", i, r, f.msg);
		same(args.ip, rows[i].ip);
		same(args.mac, rows[i].mac);
		same(args.pod_namespace, rows[i].pod_namespace);
		same(args.pod_name, rows[i].pod_name);
		args_free(&args);
		if (!rows[i].error)
			continue;
		assert_int_equal(f.code, CNI_INVALID_ENVIRONMENT);
		assert_non_null(strstr(f.msg, rows[i].error));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(args_are_read_strictly)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
