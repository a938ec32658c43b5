// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is told and counted of policies: drop events, policy-verdict events, hits. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "tests/bpf/policy.h"

#define B_POLICY 7
#define A_POLICY 5
#define RULE 16
#define DENY_RULE 17
#define DROPS (1 << AXO_EVENT_DROP)
#define VERDICTS (1 << AXO_EVENT_VERDICT)

/** policies - A may send anything; B takes TCP port 80, and refuses 81 by a rule */
static void policies(struct fixture *x)
{
	static const struct entry a = {0, AXO_POL_BITS_ALL, 0, 0, AXO_POL_ALLOW, RULE};
	static const struct entry b80 = {0, AXO_POL_BITS_PORT, 6, 80, AXO_POL_ALLOW, RULE};
	static const struct entry b81 = {0, AXO_POL_BITS_PORT, 6, 81, AXO_POL_DENY, DENY_RULE};
	struct axo_policy_ref of_a = policy_enforced(A_POLICY, AXO_DIR_EGRESS);
	struct axo_policy_ref of_b = policy_enforced(B_POLICY, AXO_DIR_INGRESS);

	policy_set(x, POD_A, &of_a);
	policy_set(x, POD_B, &of_b);
	entry_set(x, A_POLICY, AXO_DIR_EGRESS, &a);
	entry_set(x, B_POLICY, AXO_DIR_INGRESS, &b80);
	entry_set(x, B_POLICY, AXO_DIR_INGRESS, &b81);
	bump(x);
}

static struct outcome send_tcp(struct fixture *x, bool reply, bool v6, uint16_t port)
{
	const char *a = v6 ? A6 : A4, *b = v6 ? B6 : B4;
	struct frame f;

	if (reply)
		frame_to(&f, B_MAC, b, a, IPPROTO_TCP, port, 4000);
	else
		frame_to(&f, A_MAC, a, b, IPPROTO_TCP, 4000, port);
	return from_pod(x, reply ? POD_B : POD_A, &f);
}

static void drop_event_names_the_policy(void **state)
{
	struct fixture *x = *state;
	struct heard h;

	policies(x);
	events_listen(x, DROPS);
	assert_drop(send_tcp(x, false, false, 81), POLICY_DENY, INGRESS);
	h = hear_all(x);
	assert_int_equal(h.drops, 1);
	assert_int_equal(h.verdicts, 0);
	assert_int_equal(h.drop.reason, AXO_DROP_POLICY_DENY);
	assert_int_equal(h.drop.dir, AXO_DIR_INGRESS);
	assert_int_equal(h.drop.endpoint, 11);
	assert_int_equal(h.drop.policy, B_POLICY);
	assert_int_equal(h.drop.rule, DENY_RULE);
	assert_int_equal(h.drop.src_identity, A_IDENTITY);
	assert_int_equal(h.drop.dst_identity, B_IDENTITY);
	assert_int_equal(h.drop.ifindex, x->ifindex_pod[POD_A]);

	assert_drop(send_tcp(x, false, false, 82), POLICY, INGRESS);
	h = hear_all(x);
	assert_int_equal(h.drop.rule, AXO_RULE_DEFAULT);
	assert_int_equal(h.drop.policy, B_POLICY);
}

/* The program's memory of one packet's policy is not another's. */
static void other_drops_name_no_policy(void **state)
{
	struct fixture *x = *state;
	struct heard h;
	struct frame f;

	policies(x);
	events_listen(x, DROPS);
	assert_drop(send_tcp(x, false, false, 81), POLICY_DENY, INGRESS);
	frame_to(&f, B_MAC, A4, B4, IPPROTO_TCP, 4000, 81);
	assert_drop(from_pod(x, POD_A, &f), SPOOFED_MAC, EGRESS);
	h = hear_all(x);
	assert_int_equal(h.drops, 2);
	assert_int_equal(h.drop.policy, 0);
	assert_int_equal(h.drop.rule, 0);
}

static void assert_verdict(const struct axo_event_verdict *e, bool v6, enum axo_dir dir)
{
	struct axo_addr src = text_addr(v6 ? A6 : A4), dst = text_addr(v6 ? B6 : B4);

	assert_int_equal(e->dir, dir);
	assert_int_equal(e->endpoint, dir == AXO_DIR_EGRESS ? 10 : 11);
	assert_int_equal(e->policy, dir == AXO_DIR_EGRESS ? A_POLICY : B_POLICY);
	assert_int_equal(e->proto, IPPROTO_TCP);
	assert_int_equal(e->family, v6 ? 6 : 4);
	assert_memory_equal(&e->saddr, &src, sizeof(src));
	assert_memory_equal(&e->daddr, &dst, sizeof(dst));
	assert_int_equal(ntohs(e->sport), 4000);
	assert_int_equal(e->src_identity, A_IDENTITY);
	assert_int_equal(e->dst_identity, B_IDENTITY);
	assert_true(e->time_ns > 0);
}

