/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cni/request.c, labels.c, ports.c, mac.c: what ADD is asked for, and which source counts. */
#include "cni/request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cni/mac.h"
#include "lib/cleanup.h"

static const uint8_t none[6];

/* What is compared: the lists as text, the MAC as text or "". */
static const struct {
	const char *extra, *args;
	const char *ips, *mac, *labels, *ports;
} good[] = {
	{"", "", "[]", "", "[]", "[]"},
	{"\"runtimeConfig\":{},\"args\":{\"cni\":{}}", "", "[]", "", "[]", "[]"},
	{"\"runtimeConfig\":null,\"args\":null", "", "[]", "", "[]", "[]"},
	/* 1 before 2 before 3 */
	{"\"runtimeConfig\":{\"ips\":[\"10.0.0.1\"]},\"args\":{\"cni\":{\"ips\":[\"10.0.0.2\"]}}",
	 "IP=10.0.0.3", "[\"10.0.0.1\"]", "", "[]", "[]"},
	{"\"args\":{\"cni\":{\"ips\":[\"10.0.0.2\"]}}", "IP=10.0.0.3", "[\"10.0.0.2\"]", "", "[]",
	 "[]"},
	{"\"runtimeConfig\":{\"ips\":[]}", "IP=10.0.0.3", "[\"10.0.0.3\"]", "", "[]", "[]"},
	{"", "IP=10.0.0.3,fd00::3", "[\"10.0.0.3\",\"fd00::3\"]", "", "[]", "[]"},
	{"\"runtimeConfig\":{\"ips\":[\"fd00:0::0:7/64\",\"10.0.0.1/24\"]}", "",
	 "[\"fd00::7\",\"10.0.0.1\"]", "", "[]", "[]"},
	{"\"runtimeConfig\":{\"IPs\":[\"10.0.0.1\"],\"MAC\":\"02:0A:00:00:00:01\"}", "",
	 "[\"10.0.0.1\"]", "02:0a:00:00:00:01", "[]", "[]"},
	{"\"args\":{\"cni\":{\"mac\":\"02:00:00:00:00:02\"}}", "MAC=02:00:00:00:00:03", "[]",
	 "02:00:00:00:00:02", "[]", "[]"},
	{"", "MAC=02:00:00:00:00:03", "[]", "02:00:00:00:00:03", "[]", "[]"},
	/* labels and ports */
	{"\"args\":{\"cni\":{\"labels\":[{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"b\",\"value\":\"\"}]}}",
	 "", "[]", "", "[{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"b\",\"value\":\"\"}]", "[]"},
	{"\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"axoneme.io/labels\":\"{\\\"a\\\":\\\"pod\\\","
	 "\\\"b\\\":\\\"2\\\"}\",\"other\":\"{\"}},\"args\":{\"cni\":{\"labels\":[{\"key\":\"a\",\"value\":\"op\"}]}}",
	 "", "[]", "", "[{\"key\":\"a\",\"value\":\"op\"},{\"key\":\"b\",\"value\":\"2\"}]", "[]"},
	{"\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"axoneme.io/ports\":"
	 "\"[{\\\"name\\\":\\\"dns\\\",\\\"containerPort\\\":53,\\\"protocol\\\":\\\"udp\\\"}]\"}}",
	 "", "[]", "", "[]", "[{\"name\":\"dns\",\"port\":53,\"protocol\":\"UDP\"}]"},
	{"\"args\":{\"cni\":{\"ports\":[{\"Name\":\"http\",\"Port\":80},{\"name\":\"s\",\"port\":65535,\"protocol\":"
	 "\"SCTP\"},{\"name\":\"http\",\"port\":81}]}}",
	 "", "[]", "", "[]",
	 "[{\"name\":\"http\",\"port\":81,\"protocol\":\"TCP\"},{\"name\":\"s\",\"port\":65535,\"protocol\":\"SCTP\"}]"},
};

static int parse(const char *extra, const char *args_text, struct netconf *conf, struct args *args,
		 struct request *req, struct failure *f)
{
	json_auto_t *root = NULL;
	char text[2048];

	snprintf(text, sizeof(text), "{\"cniVersion\":\"1.0.0\",\"name\":\"n\"%s%s}",
		 *extra ? "," : "", extra);
	assert_int_equal(netconf_load(text, strlen(text), &root, f), 0);
	assert_int_equal(netconf_parse(root, conf, f), 0);
	assert_int_equal(args_parse(args_text, args, f), 0);
	return request_parse(conf, args, req, f);
}

