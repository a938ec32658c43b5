// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Policy over the life of a flow: both ends' policies, replies, a rule that goes, ICMP, and what
 * is told and counted.
 *
 * A's egress policy is number 5, B's ingress policy number 7; class 3 has the other pod.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/bpf/policy.h"

#define A_POLICY 5
#define B_POLICY 7
#define RULE 16
#define OTHER 17
#define CLASS 3
#define SYN 0x02
#define ACK 0x10

/** both_policies - A may send, B may receive, what the entries say; none yet */
static void both_policies(struct fixture *x)
{
	struct axo_policy_ref a = policy_enforced(A_POLICY, AXO_DIR_EGRESS);
	struct axo_policy_ref b = policy_enforced(B_POLICY, AXO_DIR_INGRESS);

	policy_set(x, POD_A, &a);
	policy_set(x, POD_B, &b);
	peer_set(x, A_POLICY, AXO_DIR_EGRESS, B_IDENTITY, CLASS);
	peer_set(x, B_POLICY, AXO_DIR_INGRESS, A_IDENTITY, CLASS);
	bump(x);
}

static void allow(struct fixture *x, uint32_t id, enum axo_dir dir, uint8_t proto, uint16_t port)
{
	struct entry e = {CLASS, AXO_POL_BITS_PORT, proto, port, AXO_POL_ALLOW, RULE};

	entry_set(x, id, dir, &e);
}

/** forget_entries - the agent's "no rule allows anything": entries go, then the generation */
static void forget_entries(struct fixture *x)
{
	map_clear(x->skel->maps.axo_pol_entry);
	bump(x);
}

static void connect_a_to_b(struct fixture *x)
{
	both_policies(x);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_TCP, 80);
	allow(x, B_POLICY, AXO_DIR_INGRESS, IPPROTO_TCP, 80);
	bump(x);
	assert_pass(send_between(x, false, SYN));
	assert_pass(send_between(x, true, SYN | ACK));
	assert_pass(send_between(x, false, ACK));
}

static void both_ends_must_allow(void **state)
{
	struct fixture *x = *state;

	both_policies(x);
	assert_drop(send_between(x, false, SYN), POLICY, EGRESS);
	allow(x, B_POLICY, AXO_DIR_INGRESS, IPPROTO_TCP, 80);
	assert_drop(send_between(x, false, SYN), POLICY, EGRESS);
	map_clear(x->skel->maps.axo_pol_entry);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_TCP, 80);
	assert_drop(send_between(x, false, SYN), POLICY, INGRESS);
	allow(x, B_POLICY, AXO_DIR_INGRESS, IPPROTO_TCP, 80);
	assert_pass(send_between(x, false, SYN));
}

static void rules_of_both_ends_are_kept(void **state)
{
	struct entry b = {CLASS, AXO_POL_BITS_ALL, .verdict = AXO_POL_ALLOW, .rule = OTHER};
	struct fixture *x = *state;
	struct axo_flow flow;
	struct frame f;

	both_policies(x);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_TCP, 80);
	entry_set(x, B_POLICY, AXO_DIR_INGRESS, &b);
	assert_pass(send_between(x, false, SYN));
	frame_between(&f, false, SYN);
	assert_string_equal(flow_lookup(x, &f, &flow), "axo_flow_lru");
	assert_int_equal(flow.rule[AXO_DIR_EGRESS], RULE);
	assert_int_equal(flow.rule[AXO_DIR_INGRESS], OTHER);
}

static void replies_are_not_judged(void **state)
{
	struct axo_policy_ref nothing = policy_enforced(B_POLICY, AXO_DIR_INGRESS);
	struct fixture *x = *state;

	both_policies(x);
	nothing.flags[AXO_DIR_EGRESS] = AXO_POLICY_ENFORCED;
	policy_set(x, POD_B, &nothing);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_TCP, 80);
	allow(x, B_POLICY, AXO_DIR_INGRESS, IPPROTO_TCP, 80);
	assert_drop(send_between(x, true, SYN | ACK), POLICY, EGRESS);
	assert_pass(send_between(x, false, SYN));
	assert_pass(send_between(x, true, SYN | ACK));
	bump(x);
	assert_pass(send_between(x, true, ACK));
	assert_int_equal(hits_of(x, B_POLICY, AXO_RULE_DEFAULT, AXO_DIR_EGRESS), 1);
}

