/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Options: flags, the file, both, and what is said about wrong ones. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "loader/options.h"

#define ARGS_MAX 16

static char config[] = "/tmp/axo-options-XXXXXX";

static int make_config(void **state)
{
	int fd = mkstemp(config);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int remove_config(void **state)
{
	(void)state;
	return unlink(config);
}

/* Parse flags, separated by spaces, with @yaml as the configuration file. */
static int parse(struct options *o, const char *yaml, const char *flags, struct error *e)
{
	char copy[1024], *argv[ARGS_MAX] = {"axonemed", "--config", config};
	int argc = 3;

	assert_int_equal(file_write_atomic(config, yaml, strlen(yaml), 0600), 0);
	snprintf(copy, sizeof(copy), "%s", flags);
	for (char *word = strtok(copy, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	return options_parse(o, argc, argv, e);
}

static void defaults_are_those_of_the_documents(void **state)
{
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(parse(&o, "pod-cidr: 10.0.0.0/24\n", "--node-name n1", &e), 0);
	assert_string_equal(o.node_name, "n1");
	assert_string_equal(o.run_dir, "/run/axoneme");
	assert_string_equal(o.state_dir, "/var/lib/axoneme");
	assert_string_equal(o.queue_dir, "/var/lib/axoneme/queue");
	assert_string_equal(o.bpffs_dir, "/sys/fs/bpf/axoneme");
	assert_string_equal(o.metrics_listen, "127.0.0.1:9964");
	assert_null(o.cni_conf_dir);
	assert_int_equal(o.cooldown_ms, 30000);
	assert_int_equal(o.flow_max, 524288);
	assert_int_equal(o.flow_lru_max, 65536);
	assert_int_equal(o.log_level, LOG_INFO);
	assert_int_equal(o.policy_entry_max, 2097152);
	assert_int_equal(o.kube_apiserver.count, 0);
	assert_true(o.allow_host);
	assert_true(o.masquerade);
	assert_true(options_native(&o));
	options_fini(&o);
}

static void file_says_everything_that_flags_say(void **state)
{
	static const char yaml[] = "# a comment\n"
				   "node-name: worker\n"
				   "pod-cidr: [10.1.0.0/16, 'fd00::/64']\n"
				   "reserve:\n"
				   "  - 10.1.0.0/28\n"
				   "  - fd00::/120\n"
				   "device: eth1\n"
				   "cooldown: 5m\n"
				   "mtu: 9000\n"
				   "log-level: warn\n"
				   "allow-host: off\n"
				   "kube-apiserver: [192.0.2.1/32, 2001:db8::/64]\n"
				   "policy-entry-max: 1000\n"
				   "policy-audit: on\n"
				   "chaos-delay: tap\n"
				   "node-label: [role=edge, zone=]\n"
				   "state-dir: /srv/axo\n";
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(parse(&o, yaml, "", &e), 0);
	assert_string_equal(o.node_name, "worker");
	assert_int_equal(o.pod_cidr.count, 2);
	assert_int_equal(o.pod_cidr.items[1].family, 6);
	assert_int_equal(o.reserve.count, 2);
	assert_int_equal(o.device.count, 1);
	assert_string_equal(o.device.items[0], "eth1");
	assert_int_equal(o.cooldown_ms, 300000);
	assert_int_equal(o.mtu, 9000);
	assert_false(o.allow_host);
	assert_int_equal(o.kube_apiserver.count, 2);
	assert_int_equal(o.kube_apiserver.items[1].bits, 64);
	assert_int_equal(o.policy_entry_max, 1000);
	assert_true(o.policy_audit);
	assert_string_equal(o.chaos_delay, "tap");
	assert_int_equal(o.node_label.count, 2);
	assert_string_equal(o.node_label.items[0], "k8s:role=edge");
	assert_string_equal(o.node_label.items[1], "k8s:zone=");
	assert_int_equal(o.log_level, LOG_WARN);
	assert_string_equal(o.queue_dir, "/srv/axo/queue");
	options_fini(&o);
}

static void flags_win_and_replace_whole_lists(void **state)
{
	static const char yaml[] =
		"pod-cidr: [10.1.0.0/16, fd00::/64]\ndevice: [a, b]\nmtu: 9000\n";
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(parse(&o, yaml, "--pod-cidr 10.9.0.0/24 --mtu=1400 --cooldown 500ms", &e),
			 0);
	assert_int_equal(o.pod_cidr.count, 1);
	assert_int_equal(o.pod_cidr.items[0].bits, 24);
	assert_int_equal(o.device.count, 2);
	assert_int_equal(o.mtu, 1400);
	assert_int_equal(o.cooldown_ms, 500);
	options_fini(&o);
}

static void empty_file_is_a_configuration(void **state)
{
	static const char *const files[] = {"", "\n\n", "# only this\n", "---\n...\n"};
	struct error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct options o;

		if (parse(&o, files[i], "--pod-cidr 10.0.0.0/24", &e) < 0)
			fail_msg("\"%s\": %s", files[i], e.msg);
		options_fini(&o);
	}
}

/* A row is refused, and the message has all of @words in it (separated by '|'). */
static void assert_refused(const char *yaml, const char *flags, const char *words)
{
	struct error e = {0};
	struct options o;
	char copy[256];

	if (parse(&o, yaml, flags, &e) == 0)
		fail_msg("accepted: \"%s\" %s", yaml, flags);
	options_fini(&o);
	snprintf(copy, sizeof(copy), "%s", words);
	for (char *word = strtok(copy, "|"); word; word = strtok(NULL, "|")) {
		if (!strstr(e.msg, word))
			fail_msg("\"%s\" %s: \"%s\" is not in: %s", yaml, flags, word, e.msg);
	}
}

static void wrong_files_are_refused_with_the_line(void **state)
{
	static const struct {
		const char *yaml, *words;
	} rows[] = {
		{"pod-cidr: 10.0.0.0/24\npod-cdir: x\n",
		 ":2: |unknown key \"pod-cdir\"|\"pod-cidr\"?"},
		{"\n\nzzzzzz: 1\n", ":3: |unknown key \"zzzzzz\"|--help"},
		{"mtu: 1\nmtu: 2\n", ":2: |second time"},
		{"pod-cidr: 10.0.0.1/24\n", ":1: pod-cidr: "},
		{"pod-cidr:\n  - 10.0.0.0/24\n  - 10.0.0/8\n", ":3: pod-cidr: "},
		{"mtu: [1500]\n", ":1: mtu: expected one value, found a list"},
		{"mtu:\n  a: b\n", "expected a plain value"},
		{"- a\n- b\n", "expected \"key: value\" lines"},
		{"just text\n", "expected \"key: value\" lines"},
		{"a: [b\n", "axo-options"},
		{"mtu: 1500\n---\nmtu: 1500\n", ":2: expected one document"},
		{"check: true\n", "unknown key \"check\""},
		{"config: /x\n", "unknown key \"config\""},
		{"run-dir: here\n", ":1: run-dir: |expected an absolute path"},
		{"mtu: -1\n", ":1: mtu: \"-1\": expected a number from 0 to 65535"},
		{"cooldown: 30\n", "expected a duration like 30s"},
		{"cooldown: 25h\n", "expected a duration like 30s"},
		{"cooldown: 99999999999999999999s\n", "expected a duration like 30s"},
		{"masquerade: maybe\n", "expected on or off"},
		{"log-level: loud\n", "expected debug, info, warn or error"},
		{"device: ../../etc\n", "expected a device name"},
		{"device: abcdefghijklmnop\n", "expected a device name"},
		{"flow-max: 100\n", "expected a number from 1024 to 16777216"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_refused(rows[i].yaml, "", rows[i].words);
}

static void wrong_flags_are_refused_by_name(void **state)
{
	static const struct {
		const char *flags, *words;
	} rows[] = {
		{"--pod-cdir 10.0.0.0/24", "unknown flag \"--pod-cdir\"|\"--pod-cidr\"?"},
		{"pod-cidr 10.0.0.0/24", "argument \"pod-cidr\": expected a flag"},
		{"--pod-cidr", "--pod-cidr: value is missing"},
		{"--check=yes", "--check takes no value"},
		{"--pod-cidr 10.0.0.0", "--pod-cidr: "},
		{"--mtu 1500", "pod-cidr is missing"},
		{"--pod-cidr 10.0.0.0/24 --pod-cidr 10.0.1.0/24", "expected one prefix per family"},
		{"--pod-cidr 10.0.0.0/31", "expected a prefix of /30 or shorter"},
		{"--pod-cidr 10.0.0.0/24 --metrics-listen 9964",
		 "metrics-listen '9964': expected ADDRESS:PORT, [ADDRESS]:PORT or off"},
		{"--pod-cidr 10.0.0.0/24 --metrics-listen 127.0.0.1",
		 "metrics-listen '127.0.0.1': expected ADDRESS:PORT"},
		{"--pod-cidr fd00::/127", "expected a prefix of /126 or shorter"},
		{"--pod-cidr 10.0.0.0/24 --reserve 10.0.1.0/28",
		 "reserve 10.0.1.0/28: expected a part"},
		{"--pod-cidr 10.0.0.0/24 --reserve 10.0.0.0/23",
		 "reserve 10.0.0.0/23: expected a part"},
		{"--pod-cidr 10.0.0.0/24 --kube-apiserver 0.0.0.0/0",
		 "kube-apiserver 0.0.0.0/0: expected a prefix longer"},
		{"--pod-cidr 10.0.0.0/24 --routing bgp",
		 "routing: \"bgp\": expected native or stack"},
		{"--pod-cidr 10.0.0.0/24 --chaos-delay netem",
		 "chaos-delay: \"netem\": expected auto, fq or tap"},
		{"--pod-cidr fd00::/64 --mtu 1279", "mtu 1279: expected at least 1280"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_refused("", rows[i].flags, rows[i].words);
}

static void unreadable_file_is_an_error_with_its_name(void **state)
{
	char *argv[] = {"axonemed", "--config", "/nonexistent/axoneme.yaml", NULL};
	struct error e = {0};
	struct options o;

	(void)state;
	assert_int_equal(options_parse(&o, 3, argv, &e), -ENOENT);
	assert_non_null(strstr(e.msg, "/nonexistent/axoneme.yaml: No such file or directory"));
	options_fini(&o);
}

static void list_has_an_end(void **state)
{
	char yaml[4096] = "device:\n";
	struct error e = {0};
	struct options o;

	(void)state;
	for (int i = 0; i <= OPTIONS_MAX_LIST; i++)
		sprintf(yaml + strlen(yaml), "  - eth%d\n", i);
	assert_int_equal(parse(&o, yaml, "", &e), -EINVAL);
	assert_non_null(strstr(e.msg, ":66: device: more than 64 times"));
	options_fini(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_documents),
		cmocka_unit_test(file_says_everything_that_flags_say),
		cmocka_unit_test(flags_win_and_replace_whole_lists),
		cmocka_unit_test(empty_file_is_a_configuration),
		cmocka_unit_test(wrong_files_are_refused_with_the_line),
		cmocka_unit_test(wrong_flags_are_refused_by_name),
		cmocka_unit_test(unreadable_file_is_an_error_with_its_name),
		cmocka_unit_test(list_has_an_end),
	};

	return cmocka_run_group_tests(tests, make_config, remove_config);
}
