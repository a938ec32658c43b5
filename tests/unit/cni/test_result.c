/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cni/result.c, version.c, failure.c: what is printed, in every version. */
#include "cni/result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cni/failure.h"
#include "lib/cleanup.h"

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

static struct cidr cidr(const char *text)
{
	struct cidr c;

	assert_int_equal(cidr_parse_host(text, &c, NULL), 0);
	return c;
}

/* A result of ours on top of @prev, in @version. */
static json_t *build(const char *prev_text, enum cni_version version)
{
	json_auto_t *prev = prev_text ? json_loads(prev_text, 0, NULL) : NULL;
	struct cidr a4 = cidr("10.0.0.7/32"), a6 = cidr("fd00::7/128"), g4 = cidr("10.0.0.1"),
		    g6 = cidr("fd00::1");
	json_t *result = result_new(prev);
	size_t pod;

	assert_non_null(result);
	result_add_interface(result, "axo0", mac, 1500, NULL);
	pod = result_add_interface(result, "eth0", mac, 1500, "/run/netns/x");
	result_add_ip(result, &a4, &g4.addr, pod);
	result_add_ip(result, &a6, &g6.addr, pod);
	result_add_default(result, &g4.addr, 0);
	result_add_default(result, &g6.addr, 1007);
	result_set_dns(result, NULL);
	result_finish(result, version);
	return result;
}

#define IFS_OLD                                                              \
	"\"interfaces\":[{\"name\":\"axo0\",\"mac\":\"02:00:00:00:00:01\"}," \
	"{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\",\"sandbox\":\"/run/netns/x\"}]"
#define IP4 "\"interface\":1,\"address\":\"10.0.0.7/32\",\"gateway\":\"10.0.0.1\""
#define IP6 "\"interface\":1,\"address\":\"fd00::7/128\",\"gateway\":\"fd00::1\""
#define ROUTE4 "{\"dst\":\"0.0.0.0/0\",\"gw\":\"10.0.0.1\"}"

static void each_version_gets_its_own_form(void **state)
{
	static const char *const wants[CNI_VERSIONS] = {
		[CNI_0_3_1] = "{\"cniVersion\":\"0.3.1\"," IFS_OLD ",\"ips\":[{" IP4
			      ",\"version\":\"4\"},{" IP6 ",\"version\":\"6\"}],\"routes\":[" ROUTE4
			      "],\"dns\":{}}",
		[CNI_0_4_0] = "{\"cniVersion\":\"0.4.0\"," IFS_OLD ",\"ips\":[{" IP4
			      ",\"version\":\"4\"},{" IP6 ",\"version\":\"6\"}],\"routes\":[" ROUTE4
			      "],\"dns\":{}}",
		[CNI_1_0_0] = "{\"cniVersion\":\"1.0.0\"," IFS_OLD ",\"ips\":[{" IP4 "},{" IP6
			      "}],\"routes\":[" ROUTE4 "],\"dns\":{}}",
		[CNI_1_1_0] =
			"{\"cniVersion\":\"1.1.0\",\"interfaces\":[{\"name\":\"axo0\",\"mac\":\"02:00:00:00:00:01\","
			"\"mtu\":1500},{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\",\"mtu\":1500,\"sandbox\":"
			"\"/run/netns/x\"}],\"ips\":[{" IP4 "},{" IP6 "}],\"routes\":[" ROUTE4
			",{\"dst\":\"::/0\",\"gw\":\"fd00::1\",\"table\":1007}],\"dns\":{}}",
	};

	(void)state;
	for (int v = 0; v < CNI_VERSIONS; v++) {
		json_auto_t *got = build(NULL, v), *want = json_loads(wants[v], 0, NULL);
		_cleanup_free_ char *text = json_dumps(got, JSON_COMPACT);

		assert_non_null(want);
		if (!json_equal(got, want))
			fail_msg("%s: %s", version_to_str(v), text);
	}
}

static void what_came_before_is_converted_from_any_version_to_any(void **state)
{
	static const char *const prevs[] = {
		"{\"cniVersion\":\"0.3.1\",\"ips\":[{\"version\":\"6\",\"address\":\"fd09::1/64\"}],\"x\":{\"y\":1}}",
		"{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"fd09::1/64\"}],\"x\":{\"y\":1}}",
		"{\"cniVersion\":\"1.1.0\",\"ips\":[{\"address\":\"fd09::1/64\"}],\"x\":{\"y\":1},"
		"\"interfaces\":null,\"routes\":[{\"dst\":\"fd0a::/64\",\"mtu\":1400,\"advmss\":1,\"priority\":2,"
		"\"scope\":0,\"table\":254}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(prevs); i++) {
		for (int v = 0; v < CNI_VERSIONS; v++) {
			json_auto_t *got = build(prevs[i], v);
			json_t *first = json_array_get(json_object_get(got, "ips"), 0);
			json_t *route = json_array_get(json_object_get(got, "routes"), 0);

			assert_string_equal(json_string_value(json_object_get(first, "address")),
					    "fd09::1/64");
			assert_int_equal(json_object_get(first, "version") != NULL, v < CNI_1_0_0);
			assert_string_equal(json_string_value(json_object_get(got, "cniVersion")),
					    version_to_str(v));
			assert_non_null(json_object_get(json_object_get(got, "x"), "y"));
			if (i == 2)
				assert_int_equal(json_object_size(route), v == CNI_1_1_0 ? 6 : 1);
		}
	}
}

