// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Chaos on datagrams, and what comes out of the delay line: who gets it, what is told of it. */
#include <netinet/in.h>
#include <string.h>

#include "tests/bpf/chaos_talk.h"

/** datagram - of either end of a UDP flow between A's port and B's @server_port */
static struct outcome datagram(struct fixture *x, enum axo_chaos_end end, uint16_t server_port,
			       const void *data, size_t len)
{
	bool server = end == AXO_CHAOS_SERVER;
	struct frame f;

	frame_eth(&f, GW_MAC, server ? B_MAC : A_MAC, 0);
	frame_ip(&f, server ? B4 : A4, server ? A4 : B4);
	frame_udp(&f, server ? server_port : 4000, server ? 4000 : server_port);
	frame_payload(&f, data, len);
	frame_finish(&f);
	return from_pod(x, server ? POD_B : POD_A, &f);
}

static void answer_of_a_datagram_is_held(void **state)
{
	experiment_of(*state, AXO_CHAOS_DELAY_RESPONSE, DELAY);
	for (int i = 0; i < 3; i++) {
		assert_passes(datagram(*state, AXO_CHAOS_CLIENT, 7000, "ask", 3));
		assert_held(datagram(*state, AXO_CHAOS_SERVER, 7000, "answer", 6), 0, DELAY);
		/* A second one answers nothing. */
		assert_passes(datagram(*state, AXO_CHAOS_SERVER, 7000, "more", 4));
	}
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 3);
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DELAYED), 3);
}

static void dns_answers_are_told_by_their_id(void **state)
{
	struct axo_chaos c = experiment_new(9);
	char draws[17] = "";
	uint8_t message[12] = {0};

	experiment_rule(&c, 500000, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = DELAY;
	experiment_set(*state, 1, &c);
	experiments_apply(*state, 1, 0);
	for (int i = 0; i < 16; i++) {
		uint64_t before = chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DRAWN);

		message[1] = (uint8_t)i;
		assert_passes(datagram(*state, AXO_CHAOS_CLIENT, 53, message, 12));
		draws[i] = chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DRAWN) > before;
	}
	/* The last question is answered first. */
	for (int i = 15; i >= 0; i--) {
		struct axo_delay_tag tag;
		struct outcome o;

		message[1] = (uint8_t)i;
		o = datagram(*state, AXO_CHAOS_SERVER, 53, message, 12);
		assert_int_equal(is_held(&o, &tag), draws[i]);
	}
}

/** deliver_held - what went into the line comes out; its frame as the pod gets it */
static struct outcome deliver_held(struct fixture *x, const struct outcome *o)
{
	return from_delay(x, o->b, o->len);
}

static void what_comes_out_of_the_line_is_delivered(void **state)
{
	struct fixture *x = *state;
	uint8_t macs[12];

	mac_bytes(A_MAC, macs);
	mac_bytes(GW_MAC, macs + 6);
	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(x);
		struct outcome in, out;

		t.v6 = v6;
		experiment_of(x, AXO_CHAOS_DELAY_RESPONSE, DELAY);
		handshake(&t);
		asks(&t, "GET /");
		in = answers(&t, "HTTP/1.1 200");
		out = deliver_held(x, &in);
		assert_pass(out);
		assert_memory_equal(out.b, macs, sizeof(macs));
		assert_int_equal(out.len, in.len);
		/* One hop, and nothing else has changed. */
		assert_int_equal(out.b[v6 ? 21 : 22], 63);
		assert_true(frame_l4_ok(out.b, out.len));
		assert_int_equal(chaos_run_of(x, 1).in_flight, 0);
	}
	assert_int_equal(chaos_count_of(x, 1, 0, AXO_CHAOS_COUNT_DELIVERED), 2);
}

static void policy_that_changed_meanwhile_is_honoured(void **state)
{
	struct axo_policy_ref b = policy_enforced(8, AXO_DIR_INGRESS);
	struct talk t = talk_new(*state);
	struct outcome in;

	experiment_of(*state, AXO_CHAOS_DELAY_RESPONSE, DELAY);
	handshake(&t);
	asks(&t, "GET /");
	in = answers(&t, "HTTP/1.1 200");
	/* Number 8 has no entry: nothing is allowed. */
	policy_set(*state, POD_B, &b);
	bump(*state);
	assert_int_equal(deliver_held(*state, &in).reason, AXO_DROP_POLICY);
	assert_int_equal(chaos_run_of(*state, 1).in_flight, 0);
}

