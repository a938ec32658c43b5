// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Chaos on TCP, packet by packet: who draws, what is held, repeated, refused, and what ends it. */
#include <netinet/in.h>
#include <string.h>

#include "tests/bpf/chaos_talk.h"

static void response_is_held_and_nothing_else(void **state)
{
	struct fixture *x = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(x);
		uint64_t sent;

		t.v6 = v6;
		experiment_of(x, AXO_CHAOS_DELAY_RESPONSE, DELAY);
		handshake(&t);
		assert_passes(asks(&t, "GET / HTTP/1.1\r\n\r\n"));
		/* The acknowledgement of the request. */
		assert_passes(answers(&t, ""));
		sent = mono_now_ns();
		assert_held(answers(&t, "HTTP/1.1 200 OK\r\n\r\n"), sent, DELAY);
		assert_passes(asks(&t, ""));
	}
	assert_int_equal(chaos_count_of(x, 1, 0, AXO_CHAOS_COUNT_MATCHED), 2);
	assert_int_equal(chaos_count_of(x, 1, 0, AXO_CHAOS_COUNT_DRAWN), 2);
	assert_int_equal(chaos_count_of(x, 1, 0, AXO_CHAOS_COUNT_DELAYED), 2);
	assert_int_equal(chaos_run_of(x, 1).in_flight, 2);
}

static void request_is_held(void **state)
{
	struct talk t = talk_new(*state);
	uint64_t sent;

	experiment_of(*state, AXO_CHAOS_DELAY_REQUEST, DELAY);
	handshake(&t);
	sent = mono_now_ns();
	assert_held(asks(&t, "GET /"), sent, DELAY);
	assert_passes(answers(&t, "HTTP/1.1 200"));
}

static void later_packets_stay_behind_what_is_held(void **state)
{
	struct talk t = talk_new(*state);
	uint64_t sent;

	experiment_of(*state, AXO_CHAOS_DELAY_RESPONSE, 60 * CHAOS_S);
	handshake(&t);
	asks(&t, "GET /");
	sent = mono_now_ns();
	assert_held(answers(&t, "first"), sent, 60 * CHAOS_S);
	assert_held(answers(&t, "second"), sent, 60 * CHAOS_S);
	assert_passes(answers(&t, ""));
	assert_held(says(&t, AXO_CHAOS_SERVER, ACK | FIN, ""), sent, 60 * CHAOS_S);
	assert_held(says(&t, AXO_CHAOS_SERVER, ACK | RST, ""), sent, 60 * CHAOS_S);
	/* The other direction is free. */
	assert_passes(says(&t, AXO_CHAOS_CLIENT, ACK | FIN, ""));
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DELAYED), 1);
	assert_int_equal(chaos_run_of(*state, 1).in_flight, 4);
}

static void repetitions_never_draw_and_never_pass_what_is_held(void **state)
{
	struct talk t = talk_new(*state);
	uint32_t request, response;

	experiment_of(*state, AXO_CHAOS_DELAY_RESPONSE, 60 * CHAOS_S);
	handshake(&t);
	request = t.seq[AXO_CHAOS_CLIENT];
	asks(&t, "GET /");
	response = t.seq[AXO_CHAOS_SERVER];
	answers(&t, "first");
	for (int i = 0; i < 5; i++) {
		assert_drop(segment(&t, AXO_CHAOS_SERVER, response, ACK, "first"), CHAOS_HELD,
			    EGRESS);
		assert_drop(segment(&t, AXO_CHAOS_SERVER, response + 1, ACK, "ir"), CHAOS_HELD,
			    EGRESS);
		/* The client may not have heard that its request arrived. */
		assert_passes(segment(&t, AXO_CHAOS_CLIENT, request, ACK, "GET /"));
		/* Keepalive. */
		assert_passes(segment(&t, AXO_CHAOS_CLIENT, t.seq[0] - 1, ACK, ""));
	}
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 1);
}

/** hold_one - a response is held for a minute; returns its sequence number */
static uint32_t hold_one(struct talk *t)
{
	uint32_t response;

	experiment_of(t->x, AXO_CHAOS_DELAY_RESPONSE, 60 * CHAOS_S);
	handshake(t);
	asks(t, "GET /");
	response = t->seq[AXO_CHAOS_SERVER];
	assert_held(answers(t, "first"), 0, 60 * CHAOS_S);
	assert_drop(segment(t, AXO_CHAOS_SERVER, response, ACK, "first"), CHAOS_HELD, EGRESS);
	return response;
}

