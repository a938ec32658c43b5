// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * toFQDNs in the judgement: what learned selectors open, for whom, for how long.
 *
 * A's egress policy allows the selector S at TCP port 80, and nothing of the world.
 */
#include <netinet/in.h>
#include <time.h>

#include "tests/bpf/names.h"
#include "tests/bpf/policy.h"

#define POLICY 5
#define RULE 16
#define S (AXO_ID_FQDN_MIN + 1)
#define A_MAC_END 0x0000000a
#define SYN 0x02
#define ACK 0x10

static int setup(void **state)
{
	struct axo_policy_ref ref = policy_enforced(POLICY, AXO_DIR_EGRESS);
	struct entry e = {1, AXO_POL_BITS_PORT, IPPROTO_TCP, 80, AXO_POL_ALLOW, RULE};
	struct fixture *x;

	if (fixture_reset(state))
		return -1;
	x = *state;
	names_clear(x);
	policy_set(x, POD_A, &ref);
	peer_set(x, POLICY, AXO_DIR_EGRESS, S, 1);
	entry_set(x, POLICY, AXO_DIR_EGRESS, &e);
	bump(x);
	return 0;
}

static uint32_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)t.tv_sec;
}

/** learn - @endpoint with the end of MAC @mac has @selector for @addr, for @seconds */
static void learn(struct fixture *x, uint32_t endpoint, uint32_t mac, const char *addr,
		  uint32_t selector, int seconds)
{
	struct axo_fqdn_key key = {.addr = text_addr(addr), .endpoint = endpoint, .mac = mac};
	struct axo_fqdn v = {.slot = {0, AXO_FQDN_SLOT(now_s() + seconds, selector)}};

	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_fqdn), &key, &v, BPF_ANY), 0);
}

static struct outcome send_to(struct fixture *x, const char *to, uint16_t port, uint8_t flags)
{
	struct frame f;

	frame_eth(&f, GW_MAC, A_MAC, 0);
	frame_ip(&f, to[4] == ':' ? A6 : A4, to);
	frame_tcp(&f, 4000, port, flags);
	frame_finish(&f);
	return from_pod(x, POD_A, &f);
}

static void learned_address_is_open_as_its_rule_says(void **state)
{
	struct fixture *x = *state;

	assert_drop(send_to(x, WORLD4, 80, SYN), POLICY, EGRESS);
	learn(x, 10, A_MAC_END, WORLD4, S, 60);
	learn(x, 10, A_MAC_END, WORLD6, S, 60);
	assert_pass(send_to(x, WORLD4, 80, SYN));
	assert_pass(send_to(x, WORLD6, 80, SYN));
	assert_drop(send_to(x, WORLD4, 81, SYN), POLICY, EGRESS);
	assert_drop(send_to(x, "192.0.2.2", 80, SYN), POLICY, EGRESS);
	assert_int_equal(hits_of(x, POLICY, RULE, AXO_DIR_EGRESS), 2);
}

static void what_another_endpoint_learned_opens_nothing(void **state)
{
	struct fixture *x = *state;

	learn(x, 11, A_MAC_END, WORLD4, S, 60);
	learn(x, 10, A_MAC_END + 1, WORLD4, S, 60); /* who had the id before */
	assert_drop(send_to(x, WORLD4, 80, SYN), POLICY, EGRESS);
}

static void selector_that_no_rule_names_opens_nothing(void **state)
{
	struct fixture *x = *state;

	learn(x, 10, A_MAC_END, WORLD4, S + 1, 60);
	assert_drop(send_to(x, WORLD4, 80, SYN), POLICY, EGRESS);
}

