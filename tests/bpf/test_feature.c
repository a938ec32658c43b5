// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Flows with features: what the policies say is kept in the flow, their packets go through the
 * programs of axo_progs, and one without a program is dropped, not let through.
 *
 * A's egress policy is number 5, B's ingress policy number 7.  `pass`, which delivers, stands in
 * for the program of a feature.
 */
#include <netinet/in.h>
#include <string.h>

#include "tests/bpf/policy.h"

#define A_POLICY 5
#define B_POLICY 7
#define A_SET 3
#define B_SET 4
#define SYN 0x02
#define ACK 0x10
#define STRANGE 0x80 /* no feature: there is no program for it */

static void allow(struct fixture *x, uint32_t id, enum axo_dir dir, uint32_t features_set)
{
	struct entry e = {0, AXO_POL_BITS_ALL, 0, 0, AXO_POL_ALLOW, 16};

	entry_set_features(x, id, dir, &e, features_set);
}

static void policies(struct fixture *x, uint8_t egress, uint8_t ingress)
{
	struct axo_policy_ref a = policy_enforced(A_POLICY, AXO_DIR_EGRESS);
	struct axo_policy_ref b = policy_enforced(B_POLICY, AXO_DIR_INGRESS);

	policy_set(x, POD_A, &a);
	policy_set(x, POD_B, &b);
	allow(x, A_POLICY, AXO_DIR_EGRESS, FEATURES(egress, egress ? A_SET : 0));
	allow(x, B_POLICY, AXO_DIR_INGRESS, FEATURES(ingress, ingress ? B_SET : 0));
	bump(x);
}

/** slot_set - @prog, or nothing if it is NULL, serves slot @index */
static void slot_set(struct fixture *x, uint32_t index, const struct bpf_program *prog)
{
	int map = bpf_map__fd(x->skel->maps.axo_progs), fd;

	bpf_map_delete_elem(map, &index);
	if (!prog)
		return;
	fd = bpf_program__fd(prog);
	assert_int_equal(bpf_map_update_elem(map, &index, &fd, BPF_ANY), 0);
}

static struct axo_flow flow_get(struct fixture *x, const char *map)
{
	struct axo_flow flow;
	struct frame f;

	frame_between(&f, false, SYN);
	assert_string_equal(flow_lookup(x, &f, &flow), map);
	return flow;
}

static void both_policies_name_their_sets(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;

	policies(x, STRANGE, STRANGE >> 1);
	assert_drop(send_between(x, false, SYN), FEATURE, EGRESS);
	flow = flow_get(x, "axo_flow_lru");
	assert_int_equal(flow.features, STRANGE | STRANGE >> 1);
	assert_int_equal(flow.set[AXO_DIR_EGRESS], A_SET);
	assert_int_equal(flow.set[AXO_DIR_INGRESS], B_SET);
	assert_int_equal(flow.state, AXO_FLOW_NEW);
	assert_int_equal(flow.side[flow.originator].packets, 0);
}

static void flow_without_features_has_no_set(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;

	policies(x, 0, 0);
	assert_pass(send_between(x, false, SYN));
	flow = flow_get(x, "axo_flow_lru");
	assert_int_equal(flow.features, 0);
	assert_int_equal(flow.set[AXO_DIR_EGRESS], 0);
	assert_int_equal(flow.set[AXO_DIR_INGRESS], 0);
}

static void established_flow_goes_through_its_program_in_both_directions(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;

	slot_set(x, AXO_PROG_HTTP, x->skel->progs.pass);
	policies(x, 0, AXO_FEATURE_HTTP);
	assert_pass(send_between(x, false, SYN));
	assert_pass(send_between(x, true, SYN | ACK));
	assert_pass(send_between(x, false, ACK));
	flow = flow_get(x, "axo_flow");
	assert_int_equal(flow.state, AXO_FLOW_ESTABLISHED);
	assert_int_equal(flow.side[flow.originator].packets, 2);
	assert_int_equal(flow.side[!flow.originator].packets, 1);
	assert_pass(send_between(x, false, ACK));
	slot_set(x, AXO_PROG_HTTP, NULL);
	assert_drop(send_between(x, false, ACK), FEATURE, EGRESS);
	assert_drop(send_between(x, true, ACK), FEATURE, EGRESS);
	flow = flow_get(x, "axo_flow");
	assert_int_equal(flow.side[flow.originator].packets, 3);
	assert_int_equal(flow.side[!flow.originator].packets, 1);
}

static void feature_that_goes_sets_the_flow_free(void **state)
{
	struct fixture *x = *state;

	policies(x, 0, STRANGE);
	assert_drop(send_between(x, false, SYN), FEATURE, EGRESS);
	policies(x, 0, 0);
	assert_pass(send_between(x, false, SYN));
	assert_int_equal(flow_get(x, "axo_flow_lru").features, 0);
}

static int restore(void **state)
{
	struct fixture *x = *state;

	slot_set(x, AXO_PROG_HTTP, NULL);
	return 0;
}

#define feature_test(f) cmocka_unit_test_setup_teardown(f, fixture_reset, restore)

int main(void)
{
	const struct CMUnitTest tests[] = {
		feature_test(both_policies_name_their_sets),
		feature_test(flow_without_features_has_no_set),
		feature_test(established_flow_goes_through_its_program_in_both_directions),
		feature_test(feature_that_goes_sets_the_flow_free),
	};

	return cmocka_run_group_tests_name("feature", tests, fixture_group_setup,
					   fixture_group_teardown);
}