static void verdict_is_told_once_per_flow_and_policy(void **state)
{
	struct fixture *x = *state;
	struct heard h;

	policies(x);
	for (int v6 = 0; v6 < 2; v6++) {
		events_listen(x, VERDICTS);
		assert_pass(send_tcp(x, false, v6, 80));
		h = hear_all(x);
		assert_int_equal(h.verdicts, 2);
		assert_verdict(&h.verdict, v6, AXO_DIR_INGRESS);
		assert_int_equal(h.verdict.ifindex, x->ifindex_pod[POD_A]);
		assert_int_equal(h.verdict.verdict, AXO_POL_ALLOW);
		assert_int_equal(h.verdict.reason, 0);
		assert_int_equal(h.verdict.rule, RULE);
		assert_int_equal(ntohs(h.verdict.dport), 80);
		/* Known, then of an older generation: nothing new. */
		assert_pass(send_tcp(x, true, v6, 80));
		assert_pass(send_tcp(x, false, v6, 80));
		bump(x);
		events_listen(x, VERDICTS);
		assert_pass(send_tcp(x, false, v6, 80));
		assert_int_equal(hear_all(x).verdicts, 0);
	}
}

static void denial_is_told_with_its_reason(void **state)
{
	struct fixture *x = *state;
	struct heard h;

	policies(x);
	events_listen(x, VERDICTS | DROPS);
	assert_drop(send_tcp(x, false, false, 81), POLICY_DENY, INGRESS);
	h = hear_all(x);
	assert_int_equal(h.drops, 1);
	assert_int_equal(h.verdicts, 2);
	assert_verdict(&h.verdict, false, AXO_DIR_INGRESS);
	assert_int_equal(h.verdict.verdict, AXO_POL_DENY);
	assert_int_equal(h.verdict.reason, AXO_DROP_POLICY_DENY);
	assert_int_equal(h.verdict.rule, DENY_RULE);
}

static void cut_flow_is_told_of_once_from_either_side(void **state)
{
	struct fixture *x = *state;
	struct heard h;

	policies(x);
	assert_pass(send_tcp(x, false, false, 80));
	assert_pass(send_tcp(x, true, false, 80));
	map_clear(x->skel->maps.axo_pol_entry);
	bump(x);
	events_listen(x, VERDICTS);
	for (int i = 0; i < 3; i++)
		assert_drop(send_tcp(x, true, false, 80), POLICY, EGRESS);
	h = hear_all(x);
	assert_int_equal(h.verdicts, 1);
	assert_verdict(&h.verdict, false, AXO_DIR_EGRESS);
	assert_int_equal(h.verdict.verdict, AXO_POL_DENY);
	assert_int_equal(h.verdict.rule, AXO_RULE_DEFAULT);
}

static void nobody_listens_or_no_policy_and_nothing_is_told(void **state)
{
	struct fixture *x = *state;

	events_listen(x, VERDICTS);
	assert_pass(send_tcp(x, false, false, 80));
	assert_int_equal(hear_all(x).verdicts, 0);
	policies(x);
	assert_pass(send_tcp(x, false, true, 80));
	assert_drop(send_tcp(x, false, true, 81), POLICY_DENY, INGRESS);
	assert_int_equal(hear_all(x).verdicts, 0);
}

static void hits_count_judgements(void **state)
{
	struct fixture *x = *state;

	policies(x);
	for (int i = 0; i < 5; i++)
		assert_pass(send_tcp(x, false, false, 80));
	assert_int_equal(hits_of(x, A_POLICY, RULE, AXO_DIR_EGRESS), 1);
	assert_int_equal(hits_of(x, B_POLICY, RULE, AXO_DIR_INGRESS), 1);
	bump(x);
	assert_pass(send_tcp(x, true, false, 80));
	assert_int_equal(hits_of(x, B_POLICY, RULE, AXO_DIR_INGRESS), 2);
	for (int i = 0; i < 3; i++)
		assert_drop(send_tcp(x, false, false, 81), POLICY_DENY, INGRESS);
	assert_int_equal(hits_of(x, B_POLICY, DENY_RULE, AXO_DIR_INGRESS), 3);
	assert_drop(send_tcp(x, false, false, 82), POLICY, INGRESS);
	assert_int_equal(hits_of(x, B_POLICY, AXO_RULE_DEFAULT, AXO_DIR_INGRESS), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(drop_event_names_the_policy),
		fixture_test(other_drops_name_no_policy),
		fixture_test(verdict_is_told_once_per_flow_and_policy),
		fixture_test(denial_is_told_with_its_reason),
		fixture_test(cut_flow_is_told_of_once_from_either_side),
		fixture_test(nobody_listens_or_no_policy_and_nothing_is_told),
		fixture_test(hits_count_judgements),
	};

	return cmocka_run_group_tests_name("policy_event", tests, fixture_group_setup,
					   fixture_group_teardown);
}