static void explicit_deny_of_the_address_wins(void **state)
{
	struct entry deny = {2, AXO_POL_BITS_ALL, .verdict = AXO_POL_DENY, .rule = RULE + 1};
	struct fixture *x = *state;

	learn(x, 10, A_MAC_END, WORLD4, S, 60);
	peer_set(x, POLICY, AXO_DIR_EGRESS, AXO_ID_WORLD_IPV4, 2);
	entry_set(x, POLICY, AXO_DIR_EGRESS, &deny);
	bump(x);
	assert_drop(send_to(x, WORLD4, 80, SYN), POLICY_DENY, EGRESS);
}

static void time_that_is_up_ends_it_unless_it_is_in_use(void **state)
{
	struct axo_fqdn_key key = {.addr = text_addr(WORLD4), .endpoint = 10, .mac = A_MAC_END};
	struct fixture *x = *state;
	uint32_t until = now_s() + 30;

	learn(x, 10, A_MAC_END, WORLD4, S, -1);
	assert_drop(send_to(x, WORLD4, 80, SYN), POLICY, EGRESS);
	bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_fqdn_use), &key, &until, BPF_ANY);
	assert_pass(send_to(x, WORLD4, 80, SYN));
}

static void flow_that_was_allowed_outlives_the_time(void **state)
{
	struct fixture *x = *state;

	learn(x, 10, A_MAC_END, WORLD4, S, 60);
	assert_pass(send_to(x, WORLD4, 80, SYN));
	learned_age(x, 100);
	bump(x);
	assert_pass(send_to(x, WORLD4, 80, ACK));
	names_clear(x); /* the policy's selector went: nothing says what the address was */
	bump(x);
	assert_drop(send_to(x, WORLD4, 80, ACK), POLICY, EGRESS);
}

static void pods_have_no_selectors(void **state)
{
	struct fixture *x = *state;

	learn(x, 10, A_MAC_END, B4, S, 60);
	assert_drop(send_to(x, B4, 80, SYN), POLICY, EGRESS);
}

#define FEATURES_OF(set) FEATURES(AXO_FEATURE_SNI, set)

/** allow_with - the policy allows the selector S + @i, port 80, with features; @i 2: the address */
static void allow_with(struct fixture *x, uint32_t i, uint32_t features)
{
	struct entry e = {1 + i, AXO_POL_BITS_PORT, IPPROTO_TCP, 80, AXO_POL_ALLOW, RULE + i};

	peer_set(x, POLICY, AXO_DIR_EGRESS, i == 2 ? AXO_ID_WORLD_IPV4 : S + i, 1 + i);
	entry_set_features(x, POLICY, AXO_DIR_EGRESS, &e, features);
	bump(x);
}

static void join_set(struct fixture *x, uint32_t a, uint32_t b, uint32_t both)
{
	struct axo_set_join one = {a, b}, other = {b, a};
	int fd = bpf_map__fd(x->skel->maps.axo_set_join);

	assert_int_equal(bpf_map_update_elem(fd, &one, &both, BPF_ANY), 0);
	assert_int_equal(bpf_map_update_elem(fd, &other, &both, BPF_ANY), 0);
}

/** learn_both - the address has both selectors, in this order of slots */
static void learn_both(struct fixture *x, uint32_t first, uint32_t second)
{
	struct axo_fqdn_key key = {.addr = text_addr(WORLD4), .endpoint = 10, .mac = A_MAC_END};
	struct axo_fqdn v = {.slot = {0, AXO_FQDN_SLOT(now_s() + 60, first), 0,
				      AXO_FQDN_SLOT(now_s() + 60, second)}};

	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_fqdn), &key, &v, BPF_ANY), 0);
}

/** meets - features and set of the flow that a SYN to the address makes */
static void meets(struct fixture *x, uint8_t features, uint32_t set)
{
	struct axo_flow flow;
	struct frame f;

	frame_eth(&f, GW_MAC, A_MAC, 0);
	frame_ip(&f, A4, WORLD4);
	frame_tcp(&f, 4000, 80, SYN);
	frame_finish(&f);
	from_pod(x, POD_A, &f);
	assert_string_not_equal(flow_lookup(x, &f, &flow), "");
	assert_int_equal(flow.verdict, AXO_VERDICT_ALLOW);
	assert_int_equal(flow.features, features);
	if (features)
		assert_int_equal(flow.set[AXO_DIR_EGRESS], set);
}

