// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The flow table: states and the move between its maps, generations, who may use an entry, and
 * when an entry counts for nothing.
 */
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "tests/bpf/fixture.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10
#define A_PORT 40000
#define B_PORT 80
#define HASH "axo_flow"
#define LRU "axo_flow_lru"
#define FLOWS_MAX 64 /* fixture_load() */

static void tcp_on(struct frame *f, enum pod from, uint8_t flags, uint16_t a_port)
{
	frame_eth(f, GW_MAC, from == POD_A ? A_MAC : B_MAC, 0);
	frame_ip(f, from == POD_A ? A4 : B4, from == POD_A ? B4 : A4);
	frame_tcp(f, from == POD_A ? a_port : B_PORT, from == POD_A ? B_PORT : a_port, flags);
	frame_finish(f);
}

static struct outcome tcp(struct fixture *x, enum pod from, uint8_t flags)
{
	struct frame f;

	tcp_on(&f, from, flags, A_PORT);
	return from_pod(x, from, &f);
}

static struct outcome udp(struct fixture *x, enum pod from)
{
	struct frame f;

	frame_eth(&f, GW_MAC, from == POD_A ? A_MAC : B_MAC, 0);
	frame_ip(&f, from == POD_A ? A6 : B6, from == POD_A ? B6 : A6);
	frame_udp(&f, from == POD_A ? A_PORT : B_PORT, from == POD_A ? B_PORT : A_PORT);
	frame_finish(&f);
	return from_pod(x, from, &f);
}

/** the_flow - of tcp(), and which map holds it */
static const char *the_flow(struct fixture *x, struct axo_flow *flow)
{
	struct frame f;

	tcp_on(&f, POD_A, 0, A_PORT);
	return flow_lookup(x, &f, flow);
}

static void assert_flow(struct fixture *x, const char *map, int state)
{
	struct axo_flow flow = {};

	assert_string_equal(the_flow(x, &flow), map);
	assert_int_equal(flow.state, state);
}

static void establish(struct fixture *x)
{
	assert_pass(tcp(x, POD_A, SYN));
	assert_pass(tcp(x, POD_B, SYN | ACK));
	assert_pass(tcp(x, POD_A, ACK));
	assert_flow(x, HASH, AXO_FLOW_ESTABLISHED);
}

/** change - write back what @flow has become; the map is where it is */
static void change(struct fixture *x, const struct axo_flow *flow)
{
	struct axo_flow was;
	struct axo_flow_key key;
	struct frame f;
	const char *map = the_flow(x, &was);

	tcp_on(&f, POD_A, 0, A_PORT);
	flow_key(&f, &key);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(strcmp(map, HASH)
								 ? x->skel->maps.axo_flow_lru
								 : x->skel->maps.axo_flow),
					     &key, flow, BPF_EXIST),
			 0);
}

static void tcp_is_established_by_answer_and_acknowledgement(void **state)
{
	struct fixture *x = *state;

	assert_pass(tcp(x, POD_A, SYN));
	assert_flow(x, LRU, AXO_FLOW_NEW);
	assert_pass(tcp(x, POD_A, SYN));
	assert_flow(x, LRU, AXO_FLOW_NEW);
	assert_pass(tcp(x, POD_B, SYN | ACK));
	assert_flow(x, LRU, AXO_FLOW_REPLIED);
	assert_pass(tcp(x, POD_B, SYN | ACK));
	assert_flow(x, LRU, AXO_FLOW_REPLIED);
	assert_pass(tcp(x, POD_A, ACK));
	assert_flow(x, HASH, AXO_FLOW_ESTABLISHED);
}

static void tcp_fin_from_both_closes(void **state)
{
	struct fixture *x = *state;

	establish(x);
	assert_pass(tcp(x, POD_A, FIN | ACK));
	assert_flow(x, HASH, AXO_FLOW_ESTABLISHED);
	assert_pass(tcp(x, POD_B, ACK));
	assert_flow(x, HASH, AXO_FLOW_ESTABLISHED);
	assert_pass(tcp(x, POD_B, FIN | ACK));
	assert_flow(x, LRU, AXO_FLOW_CLOSING);
	assert_pass(tcp(x, POD_A, ACK));
	assert_flow(x, LRU, AXO_FLOW_CLOSING);
}

static void tcp_reset_closes_at_once(void **state)
{
	struct fixture *x = *state;

	establish(x);
	assert_pass(tcp(x, POD_B, RST));
	assert_flow(x, LRU, AXO_FLOW_CLOSING);
}

static void refused_connection_closes(void **state)
{
	struct fixture *x = *state;

	assert_pass(tcp(x, POD_A, SYN));
	assert_pass(tcp(x, POD_B, RST | ACK));
	assert_flow(x, LRU, AXO_FLOW_CLOSING);
}

static void port_used_again_after_close_is_a_new_flow(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;

	establish(x);
	assert_pass(tcp(x, POD_A, RST));
	assert_pass(tcp(x, POD_B, SYN));
	assert_string_equal(the_flow(x, &flow), LRU);
	assert_int_equal(flow.state, AXO_FLOW_NEW);
	assert_int_equal(flow.side[flow.originator].packets, 1);
	assert_int_equal(flow.side[!flow.originator].packets, 0);
	assert_int_equal(flow.identity[flow.originator], B_IDENTITY);
}