/** assert_cut - packets of both sides are dropped, and the entry says that it is denied */
static void assert_cut(struct fixture *x, const char *map)
{
	struct axo_flow flow;
	struct frame f;

	frame_between(&f, false, ACK);
	assert_string_equal(flow_lookup(x, &f, &flow), map);
	assert_int_equal(flow.verdict, AXO_VERDICT_DENY);
	assert_int_equal(flow.generation, x->generation);
	for (int i = 0; i < 2; i++) {
		assert_drop(send_between(x, true, ACK), POLICY, INGRESS);
		assert_drop(send_between(x, false, ACK), POLICY, INGRESS);
	}
}

static void rule_that_goes_cuts_the_flow(void **state)
{
	struct fixture *x = *state;

	connect_a_to_b(x);
	forget_entries(x);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_TCP, 80);
	assert_drop(send_between(x, false, ACK), POLICY, INGRESS);
	assert_cut(x, "axo_flow");
}

/* B may send anything, so its packets must not become a flow of their own, which A would answer. */
static void responder_does_not_revive_a_cut_flow(void **state)
{
	struct fixture *x = *state;

	connect_a_to_b(x);
	forget_entries(x);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_TCP, 80);
	assert_drop(send_between(x, true, ACK), POLICY, INGRESS);
	assert_cut(x, "axo_flow");
}

static void half_open_flow_is_cut_too(void **state)
{
	struct fixture *x = *state;

	both_policies(x);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_TCP, 80);
	allow(x, B_POLICY, AXO_DIR_INGRESS, IPPROTO_TCP, 80);
	assert_pass(send_between(x, false, SYN));
	forget_entries(x);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_TCP, 80);
	assert_drop(send_between(x, true, SYN | ACK), POLICY, INGRESS);
	assert_cut(x, "axo_flow_lru");
}

static void rule_that_returns_lets_it_go_on(void **state)
{
	struct fixture *x = *state;
	struct axo_flow before, after;
	struct frame f;

	connect_a_to_b(x);
	forget_entries(x);
	assert_drop(send_between(x, false, ACK), POLICY, EGRESS);
	frame_between(&f, false, ACK);
	flow_lookup(x, &f, &before);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_TCP, 80);
	allow(x, B_POLICY, AXO_DIR_INGRESS, IPPROTO_TCP, 80);
	bump(x);
	assert_pass(send_between(x, true, ACK));
	assert_pass(send_between(x, false, ACK));
	assert_string_equal(flow_lookup(x, &f, &after), "axo_flow");
	assert_int_equal(after.verdict, AXO_VERDICT_ALLOW);
	assert_int_equal(after.state, AXO_FLOW_ESTABLISHED);
	assert_int_equal(after.side[after.originator].packets,
			 before.side[after.originator].packets + 1);
}

static void policy_that_changes_nothing_cuts_nothing(void **state)
{
	struct axo_policy_ref a = policy_enforced(A_POLICY + 100, AXO_DIR_EGRESS);
	struct entry other = {CLASS, AXO_POL_BITS_ALL, .verdict = AXO_POL_ALLOW, .rule = OTHER};
	struct fixture *x = *state;
	struct axo_flow flow;
	struct frame f;

	connect_a_to_b(x);
	entry_set(x, A_POLICY + 100, AXO_DIR_EGRESS, &other);
	peer_set(x, A_POLICY + 100, AXO_DIR_EGRESS, B_IDENTITY, CLASS);
	policy_set(x, POD_A, &a);
	bump(x);
	assert_pass(send_between(x, true, ACK));
	frame_between(&f, false, ACK);
	assert_string_equal(flow_lookup(x, &f, &flow), "axo_flow");
	assert_int_equal(flow.rule[AXO_DIR_EGRESS], OTHER);
	assert_int_equal(flow.rule[AXO_DIR_INGRESS], RULE);
}

static struct outcome ping(struct fixture *x, bool from_b, bool v6, uint16_t id, uint8_t type)
{
	const char *a = v6 ? A6 : A4, *b = v6 ? B6 : B4;
	struct frame f;

