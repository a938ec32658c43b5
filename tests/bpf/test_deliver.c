// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Delivery: who gets the packet, what its headers look like then, and what the flow remembers.
 * Every case runs twice, for the slow path and for the hot one: both must do the same.
 */
#include <string.h>

#include "tests/bpf/fixture.h"

#define PORT 80
#define EPHEMERAL 40000

static void tcp(struct frame *f, const char *smac, const char *src, const char *dst)
{
	frame_eth(f, GW_MAC, smac, ETH_P_IP);
	frame_ip(f, src, dst);
	frame_tcp(f, EPHEMERAL, PORT, 0x18);
	frame_payload(f, "x", 1);
	frame_finish(f);
}

static void reply(struct frame *f, const char *smac, const char *src, const char *dst)
{
	frame_eth(f, GW_MAC, smac, ETH_P_IP);
	frame_ip(f, src, dst);
	frame_tcp(f, PORT, EPHEMERAL, 0x18);
	frame_payload(f, "y", 1);
	frame_finish(f);
}

/** assert_routed - @o is @f after one routed hop to the pod with @mac */
static void assert_routed(const struct outcome *o, const struct frame *f, const char *mac, int hops)
{
	struct frame want = *f;

	mac_bytes(mac, want.b);
	mac_bytes(GW_MAC, want.b + 6);
	*frame_ttl(&want) -= hops;
	assert_pass(*o);
	assert_int_equal(o->len, want.len);
	if (f->family == 4) {
		assert_true(frame_l3_ok(o->b, o->len));
		memcpy(want.b + want.l3 + 10, o->b + want.l3 + 10, 2);
	}
	assert_memory_equal(o->b, want.b, want.len);
	assert_true(frame_l4_ok(o->b, o->len));
}

static void pods_talk(struct fixture *x, const char *a, const char *b)
{
	struct frame there, back;
	struct axo_flow flow;
	struct outcome o;
	int end;

	tcp(&there, A_MAC, a, b);
	reply(&back, B_MAC, b, a);
	for (int i = 0; i < 3; i++) {
		o = from_pod(x, POD_A, &there);
		assert_routed(&o, &there, B_MAC, 1);
		o = from_pod(x, POD_B, &back);
		assert_routed(&o, &back, A_MAC, 1);
	}
	assert_string_equal(flow_lookup(x, &there, &flow), "axo_flow");
	end = flow_key(&there, &(struct axo_flow_key){});
	assert_int_equal(flow.state, AXO_FLOW_ESTABLISHED);
	assert_int_equal(flow.originator, end);
	assert_int_equal(flow.identity[end], A_IDENTITY);
	assert_int_equal(flow.identity[!end], B_IDENTITY);
	assert_int_equal(flow.side[end].packets, 3);
	assert_int_equal(flow.side[end].bytes, 3 * there.len);
	assert_int_equal(flow.side[!end].packets, 3);
	assert_int_equal(flow.side[end].ifindex_out, x->ifindex_pod[POD_B]);
	assert_int_equal(flow.side[end].deliver, AXO_DELIVER_POD);
}

static void pod_reaches_pod_and_back_ipv4(void **state)
{
	pods_talk(*state, A4, B4);
}

static void pod_reaches_pod_and_back_ipv6(void **state)
{
	pods_talk(*state, A6, B6);
}

/** world_talks - from the pod unchanged into the stack; from the stack without a second hop */
static void world_talks(struct fixture *x, const char *pod, const char *other)
{
	struct frame there, back;
	struct outcome o;

	tcp(&there, A_MAC, pod, other);
	reply(&back, GW_MAC, other, pod);
	for (int i = 0; i < 3; i++) {
		o = from_pod(x, POD_A, &there);
		assert_pass(o);
		assert_memory_equal(o.b, there.b, there.len);
		o = from_host(x, &back);
		assert_routed(&o, &back, A_MAC, 0);
	}
}

static void pod_reaches_gateway_through_stack(void **state)
{
	world_talks(*state, A4, GW4);
	world_talks(*state, A6, GW6);
}

static void pod_reaches_world_through_stack(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;
	struct frame f;
	int end;

	world_talks(x, A4, WORLD4);
	tcp(&f, A_MAC, A4, WORLD4);
	assert_string_equal(flow_lookup(x, &f, &flow), "axo_flow");
	end = flow_key(&f, &(struct axo_flow_key){});
	assert_int_equal(flow.identity[!end], AXO_ID_WORLD_IPV4);
	world_talks(x, A6, WORLD6);
	tcp(&f, A_MAC, A6, WORLD6);
	assert_string_equal(flow_lookup(x, &f, &flow), "axo_flow");
	end = flow_key(&f, &(struct axo_flow_key){});
	assert_int_equal(flow.identity[!end], AXO_ID_WORLD_IPV6);
}

