/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* CHECK: what ADD made is compared, what others added is not. */
#include "tests/unit/cni/call.h"

static char *result; /* of the ADD before */

static int fresh(void **state)
{
	if (runtime_open(state) < 0)
		return -1;
	fake_start(&rt.agent, NULL);
	if (rt.home < 0)
		return 0;
	if (cni("ADD", conf("1.1.0", "")) != 0)
		return -1;
	free(result);
	result = strdup(rt.out);
	return 0;
}

/* CHECK with the result as prevResult, after replacing @from by @to in it. */
static void check(const char *from, const char *to)
{
	_cleanup_free_ char *extra = NULL;
	const char *at = *from ? strstr(result, from) : result;

	assert_non_null(at);
	assert_true(asprintf(&extra, ",\"prevResult\":%.*s%s%s", (int)(at - result), result, to,
			     at + strlen(from)) > 0);
	cni("CHECK", conf("1.1.0", extra));
}

static struct link eth0(void)
{
	struct link link;

	assert_true(pod_has("eth0", &link));
	return link;
}

static struct cidr host(const char *text)
{
	struct cidr c;

	assert_int_equal(cidr_parse_host(text, &c, NULL), 0);
	return c;
}

static void check_of_an_untouched_pod_passes_and_is_silent(void **state)
{
	(void)state;
	NEEDS_NETNS();
	check("", "");
	assert_success();
	assert_string_equal(rt.out, "");
	fake_stop(&rt.agent);
	assert_int_equal(count_heard("POST /v1/attachments/check"), 1);
	assert_non_null(strstr(rt.agent.heard, "\"ips\":[\"10.7.0.9\",\"fd07::9\"]"));
}

static void each_difference_is_named(void **state)
{
	struct cidr v4 = host("10.7.0.9/32");
	struct axo_addr gw = host("fd07::1").addr;
	struct route_opts dflt = {.family = 6, .gateway = &gw};

	(void)state;
	NEEDS_NETNS();
	dflt.ifindex = eth0().ifindex;
	assert_int_equal(route_del(rt.pod_nl, &dflt), 0);
	check("", "");
	assert_failure(107, "route ::/0 via fd07::1");
	assert_int_equal(address_del(rt.pod_nl, eth0().ifindex, &v4), 0);
	check("", "");
	assert_failure(107, "address 10.7.0.9/32 is missing");
	assert_int_equal(link_set(rt.pod_nl, eth0().ifindex, &(struct link_opts){.down = true}), 0);
	check("", "");
	assert_failure(107, "down");
	assert_int_equal(link_del(rt.pod_nl, eth0().ifindex), 0);
	check("", "");
	assert_failure(107, "interface eth0 is missing");
}

static void another_mac_is_a_difference(void **state)
{
	static const uint8_t mac[6] = {2, 5, 5, 5, 5, 5};

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(link_set(rt.pod_nl, eth0().ifindex, &(struct link_opts){.mac = mac}), 0);
	check("", "");
	assert_failure(107, "02:05:05:05:05:05");
}

static void what_later_plugins_added_is_tolerated(void **state)
{
	struct cidr more = host("192.0.2.9/24"), net = host("203.0.113.0/24");
	struct axo_addr gw = host("10.7.0.1").addr;
	struct route_opts route = {.dst = &net, .family = 4, .gateway = &gw};

	(void)state;
	NEEDS_NETNS();
	route.ifindex = eth0().ifindex;
	assert_int_equal(address_add(rt.pod_nl, eth0().ifindex, &more), 0);
	assert_int_equal(route_add(rt.pod_nl, &route), 0);
	check("\"routes\":[", "\"routes\":[{\"dst\":\"198.51.100.0/24\",\"gw\":\"192.0.2.1\"},");
	assert_success();
}

static void a_route_of_ours_that_prevresult_names_must_be_there(void **state)
{
	(void)state;
	NEEDS_NETNS();
	check("\"routes\":[", "\"routes\":[{\"dst\":\"198.51.100.0/24\",\"gw\":\"10.7.0.1\"},");
	assert_failure(107, "198.51.100.0/24");
}

static void prevresult_is_needed_and_must_be_ours(void **state)
{
	(void)state;
	NEEDS_NETNS();
	cni("CHECK", conf("1.0.0", ""));
	assert_failure(7, "prevResult is missing");
	check("\"eth0\"", "\"eth9\"");
	assert_failure(7, "interface eth0 is missing");
	check("10.7.0.9/32", "10.7.0.999/32");
	assert_failure(7, "10.7.0.999");
}

static void the_agents_view_counts_too(void **state)
{
	static const struct fake_answer script[] = {
		{"POST /v1/attachments/check", 409,
		 "{\"code\":107,\"message\":\"host device is gone\"}"},
		{NULL, 0, NULL}};

	(void)state;
	NEEDS_NETNS();
	fake_stop(&rt.agent);
	check("", "");
	assert_failure(11, rt.agent.socket);
	fake_start(&rt.agent, script);
	check("", "");
	assert_failure(107, "host device is gone");
}

static void check_is_unknown_to_0_3_1(void **state)
{
	(void)state;
	cni_args("CHECK", "/x", "", conf("0.3.1", ""));
	assert_failure(1, "0.4.0");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, runtime_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(check_of_an_untouched_pod_passes_and_is_silent),
		TEST(each_difference_is_named),
		TEST(another_mac_is_a_difference),
		TEST(what_later_plugins_added_is_tolerated),
		TEST(a_route_of_ours_that_prevresult_names_must_be_there),
		TEST(prevresult_is_needed_and_must_be_ours),
		TEST(the_agents_view_counts_too),
		TEST(check_is_unknown_to_0_3_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
