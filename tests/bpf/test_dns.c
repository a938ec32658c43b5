// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Flows with DNS rules over UDP: which queries pass, what a refused one gets, what answers teach.
 *
 * Pod A asks pod B, port 53, in both families.  A's egress policy allows ok.example and
 * *.web.example; selectors of toFQDNs are learn.example (DNS_S) and *.web.example (DNS_S + 1).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/bpf/dns.h"

#define MIN_TTL 60

static int setup(void **state)
{
	return dns_setup(state, IPPROTO_UDP);
}

static void allowed_names_pass(void **state)
{
	struct fixture *x = *state;

	assert_pass(dns_ask(x, "ok.example"));
	assert_pass(dns_ask(x, "OK.eXample"));
	assert_pass(dns_ask(x, "a.web.example"));
}

/** assert_refused - @o is the answer REFUSED to what A asked with @sent */
static void assert_refused(const struct outcome *o, const struct frame *sent)
{
	const uint8_t *dns = o->b + sent->l4 + 8;
	size_t dns_len = o->len - sent->l4 - 8;
	int addr = sent->family == 6 ? 16 : 4, at = sent->family == 6 ? 8 : 12;

	assert_int_equal(o->verdict, ACT_REDIRECT);
	assert_int_equal(o->reason, AXO_DROP_DNS_REFUSED);
	assert_int_equal(o->dir, AXO_DIR_EGRESS);
	assert_memory_equal(o->b, sent->b + 6, 6);
	assert_memory_equal(o->b + 6, sent->b, 6);
	assert_memory_equal(o->b + sent->l3 + at, sent->b + sent->l3 + at + addr, addr);
	assert_memory_equal(o->b + sent->l3 + at + addr, sent->b + sent->l3 + at, addr);
	assert_memory_equal(o->b + sent->l4, sent->b + sent->l4 + 2, 2);
	assert_memory_equal(o->b + sent->l4 + 2, sent->b + sent->l4, 2);
	assert_memory_equal(dns, "\x12\x34\x81\x85\0\1\0\0\0\0\0\0", 12);
	assert_memory_equal(dns + 12, sent->b + sent->l4 + 8 + 12, dns_len - 12);
	assert_true(frame_l4_ok(o->b, o->len));
	if (sent->family == 4)
		assert_true(frame_l3_ok(o->b, o->len));
}

static void other_names_are_answered_refused(void **state)
{
	static const char *const names[] = {"bad.example",     "ok.example.org", "",
					    "x.y.web.example", "bad.example1",	 "bad.example22"};
	struct fixture *x = *state;

	for (int i = 0; i < 24; i++) {
		struct dns_wire m;
		struct outcome o;
		struct frame f;

		wire_query(&m, DNS_ID, names[i % 6], i / 6 % 2 ? 1232 : 0);
		dns_frame(&f, i >= 12 ? 6 : 4, false, &m);
		o = from_pod(x, POD_A, &f);
		assert_refused(&o, &f);
	}
	assert_int_equal(learned_count(x), 0);
}

static void table_that_is_not_there_allows_nothing(void **state)
{
	struct axo_feature_set set = {.dns = DNS_TABLE + 1};
	struct fixture *x = *state;

	feature_set(x, DNS_SET, &set);
	assert_int_equal(dns_ask(x, "ok.example").reason, AXO_DROP_DNS_REFUSED);
	set.dns = 0;
	feature_set(x, DNS_SET, &set);
	assert_int_equal(dns_ask(x, "ok.example").reason, AXO_DROP_DNS_REFUSED);
}

static void what_is_no_query_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;

	wire_query(&m, DNS_ID, "ok.example", 0);
	m.len -= 1;
	assert_drop(dns_send(x, 4, false, &m), DNS_MALFORMED, EGRESS);
	m.len = 3;
	assert_drop(dns_send(x, 4, false, &m), DNS_MALFORMED, EGRESS);
	m.len = 0;
	assert_drop(dns_send(x, 4, false, &m), DNS_MALFORMED, EGRESS);
	wire_query(&m, DNS_ID, "ok.example", 0);
	m.b[5] = 2;
	assert_drop(dns_send(x, 4, false, &m), DNS_MALFORMED, EGRESS);
	wire_query(&m, DNS_ID, "ok.example", 0);
	m.b[2] = 0x29; /* update */
	assert_drop(dns_send(x, 4, false, &m), DNS_MALFORMED, EGRESS);
}

static void query_in_fragments_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;
	struct frame f;

	wire_query(&m, DNS_ID, "ok.example", 0);
	dns_frame(&f, 4, false, &m);
	frame_fragment(&f, 0, true, 77);
	frame_finish(&f);
	assert_drop(from_pod(x, POD_A, &f), DNS_FRAGMENT, EGRESS);
}

