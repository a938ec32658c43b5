// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Host policy: what from_netdev and to_netdev let go on and drop, with a policy for the host and
 * without; and audit, of the host's policy and of a pod's.
 *
 * The host is 192.0.2.200 and 2001:db8::200.  Policy 7 lets anybody reach its TCP port 80, and the
 * host reach TCP port 443.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "axoneme/names.h"
#include "tests/bpf/policy.h"

#define HOST4 "192.0.2.200"
#define HOST6 "2001:db8::200"
#define HOST_POLICY 7
#define RULE_IN 20
#define RULE_OUT 21
#define ACT_UNSPEC (-1)
#define SYN 0x02
#define ACK 0x10
#define FORWARDED 1

static int host_setup(void **state)
{
	struct axo_config c;
	struct fixture *x;

	if (fixture_group_setup(state))
		return -1;
	x = *state;
	axoneme_bpf__destroy(x->skel);
	c = fixture_config(x);
	c.native = 1;
	x->skel = fixture_load(&c);
	return x->skel ? 0 : -1;
}

static void identity_set(struct fixture *x, const char *addr, uint32_t identity)
{
	struct axo_ipcache_key key = {.prefixlen = 128};
	struct axo_ipcache value = {.identity = identity};
	struct axo_addr a = text_addr(addr);

	memcpy(key.addr, a.b, sizeof(key.addr));
	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_ipcache), &key, &value, 0), 0);
}

/** host_set - @directions: bits of 1 << enum axo_dir; 0 = no policy */
static void host_set(struct fixture *x, unsigned int directions, uint16_t flags)
{
	struct axo_endpoint host = {.identity = AXO_ID_HOST, .flags = flags};
	uint32_t key = 0;

	host.policy.id = directions ? HOST_POLICY : 0;
	for (int dir = 0; dir < 2; dir++)
		if (directions & 1u << dir)
			host.policy.flags[dir] = AXO_POLICY_ENFORCED | AXO_POLICY_ANYBODY;
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_host), &key, &host, 0),
			 0);
	bump(x);
}

#define IN (1u << AXO_DIR_INGRESS)
#define OUT (1u << AXO_DIR_EGRESS)

static int host_reset(void **state)
{
	static const struct entry in = {.bits = AXO_POL_BITS_PORT,
					.proto = IPPROTO_TCP,
					.port = 80,
					.verdict = AXO_POL_ALLOW,
					.rule = RULE_IN};
	static const struct entry out = {.bits = AXO_POL_BITS_PORT,
					 .proto = IPPROTO_TCP,
					 .port = 443,
					 .verdict = AXO_POL_ALLOW,
					 .rule = RULE_OUT};
	struct fixture *x = *state;

	fixture_reset(state);
	identity_set(x, HOST4, AXO_ID_HOST);
	identity_set(x, HOST6, AXO_ID_HOST);
	identity_set(x, GW4, AXO_ID_HOST);
	entry_set(x, HOST_POLICY, AXO_DIR_INGRESS, &in);
	entry_set(x, HOST_POLICY, AXO_DIR_EGRESS, &out);
	host_set(x, IN | OUT, 0);
	return 0;
}

#define host_test(f) cmocka_unit_test_setup(f, host_reset)

/** struct sent - a packet between the host and its peer */
struct sent {
	const char *src, *dst;
	uint16_t sport, dport;
	uint8_t proto, flags;
};

static void build(struct frame *f, const struct sent *s)
{
	frame_eth(f, GW_MAC, "02:00:00:00:00:77", 0);
	frame_ip(f, s->src, s->dst);
	if (s->proto == IPPROTO_UDP)
		frame_udp(f, s->sport, s->dport);
	else
		frame_tcp(f, s->sport, s->dport, s->flags);
	frame_finish(f);
}

static struct outcome in(struct fixture *x, const char *src, uint16_t sport, const char *dst,
			 uint16_t dport)
{
	const struct sent s = {src, dst, sport, dport, IPPROTO_TCP, sport < dport ? ACK : SYN};
	struct frame f;

	build(&f, &s);
	return from_netdev(x, &f);
}