static void pod_that_is_gone_gets_nothing(void **state)
{
	struct talk t = talk_new(*state);
	struct outcome in, out;

	experiment_of(*state, AXO_CHAOS_DELAY_RESPONSE, DELAY);
	handshake(&t);
	asks(&t, "GET /");
	in = answers(&t, "HTTP/1.1 200");
	endpoint_del(*state, POD_A);
	bump(*state);
	out = deliver_held(*state, &in);
	assert_int_equal(out.verdict, ACT_SHOT);
	assert_int_equal(out.reason, AXO_DROP_CHAOS_GONE);
}

static void packet_outlives_the_entry_of_its_flow(void **state)
{
	struct fixture *x = *state;
	struct outcome in;

	experiment_of(x, AXO_CHAOS_DELAY_REQUEST, DELAY);
	in = datagram(x, AXO_CHAOS_CLIENT, 7000, "ask", 3);
	map_clear(x->skel->maps.axo_flow);
	map_clear(x->skel->maps.axo_flow_lru);
	assert_pass(deliver_held(x, &in));
}

static void untagged_frames_do_not_pass_the_line(void **state)
{
	struct talk t = talk_new(*state);
	struct outcome o, out;

	experiment_of(*state, AXO_CHAOS_DELAY_RESPONSE, DELAY);
	handshake(&t);
	o = asks(&t, "GET /");
	out = deliver_held(*state, &o);
	assert_int_equal(out.verdict, ACT_SHOT);
}

static int hear_chaos(void *arg, void *data, size_t size)
{
	struct axo_event_chaos **at = arg;

	if (*(uint8_t *)data != AXO_EVENT_CHAOS)
		return 0;
	assert_int_equal(size, sizeof(**at));
	memcpy((*at)++, data, size);
	return 0;
}

static void fault_and_its_end_are_told(void **state)
{
	struct fixture *x = *state;
	struct axo_event_chaos heard[8], *at = heard;
	struct ring_buffer *ring =
		ring_buffer__new(bpf_map__fd(x->skel->maps.axo_events), hear_chaos, &at, NULL);
	struct talk t = talk_new(x);
	struct outcome in;

	assert_non_null(ring);
	experiment_of(x, AXO_CHAOS_DELAY_RESPONSE, DELAY);
	events_listen(x, 1u << AXO_EVENT_CHAOS);
	handshake(&t);
	asks(&t, "GET /");
	in = answers(&t, "HTTP/1.1 200");
	deliver_held(x, &in);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	assert_int_equal(at - heard, 2);
	assert_int_equal(heard[0].done, 1);
	assert_int_equal(heard[0].asked_ns, DELAY);
	assert_int_equal(heard[0].action, AXO_CHAOS_DELAY_RESPONSE);
	assert_int_equal(heard[0].ref, 16);
	assert_int_equal(heard[0].client_identity, A_IDENTITY);
	assert_int_equal(heard[0].server_identity, B_IDENTITY);
	assert_int_equal(ntohs(heard[0].server_port), 80);
	assert_int_equal(heard[1].done, 2);
	assert_int_equal(heard[1].asked_ns, DELAY);
	assert_int_equal(heard[1].ordinal, heard[0].ordinal);
	assert_true(heard[1].actual_ns > 0);
}

int main(void)
{
#define row(f) cmocka_unit_test_setup(f, chaos_setup)
	const struct CMUnitTest tests[] = {
		row(answer_of_a_datagram_is_held),
		row(dns_answers_are_told_by_their_id),
		row(what_comes_out_of_the_line_is_delivered),
		row(policy_that_changed_meanwhile_is_honoured),
		row(pod_that_is_gone_gets_nothing),
		row(packet_outlives_the_entry_of_its_flow),
		row(untagged_frames_do_not_pass_the_line),
		row(fault_and_its_end_are_told),
	};

	return cmocka_run_group_tests_name("chaos line", tests, fixture_group_setup,
					   fixture_group_teardown);
}