static void large_edns_sizes_are_lowered(void **state)
{
	struct fixture *x = *state;

	for (int i = 0; i < 4; i++) { /* at even and odd offsets */
		struct dns_wire m;
		struct outcome o;
		struct frame f;

		wire_query(&m, DNS_ID, i & 1 ? "a1.web.example" : "a.web.example",
			   i & 2 ? 4096 : 1000);
		dns_frame(&f, 4, false, &m);
		o = from_pod(x, POD_A, &f);
		assert_pass(o);
		assert_int_equal(o.len, f.len);
		assert_int_equal(o.b[o.len - 8] << 8 | o.b[o.len - 7], i & 2 ? 1232 : 1000);
		assert_true(frame_l4_ok(o.b, o.len));
	}
}

static void answer_teaches_what_its_name_matches(void **state)
{
	struct fixture *x = *state;

	assert_pass(dns_ask(x, "leArn.example"));
	assert_pass(dns_answer(x, "learn.eXample", 300, 0xc0000201));
	assert_in_range(learned(x, DNS_ENDPOINT, WORLD4, DNS_S), 298, 301);
	assert_int_equal(learned(x, DNS_ENDPOINT, WORLD4, DNS_S + 1), -1);
	assert_int_equal(learned_count(x), 1);
	assert_pass(dns_ask(x, "b.web.example"));
	assert_pass(dns_answer(x, "b.web.example", 10, 0xc0000201));
	assert_in_range(learned(x, DNS_ENDPOINT, WORLD4, DNS_S + 1), MIN_TTL - 2, MIN_TTL + 1);
	assert_in_range(learned(x, DNS_ENDPOINT, WORLD4, DNS_S), 298, 301);
	assert_pass(dns_ask(x, "ok.example"));
	assert_pass(dns_answer(x, "ok.example", 300, 0xc0000202));
	assert_int_equal(learned_count(x), 1);
}

static void shorter_ttl_shortens_nothing(void **state)
{
	struct fixture *x = *state;

	assert_pass(dns_ask(x, "learn.example"));
	assert_pass(dns_answer(x, "learn.example", 300, 0xc0000201));
	assert_pass(dns_ask(x, "learn.example"));
	assert_pass(dns_answer(x, "learn.example", 100, 0xc0000201));
	assert_in_range(learned(x, DNS_ENDPOINT, WORLD4, DNS_S), 298, 301);
	assert_pass(dns_ask(x, "learn.example"));
	assert_pass(dns_answer(x, "learn.example", 500, 0xc0000201));
	assert_in_range(learned(x, DNS_ENDPOINT, WORLD4, DNS_S), 498, 501);
	assert_pass(dns_ask(x, "learn.example"));
	assert_pass(dns_answer(x, "learn.example", 0x7fffffff, 0xc0000201));
	assert_in_range(learned(x, DNS_ENDPOINT, WORLD4, DNS_S), 604798, 604801);
}

static void answer_to_another_question_teaches_nothing(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;

	assert_pass(dns_ask(x, "ok.example"));
	assert_pass(dns_answer(x, "learn.example", 300, 0xc0000201));
	assert_pass(dns_ask(x, "learn.example"));
	wire_answer(&m, DNS_ID + 1, "learn.example", 300, 0xc0000201); /* another id */
	assert_pass(dns_send(x, 4, true, &m));
	wire_answer(&m, DNS_ID, "learn.example", 300, 0xc0000201);
	m.b[12 + 15 + 1] = 28; /* another type */
	assert_pass(dns_send(x, 4, true, &m));
	wire_answer(&m, DNS_ID, "learn.example", 300, 0xc0000201);
	m.b[2] &= 0x7f; /* not an answer */
	assert_pass(dns_send(x, 4, true, &m));
	assert_int_equal(learned_count(x), 0);
}

static void answer_that_nobody_asked_for_teaches_nothing(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;
	struct frame f;

	assert_pass(dns_ask(x, "learn.example"));
	wire_answer(&m, DNS_ID, "learn.example", 300, 0xc0000201);
	frame_eth(&f, GW_MAC, B_MAC, 0);
	frame_ip(&f, B4, A4);
	frame_udp(&f, 53, DNS_SPORT + 1); /* another port */
	frame_payload(&f, m.b, m.len);
	frame_finish(&f);
	from_pod(x, POD_B, &f);
	frame_ip(&f, "10.1.0.12", A4); /* another server */
	from_pod(x, POD_B, &f);
	assert_int_equal(learned_count(x), 0);
}

static void server_cannot_ask_for_itself(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;

	assert_pass(dns_ask(x, "ok.example"));
	wire_query(&m, DNS_ID, "learn.example", 0);
	assert_pass(dns_send(x, 4, true, &m));
	assert_pass(dns_answer(x, "learn.example", 300, 0xc0000201));
	assert_int_equal(learned_count(x), 0);
}

static void refused_query_teaches_nothing(void **state)
{
	static const char *const none[] = {"nothing.example"};
	struct fixture *x = *state;

	names_set(x, DNS_TABLE, none, 1, 0);
	assert_int_equal(dns_ask(x, "learn.example").reason, AXO_DROP_DNS_REFUSED);
	dns_answer(x, "learn.example", 300, 0xc0000201);
	assert_int_equal(learned_count(x), 0);
}