static struct outcome out(struct fixture *x, const char *src, uint16_t sport, const char *dst,
			  uint16_t dport)
{
	const struct sent s = {src, dst, sport, dport, IPPROTO_TCP, sport < dport ? ACK : SYN};
	struct frame f;

	build(&f, &s);
	return to_netdev(x, &f, 0);
}

static void assert_goes_on(struct outcome o)
{
	assert_int_equal(o.reason, AXO_DROP_NONE);
	assert_int_equal(o.verdict, ACT_UNSPEC);
}

static void without_a_policy_nothing_is_asked(void **state)
{
	struct fixture *x = *state;
	char first[64];

	host_set(x, 0, 0);
	assert_goes_on(in(x, WORLD4, 4000, HOST4, 81));
	assert_goes_on(out(x, HOST4, 4000, WORLD4, 81));
	assert_int_not_equal(
		bpf_map_get_next_key(bpf_map__fd(x->skel->maps.axo_flow_lru), NULL, first), 0);
}

static void both_directions_are_judged_and_answers_pass(void **state)
{
	static const char *const ends[][2] = {{WORLD4, HOST4}, {WORLD6, HOST6}};
	struct fixture *x = *state;

	for (int i = 0; i < 2; i++) {
		const char *world = ends[i][0], *host = ends[i][1];

		assert_goes_on(in(x, world, 4000, host, 80));
		assert_goes_on(out(x, host, 80, world, 4000));
		assert_drop(in(x, world, 4000, host, 81), POLICY, INGRESS);
		assert_goes_on(out(x, host, 4001, world, 443));
		assert_goes_on(in(x, world, 443, host, 4001));
		assert_drop(out(x, host, 4001, world, 444), POLICY, EGRESS);
		/* What nobody asked for is no answer. */
		assert_drop(out(x, host, 80, world, 4002), POLICY, EGRESS);
		assert_drop(in(x, world, 443, host, 4003), POLICY, INGRESS);
	}
	assert_int_equal(hits_of(x, HOST_POLICY, RULE_IN, AXO_DIR_INGRESS), 2);
	assert_int_equal(hits_of(x, HOST_POLICY, RULE_OUT, AXO_DIR_EGRESS), 2);
}

static void direction_without_rules_is_free(void **state)
{
	struct fixture *x = *state;

	host_set(x, IN, 0);
	assert_goes_on(out(x, HOST4, 4001, WORLD4, 444));
	assert_goes_on(in(x, WORLD4, 444, HOST4, 4001));
	host_set(x, OUT, 0);
	assert_goes_on(in(x, WORLD4, 4000, HOST4, 81));
	assert_goes_on(out(x, HOST4, 81, WORLD4, 4000));
}

static void changed_policy_cuts_both_directions(void **state)
{
	struct fixture *x = *state;

	host_set(x, OUT, 0);
	assert_goes_on(in(x, WORLD4, 4000, HOST4, 81));
	assert_goes_on(out(x, HOST4, 81, WORLD4, 4000));
	host_set(x, IN, 0);
	assert_drop(out(x, HOST4, 81, WORLD4, 4000), POLICY, INGRESS);
	assert_drop(in(x, WORLD4, 4000, HOST4, 81), POLICY, INGRESS);
	host_set(x, OUT, 0);
	assert_goes_on(out(x, HOST4, 81, WORLD4, 4000));
}

static void what_is_not_the_hosts_goes_on(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	assert_goes_on(in(x, WORLD4, 4000, "198.51.100.7", 81));
	assert_goes_on(in(x, WORLD4, 4000, "192.0.2.255", 81));
	assert_goes_on(in(x, WORLD4, 4000, "224.0.0.18", 81));
	assert_goes_on(out(x, HOST4, 4000, "224.0.0.18", 81));
	assert_goes_on(out(x, HOST6, 4000, "ff02::1", 81));
	frame_arp(&f, 1, "02:00:00:00:00:77", WORLD4, HOST4);
	assert_goes_on(from_netdev(x, &f));
	assert_goes_on(to_netdev(x, &f, 0));
}