static void old_lease_ends_faults_and_absorbing(void **state)
{
	struct talk t = talk_new(*state);
	uint32_t response = hold_one(&t);

	chaos_lease(*state, 4 * CHAOS_S);
	assert_passes(segment(&t, AXO_CHAOS_SERVER, response, ACK, "first"));
	assert_passes(answers(&t, "second"));
	assert_passes(asks(&t, "GET /2"));
	assert_passes(answers(&t, "HTTP/1.1 200"));
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 1);
}

static void end_of_the_experiment_ends_faults_and_absorbing(void **state)
{
	struct axo_chaos c = experiment_new(1);
	struct talk t = talk_new(*state);
	uint32_t response = hold_one(&t);

	experiment_rule(&c, ALL, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = DELAY;
	c.end_ns = boot_now_ns();
	experiment_set(*state, 1, &c);
	assert_passes(segment(&t, AXO_CHAOS_SERVER, response, ACK, "first"));
	assert_passes(asks(&t, "GET /2"));
	assert_passes(answers(&t, "HTTP/1.1 200"));
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 1);
}

/* The agent was killed: its device is gone, and axo_delay does not know it. */
static void vanished_line_ends_faults_and_absorbing(void **state)
{
	struct talk t = talk_new(*state);
	uint32_t response = hold_one(&t);

	chaos_line(*state, 99999, AXO_DELAY_TAP);
	assert_passes(segment(&t, AXO_CHAOS_SERVER, response, ACK, "first"));
	assert_passes(asks(&t, "GET /2"));
	assert_passes(answers(&t, "HTTP/1.1 200"));
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_FAILED), 1);
}

static void experiment_that_has_not_begun_makes_no_fault(void **state)
{
	struct axo_chaos c = experiment_new(1);
	struct talk t = talk_new(*state);

	experiment_rule(&c, ALL, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = DELAY;
	c.start_ns = boot_now_ns() + 3600 * CHAOS_S;
	experiment_set(*state, 1, &c);
	experiments_apply(*state, 1, 0);
	handshake(&t);
	assert_passes(asks(&t, "GET /"));
	assert_passes(answers(&t, "HTTP/1.1 200"));
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 0);
}

static void dry_run_counts_and_does_nothing(void **state)
{
	struct axo_chaos c = experiment_new(1);
	struct talk t = talk_new(*state);

	experiment_rule(&c, ALL, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = DELAY;
	c.dry_run = 1;
	experiment_set(*state, 1, &c);
	experiments_apply(*state, 1, 0);
	handshake(&t);
	assert_passes(asks(&t, "GET /"));
	assert_passes(answers(&t, "HTTP/1.1 200"));
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DRAWN), 1);
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DRY), 1);
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DELAYED), 0);
}

static void as_many_as_may_be_are_held(void **state)
{
	struct axo_chaos c = experiment_new(1);
	struct talk t[3] = {talk_new(*state), talk_new(*state), talk_new(*state)};

	experiment_rule(&c, ALL, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = DELAY;
	c.max_in_flight = 2;
	experiment_set(*state, 1, &c);
	experiments_apply(*state, 1, 0);
	for (int i = 0; i < 3; i++) {
		handshake(&t[i]);
		asks(&t[i], "GET /");
		if (i < 2)
			assert_held(answers(&t[i], "HTTP/1.1 200"), 0, DELAY);
		else
			assert_passes(answers(&t[i], "HTTP/1.1 200"));
	}
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_LIMITED), 1);
}

