/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cni/previous.c: what of prevResult is about our interface. */
#include "cni/previous.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/cleanup.h"

#define IFS                                                                            \
	"\"interfaces\":[{\"name\":\"eth0\"},{\"name\":\"eth0\",\"sandbox\":\"/x\"}]," \
	"\"ips\":[{\"interface\":0,\"address\":\"192.0.2.1/24\"},"                     \
	"{\"interface\":1,\"address\":\"10.0.0.7/32\",\"gateway\":\"10.0.0.1\"},"      \
	"{\"interface\":1,\"address\":\"fd00::7/128\",\"gateway\":\"fd00::1\"},{\"address\":\"x\"}]"
#define V4 "{\"dst\":\"0.0.0.0/0\",\"gw\":\"10.0.0.1\"}"
#define V6 "{\"dst\":\"::/0\",\"gw\":\"fd00::1\"}"
#define OTHER "{\"dst\":\"0.0.0.0/0\",\"gw\":\"192.0.2.254\"}"

static const struct {
	const char *text;
	int count; /* of our addresses; -1 = refused */
	bool further;
} rows[] = {
	{"{" IFS ",\"routes\":[" V4 "," V6 "]}", 2, false},
	{"{" IFS ",\"routes\":[" OTHER "," V4 "," V6 "]}", 2, false},
	{"{" IFS ",\"routes\":[" V4 "]}", 2, true},
	{"{" IFS ",\"routes\":[" OTHER "]}", 2, true},
	{"{" IFS "}", 2, true},
	{"{" IFS ",\"routes\":[" V4 "," V6
	 ",{\"dst\":\"::/0\",\"gw\":\"fd00::1\",\"table\":1005}]}",
	 2, true},
	{"{\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"/x\"}]}", 0, false},
	{"{\"interfaces\":[{\"name\":\"eth0\"}]}", -1, false},
	{"{\"interfaces\":[{\"name\":\"eth1\",\"sandbox\":\"/x\"}]}", -1, false},
	{"{\"interfaces\":5,\"ips\":7,\"routes\":\"x\"}", -1, false},
	{"{\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"/x\"}],\"ips\":[{\"interface\":0}]}",
	 -1, false},
	{"{\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"/x\"}],\"ips\":[5],\"routes\":[7]}", 0,
	 false},
	{"{}", -1, false},
	{"null", -1, false},
};

static void our_part_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_auto_t *result = json_loads(rows[i].text, JSON_DECODE_ANY, NULL);
		struct netconf conf = {.prev_result = json_is_null(result) ? NULL : result};
		struct previous prev = {.count = -7};
		struct failure f = {.code = 0};
		int r;

		assert_non_null(result);
		r = previous_read(&conf, "eth0", &prev, &f);
		if ((r == 0) != (rows[i].count >= 0) || prev.count != (r == 0 ? rows[i].count : -7))
			fail_msg("row %zu: %d, %d addresses, %s", i, r, prev.count, f.msg);
		if (r < 0)
			assert_int_equal(f.code, CNI_INVALID_CONFIG);
		if (previous_is_further(&conf, "eth0") != rows[i].further)
			fail_msg("row %zu: further should be %d", i, rows[i].further);
	}
}

static void more_addresses_than_there_is_room_for_are_refused(void **state)
{
	json_auto_t *result = json_loads(
		"{\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"/x\"}],\"ips\":[]}", 0, NULL);
	struct netconf conf = {.prev_result = result};
	struct previous prev;
	struct failure f;

	(void)state;
	for (int i = 0; i < PREVIOUS_MAX_IPS; i++)
		json_array_append_new(json_object_get(result, "ips"),
				      json_pack("{s:i, s:s}", "interface", 0, "address",
						"10.0.0.1/32"));
	assert_int_equal(previous_read(&conf, "eth0", &prev, &f), 0);
	assert_int_equal(prev.count, PREVIOUS_MAX_IPS);
	json_array_append_new(json_object_get(result, "ips"),
			      json_pack("{s:i, s:s}", "interface", 0, "address", "10.0.0.1/32"));
	assert_true(previous_read(&conf, "eth0", &prev, &f) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_part_is_found),
		cmocka_unit_test(more_addresses_than_there_is_room_for_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