static void dhcp_and_neighbours_always_pass(void **state)
{
	static const struct sent lease[] = {
		{"192.0.2.1", HOST4, 67, 68, IPPROTO_UDP, 0},
		{"fe80::1", HOST6, 547, 546, IPPROTO_UDP, 0},
	};
	static const struct sent ask[] = {
		{"0.0.0.0", "192.0.2.1", 68, 67, IPPROTO_UDP, 0},
		{HOST4, "192.0.2.1", 68, 67, IPPROTO_UDP, 0},
		{HOST6, "fe80::1", 546, 547, IPPROTO_UDP, 0},
	};
	static const struct sent close[] = {
		{"192.0.2.1", HOST4, 68, 67, IPPROTO_UDP, 0},
		{"192.0.2.1", HOST4, 67, 69, IPPROTO_UDP, 0},
		{"fe80::1", HOST6, 546, 547, IPPROTO_UDP, 0},
	};
	struct fixture *x = *state;
	struct frame f;

	for (int i = 0; i < 2; i++) {
		build(&f, &lease[i]);
		assert_goes_on(from_netdev(x, &f));
	}
	for (int i = 0; i < 3; i++) {
		build(&f, &ask[i]);
		assert_goes_on(to_netdev(x, &f, 0));
		build(&f, &close[i]);
		assert_drop(from_netdev(x, &f), POLICY, INGRESS);
	}
	for (int type = 133; type <= 137; type++) {
		frame_eth(&f, GW_MAC, "02:00:00:00:00:77", 0);
		frame_ip(&f, "fe80::1", HOST6);
		frame_icmp(&f, (uint8_t)type, 0, 0);
		frame_finish(&f);
		assert_goes_on(from_netdev(x, &f));
	}
}

static void pods_address_from_the_network_is_a_martian(void **state)
{
	assert_drop(in(*state, A4, 4000, HOST4, 80), MARTIAN, INGRESS);
	assert_drop(in(*state, A6, 4000, HOST6, 80), MARTIAN, INGRESS);
}

static void forwarded_packets_are_others(void **state)
{
	static const struct sent masked = {HOST4, WORLD4, 40000, 81, IPPROTO_TCP, SYN};
	static const struct sent pods = {A4, WORLD4, 4000, 81, IPPROTO_TCP, SYN};
	static const struct sent guests = {"198.51.100.7", WORLD4, 4000, 81, IPPROTO_TCP, SYN};
	struct fixture *x = *state;
	struct frame f;

	build(&f, &pods);
	assert_goes_on(to_netdev(x, &f, FORWARDED));
	build(&f, &guests);
	assert_goes_on(to_netdev(x, &f, FORWARDED));
	/* Masqueraded: its answer comes to the host's address, also after a change. */
	assert_drop(in(x, WORLD4, 81, HOST4, 40000), POLICY, INGRESS);
	build(&f, &masked);
	assert_goes_on(to_netdev(x, &f, FORWARDED));
	assert_goes_on(in(x, WORLD4, 81, HOST4, 40000));
	bump(x);
	assert_goes_on(in(x, WORLD4, 81, HOST4, 40000));
	/* The host itself does not ride on it. */
	assert_drop(to_netdev(x, &f, 0), POLICY, EGRESS);
}

static void published_port_answers_by_forwarding(void **state)
{
	static const struct sent answer = {HOST4, WORLD4, 80, 4000, IPPROTO_TCP, SYN | ACK};
	struct fixture *x = *state;
	struct frame f;

	assert_goes_on(in(x, WORLD4, 4000, HOST4, 80));
	build(&f, &answer);
	assert_goes_on(to_netdev(x, &f, FORWARDED));
}