	frame_to(&f, from_b ? B_MAC : A_MAC, from_b ? b : a, from_b ? a : b,
		 v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, id, type);
	return from_pod(x, from_b ? POD_B : POD_A, &f);
}

static void ping_is_judged_by_what_was_asked(void **state)
{
	struct fixture *x = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		uint8_t proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		uint8_t request = v6 ? 128 : 8, reply = v6 ? 129 : 0;

		fixture_reset(state);
		both_policies(x);
		allow(x, A_POLICY, AXO_DIR_EGRESS, proto, request);
		allow(x, B_POLICY, AXO_DIR_INGRESS, proto, request);
		assert_pass(ping(x, false, v6, request, request));
		assert_pass(ping(x, true, v6, request, reply));
		/* Stale, and a reply comes first. */
		bump(x);
		assert_pass(ping(x, true, v6, request, reply));
		/* An answer to nothing is a message of its own type, also from the side that asks. */
		assert_drop(ping(x, false, v6, 99, reply), POLICY, EGRESS);
		assert_drop(ping(x, false, v6, request, reply), POLICY, EGRESS);
		/* The request's rule goes: the reply is cut. */
		forget_entries(x);
		allow(x, A_POLICY, AXO_DIR_EGRESS, proto, reply);
		allow(x, B_POLICY, AXO_DIR_INGRESS, proto, reply);
		assert_drop(ping(x, true, v6, request, reply), POLICY, EGRESS);
		assert_pass(ping(x, false, v6, 99, reply));
	}
}

/* The id is the type, too: nothing but who asks tells the two apart. */
static void pings_with_one_id_are_two_flows(void **state)
{
	struct axo_policy_ref b = policy_enforced(B_POLICY, AXO_DIR_INGRESS);
	struct fixture *x = *state;

	both_policies(x);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_ICMP, 8);
	allow(x, B_POLICY, AXO_DIR_INGRESS, IPPROTO_ICMP, 8);
	b.flags[AXO_DIR_EGRESS] = AXO_POLICY_ENFORCED;
	policy_set(x, POD_B, &b);
	assert_pass(ping(x, false, false, 8, 8));
	/* B must not ask in the shadow of A's question. */
	assert_drop(ping(x, true, false, 8, 8), POLICY, EGRESS);
	b.flags[AXO_DIR_EGRESS] = 0;
	policy_set(x, POD_B, &b);
	assert_pass(ping(x, true, false, 8, 8));
	for (int i = 0; i < 2; i++) {
		assert_pass(ping(x, true, false, 8, 0));
		assert_pass(ping(x, false, false, 8, 0));
	}
}

static void related_error(struct frame *f)
{
	struct frame sent;

	frame_between(&sent, false, ACK);
	frame_eth(f, GW_MAC, B_MAC, 0);
	frame_ip(f, B4, A4);
	frame_icmp(f, 3, 3, 0);
	frame_quote(f, &sent, 28);
	frame_finish(f);
}

static void related_errors_pass_as_long_as_the_flow(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	connect_a_to_b(x);
	related_error(&f);
	assert_pass(from_pod(x, POD_B, &f));
	bump(x);
	assert_pass(from_pod(x, POD_B, &f));
	forget_entries(x);
	assert_drop(from_pod(x, POD_B, &f), ICMP_UNRELATED, EGRESS);
	assert_drop(send_between(x, false, ACK), POLICY, EGRESS);
	assert_drop(from_pod(x, POD_B, &f), ICMP_UNRELATED, EGRESS);
}

static void ipcache_set(struct fixture *x, const char *addr, uint32_t bits, uint32_t identity)
{
	struct axo_ipcache value = {.identity = identity};
	struct axo_addr a = text_addr(addr);
	struct axo_ipcache_key key = {.prefixlen = bits};

	memcpy(key.addr, a.b, sizeof(key.addr));
	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_ipcache), &key, &value, 0), 0);
}