/* Of two experiments the lower rank makes the fault, in whatever order the set names them. */
static void one_fault_per_request_and_the_lower_rank_makes_it(void **state)
{
	struct axo_chaos low = experiment_new(1), high = experiment_new(2);
	struct talk t = talk_new(*state);

	experiment_rule(&low, ALL, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = 10 * CHAOS_S;
	experiment_rule(&high, ALL, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = 20 * CHAOS_S;
	high.rank = 2;
	for (int i = 0; i < 2; i++) {
		experiment_set(*state, 1, i ? &low : &high);
		experiment_set(*state, 2, i ? &high : &low);
		experiments_apply(*state, 1, 2);
		t = talk_new(*state);
		handshake(&t);
		asks(&t, "GET /");
		assert_held(answers(&t, "HTTP/1.1 200"), 0, 10 * CHAOS_S);
	}
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(chaos_count_of(*state, i, 0, AXO_CHAOS_COUNT_DRAWN), 2);
		assert_int_equal(chaos_count_of(*state, i, 0, AXO_CHAOS_COUNT_DELAYED), 1);
		assert_int_equal(chaos_count_of(*state, i, 0, AXO_CHAOS_COUNT_YIELDED), 1);
	}
}

/** requests - @n of them on one connection; @taken: which rule each was given to, '-' = none */
static void requests(struct talk *t, int n, char *taken)
{
	for (int i = 0; i < n; i++) {
		uint64_t was[2];

		for (uint32_t rule = 0; rule < 2; rule++)
			was[rule] = chaos_count_of(t->x, 1, rule, AXO_CHAOS_COUNT_DELAYED);
		asks(t, "GET /");
		answers(t, "HTTP/1.1 200");
		taken[i] = '-';
		for (uint32_t rule = 0; rule < 2; rule++)
			if (chaos_count_of(t->x, 1, rule, AXO_CHAOS_COUNT_DELAYED) != was[rule])
				taken[i] = (char)('0' + rule);
	}
	taken[n] = '\0';
}

/** shares - two rules that hold responses */
static struct axo_chaos shares(uint64_t key, uint32_t first, uint32_t second)
{
	struct axo_chaos c = experiment_new(key);

	experiment_rule(&c, first, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = 1;
	experiment_rule(&c, second, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = 2;
	return c;
}

static void exact_shares_are_exact_after_a_thousand(void **state)
{
	struct axo_chaos c = shares(5, 700000, 253000);
	static char taken[1001];
	struct talk t = talk_new(*state);

	c.sampling = AXO_CHAOS_EXACT;
	experiment_set(*state, 1, &c);
	experiments_apply(*state, 1, 0);
	handshake(&t);
	for (int deck = 1; deck <= 2; deck++) {
		requests(&t, 1000, taken);
		assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_MATCHED),
				 1000 * deck);
		assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DRAWN), 700 * deck);
		assert_int_equal(chaos_count_of(*state, 1, 1, AXO_CHAOS_COUNT_DRAWN), 253 * deck);
		assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DELAYED), 700 * deck);
		assert_int_equal(chaos_count_of(*state, 1, 1, AXO_CHAOS_COUNT_DELAYED), 253 * deck);
	}
}

/** play_with_key - what happens to 300 requests of a fresh experiment with @key */
static void play_with_key(struct fixture *x, uint64_t key, char *taken)
{
	struct axo_chaos c = shares(key, 500000, 300000);
	struct talk t = talk_new(x);
	void *state = x;

	chaos_setup(&state);
	experiment_set(x, 1, &c);
	experiments_apply(x, 1, 0);
	handshake(&t);
	requests(&t, 300, taken);
}

static void same_key_same_faults_whatever_the_ports(void **state)
{
	static char first[301], again[301], other[301];

	play_with_key(*state, 11, first);
	play_with_key(*state, 11, again);
	play_with_key(*state, 12, other);
	assert_string_equal(first, again);
	assert_string_not_equal(first, other);
}

static void interim_response_passes_and_the_final_one_is_held(void **state)
{
	struct talk t = talk_new(*state);

	experiment_of(*state, AXO_CHAOS_DELAY_RESPONSE, DELAY);
	handshake(&t);
	asks(&t, "POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n");
	assert_passes(answers(&t, "HTTP/1.1 100 Continue\r\n\r\n"));
	assert_passes(asks(&t, "body"));
	assert_held(answers(&t, "HTTP/1.1 200 OK\r\n\r\n"), 0, DELAY);
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 1);
}

static void what_only_begins_like_an_interim_response_is_held(void **state)
{
	static const char *const finals[] = {
		"HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.0 100 Continue\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(finals) / sizeof(finals[0]); i++) {
		struct talk t = talk_new(*state);

		experiment_of(*state, AXO_CHAOS_DELAY_RESPONSE, DELAY);
		handshake(&t);
		asks(&t, "GET / HTTP/1.1\r\n\r\n");
		assert_held(answers(&t, finals[i]), 0, DELAY);
	}
}

static uint32_t get_be32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, 4);
	return ntohl(v);
}

/** assert_reset - @o is a bare RST back to A, with these numbers and right checksums */
static void assert_reset(const struct outcome *o, bool v6, uint32_t seq, uint32_t ack)
{
	const uint8_t *tcp = o->b + 14 + (v6 ? 40 : 20);
	uint8_t a_mac[6];

	mac_bytes(A_MAC, a_mac);
	assert_int_equal(o->verdict, ACT_REDIRECT);
	assert_int_equal(o->len, 14 + (v6 ? 40 : 20) + 20);
	assert_memory_equal(o->b, a_mac, 6);
	assert_int_equal(tcp[13], RST | ACK);
	assert_true(get_be32(tcp + 4) == seq);
	assert_true(get_be32(tcp + 8) == ack);
	assert_true(frame_l4_ok(o->b, o->len));
	if (!v6)
		assert_true(frame_l3_ok(o->b, o->len));
}