static void same(size_t row, const char *what, const json_t *list, const char *want)
{
	_cleanup_free_ char *text = json_dumps(list, JSON_COMPACT);

	if (strcmp(text, want))
		fail_msg("row %zu: %s are %s: expected %s", row, what, text, want);
}

static void sources_have_their_precedence(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct failure f = {.code = 0};
		struct netconf conf;
		struct request req;
		struct args args;
		char mac[MAC_STR_MAX];

		if (parse(good[i].extra, good[i].args, &conf, &args, &req, &f) < 0)
			fail_msg("row %zu: %s", i, f.msg);
		same(i, "ips", req.ips, good[i].ips);
		same(i, "labels", req.labels, good[i].labels);
		same(i, "ports", req.ports, good[i].ports);
		assert_string_equal(memcmp(req.mac, none, 6) ? mac_to_str(req.mac, mac) : "",
				    good[i].mac);
		request_free(&req);
		args_free(&args);
		netconf_free(&conf);
	}
}

static const struct {
	const char *extra, *args;
	int code;
	const char *named;
} bad[] = {
	{"\"runtimeConfig\":[]", "", CNI_INVALID_CONFIG, "runtimeConfig is an array"},
	{"\"args\":3", "", CNI_INVALID_CONFIG, "args is a number"},
	{"\"args\":{\"cni\":\"x\"}", "", CNI_INVALID_CONFIG, "args.cni is a string"},
	{"\"runtimeConfig\":{\"ips\":\"10.0.0.1\"}", "", CNI_INVALID_CONFIG, "runtimeConfig.ips"},
	{"\"runtimeConfig\":{\"ips\":[7]}", "", CNI_INVALID_CONFIG, "runtimeConfig.ips"},
	{"\"runtimeConfig\":{\"ips\":[\"10.0.0\"]}", "", CNI_INVALID_CONFIG, "10.0.0"},
	{"\"runtimeConfig\":{\"ips\":[\"10.0.0.1/33\"]}", "", CNI_INVALID_CONFIG, "10.0.0.1/33"},
	{"\"runtimeConfig\":{\"ips\":[\"10.0.0.1\",\"10.0.0.2\"]}", "", CNI_INVALID_CONFIG,
	 "one address per family"},
	{"\"args\":{\"cni\":{\"ips\":{}}}", "", CNI_INVALID_CONFIG, "args.cni.ips"},
	{"", "IP=999.1.1.1", CNI_INVALID_ENVIRONMENT, "999.1.1.1"},
	{"", "IP=10.0.0.1,", CNI_INVALID_ENVIRONMENT, "CNI_ARGS IP"},
	{"", "IP=10.0.0.1,10.0.0.2", CNI_INVALID_ENVIRONMENT, "per family"},
	{"", "IP=ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	 CNI_INVALID_ENVIRONMENT, "CNI_ARGS IP"},
	{"\"runtimeConfig\":{\"mac\":\"x\"}", "", CNI_INVALID_CONFIG, "runtimeConfig.mac"},
	{"\"runtimeConfig\":{\"mac\":\"01:00:5e:00:00:01\"}", "", CNI_INVALID_CONFIG, "unicast"},
	{"\"args\":{\"cni\":{\"mac\":5}}", "", CNI_INVALID_CONFIG, "args.cni.mac"},
	{"", "MAC=00:00:00:00:00:00", CNI_INVALID_ENVIRONMENT, "CNI_ARGS MAC"},
	{"\"args\":{\"cni\":{\"labels\":7}}", "", CNI_INVALID_CONFIG, "args.cni.labels"},
	{"\"args\":{\"cni\":{\"labels\":[{\"key\":1}]}}", "", CNI_INVALID_CONFIG,
	 "args.cni.labels"},
	{"\"args\":{\"cni\":{\"labels\":[{\"key\":\"\",\"value\":\"x\"}]}}", "", CNI_INVALID_CONFIG,
	 "args.cni.labels"},
	{"\"args\":{\"cni\":{\"labels\":[\"a=b\"]}}", "", CNI_INVALID_CONFIG, "args.cni.labels"},
	{"\"args\":{\"cni\":{\"labels\":{\"a\":\"1\"}}}", "", CNI_INVALID_CONFIG,
	 "args.cni.labels"},
	{"\"args\":{\"cni\":{\"ports\":[{\"name\":\"a\",\"port\":0}]}}", "", CNI_INVALID_CONFIG,
	 "1 to 65535"},
	{"\"args\":{\"cni\":{\"ports\":[{\"name\":\"a\",\"port\":70000}]}}", "", CNI_INVALID_CONFIG,
	 "1 to 65535"},
	{"\"args\":{\"cni\":{\"ports\":[{\"name\":\"a\",\"port\":\"80\"}]}}", "",
	 CNI_INVALID_CONFIG, "1 to 65535"},
	{"\"args\":{\"cni\":{\"ports\":[{\"port\":80}]}}", "", CNI_INVALID_CONFIG, "no name"},
	{"\"args\":{\"cni\":{\"ports\":[{\"name\":\"a\",\"port\":80,\"protocol\":\"ICMP\"}]}}", "",
	 CNI_INVALID_CONFIG, "TCP, UDP or SCTP"},
	{"\"args\":{\"cni\":{\"ports\":{}}}", "", CNI_INVALID_CONFIG, "args.cni.ports"},
	{"\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"axoneme.io/labels\":\"{\"}}",
	 "", CNI_INVALID_CONFIG, "axoneme.io/labels is not JSON"},
	{"\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"axoneme.io/labels\":"
	 "\"[]\"}}",
	 "", CNI_INVALID_CONFIG, "axoneme.io/labels: expected an object"},
	{"\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"axoneme.io/labels\":"
	 "\"{\\\"a\\\":1}\"}}",
	 "", CNI_INVALID_CONFIG, "axoneme.io/labels"},
	{"\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"axoneme.io/labels\":5}}", "",
	 CNI_INVALID_CONFIG, "axoneme.io/labels"},
	{"\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"axoneme.io/ports\":\"{}\"}}",
	 "", CNI_INVALID_CONFIG, "axoneme.io/ports"},
	{"\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":[]}", "", CNI_INVALID_CONFIG,
	 "pod-annotations"},
	{"\"dns\":[]", "", CNI_INVALID_CONFIG, "dns is an array"},
};