static void other_protocols_are_established_by_a_reply(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;
	struct frame f;

	assert_pass(udp(x, POD_A));
	assert_pass(udp(x, POD_A));
	frame_eth(&f, GW_MAC, A_MAC, 0);
	frame_ip(&f, A6, B6);
	frame_udp(&f, A_PORT, B_PORT);
	assert_string_equal(flow_lookup(x, &f, &flow), LRU);
	assert_int_equal(flow.state, AXO_FLOW_NEW);
	assert_pass(udp(x, POD_B));
	assert_string_equal(flow_lookup(x, &f, &flow), HASH);
	assert_int_equal(flow.state, AXO_FLOW_ESTABLISHED);
	assert_int_equal(flow.side[flow.originator].packets, 2);
	assert_int_equal(flow.side[!flow.originator].packets, 1);
}

static void half_open_flood_evicts_no_established_flow(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	establish(x);
	for (int port = 1; port < 5000; port++) {
		tcp_on(&f, POD_A, SYN, port);
		assert_pass(from_pod(x, POD_A, &f));
	}
	assert_flow(x, HASH, AXO_FLOW_ESTABLISHED);
	assert_pass(tcp(x, POD_B, ACK));
}

static void full_table_leaves_established_flow_in_lru(void **state)
{
	struct fixture *x = *state;
	uint64_t full = count_read(x, AXO_COUNT_FLOW_FULL);
	struct axo_flow_key key = {};
	struct axo_flow flow = {};

	for (int i = 0; i < FLOWS_MAX; i++) {
		key.port[0] = i;
		assert_int_equal(bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_flow), &key,
						     &flow, 0),
				 0);
	}
	assert_pass(tcp(x, POD_A, SYN));
	assert_pass(tcp(x, POD_B, SYN | ACK));
	assert_pass(tcp(x, POD_A, ACK));
	assert_flow(x, LRU, AXO_FLOW_ESTABLISHED);
	assert_int_equal(count_read(x, AXO_COUNT_FLOW_FULL), full + 1);
	assert_pass(tcp(x, POD_B, ACK));
	assert_flow(x, LRU, AXO_FLOW_ESTABLISHED);
	/* There is room again: the flow moves with the next tick. */
	bpf_map_delete_elem(bpf_map__fd(x->skel->maps.axo_flow), &key);
	the_flow(x, &flow);
	flow.tick--;
	change(x, &flow);
	assert_pass(tcp(x, POD_B, ACK));
	assert_flow(x, HASH, AXO_FLOW_ESTABLISHED);
}

static uint32_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void idle_flow_is_forgotten_and_judged_as_new(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;

	establish(x);
	the_flow(x, &flow);
	flow.seen_s = now_s() - AXO_TIMEOUT_TCP_ESTABLISHED_S - 5;
	flow.tick--;
	change(x, &flow);
	assert_pass(tcp(x, POD_B, ACK));
	assert_string_equal(the_flow(x, &flow), LRU);
	assert_int_equal(flow.state, AXO_FLOW_NEW);
	assert_int_equal(flow.identity[flow.originator], B_IDENTITY);
	assert_int_equal(flow.side[flow.originator].packets, 1);
}

static void packets_keep_a_flow_alive(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;

	establish(x);
	the_flow(x, &flow);
	flow.seen_s = now_s() - 1000;
	flow.tick--;
	change(x, &flow);
	assert_pass(tcp(x, POD_B, ACK));
	assert_string_equal(the_flow(x, &flow), HASH);
	assert_in_range(flow.seen_s, now_s() - 2, now_s());
}

static void stale_generation_is_judged_again_whichever_side_sends(void **state)
{
	struct fixture *x = *state;
	struct axo_flow before, after;

	establish(x);
	for (int i = 0; i < 2; i++) {
		struct axo_endpoint ep = endpoint_default(x, POD_A);

		the_flow(x, &before);
		ep.identity = 5000 + i;
		endpoint_set(x, POD_A, &ep);
		bump(x);
		assert_pass(tcp(x, i ? POD_B : POD_A, ACK));
		assert_string_equal(the_flow(x, &after), HASH);
		assert_int_equal(after.generation, x->generation);
		assert_int_equal(after.identity[after.originator], 5000 + i);
		assert_int_equal(after.originator, before.originator);
		assert_int_equal(after.created_s, before.created_s);
		assert_int_equal(after.side[0].packets + after.side[1].packets,
				 before.side[0].packets + before.side[1].packets + 1);
	}
}

static void generation_is_stored_as_read(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;

	establish(x);
	the_flow(x, &flow);
	assert_int_equal(flow.generation, x->generation);
	bump(x);
	the_flow(x, &flow);
	assert_int_equal(flow.generation, x->generation - 1);
}

