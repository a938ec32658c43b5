// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Flows with DNS rules over UDP: which queries pass, what a refused one gets, what answers teach.
 *
 * Pod A asks pod B, port 53, in both families.  A's egress policy allows ok.example and
 * *.web.example; selectors of toFQDNs are learn.example (S) and *.web.example (S + 1).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/bpf/names.h"
#include "tests/bpf/policy.h"
#include "tests/lib/dns_wire.h"

#define POLICY 5
#define SET 3
#define TABLE 4
#define RULE 16
#define S (AXO_ID_FQDN_MIN + 1)
#define ID 0x1234
#define SPORT 5353
#define MIN_TTL 60
#define A_ENDPOINT 10

static int setup(void **state)
{
	static const char *const allowed[] = {"ok.example", "*.web.example", "learn.example"};
	static const char *const selectors[] = {"learn.example", "*.web.example"};
	struct axo_policy_ref ref = policy_enforced(POLICY, AXO_DIR_EGRESS);
	struct entry e = {1, AXO_POL_BITS_PORT, IPPROTO_UDP, 53, AXO_POL_ALLOW, RULE};
	struct axo_feature_set set = {.dns = TABLE};
	struct fixture *x;

	if (fixture_reset(state))
		return -1;
	x = *state;
	names_clear(x);
	names_set(x, TABLE, allowed, 3, 0);
	names_set(x, AXO_NAME_TABLE_FQDN, selectors, 2, S);
	feature_set(x, SET, &set);
	policy_set(x, POD_A, &ref);
	peer_set(x, POLICY, AXO_DIR_EGRESS, B_IDENTITY, 1);
	entry_set_features(x, POLICY, AXO_DIR_EGRESS, &e, FEATURES(AXO_FEATURE_DNS, SET));
	bump(x);
	return 0;
}

/** dns_frame - a message from A to B, or back */
static void dns_frame(struct frame *f, int family, bool reply, const struct dns_wire *m)
{
	const char *a = family == 6 ? A6 : A4, *b = family == 6 ? B6 : B4;

	frame_eth(f, GW_MAC, reply ? B_MAC : A_MAC, 0);
	frame_ip(f, reply ? b : a, reply ? a : b);
	frame_udp(f, reply ? 53 : SPORT, reply ? SPORT : 53);
	frame_payload(f, m->b, m->len);
	frame_finish(f);
}

static struct outcome send_dns(struct fixture *x, int family, bool reply, const struct dns_wire *m)
{
	struct frame f;

	dns_frame(&f, family, reply, m);
	return from_pod(x, reply ? POD_B : POD_A, &f);
}

static struct outcome ask(struct fixture *x, const char *name)
{
	struct dns_wire m;

	wire_query(&m, ID, name, 0);
	return send_dns(x, 4, false, &m);
}

static struct outcome answer(struct fixture *x, const char *name, uint32_t ttl, uint32_t addr)
{
	struct dns_wire m;

	wire_answer(&m, ID, name, ttl, addr);
	return send_dns(x, 4, true, &m);
}

static void allowed_names_pass(void **state)
{
	struct fixture *x = *state;

	assert_pass(ask(x, "ok.example"));
	assert_pass(ask(x, "OK.eXample"));
	assert_pass(ask(x, "a.web.example"));
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

		wire_query(&m, ID, names[i % 6], i / 6 % 2 ? 1232 : 0);
		dns_frame(&f, i >= 12 ? 6 : 4, false, &m);
		o = from_pod(x, POD_A, &f);
		assert_refused(&o, &f);
	}
	assert_int_equal(learned_count(x), 0);
}

static void table_that_is_not_there_allows_nothing(void **state)
{
	struct axo_feature_set set = {.dns = TABLE + 1};
	struct fixture *x = *state;

	feature_set(x, SET, &set);
	assert_int_equal(ask(x, "ok.example").reason, AXO_DROP_DNS_REFUSED);
	set.dns = 0;
	feature_set(x, SET, &set);
	assert_int_equal(ask(x, "ok.example").reason, AXO_DROP_DNS_REFUSED);
}

static void what_is_no_query_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;

	wire_query(&m, ID, "ok.example", 0);
	m.len -= 1;
	assert_drop(send_dns(x, 4, false, &m), DNS_MALFORMED, EGRESS);
	m.len = 3;
	assert_drop(send_dns(x, 4, false, &m), DNS_MALFORMED, EGRESS);
	m.len = 0;
	assert_drop(send_dns(x, 4, false, &m), DNS_MALFORMED, EGRESS);
	wire_query(&m, ID, "ok.example", 0);
	m.b[5] = 2;
	assert_drop(send_dns(x, 4, false, &m), DNS_MALFORMED, EGRESS);
	wire_query(&m, ID, "ok.example", 0);
	m.b[2] = 0x29; /* update */
	assert_drop(send_dns(x, 4, false, &m), DNS_MALFORMED, EGRESS);
}