static void icmp_errors_need_a_flow(void **state)
{
	static const struct sent asked = {HOST4, WORLD4, 4001, 443, IPPROTO_TCP, SYN};
	static const struct sent other = {HOST4, WORLD4, 4002, 443, IPPROTO_TCP, SYN};
	const struct sent *quotes[] = {&asked, &other};
	struct fixture *x = *state;

	assert_goes_on(out(x, HOST4, 4001, WORLD4, 443));
	for (int i = 0; i < 2; i++) {
		struct frame f, quoted;
		struct outcome o;

		build(&quoted, quotes[i]);
		frame_eth(&f, GW_MAC, "02:00:00:00:00:77", 0);
		frame_ip(&f, "192.0.2.1", HOST4);
		frame_icmp(&f, 3, 4, 0);
		frame_payload(&f, quoted.b + quoted.l3, 40);
		frame_finish(&f);
		o = from_netdev(x, &f);
		if (i == 0)
			assert_goes_on(o);
		else
			assert_drop(o, ICMP_UNRELATED, INGRESS);
	}
}

static void audit_tells_and_drops_nothing(void **state)
{
	struct fixture *x = *state;
	struct heard h;
	uint64_t before = count_read(x, AXO_COUNT_AUDIT);

	host_set(x, IN | OUT, AXO_ENDPOINT_AUDIT);
	events_listen(x, 1u << AXO_EVENT_VERDICT);
	assert_goes_on(in(x, WORLD4, 4000, HOST4, 81));
	h = hear_all(x);
	assert_int_equal(h.verdicts, 1);
	assert_int_equal(h.verdict.verdict, AXO_POL_AUDIT);
	assert_int_equal(h.verdict.reason, AXO_DROP_POLICY);
	assert_int_equal(h.verdict.endpoint, 0);
	assert_int_equal(h.verdict.dst_identity, AXO_ID_HOST);
	assert_int_equal(count_read(x, AXO_COUNT_AUDIT), before + 1);
	assert_goes_on(out(x, HOST4, 81, WORLD4, 4000));
	assert_goes_on(in(x, WORLD4, 4000, HOST4, 80));
	h = hear_all(x);
	assert_int_equal(h.verdict.verdict, AXO_POL_ALLOW);
	host_set(x, IN | OUT, 0);
	assert_drop(in(x, WORLD4, 4000, HOST4, 81), POLICY, INGRESS);
}

static void audit_of_a_pod_lets_its_packets_pass(void **state)
{
	struct axo_policy_ref ref = policy_enforced(HOST_POLICY, AXO_DIR_INGRESS);
	struct fixture *x = *state;
	struct axo_endpoint b = endpoint_default(x, POD_B);
	struct frame f;
	struct heard h;

	b.policy = ref;
	b.flags = AXO_ENDPOINT_AUDIT;
	endpoint_set(x, POD_B, &b);
	bump(x);
	events_listen(x, 1u << AXO_EVENT_VERDICT);
	frame_to(&f, A_MAC, A4, B4, IPPROTO_TCP, 4000, 81);
	assert_pass(from_pod(x, POD_A, &f));
	h = hear_all(x);
	assert_int_equal(h.verdict.verdict, AXO_POL_AUDIT);
	assert_int_equal(h.verdict.endpoint, b.id);
	assert_int_equal(hits_of(x, HOST_POLICY, AXO_RULE_DEFAULT, AXO_DIR_INGRESS), 1);
	b.flags = 0;
	endpoint_set(x, POD_B, &b);
	bump(x);
	assert_drop(from_pod(x, POD_A, &f), POLICY, INGRESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		host_test(without_a_policy_nothing_is_asked),
		host_test(both_directions_are_judged_and_answers_pass),
		host_test(direction_without_rules_is_free),
		host_test(changed_policy_cuts_both_directions),
		host_test(what_is_not_the_hosts_goes_on),
		host_test(dhcp_and_neighbours_always_pass),
		host_test(pods_address_from_the_network_is_a_martian),
		host_test(forwarded_packets_are_others),
		host_test(published_port_answers_by_forwarding),
		host_test(icmp_errors_need_a_flow),
		host_test(audit_tells_and_drops_nothing),
		host_test(audit_of_a_pod_lets_its_packets_pass),
	};

	return cmocka_run_group_tests_name("host", tests, host_setup, fixture_group_teardown);
}
