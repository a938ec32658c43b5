// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a policy's entries mean to a packet: every step of the contract in axoneme/policy.h.
 *
 * Each row is tried as egress policy of A, with B as the peer, and as ingress policy of B, with A
 * as the peer, over IPv4 and IPv6.
 */
#include <netinet/in.h>
#include <string.h>

#include "tests/bpf/policy.h"

#define POLICY 7
#define PEER 300
#define RULE 16
#define OTHER 17
#define ALL AXO_POL_BITS_ALL
#define PROTO AXO_POL_BITS_PROTO
#define PORT AXO_POL_BITS_PORT
#define YES AXO_POL_ALLOW
#define NO AXO_POL_DENY
#define ENFORCED AXO_POLICY_ENFORCED
#define BOTH (AXO_POLICY_ENFORCED | AXO_POLICY_ANYBODY)
#define PASS AXO_DROP_NONE
#define PREFIX4 (AXO_ID_PREFIX4_MIN + 5)
#define PREFIX6 (AXO_ID_PREFIX6_MIN + 5)
#define ICMP IPPROTO_ICMP

/**
 * struct row
 * @flags:   of the direction
 * @pods, @prefixes4, @prefixes6: default classes
 * @class_:  of the peer in axo_pol_peer; @listed: it has one
 * @peer:    its identity; 0 = PEER
 */
struct row {
	const char *what;
	uint8_t flags;
	uint32_t pods, prefixes4, prefixes6;
	bool listed;
	uint32_t class_;
	uint32_t peer;
	struct entry entries[3];
	uint8_t proto;
	uint16_t port;
	int reason;
	uint32_t rule;
};