static void names_keep_their_64_newest_addresses(void **state)
{
	struct fixture *x = *state;

	for (uint32_t i = 0; i < 70; i++) {
		assert_pass(dns_ask(x, "learn.example"));
		assert_pass(dns_answer(x, "learn.example", 1000 + i, 0xc0000200 + i));
	}
	assert_true(learned(x, DNS_ENDPOINT, "192.0.2.0", DNS_S) <= 0);
	assert_true(learned(x, DNS_ENDPOINT, "192.0.2.5", DNS_S) <= 0);
	assert_true(learned(x, DNS_ENDPOINT, "192.0.2.6", DNS_S) > 900);
	assert_true(learned(x, DNS_ENDPOINT, "192.0.2.69", DNS_S) > 900);
}

static void first_fragment_becomes_a_truncated_answer(void **state)
{
	for (int family = 4; family <= 6; family += 2) {
		struct fixture *x = *state;
		struct dns_wire m;
		struct outcome o;
		struct frame f;

		wire_query(&m, DNS_ID, "learn.example", 0);
		assert_pass(dns_send(x, family, false, &m));
		wire_answer(&m, DNS_ID, "learn.example", 300, 0xc0000201);
		frame_eth(&f, GW_MAC, B_MAC, 0);
		frame_ip(&f, family == 6 ? B6 : B4, family == 6 ? A6 : A4);
		frame_fragment(&f, 0, true, 77);
		frame_udp(&f, 53, DNS_SPORT);
		frame_payload(&f, m.b, m.len);
		frame_finish(&f);
		f.b[f.l4 + 4] = 0x10; /* the datagram is longer */
		o = from_pod(x, POD_B, &f);
		assert_pass(o);
		assert_memory_equal(o.b + f.l4 + 8, "\x12\x34\x83\x80\0\1\0\0\0\0\0\0", 12);
		assert_int_equal(o.len, f.len - 16);
		if (family == 4) {
			assert_true(frame_l3_ok(o.b, o.len));
			assert_int_equal(o.b[f.l3 + 6] << 8 | o.b[f.l3 + 7], 0);
		} else { /* an atomic fragment (RFC 6946); without its header: */
			assert_int_equal(o.b[f.l4 - 6] << 8 | o.b[f.l4 - 5], 0);
			o.b[f.l3 + 6] = IPPROTO_UDP;
			memmove(o.b + f.l4 - 8, o.b + f.l4, o.len - f.l4);
			o.len -= 8;
		}
		assert_true(frame_l4_ok(o.b, o.len));
		assert_int_equal(learned_count(x), 0);
		frame_eth(&f, GW_MAC, B_MAC, 0);
		frame_ip(&f, family == 6 ? B6 : B4, family == 6 ? A6 : A4);
		frame_fragment(&f, 800, false, 77);
		frame_proto(&f, IPPROTO_UDP);
		frame_payload(&f, m.b, 16);
		frame_finish(&f);
		assert_drop(from_pod(x, POD_B, &f), DNS_FRAGMENT, EGRESS);
	}
}

static void answers_of_both_families_teach(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;

	wire_start(&m, DNS_ID, 0x0100, (const unsigned int[4]){1, 0, 0, 0});
	wire_question(&m, "learn.example", 28);
	assert_pass(dns_send(x, 6, false, &m));
	wire_start(&m, DNS_ID, 0x8180, (const unsigned int[4]){1, 1, 0, 0});
	wire_question(&m, "learn.example", 28);
	wire_pointer(&m, 12);
	wire_record(&m, 28, 300, 16);
	wire_u32(&m, 0x20010db8);
	for (int i = 0; i < 11; i++)
		wire_u8(&m, 0);
	wire_u8(&m, 1);
	assert_pass(dns_send(x, 6, true, &m));
	assert_true(learned(x, DNS_ENDPOINT, WORLD6, DNS_S) > 0);
	assert_int_equal(learned_count(x), 1);
}

#define dns_test(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		dns_test(allowed_names_pass),
		dns_test(other_names_are_answered_refused),
		dns_test(table_that_is_not_there_allows_nothing),
		dns_test(what_is_no_query_is_dropped),
		dns_test(query_in_fragments_is_dropped),
		dns_test(large_edns_sizes_are_lowered),
		dns_test(answer_teaches_what_its_name_matches),
		dns_test(shorter_ttl_shortens_nothing),
		dns_test(answer_to_another_question_teaches_nothing),
		dns_test(answer_that_nobody_asked_for_teaches_nothing),
		dns_test(server_cannot_ask_for_itself),
		dns_test(refused_query_teaches_nothing),
		dns_test(names_keep_their_64_newest_addresses),
		dns_test(first_fragment_becomes_a_truncated_answer),
		dns_test(answers_of_both_families_teach),
	};

	return cmocka_run_group_tests_name("dns", tests, fixture_group_setup,
					   fixture_group_teardown);
}
