// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * With a filter behind from_pod that gives packets to axo_host (axo_cfg.handover): what is for the stack is
 * let go on, unchanged and counted; everything else is as without.
 */
#include <string.h>

#include "tests/bpf/fixture.h"

#define ACT_UNSPEC (-1) /* linux/pkt_cls.h */

static int handover_setup(void **state)
{
	struct axo_config c;
	struct fixture *x;

	if (fixture_group_setup(state))
		return -1;
	x = *state;
	axoneme_bpf__destroy(x->skel);
	c = fixture_config(x);
	c.handover = 1;
	x->skel = fixture_load(&c);
	return x->skel ? 0 : -1;
}

static void tcp(struct frame *f, const char *smac, const char *src, const char *dst)
{
	frame_eth(f, GW_MAC, smac, ETH_P_IP);
	frame_ip(f, src, dst);
	frame_tcp(f, 40000, 80, 0x18);
	frame_finish(f);
}

static void to_the_stack(struct fixture *x, const char *pod, const char *other)
{
	struct axo_flow flow;
	struct outcome o;
	struct frame f;
	int end;

	tcp(&f, A_MAC, pod, other);
	for (int i = 0; i < 3; i++) {
		o = from_pod(x, POD_A, &f);
		assert_int_equal(o.verdict, ACT_UNSPEC);
		assert_int_equal(o.len, f.len);
		assert_memory_equal(o.b, f.b, f.len);
	}
	assert_non_null(flow_lookup(x, &f, &flow));
	end = flow_key(&f, &(struct axo_flow_key){});
	assert_int_equal(flow.side[end].deliver, AXO_DELIVER_STACK);
	assert_int_equal(flow.side[end].packets, 3);
}

static void what_is_for_the_stack_goes_on(void **state)
{
	to_the_stack(*state, A4, WORLD4);
	to_the_stack(*state, A6, WORLD6);
}

static void pings_for_the_gateway_go_on(void **state)
{
	struct outcome o;
	struct frame f;

	frame_eth(&f, GW_MAC, A_MAC, ETH_P_IP);
	frame_ip(&f, A4, GW4);
	frame_icmp(&f, 8, 0, 1);
	frame_finish(&f);
	o = from_pod(*state, POD_A, &f);
	assert_int_equal(o.verdict, ACT_UNSPEC);
}

static void what_is_for_a_pod_is_redirected(void **state)
{
	struct outcome o;
	struct frame f;

	tcp(&f, A_MAC, A4, B4);
	o = from_pod(*state, POD_A, &f);
	assert_pass(o);
	tcp(&f, GW_MAC, WORLD4, A4);
	o = from_host(*state, &f);
	assert_pass(o);
}

static void what_is_refused_does_not_go_on(void **state)
{
	struct outcome o;
	struct frame f;

	tcp(&f, A_MAC, B4, WORLD4);
	o = from_pod(*state, POD_A, &f);
	assert_drop(o, SPOOFED_IP, EGRESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(what_is_for_the_stack_goes_on),
		fixture_test(pings_for_the_gateway_go_on),
		fixture_test(what_is_for_a_pod_is_redirected),
		fixture_test(what_is_refused_does_not_go_on),
	};

	return cmocka_run_group_tests_name("handover", tests, handover_setup,
					   fixture_group_teardown);
}