static void writes_before_the_response_are_counted_and_not_drawn(void **state)
{
	struct talk t = talk_new(*state);

	experiment_of(*state, AXO_CHAOS_DELAY_RESPONSE, DELAY);
	handshake(&t);
	/* Two segments of one write, then two more requests. */
	assert_passes(asks(&t, "GET /1 "));
	assert_passes(says(&t, AXO_CHAOS_CLIENT, ACK | PSH, "HTTP/1.1\r\n\r\n"));
	assert_passes(says(&t, AXO_CHAOS_CLIENT, ACK | PSH, "GET /2"));
	assert_passes(says(&t, AXO_CHAOS_CLIENT, ACK | PSH, "GET /3"));
	assert_held(answers(&t, "1"), 0, DELAY);
	assert_held(answers(&t, "2"), 0, DELAY);
	assert_passes(says(&t, AXO_CHAOS_CLIENT, ACK | PSH, "GET /4"));
	assert_int_equal(chaos_run_of(*state, 1).pipelined, 2);
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 2);
}

static void aborted_request_is_answered_by_a_reset(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(*state);
		struct outcome o;

		t.v6 = v6;
		experiment_of(*state, AXO_CHAOS_ABORT_RESET, 0);
		handshake(&t);
		o = asks(&t, "GET / HTTP/1.1\r\n\r\n");
		assert_reset(&o, v6, t.seq[AXO_CHAOS_SERVER], t.seq[AXO_CHAOS_CLIENT]);
	}
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_ABORTED), 2);
}

static void refused_connection_is_answered_by_a_reset(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(*state);
		struct outcome o;

		t.v6 = v6;
		experiment_of(*state, AXO_CHAOS_CONNECT_REFUSE, 0);
		o = says(&t, AXO_CHAOS_CLIENT, SYN, "");
		assert_reset(&o, v6, 0, t.seq[AXO_CHAOS_CLIENT]);
	}
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_REFUSED), 2);
	assert_int_equal(chaos_run_of(*state, 1).connects, 2);
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 0);
}

static void connection_is_held_once_and_its_repeated_syn_absorbed(void **state)
{
	struct talk t = talk_new(*state);
	uint32_t seq = t.seq[AXO_CHAOS_CLIENT];

	experiment_of(*state, AXO_CHAOS_CONNECT_DELAY, 30 * CHAOS_S);
	assert_held(says(&t, AXO_CHAOS_CLIENT, SYN, ""), 0, 30 * CHAOS_S);
	assert_drop(segment(&t, AXO_CHAOS_CLIENT, seq, SYN, ""), CHAOS_HELD, EGRESS);
	assert_drop(segment(&t, AXO_CHAOS_CLIENT, seq, SYN, ""), CHAOS_HELD, EGRESS);
	assert_int_equal(chaos_run_of(*state, 1).connects, 1);
	/* Another connection with the same ports. */
	assert_held(segment(&t, AXO_CHAOS_CLIENT, seq + 1000000, SYN, ""), 0, 30 * CHAOS_S);
	assert_int_equal(chaos_run_of(*state, 1).connects, 2);
}

static void swallowed_request_never_passes_until_the_end(void **state)
{
	struct talk t = talk_new(*state);
	uint32_t request;

	experiment_of(*state, AXO_CHAOS_ABORT_TIMEOUT, 0);
	handshake(&t);
	request = t.seq[AXO_CHAOS_CLIENT];
	assert_drop(asks(&t, "GET /"), CHAOS, EGRESS);
	assert_drop(segment(&t, AXO_CHAOS_CLIENT, request, ACK, "GET /"), CHAOS, EGRESS);
	chaos_lease(*state, 4 * CHAOS_S);
	assert_passes(segment(&t, AXO_CHAOS_CLIENT, request, ACK, "GET /"));
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_ABORTED), 1);
}