static void query_in_fragments_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;
	struct frame f;

	wire_query(&m, ID, "ok.example", 0);
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

		wire_query(&m, ID, i & 1 ? "a1.web.example" : "a.web.example", i & 2 ? 4096 : 1000);
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

	assert_pass(ask(x, "leArn.example"));
	assert_pass(answer(x, "learn.eXample", 300, 0xc0000201));
	assert_in_range(learned(x, A_ENDPOINT, WORLD4, S), 298, 301);
	assert_int_equal(learned(x, A_ENDPOINT, WORLD4, S + 1), -1);
	assert_int_equal(learned_count(x), 1);
	assert_pass(ask(x, "b.web.example"));
	assert_pass(answer(x, "b.web.example", 10, 0xc0000201));
	assert_in_range(learned(x, A_ENDPOINT, WORLD4, S + 1), MIN_TTL - 2, MIN_TTL + 1);
	assert_in_range(learned(x, A_ENDPOINT, WORLD4, S), 298, 301);
	assert_pass(ask(x, "ok.example"));
	assert_pass(answer(x, "ok.example", 300, 0xc0000202));
	assert_int_equal(learned_count(x), 1);
}

static void shorter_ttl_shortens_nothing(void **state)
{
	struct fixture *x = *state;

	assert_pass(ask(x, "learn.example"));
	assert_pass(answer(x, "learn.example", 300, 0xc0000201));
	assert_pass(answer(x, "learn.example", 100, 0xc0000201));
	assert_in_range(learned(x, A_ENDPOINT, WORLD4, S), 298, 301);
	assert_pass(answer(x, "learn.example", 500, 0xc0000201));
	assert_in_range(learned(x, A_ENDPOINT, WORLD4, S), 498, 501);
	assert_pass(answer(x, "learn.example", 0x7fffffff, 0xc0000201));
	assert_in_range(learned(x, A_ENDPOINT, WORLD4, S), 604798, 604801);
}

static void answer_to_another_question_teaches_nothing(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;

	assert_pass(ask(x, "ok.example"));
	assert_pass(answer(x, "learn.example", 300, 0xc0000201));
	assert_pass(ask(x, "learn.example"));
	wire_answer(&m, ID + 1, "learn.example", 300, 0xc0000201); /* another id */
	assert_pass(send_dns(x, 4, true, &m));
	wire_answer(&m, ID, "learn.example", 300, 0xc0000201);
	m.b[12 + 15 + 1] = 28; /* another type */
	assert_pass(send_dns(x, 4, true, &m));
	wire_answer(&m, ID, "learn.example", 300, 0xc0000201);
	m.b[2] &= 0x7f; /* not an answer */
	assert_pass(send_dns(x, 4, true, &m));
	assert_int_equal(learned_count(x), 0);
}

static void answer_that_nobody_asked_for_teaches_nothing(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;
	struct frame f;

	assert_pass(ask(x, "learn.example"));
	wire_answer(&m, ID, "learn.example", 300, 0xc0000201);
	frame_eth(&f, GW_MAC, B_MAC, 0);
	frame_ip(&f, B4, A4);
	frame_udp(&f, 53, SPORT + 1); /* another port */
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

	assert_pass(ask(x, "ok.example"));
	wire_query(&m, ID, "learn.example", 0);
	assert_pass(send_dns(x, 4, true, &m));
	assert_pass(answer(x, "learn.example", 300, 0xc0000201));
	assert_int_equal(learned_count(x), 0);
}

static void refused_query_teaches_nothing(void **state)
{
	static const char *const none[] = {"nothing.example"};
	struct fixture *x = *state;

	names_set(x, TABLE, none, 1, 0);
	assert_int_equal(ask(x, "learn.example").reason, AXO_DROP_DNS_REFUSED);
	answer(x, "learn.example", 300, 0xc0000201);
	assert_int_equal(learned_count(x), 0);
}

static void names_keep_their_64_newest_addresses(void **state)
{
	struct fixture *x = *state;

	assert_pass(ask(x, "learn.example"));
	for (uint32_t i = 0; i < 70; i++)
		assert_pass(answer(x, "learn.example", 1000 + i, 0xc0000200 + i));
	assert_true(learned(x, A_ENDPOINT, "192.0.2.0", S) <= 0);
	assert_true(learned(x, A_ENDPOINT, "192.0.2.5", S) <= 0);
	assert_true(learned(x, A_ENDPOINT, "192.0.2.6", S) > 900);
	assert_true(learned(x, A_ENDPOINT, "192.0.2.69", S) > 900);
}

static void first_fragment_becomes_a_truncated_answer(void **state)
{
	for (int family = 4; family <= 6; family += 2) {
		struct fixture *x = *state;
		struct dns_wire m;
		struct outcome o;
		struct frame f;

		wire_query(&m, ID, "learn.example", 0);
		assert_pass(send_dns(x, family, false, &m));
		wire_answer(&m, ID, "learn.example", 300, 0xc0000201);
		frame_eth(&f, GW_MAC, B_MAC, 0);
		frame_ip(&f, family == 6 ? B6 : B4, family == 6 ? A6 : A4);
		frame_fragment(&f, 0, true, 77);
		frame_udp(&f, 53, SPORT);
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

	wire_start(&m, ID, 0x0100, (const unsigned int[4]){1, 0, 0, 0});
	wire_question(&m, "learn.example", 28);
	assert_pass(send_dns(x, 6, false, &m));
	wire_start(&m, ID, 0x8180, (const unsigned int[4]){1, 1, 0, 0});
	wire_question(&m, "learn.example", 28);
	wire_pointer(&m, 12);
	wire_record(&m, 28, 300, 16);
	wire_u32(&m, 0x20010db8);
	for (int i = 0; i < 11; i++)
		wire_u8(&m, 0);
	wire_u8(&m, 1);
	assert_pass(send_dns(x, 6, true, &m));
	assert_true(learned(x, A_ENDPOINT, WORLD6, S) > 0);
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