/* 192.0.2.0/24 is allowed but for 192.0.2.128/25. */
static void prefixes_are_identities(void **state)
{
	const uint32_t net = AXO_ID_PREFIX4_MIN, except = AXO_ID_PREFIX4_MIN + 1;
	static const struct {
		const char *world;
		bool pass;
	} cases[] = {{"192.0.2.1", true}, {"192.0.2.129", false}, {"198.51.100.1", false}};
	struct fixture *x = *state;
	struct frame f;

	both_policies(x);
	ipcache_set(x, "192.0.2.0", 96 + 24, net);
	ipcache_set(x, "192.0.2.128", 96 + 25, except);
	peer_set(x, A_POLICY, AXO_DIR_EGRESS, net, CLASS);
	peer_set(x, B_POLICY, AXO_DIR_INGRESS, net, CLASS);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_UDP, 53);
	allow(x, B_POLICY, AXO_DIR_INGRESS, IPPROTO_UDP, 53);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome o;

		frame_to(&f, A_MAC, A4, cases[i].world, IPPROTO_UDP, 4000, 53);
		o = from_pod(x, POD_A, &f);
		assert_int_equal(o.reason, cases[i].pass ? 0 : AXO_DROP_POLICY);
		assert_int_equal(o.dir, AXO_DIR_EGRESS);
		frame_to(&f, GW_MAC, cases[i].world, B4, IPPROTO_UDP, 4000, 53);
		o = from_host(x, &f);
		assert_int_equal(o.reason, cases[i].pass ? 0 : AXO_DROP_POLICY);
		assert_int_equal(o.dir, cases[i].pass ? 0 : AXO_DIR_INGRESS);
	}
}

static void fragments_follow_the_first(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	both_policies(x);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_UDP, 53);
	allow(x, B_POLICY, AXO_DIR_INGRESS, IPPROTO_UDP, 53);
	for (int denied = 0; denied < 2; denied++) {
		for (int later = 0; later < 2; later++) {
			struct outcome o;

			frame_eth(&f, GW_MAC, A_MAC, 0);
			frame_ip(&f, A4, B4);
			frame_fragment(&f, later ? 24 : 0, !later, 77 + denied);
			if (later)
				frame_proto(&f, IPPROTO_UDP);
			else
				frame_udp(&f, 4000, denied ? 54 : 53);
			frame_payload(&f, "0123456789abcdef", 16);
			frame_finish(&f);
			o = from_pod(x, POD_A, &f);
			assert_int_equal(o.reason, denied ? AXO_DROP_POLICY : 0);
		}
	}
}

/* B has not asked: the later fragment of A's answer knows that as the first one does. */
static void fragments_of_an_answer_to_nothing_are_judged(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	both_policies(x);
	allow(x, A_POLICY, AXO_DIR_EGRESS, IPPROTO_ICMP, 8);
	allow(x, B_POLICY, AXO_DIR_INGRESS, IPPROTO_ICMP, 8);
	for (int answer = 0; answer < 2; answer++) {
		for (int later = 0; later < 2; later++) {
			struct outcome o;

			frame_eth(&f, GW_MAC, A_MAC, 0);
			frame_ip(&f, A4, B4);
			frame_fragment(&f, later ? 24 : 0, !later, 90 + answer);
			if (later)
				frame_proto(&f, IPPROTO_ICMP);
			else
				frame_icmp(&f, answer ? 0 : 8, 0, 8 << 16 | 1);
			frame_payload(&f, "0123456789abcdef", 16);
			frame_finish(&f);
			o = from_pod(x, POD_A, &f);
			assert_int_equal(o.reason, answer ? AXO_DROP_POLICY : 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(both_ends_must_allow),
		fixture_test(rules_of_both_ends_are_kept),
		fixture_test(replies_are_not_judged),
		fixture_test(rule_that_goes_cuts_the_flow),
		fixture_test(responder_does_not_revive_a_cut_flow),
		fixture_test(half_open_flow_is_cut_too),
		fixture_test(rule_that_returns_lets_it_go_on),
		fixture_test(policy_that_changes_nothing_cuts_nothing),
		fixture_test(ping_is_judged_by_what_was_asked),
		fixture_test(pings_with_one_id_are_two_flows),
		fixture_test(related_errors_pass_as_long_as_the_flow),
		fixture_test(prefixes_are_identities),
		fixture_test(fragments_follow_the_first),
		fixture_test(fragments_of_an_answer_to_nothing_are_judged),
	};

	return cmocka_run_group_tests_name("policy_flow", tests, fixture_group_setup,
					   fixture_group_teardown);
}