/* clang-format off */
static const struct row rows[] = {
	{"step 1: not enforced", 0, .entries = {{0, ALL, .verdict = NO, .rule = RULE}},
	 .proto = 6, .port = 80, .reason = PASS, .rule = 0},
	{"step 1: enforced without entries", BOTH,
	 .proto = 6, .port = 80, .reason = AXO_DROP_POLICY, .rule = 0},

	{"step 2: a listed peer has its class", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, ALL, .verdict = YES, .rule = RULE}},
	 .proto = 6, .port = 80, .reason = PASS, .rule = RULE},
	{"step 2: not that of another", BOTH, .listed = true, .class_ = 4,
	 .entries = {{3, ALL, .verdict = YES, .rule = RULE}},
	 .proto = 6, .port = 80, .reason = AXO_DROP_POLICY, .rule = 0},
	{"step 2: an unlisted pod has that of pods", BOTH, .pods = 5, .prefixes4 = 6, .prefixes6 = 7,
	 .entries = {{5, ALL, .verdict = YES, .rule = RULE}},
	 .proto = 6, .port = 80, .reason = PASS, .rule = RULE},
	{"step 2: the list goes before the default", BOTH, .pods = 5, .listed = true, .class_ = 3,
	 .entries = {{5, ALL, .verdict = YES, .rule = RULE}},
	 .proto = 6, .port = 80, .reason = AXO_DROP_POLICY, .rule = 0},
	{"step 2: an IPv4 prefix", BOTH, .pods = 5, .prefixes4 = 6, .prefixes6 = 7, .peer = PREFIX4,
	 .entries = {{6, ALL, .verdict = YES, .rule = RULE}},
	 .proto = 6, .port = 80, .reason = PASS, .rule = RULE},
	{"step 2: an IPv6 prefix", BOTH, .pods = 5, .prefixes4 = 6, .prefixes6 = 7, .peer = PREFIX6,
	 .entries = {{7, ALL, .verdict = YES, .rule = RULE}},
	 .proto = 6, .port = 80, .reason = PASS, .rule = RULE},
	{"step 2: the world is class 0", BOTH, .pods = 5, .prefixes4 = 6, .prefixes6 = 7,
	 .peer = AXO_ID_WORLD_IPV4, .entries = {{0, ALL, .verdict = YES, .rule = RULE}},
	 .proto = 6, .port = 80, .reason = PASS, .rule = RULE},
	{"step 2: the host by its rule", BOTH, .listed = true, .class_ = 9, .peer = AXO_ID_HOST,
	 .entries = {{9, ALL, .verdict = YES, .rule = AXO_RULE_HOST},
		     {0, ALL, .verdict = NO, .rule = RULE}},
	 .proto = 6, .port = 80, .reason = AXO_DROP_POLICY_DENY, .rule = RULE},
	{"step 2: the host by its rule, complete", BOTH, .listed = true,
	 .class_ = 9 | AXO_CLASS_COMPLETE, .peer = AXO_ID_HOST,
	 .entries = {{9, ALL, .verdict = YES, .rule = AXO_RULE_HOST},
		     {0, ALL, .verdict = NO, .rule = RULE}},
	 .proto = 6, .port = 80, .reason = PASS, .rule = AXO_RULE_HOST},

	{"step 3: port", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PORT, 6, 80, YES, RULE}},
	 .proto = 6, .port = 80, .reason = PASS, .rule = RULE},
	{"step 3: another port", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PORT, 6, 80, YES, RULE}},
	 .proto = 6, .port = 81, .reason = AXO_DROP_POLICY, .rule = 0},
	{"step 3: ports are in network order", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PORT, 6, 80, YES, RULE}},
	 .proto = 6, .port = 80 << 8, .reason = AXO_DROP_POLICY, .rule = 0},
	{"step 3: another protocol", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PORT, 6, 80, YES, RULE}},
	 .proto = 17, .port = 80, .reason = AXO_DROP_POLICY, .rule = 0},
	{"step 3: first of a range, 8080/12", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PROTO + 12, 6, 8080, YES, RULE}},
	 .proto = 6, .port = 8080, .reason = PASS, .rule = RULE},
	{"step 3: last of a range", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PROTO + 12, 6, 8080, YES, RULE}},
	 .proto = 6, .port = 8095, .reason = PASS, .rule = RULE},
	{"step 3: in front of a range", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PROTO + 12, 6, 8080, YES, RULE}},
	 .proto = 6, .port = 8079, .reason = AXO_DROP_POLICY, .rule = 0},
	{"step 3: behind a range", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PROTO + 12, 6, 8080, YES, RULE}},
	 .proto = 6, .port = 8096, .reason = AXO_DROP_POLICY, .rule = 0},
	{"step 3: all ports of a protocol", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PROTO, 132, 0, YES, RULE}},
	 .proto = 132, .port = 65535, .reason = PASS, .rule = RULE},
	{"step 3: a protocol without ports", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PROTO, 47, 0, YES, RULE}},
	 .proto = 47, .reason = PASS, .rule = RULE},
	{"step 3: the longest prefix decides", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, ALL, .verdict = YES, .rule = OTHER}, {3, PROTO, 6, 0, NO, OTHER},
		     {3, PORT, 6, 80, YES, RULE}},
	 .proto = 6, .port = 80, .reason = PASS, .rule = RULE},
	{"step 3: deny ends it", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PORT, 6, 80, NO, RULE}, {0, PORT, 6, 80, YES, OTHER}},
	 .proto = 6, .port = 80, .reason = AXO_DROP_POLICY_DENY, .rule = RULE},
	{"step 3: ICMP by type", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PORT, ICMP, 8, YES, RULE}},
	 .proto = ICMP, .port = 8, .reason = PASS, .rule = RULE},
	{"step 3: ICMP of another type", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PORT, ICMP, 8, YES, RULE}},
	 .proto = ICMP, .port = 13, .reason = AXO_DROP_POLICY, .rule = 0},
	{"step 3: TCP is not ICMP", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PROTO, 6, 0, YES, RULE}, {3, PROTO, 17, 0, YES, RULE}},
	 .proto = ICMP, .port = 8, .reason = AXO_DROP_POLICY, .rule = 0},

	{"step 4: anybody's, by port", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PORT, 6, 443, YES, OTHER}, {0, PORT, 6, 80, YES, RULE}},
	 .proto = 6, .port = 80, .reason = PASS, .rule = RULE},
	{"step 4: anybody's deny", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, PORT, 6, 80, YES, OTHER}, {0, ALL, .verdict = NO, .rule = RULE}},
	 .proto = 6, .port = 80, .reason = AXO_DROP_POLICY_DENY, .rule = RULE},
	{"step 4: not for a complete class", BOTH, .listed = true, .class_ = 3 | AXO_CLASS_COMPLETE,
	 .entries = {{3, PORT, 6, 443, YES, OTHER}, {0, ALL, .verdict = YES, .rule = OTHER}},
	 .proto = 6, .port = 80, .reason = AXO_DROP_POLICY, .rule = 0},
	{"step 4: not if nothing holds for anybody", ENFORCED, .listed = true, .class_ = 3,
	 .entries = {{0, ALL, .verdict = YES, .rule = OTHER}},
	 .proto = 6, .port = 80, .reason = AXO_DROP_POLICY, .rule = 0},

	{"step 5: both allow, its own is named", BOTH, .listed = true, .class_ = 3,
	 .entries = {{3, ALL, .verdict = YES, .rule = RULE}, {0, PORT, 6, 80, YES, OTHER}},
	 .proto = 6, .port = 80, .reason = PASS, .rule = RULE},
};
/* clang-format on */