static void interfaces_of_earlier_plugins_shift_our_index(void **state)
{
	json_auto_t *got = build(
		"{\"interfaces\":[{\"name\":\"a\"},{\"name\":\"b\"}],\"ips\":[{\"address\":\"1.2.3.4/8\"}]}",
		CNI_1_0_0);
	json_t *ip = json_array_get(json_object_get(got, "ips"), 1);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(ip, "interface")), 3);
}

static void dns_of_earlier_plugins_stays_unless_we_have_our_own(void **state)
{
	json_auto_t *prev = json_loads("{\"dns\":{\"nameservers\":[\"9.9.9.9\"]}}", 0, NULL);
	json_auto_t *own = json_loads("{\"nameservers\":[\"1.1.1.1\"]}", 0, NULL),
		    *empty = json_object();
	json_auto_t *result = result_new(prev);

	(void)state;
	result_set_dns(result, empty);
	assert_true(json_equal(json_object_get(result, "dns"), json_object_get(prev, "dns")));
	result_set_dns(result, own);
	assert_true(json_equal(json_object_get(result, "dns"), own));
}

static void malformed_earlier_results_are_refused(void **state)
{
	static const char *const texts[] = {"{\"interfaces\":5}", "{\"ips\":{}}",
					    "{\"routes\":[1]}", "{\"ips\":[\"x\"]}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		json_auto_t *prev = json_loads(texts[i], 0, NULL);

		assert_null(result_new(prev));
	}
}

static void an_earlier_result_is_copied_not_changed(void **state)
{
	json_auto_t *prev = json_loads("{\"ips\":[{\"address\":\"1.2.3.4/8\"}]}", 0, NULL);
	json_auto_t *before = json_deep_copy(prev), *result = result_new(prev);

	(void)state;
	result_finish(result, CNI_0_3_1);
	assert_true(json_equal(prev, before));
}

static void versions_are_exact(void **state)
{
	static const char *const wrong[] = {"",	      "1",	   "1.0",   "1.0.0.0",
					    "v1.0.0", "1.0.0-rc1", "0.2.0", "01.0.0"};
	enum cni_version v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_true(version_from_str(wrong[i], &v) < 0);
	for (int i = 0; i < CNI_VERSIONS; i++) {
		assert_int_equal(version_from_str(version_to_str(i), &v), 0);
		assert_int_equal(v, i);
	}
	assert_string_equal(version_to_str(CNI_VERSIONS - 1), CNI_NEWEST);
}

static void an_error_has_all_its_keys(void **state)
{
	struct failure f = {.code = 0};
	json_auto_t *want = json_loads(
		"{\"cniVersion\":\"0.4.0\",\"code\":7,\"msg\":\"a \\\"b\\\"\",\"details\":\"d?\"}",
		0, NULL);
	_cleanup_free_ char *text = NULL;
	json_auto_t *got = NULL;

	(void)state;
	failure_set(&f, 7, "a \"%s\"", "b");
	failure_detail(&f, "d\xff");
	text = failure_to_json(&f, "0.4.0");
	assert_null(strchr(text, '\n'));
	got = json_loads(text, 0, NULL);
	assert_true(json_equal(got, want));
}

static void a_message_cut_within_a_character_is_still_json(void **state)
{
	_cleanup_free_ char *text = NULL, *umlauts = calloc(1, 1001);
	struct failure f = {.code = 0};
	json_auto_t *got = NULL;

	(void)state;
	for (int i = 0; i < 500; i++)
		memcpy(umlauts + 2 * i, "\xc3\xa4", 2);
	failure_set(&f, 7, "x%s", umlauts);
	text = failure_to_json(&f, "1.0.0");
	got = json_loads(text, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(got, "code")), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_version_gets_its_own_form),
		cmocka_unit_test(what_came_before_is_converted_from_any_version_to_any),
		cmocka_unit_test(interfaces_of_earlier_plugins_shift_our_index),
		cmocka_unit_test(dns_of_earlier_plugins_stays_unless_we_have_our_own),
		cmocka_unit_test(malformed_earlier_results_are_refused),
		cmocka_unit_test(an_earlier_result_is_copied_not_changed),
		cmocka_unit_test(versions_are_exact),
		cmocka_unit_test(an_error_has_all_its_keys),
		cmocka_unit_test(a_message_cut_within_a_character_is_still_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