static void packet_faults(struct fixture *x, uint32_t loss, uint32_t duplicate, uint32_t corrupt)
{
	struct axo_chaos c = experiment_new(3);
	struct axo_chaos_rule *rule =
		experiment_rule(&c, ALL, AXO_CHAOS_LOSS | AXO_CHAOS_DUPLICATE | AXO_CHAOS_CORRUPT);

	rule->loss = loss;
	rule->duplicate = duplicate;
	rule->corrupt = corrupt;
	experiment_set(x, 1, &c);
	experiments_apply(x, 1, 0);
}

static void lost_packets_are_drops_and_repetitions_may_pass(void **state)
{
	struct talk t = talk_new(*state);
	uint32_t request, passed = 0, lost = 0;

	packet_faults(*state, 500000, 0, 0);
	handshake(&t);
	request = t.seq[AXO_CHAOS_CLIENT];
	asks(&t, "GET /");
	for (int i = 0; i < 200; i++) {
		struct outcome o = segment(&t, AXO_CHAOS_CLIENT, request, ACK, "GET /");

		passed += o.reason == AXO_DROP_NONE;
		lost += o.reason == AXO_DROP_CHAOS;
	}
	assert_int_equal(passed + lost, 200);
	assert_in_range(lost, 60, 140);
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 1);
}

static void corrupt_packet_has_a_wrong_checksum(void **state)
{
	struct talk t = talk_new(*state);
	struct outcome o;

	packet_faults(*state, 0, 0, ALL);
	handshake(&t);
	o = asks(&t, "GET / HTTP/1.1\r\n\r\n");
	assert_passes(o);
	assert_false(frame_l4_ok(o.b, o.len));
	assert_true(frame_l3_ok(o.b, o.len));
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_CORRUPTED), 1);
}

static void duplicated_packet_passes_and_is_counted(void **state)
{
	struct talk t = talk_new(*state);

	packet_faults(*state, 0, ALL, 0);
	handshake(&t);
	assert_passes(asks(&t, "GET / HTTP/1.1\r\n\r\n"));
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DUPLICATED), 1);
}

static void rate_spaces_packets_by_their_length(void **state)
{
	struct axo_chaos c = experiment_new(4);
	struct talk t = talk_new(*state);
	uint64_t last = 0, per_packet = (40 + 9) * CHAOS_S / 100;

	experiment_rule(&c, ALL, AXO_CHAOS_RATE)->rate_bytes_s = 100;
	experiment_set(*state, 1, &c);
	experiments_apply(*state, 1, 0);
	handshake(&t);
	asks(&t, "GET /");
	assert_passes(answers(&t, "123456789"));
	for (int i = 0; i < 2; i++) {
		struct outcome o = answers(&t, "123456789");
		struct axo_delay_tag tag;
		uint64_t release;

		assert_true(is_held(&o, &tag));
		release = axo_delay_release(&tag, mono_now_ns());
		if (last)
			assert_true(release == last + per_packet);
		last = release;
	}
	/* The queue is full at a second's worth. */
	assert_drop(answers(&t, "123456789"), CHAOS, EGRESS);
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_PACED), 2);
}

int main(void)
{
#define row(f) cmocka_unit_test_setup(f, chaos_setup)
	const struct CMUnitTest tests[] = {
		row(response_is_held_and_nothing_else),
		row(request_is_held),
		row(later_packets_stay_behind_what_is_held),
		row(repetitions_never_draw_and_never_pass_what_is_held),
		row(old_lease_ends_faults_and_absorbing),
		row(end_of_the_experiment_ends_faults_and_absorbing),
		row(vanished_line_ends_faults_and_absorbing),
		row(experiment_that_has_not_begun_makes_no_fault),
		row(dry_run_counts_and_does_nothing),
		row(as_many_as_may_be_are_held),
		row(one_fault_per_request_and_the_lower_rank_makes_it),
		row(exact_shares_are_exact_after_a_thousand),
		row(same_key_same_faults_whatever_the_ports),
		row(interim_response_passes_and_the_final_one_is_held),
		row(what_only_begins_like_an_interim_response_is_held),
		row(writes_before_the_response_are_counted_and_not_drawn),
		row(aborted_request_is_answered_by_a_reset),
		row(refused_connection_is_answered_by_a_reset),
		row(connection_is_held_once_and_its_repeated_syn_absorbed),
		row(swallowed_request_never_passes_until_the_end),
		row(lost_packets_are_drops_and_repetitions_may_pass),
		row(corrupt_packet_has_a_wrong_checksum),
		row(duplicated_packet_passes_and_is_counted),
		row(rate_spaces_packets_by_their_length),
	};

	return cmocka_run_group_tests_name("chaos", tests, fixture_group_setup,
					   fixture_group_teardown);
}