static void rules_of_two_selectors_are_joined(void **state)
{
	struct fixture *x = *state;

	allow_with(x, 0, FEATURES_OF(21));
	allow_with(x, 1, FEATURES_OF(22));
	learn_both(x, S, S + 1);
	map_clear(x->skel->maps.axo_set_join);
	meets(x, AXO_FEATURE_SNI, 21); /* no set of both: the first one */
	join_set(x, 21, 22, 23);
	bump(x);
	meets(x, AXO_FEATURE_SNI, 23);
	learn_both(x, S + 1, S);
	bump(x);
	meets(x, AXO_FEATURE_SNI, 23);
}

static void rules_of_the_address_itself_are_joined_too(void **state)
{
	struct fixture *x = *state;

	allow_with(x, 0, FEATURES_OF(21));
	allow_with(x, 1, FEATURES_OF(22));
	allow_with(x, 2, FEATURES_OF(24));
	map_clear(x->skel->maps.axo_set_join);
	join_set(x, 24, 21, 25);
	join_set(x, 25, 22, 26);
	learn_both(x, S, S + 1);
	meets(x, AXO_FEATURE_SNI, 26);
}

static void plain_rule_leaves_nothing_to_enforce(void **state)
{
	struct fixture *x = *state;

	for (uint32_t plain = 0; plain < 3; plain++) {
		for (uint32_t i = 0; i < 3; i++)
			allow_with(x, i, i == plain ? FEATURES(0, 0) : FEATURES_OF(21 + i));
		learn_both(x, S, S + 1);
		bump(x);
		meets(x, 0, 0);
	}
}

static void chaos_of_one_is_kept_beside_rules_of_another(void **state)
{
	struct fixture *x = *state;

	allow_with(x, 0, FEATURES_OF(21));
	allow_with(x, 1, FEATURES(AXO_FEATURE_CHAOS, 22));
	join_set(x, 21, 22, 23);
	learn_both(x, S, S + 1);
	meets(x, AXO_FEATURE_SNI | AXO_FEATURE_CHAOS, 23);
}

/* What holds for anybody holds for such a selector, too: nothing that the address has not said. */
static void selector_that_no_rule_names_is_not_asked(void **state)
{
	struct entry anybody = {0, AXO_POL_BITS_PORT, IPPROTO_TCP, 80, AXO_POL_ALLOW, RULE + 3};
	struct fixture *x = *state;

	allow_with(x, 2, FEATURES_OF(24));
	entry_set(x, POLICY, AXO_DIR_EGRESS, &anybody);
	learn_both(x, S + 5, S + 6);
	bump(x);
	meets(x, AXO_FEATURE_SNI, 24);
}

#define fqdn_test(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		fqdn_test(learned_address_is_open_as_its_rule_says),
		fqdn_test(what_another_endpoint_learned_opens_nothing),
		fqdn_test(selector_that_no_rule_names_opens_nothing),
		fqdn_test(explicit_deny_of_the_address_wins),
		fqdn_test(time_that_is_up_ends_it_unless_it_is_in_use),
		fqdn_test(flow_that_was_allowed_outlives_the_time),
		fqdn_test(pods_have_no_selectors),
		fqdn_test(rules_of_two_selectors_are_joined),
		fqdn_test(rules_of_the_address_itself_are_joined_too),
		fqdn_test(plain_rule_leaves_nothing_to_enforce),
		fqdn_test(chaos_of_one_is_kept_beside_rules_of_another),
		fqdn_test(selector_that_no_rule_names_is_not_asked),
	};

	return cmocka_run_group_tests_name("fqdn", tests, fixture_group_setup,
					   fixture_group_teardown);
}