static void wrong_requests_are_refused_and_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct failure f = {.code = 0};
		struct request req = {.ips = NULL};
		struct netconf conf;
		struct args args;

		if (parse(bad[i].extra, bad[i].args, &conf, &args, &req, &f) == 0)
			fail_msg("row %zu was accepted", i);
		if (f.code != bad[i].code || !strstr(f.msg, bad[i].named))
			fail_msg("row %zu: %d %s", i, f.code, f.msg);
		assert_null(req.ips);
		args_free(&args);
		netconf_free(&conf);
	}
}

static void the_runtimes_dns_counts_before_the_configurations(void **state)
{
	static const char *const rows[][2] = {
		{"\"dns\":{\"nameservers\":[\"1.1.1.1\"],\"domain\":\"x\"}",
		 "{\"nameservers\":[\"1.1.1.1\"],\"domain\":\"x\"}"},
		{"\"dns\":{\"nameservers\":[\"1.1.1.1\"]},\"runtimeConfig\":{\"dns\":{\"Servers\":[\"2.2.2.2\"],"
		 "\"searches\":[\"a\"],\"Options\":[\"ndots:2\"]}}",
		 "{\"nameservers\":[\"2.2.2.2\"],\"search\":[\"a\"],\"options\":[\"ndots:2\"]}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct failure f = {.code = 0};
		struct netconf conf;
		struct request req;
		struct args args;

		assert_int_equal(parse(rows[i][0], "", &conf, &args, &req, &f), 0);
		same(i, "dns", req.dns, rows[i][1]);
		request_free(&req);
		args_free(&args);
		netconf_free(&conf);
	}
}

static void macs_are_six_bytes(void **state)
{
	static const char *const texts[] = {
		"",
		"02:00:00:00:00",
		"02:00:00:00:00:01:",
		"02-00-00-00-00-01",
		"2:00:00:00:00:001",
		"0g:00:00:00:00:01",
		"03:00:00:00:00:01",
		"ff:ff:ff:ff:ff:ff",
		"00:00:00:00:00:00",
		"02:00:00:00:00:1",
	};
	uint8_t mac[6] = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(mac_parse(texts[i], mac), -EINVAL);
	assert_memory_equal(mac, none, 6);
	assert_int_equal(mac_parse("fE:dC:bA:98:76:54", mac), 0);
	assert_memory_equal(mac, ((uint8_t[]){0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54}), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_have_their_precedence),
		cmocka_unit_test(wrong_requests_are_refused_and_named),
		cmocka_unit_test(the_runtimes_dns_counts_before_the_configurations),
		cmocka_unit_test(macs_are_six_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