static void stack_reaches_pod_and_is_answered_through_it(void **state)
{
	struct fixture *x = *state;
	struct frame there, back;
	struct axo_flow flow;
	struct outcome o;

	/* The source is pod A's, but it is the stack that sends: hairpin DNAT. */
	tcp(&there, GW_MAC, A4, B4);
	reply(&back, B_MAC, B4, A4);
	for (int i = 0; i < 3; i++) {
		o = from_host(x, &there);
		assert_routed(&o, &there, B_MAC, 0);
		o = from_pod(x, POD_B, &back);
		assert_pass(o);
		assert_memory_equal(o.b, back.b, back.len);
	}
	assert_string_equal(flow_lookup(x, &there, &flow), "axo_flow");
	assert_int_equal(flow.side[flow.originator].ifindex_in, x->ifindex_net);
	assert_int_equal(flow.side[!flow.originator].deliver, AXO_DELIVER_STACK);
}

static void identity_of_other_end_is_longest_prefix(void **state)
{
	struct fixture *x = *state;
	struct axo_ipcache_key wide = {.prefixlen = 96 + 16}, narrow = {.prefixlen = 96 + 24};
	struct axo_addr net = text_addr("192.0.0.0"), part = text_addr("192.0.2.0");
	struct axo_ipcache v = {.identity = 7000};
	int fd = bpf_map__fd(x->skel->maps.axo_ipcache);
	struct axo_flow flow;
	struct frame f;
	int end;

	memcpy(wide.addr, net.b, 16);
	memcpy(narrow.addr, part.b, 16);
	assert_int_equal(bpf_map_update_elem(fd, &wide, &v, 0), 0);
	v.identity = 7001;
	assert_int_equal(bpf_map_update_elem(fd, &narrow, &v, 0), 0);
	tcp(&f, A_MAC, A4, WORLD4);
	assert_pass(from_pod(x, POD_A, &f));
	flow_lookup(x, &f, &flow);
	end = flow_key(&f, &(struct axo_flow_key){});
	assert_int_equal(flow.identity[!end], 7001);
	tcp(&f, A_MAC, A4, "192.0.77.1");
	assert_pass(from_pod(x, POD_A, &f));
	flow_lookup(x, &f, &flow);
	end = flow_key(&f, &(struct axo_flow_key){});
	assert_int_equal(flow.identity[!end], 7000);
}

/* Protocol, and what must be in the flow's key as ports. */
static void other_protocols_reach_pod(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;
	struct outcome o;
	struct frame f;

	for (int v6 = 0; v6 < 2; v6++) {
		for (int kind = 0; kind < 4; kind++) {
			frame_eth(&f, GW_MAC, A_MAC, 0);
			frame_ip(&f, v6 ? A6 : A4, v6 ? B6 : B4);
			if (kind == 0)
				frame_udp(&f, 1000, 53);
			else if (kind == 1)
				frame_sctp(&f, 1000, 3868);
			else if (kind == 2)
				frame_icmp(&f, v6 ? 128 : 8, 0, 0x12340001);
			else
				frame_proto(&f, 47);
			frame_payload(&f, "payload.", 8);
			frame_finish(&f);
			for (int i = 0; i < 2; i++) {
				o = from_pod(x, POD_A, &f);
				assert_pass(o);
				assert_int_equal(o.b[5], 0x0b);
			}
			assert_string_equal(flow_lookup(x, &f, &flow), "axo_flow_lru");
			assert_int_equal(flow.side[flow.originator].packets, 2);
		}
	}
}

static void ip_options_and_extension_headers_pass(void **state)
{
	struct fixture *x = *state;
	struct outcome o;
	struct frame f;

	frame_eth(&f, GW_MAC, A_MAC, 0);
	frame_ip(&f, A4, B4);
	frame_payload(&f, "\x01\x01\x01\x00", 4);
	f.b[f.l3] = 0x46;
	frame_udp(&f, 1, 2);
	frame_finish(&f);
	o = from_pod(x, POD_A, &f);
	assert_routed(&o, &f, B_MAC, 1);
	frame_eth(&f, GW_MAC, A_MAC, 0);
	frame_ip(&f, A6, B6);
	frame_ext(&f, 0, 8);
	frame_ext(&f, 60, 16);
	frame_udp(&f, 1, 2);
	frame_finish(&f);
	assert_pass(from_pod(x, POD_A, &f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(pod_reaches_pod_and_back_ipv4),
		fixture_test(pod_reaches_pod_and_back_ipv6),
		fixture_test(pod_reaches_gateway_through_stack),
		fixture_test(pod_reaches_world_through_stack),
		fixture_test(stack_reaches_pod_and_is_answered_through_it),
		fixture_test(identity_of_other_end_is_longest_prefix),
		fixture_test(other_protocols_reach_pod),
		fixture_test(ip_options_and_extension_headers_pass),
	};

	return cmocka_run_group_tests_name("deliver", tests, fixture_group_setup,
					   fixture_group_teardown);
}