/* ICMP numbers of the row are of IPv4; the other family's differ. */
static uint8_t proto_of(uint8_t proto, bool v6)
{
	return proto == IPPROTO_ICMP && v6 ? IPPROTO_ICMPV6 : proto;
}

/* Echo request stays that; any other becomes a node information query (RFC 4620). */
static uint16_t port_of(uint8_t proto, uint16_t port, bool v6)
{
	if (proto != IPPROTO_ICMP || !v6)
		return port;
	return port == 8 ? 128 : 139;
}

static void row_write(struct fixture *x, const struct row *row, enum axo_dir dir, bool v6)
{
	enum pod subject = dir == AXO_DIR_EGRESS ? POD_A : POD_B;
	struct axo_endpoint ep = endpoint_default(x, !subject);
	struct axo_policy_ref ref = {.id = POLICY};

	ref.flags[dir] = row->flags;
	ref.flags[!dir] = 0;
	ref.default_class[dir][AXO_PEER_POD] = row->pods;
	ref.default_class[dir][AXO_PEER_PREFIX4] = row->prefixes4;
	ref.default_class[dir][AXO_PEER_PREFIX6] = row->prefixes6;
	policy_set(x, subject, &ref);
	ep.identity = row->peer ?: PEER;
	endpoint_set(x, !subject, &ep);
	if (row->listed)
		peer_set(x, POLICY, dir, ep.identity, row->class_);
	for (int i = 0; i < 3 && row->entries[i].bits; i++) {
		struct entry e = row->entries[i];

		e.port = port_of(e.proto, e.port, v6);
		e.proto = proto_of(e.proto, v6);
		entry_set(x, POLICY, dir, &e);
	}
}

static void assert_row(struct fixture *x, const struct row *row, enum axo_dir dir, bool v6)
{
	bool judged = row->flags & AXO_POLICY_ENFORCED;
	struct axo_flow flow;
	struct outcome o;
	struct heard h;
	struct frame f;

	events_listen(x, 1 << AXO_EVENT_DROP);
	frame_to(&f, A_MAC, v6 ? A6 : A4, v6 ? B6 : B4, proto_of(row->proto, v6), 4000,
		 port_of(row->proto, row->port, v6));
	o = from_pod(x, POD_A, &f);
	h = hear_all(x);
	if (o.reason != row->reason)
		fail_msg("%s, %s: reason %d", row->what, v6 ? "IPv6" : "IPv4", o.reason);
	if (row->reason) {
		assert_int_equal(o.dir, dir);
		assert_string_equal(flow_lookup(x, &f, &flow), "");
		assert_int_equal(h.drops, 1);
		assert_int_equal(h.drop.rule, row->rule);
		assert_int_equal(h.drop.policy, POLICY);
	} else {
		assert_string_not_equal(flow_lookup(x, &f, &flow), "");
		assert_int_equal(flow.verdict, AXO_VERDICT_ALLOW);
		if (flow.rule[dir] != row->rule)
			fail_msg("%s: rule %u", row->what, flow.rule[dir]);
		assert_int_equal(flow.rule[!dir], AXO_RULE_DEFAULT);
	}
	assert_int_equal(hits_of(x, POLICY, row->rule, dir), judged);
	assert_int_equal(hits_of(x, POLICY, row->rule, !dir), 0);
}

static void rows_hold(void **state, enum axo_dir dir)
{
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int v6 = 0; v6 < 2; v6++) {
			fixture_reset(state);
			row_write(x, &rows[i], dir, v6);
			assert_row(x, &rows[i], dir, v6);
		}
	}
}

static void rows_hold_for_egress(void **state)
{
	rows_hold(state, AXO_DIR_EGRESS);
}

static void rows_hold_for_ingress(void **state)
{
	rows_hold(state, AXO_DIR_INGRESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(rows_hold_for_egress),
		fixture_test(rows_hold_for_ingress),
	};

	return cmocka_run_group_tests_name("policy", tests, fixture_group_setup,
					   fixture_group_teardown);
}
