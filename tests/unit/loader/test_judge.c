/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent says of a kernel, of privileges, and to runtimes. */
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/cleanup.h"
#include "loader/conflist.h"
#include "loader/gateway.h"
#include "loader/kernel.h"
#include "loader/privileges.h"

static const struct kernel_facts good_kernel = {
	.release = "6.1.0",
	.bpf = true,
	.may_bpf = true,
	.ringbuf = true,
	.lpm_trie = true,
	.lru_hash = true,
	.redirect_peer = true,
	.ktime_coarse = true,
};

static void kernel_with_everything_is_good(void **state)
{
	(void)state;
	assert_int_equal(kernel_judge(&good_kernel, NULL), 0);
}

static void missing_feature_is_named_with_the_release(void **state)
{
	struct kernel_facts rows[6];
	static const char *const words[] = {"bpf(2)",	"ring buffers",	 "longest-prefix maps",
					    "LRU maps", "redirect_peer", "ktime_get_coarse_ns"};
	struct error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		rows[i] = good_kernel;
	rows[0].bpf = false;
	rows[1].ringbuf = false;
	rows[2].lpm_trie = false;
	rows[3].lru_hash = false;
	rows[4].redirect_peer = false;
	rows[5].ktime_coarse = false;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(kernel_judge(&rows[i], &e), -ENOTSUP);
		assert_non_null(strstr(e.msg, words[i]));
		assert_non_null(strstr(e.msg, "kernel 6.1.0"));
		assert_non_null(strstr(e.msg, "expected"));
	}
}

static void refused_bpf_is_a_matter_of_privileges(void **state)
{
	struct kernel_facts facts = good_kernel;
	struct error e;

	(void)state;
	facts.may_bpf = false;
	assert_int_equal(kernel_judge(&facts, &e), -EPERM);
	assert_non_null(strstr(e.msg, "CAP_BPF"));
}

static void kernels_before_6_1_are_old(void **state)
{
	(void)state;
	assert_true(kernel_is_old("5.15.0-91-generic"));
	assert_true(kernel_is_old("6.0.19"));
	assert_false(kernel_is_old("6.1.0-18-amd64"));
	assert_false(kernel_is_old("6.18.44"));
	assert_false(kernel_is_old("7.0"));
	assert_false(kernel_is_old("unknown"));
}

static void missing_capabilities_are_all_named(void **state)
{
	static const struct {
		struct privilege_facts facts;
		const char *words;
	} rows[] = {
		{{false, true, true}, ": CAP_BPF;"},
		{{true, false, true}, ": CAP_PERFMON;"},
		{{true, true, false}, ": CAP_NET_ADMIN;"},
		{{false, false, false}, ": CAP_BPF CAP_PERFMON CAP_NET_ADMIN;"},
	};
	struct error e;

	(void)state;
	assert_int_equal(privileges_judge(&(struct privilege_facts){true, true, true}, &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(privileges_judge(&rows[i].facts, &e), -EPERM);
		assert_non_null(strstr(e.msg, rows[i].words));
	}
}

static void conflist_is_what_runtimes_of_1_0_and_1_1_read(void **state)
{
	struct options opt = {.run_dir = (char *)"/run/a \"b\"", .queue_dir = (char *)"/q"};
	_cleanup_free_ char *text = conflist_text(&opt);
	json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const char *version, *name, *type, *socket, *queue, *second;
	int ips, ports;

	(void)state;
	assert_int_equal(
		json_unpack(list, "{s:s, s:s, s:[{s:s, s:s, s:s, s:{s:b}}, {s:s, s:{s:b}}]}",
			    "cniVersion", &version, "name", &name, "plugins", "type", &type,
			    "socket", &socket, "queueDir", &queue, "capabilities", "ips", &ips,
			    "type", &second, "capabilities", "portMappings", &ports),
		0);
	assert_string_equal(version, "1.0.0");
	assert_string_equal(name, "axoneme");
	assert_string_equal(type, "axoneme-cni");
	assert_string_equal(socket, "/run/a \"b\"/axoneme.sock");
	assert_string_equal(queue, "/q");
	assert_string_equal(second, "portmap");
	assert_true(ips && ports);
	assert_int_equal(json_array_size(json_object_get(list, "cniVersions")), 4);
	json_decref(list);
}

static void gateway_mac_is_stable_local_and_unicast(void **state)
{
	uint8_t a[6], again[6], b[6];

	(void)state;
	gateway_mac("node-1", a);
	gateway_mac("node-1", again);
	gateway_mac("node-2", b);
	assert_memory_equal(a, again, 6);
	assert_memory_not_equal(a, b, 6);
	assert_int_equal(a[0] & 3, 2);
	assert_int_equal(b[0] & 3, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_with_everything_is_good),
		cmocka_unit_test(missing_feature_is_named_with_the_release),
		cmocka_unit_test(refused_bpf_is_a_matter_of_privileges),
		cmocka_unit_test(kernels_before_6_1_are_old),
		cmocka_unit_test(missing_capabilities_are_all_named),
		cmocka_unit_test(conflist_is_what_runtimes_of_1_0_and_1_1_read),
		cmocka_unit_test(gateway_mac_is_stable_local_and_unicast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
