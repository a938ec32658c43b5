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
	};

	return cmocka_run_group_tests_name("fqdn", tests, fixture_group_setup,
					   fixture_group_teardown);
}
