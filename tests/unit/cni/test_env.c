/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cni/env.c: which variables a command needs, and what they may hold. */
#include "cni/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/cleanup.h"

static const struct row *row;

static const struct row {
	const char *command, *id, *netns, *ifname;
	const char *named; /* in the message; NULL = accepted */
} rows[] = {
	{"ADD", "c1", "/run/netns/a", "eth0", NULL},
	{"ADD", "C_1.a-b", "relative", "fifteen-bytes-x", NULL},
	{"DEL", "c1", "", "eth0", NULL},
	{"DEL", "c1", NULL, "eth0", NULL},
	{"CHECK", "c1", "/x", "eth0", NULL},
	{"VERSION", NULL, NULL, NULL, NULL},
	{"VERSION", "../..", "dummy", "far too long a name", NULL},
	{"STATUS", "", "", "", NULL},
	{"GC", "", "", "", NULL},
	{NULL, "c1", "/x", "eth0", "CNI_COMMAND"},
	{"", "c1", "/x", "eth0", "CNI_COMMAND"},
	{"ADDD", "c1", "/x", "eth0", "CNI_COMMAND"},
	{"add", "c1", "/x", "eth0", "CNI_COMMAND"},
	{"ADD", NULL, "/x", "eth0", "CNI_CONTAINERID"},
	{"ADD", "", "/x", "eth0", "CNI_CONTAINERID"},
	{"ADD", "../x", "/x", "eth0", "CNI_CONTAINERID"},
	{"ADD", "a/../b", "/x", "eth0", "CNI_CONTAINERID"},
	{"ADD", ".a", "/x", "eth0", "CNI_CONTAINERID"},
	{"ADD", "a b", "/x", "eth0", "CNI_CONTAINERID"},
	{"DEL", "a\nb", "/x", "eth0", "CNI_CONTAINERID"},
	{"ADD", "c1", NULL, "eth0", "CNI_NETNS"},
	{"CHECK", "c1", "", "eth0", "CNI_NETNS"},
	{"ADD", "c1", "/x", NULL, "CNI_IFNAME"},
	{"ADD", "c1", "/x", "sixteen-bytes-xx", "CNI_IFNAME"},
	{"ADD", "c1", "/x", "a/b", "CNI_IFNAME"},
	{"ADD", "c1", "/x", "a:1", "CNI_IFNAME"},
	{"ADD", "c1", "/x", "a b", "CNI_IFNAME"},
	{"ADD", "c1", "/x", ".", "CNI_IFNAME"},
	{"DEL", "c1", "/x", "..", "CNI_IFNAME"},
};

static char *get(const char *name)
{
	const char *v = !strcmp(name, "CNI_COMMAND")	   ? row->command
			: !strcmp(name, "CNI_CONTAINERID") ? row->id
			: !strcmp(name, "CNI_NETNS")	   ? row->netns
			: !strcmp(name, "CNI_IFNAME")	   ? row->ifname
							   : NULL;

	return (char *)(uintptr_t)v;
}

static void each_command_has_its_variables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct env env = {.container_id = "untouched"};
		struct failure f = {.code = 0};
		int r;

		row = &rows[i];
		r = env_read(get, &env, &f);
		if ((r == 0) != !row->named)
			fail_msg("row %zu: %d %s", i, r, f.msg);
		if (!row->named) {
			assert_string_equal(env.args, "");
			continue;
		}
		assert_int_equal(f.code, CNI_INVALID_ENVIRONMENT);
		assert_non_null(strstr(f.msg, row->named));
		assert_string_equal(env.container_id, "untouched");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_command_has_its_variables)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