static void receiver_that_is_gone_cuts_the_flow(void **state)
{
	struct fixture *x = *state;

	establish(x);
	endpoint_del(x, POD_B);
	bump(x);
	assert_drop(tcp(x, POD_A, ACK), NO_POD, EGRESS);
	assert_drop(tcp(x, POD_B, ACK), NO_ENDPOINT, EGRESS);
}

static void originator_that_is_gone_cuts_the_flow(void **state)
{
	struct fixture *x = *state;

	establish(x);
	endpoint_del(x, POD_A);
	bump(x);
	assert_drop(tcp(x, POD_B, ACK), NO_POD, EGRESS);
	assert_drop(tcp(x, POD_A, ACK), NO_ENDPOINT, EGRESS);
}

/* The kernel uses the numbers of devices again. */
static void originators_device_of_another_pod_is_no_originator(void **state)
{
	struct fixture *x = *state;
	struct axo_endpoint ep = endpoint_default(x, POD_A);

	establish(x);
	endpoint_del(x, POD_A);
	ep.ipv4 = text_addr("10.1.0.77");
	endpoint_set(x, POD_A, &ep);
	bump(x);
	assert_drop(tcp(x, POD_B, ACK), NO_POD, EGRESS);
	assert_drop(tcp(x, POD_A, ACK), SPOOFED_IP, EGRESS);
}

static void receiver_with_new_device_and_mac_is_reached(void **state)
{
	struct fixture *x = *state;
	struct axo_endpoint ep = endpoint_default(x, POD_B);
	struct axo_flow flow;
	struct outcome o;

	establish(x);
	mac_bytes("02:00:00:00:00:bb", ep.mac);
	endpoint_set(x, POD_B, &ep);
	bump(x);
	o = tcp(x, POD_A, ACK);
	assert_pass(o);
	assert_memory_equal(o.b, ep.mac, 6);
	the_flow(x, &flow);
	assert_memory_equal(flow.side[flow.originator].dmac, ep.mac, 6);
	/* Its old MAC is spoofed now, although it was right when the flow began. */
	assert_drop(tcp(x, POD_B, ACK), SPOOFED_MAC, EGRESS);
}

static void no_pod_rides_anothers_flow(void **state)
{
	struct fixture *x = *state;
	struct axo_flow before, after;
	struct frame f;

	establish(x);
	the_flow(x, &before);
	/* B sends as A, with its own MAC and with A's. */
	tcp_on(&f, POD_A, ACK, A_PORT);
	assert_drop(from_pod(x, POD_B, &f), SPOOFED_MAC, EGRESS);
	memcpy(f.b + 6, "\x02\0\0\0\0\x0b", 6);
	assert_drop(from_pod(x, POD_B, &f), SPOOFED_IP, EGRESS);
	/* A itself, on its own device, with B's MAC. */
	assert_drop(from_pod(x, POD_A, &f), SPOOFED_MAC, EGRESS);
	assert_string_equal(the_flow(x, &after), HASH);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void right_sender_takes_over_a_key_whose_device_changed(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;

	establish(x);
	the_flow(x, &flow);
	flow.side[flow.originator].ifindex_in = 9999;
	change(x, &flow);
	assert_pass(tcp(x, POD_A, ACK));
	assert_string_equal(the_flow(x, &flow), LRU);
	assert_int_equal(flow.state, AXO_FLOW_NEW);
	assert_int_equal(flow.side[flow.originator].ifindex_in, x->ifindex_pod[POD_A]);
}

static void unknown_delivery_goes_the_slow_way(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;

	establish(x);
	the_flow(x, &flow);
	flow.side[0].deliver = AXO_DELIVER_NONE;
	flow.side[1].deliver = AXO_DELIVER_NONE;
	change(x, &flow);
	assert_pass(tcp(x, POD_A, ACK));
	the_flow(x, &flow);
	assert_int_equal(flow.side[flow.originator].deliver, AXO_DELIVER_POD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(tcp_is_established_by_answer_and_acknowledgement),
		fixture_test(tcp_fin_from_both_closes),
		fixture_test(tcp_reset_closes_at_once),
		fixture_test(refused_connection_closes),
		fixture_test(port_used_again_after_close_is_a_new_flow),
		fixture_test(other_protocols_are_established_by_a_reply),
		fixture_test(half_open_flood_evicts_no_established_flow),
		fixture_test(full_table_leaves_established_flow_in_lru),
		fixture_test(idle_flow_is_forgotten_and_judged_as_new),
		fixture_test(packets_keep_a_flow_alive),
		fixture_test(stale_generation_is_judged_again_whichever_side_sends),
		fixture_test(generation_is_stored_as_read),
		fixture_test(receiver_that_is_gone_cuts_the_flow),
		fixture_test(originator_that_is_gone_cuts_the_flow),
		fixture_test(originators_device_of_another_pod_is_no_originator),
		fixture_test(receiver_with_new_device_and_mac_is_reached),
		fixture_test(no_pod_rides_anothers_flow),
		fixture_test(right_sender_takes_over_a_key_whose_device_changed),
		fixture_test(unknown_delivery_goes_the_slow_way),
	};

	return cmocka_run_group_tests_name("flow", tests, fixture_group_setup,
					   fixture_group_teardown);
}
