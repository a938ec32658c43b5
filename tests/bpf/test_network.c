// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The network past the host's stack: what from_netdev takes and what it leaves alone, where pods'
 * packets to native destinations go, and sources that cannot come from there.
 *
 * The network is the device nic0, 192.0.2.200 and 2001:db8::200; the host on it is the world, whose
 * MAC is known, and a second one, whose MAC is not.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/names.h"
#include "axoneme/route.h"
#include "tests/bpf/policy.h"

#define WORLD_MAC "02:00:00:00:00:77"
#define SILENT4 "192.0.2.2"
#define NOWHERE4 "198.51.100.1"
#define SMALL4 "203.0.113.1"
#define ACT_UNSPEC (-1)
#define SYN 0x02
#define ACK 0x10
#define CLASS_WORLD 3

static void must(const char *command)
{
	if (system(command))
		abort();
}

static int network_setup(void **state)
{
	struct axo_config c;
	struct fixture *x;

	if (fixture_group_setup(state))
		return -1;
	x = *state;
	must("ip link add nic0 address 02:00:00:00:00:66 type veth peer name wire0 && "
	     "ip link set wire0 up && ip link set nic0 up && "
	     "ip addr add 192.0.2.200/24 dev nic0 && "
	     "ip addr add 2001:db8::200/64 dev nic0 nodad && "
	     "ip neigh add 192.0.2.1 lladdr " WORLD_MAC " dev nic0 && "
	     "ip neigh add 2001:db8::1 lladdr " WORLD_MAC " dev nic0 && "
	     "ip route add blackhole 198.51.100.0/24 && "
	     "ip route add 203.0.113.0/24 via 192.0.2.1 mtu lock 1000 && "
	     "sysctl -qw net.ipv4.conf.axo_host.forwarding=1 && "
	     "sysctl -qw net.ipv6.conf.all.forwarding=1");
	axoneme_bpf__destroy(x->skel);
	c = fixture_config(x);
	c.native = 1;
	x->skel = fixture_load(&c);
	return x->skel ? 0 : -1;
}

/** route_set - @bits as the map counts them */
static void route_set(struct fixture *x, const char *net, uint32_t bits, uint32_t via)
{
	struct axo_ipcache_key key = {.prefixlen = bits};
	struct axo_addr a = text_addr(net);
	struct axo_route value = {.via = via};

	memcpy(key.addr, a.b, sizeof(key.addr));
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_route), &key, &value, 0),
			 0);
}

static int network_reset(void **state)
{
	struct fixture *x = *state;

	fixture_reset(state);
	map_clear(x->skel->maps.axo_route);
	route_set(x, "0.0.0.0", 96, AXO_ROUTE_NATIVE);
	route_set(x, "::", 0, AXO_ROUTE_NATIVE);
	return 0;
}

static void tcp(struct frame *f, const char *smac, const char *src, const char *dst, uint8_t flags)
{
	frame_eth(f, GW_MAC, smac, 0);
	frame_ip(f, src, dst);
	frame_tcp(f, 4000, 80, flags);
	frame_finish(f);
}

static struct outcome from_world(struct fixture *x, const char *src, const char *dst)
{
	struct frame f;

	tcp(&f, WORLD_MAC, src, dst, SYN);
	return from_netdev(x, &f);
}

/** assert_frame - the MACs, one hop less, nothing else changed */
static void assert_frame(const struct outcome *o, const struct frame *f, const char *dmac,
			 const char *smac)
{
	struct frame want = *f;

	assert_pass(*o);
	assert_int_equal(o->len, f->len);
	mac_bytes(dmac, want.b);
	mac_bytes(smac, want.b + 6);
	--*frame_ttl(&want);
	if (f->family == 4) {
		assert_true(frame_l3_ok(o->b, o->len));
		memcpy(want.b + want.l3 + 10, o->b + want.l3 + 10, 2);
	}
	assert_memory_equal(o->b, want.b, want.len);
}

static void reaches(struct fixture *x, const char *pod, const char *world)
{
	struct frame there, back;
	struct axo_flow flow;
	struct outcome o;

	tcp(&there, WORLD_MAC, world, pod, SYN);
	for (int i = 0; i < 2; i++) {
		o = from_netdev(x, &there);
		assert_frame(&o, &there, A_MAC, GW_MAC);
	}
	assert_string_equal(flow_lookup(x, &there, &flow), "axo_flow_lru");
	assert_int_equal(flow.side[flow.originator].ifindex_in, AXO_IFINDEX_NETWORK);
	assert_int_equal(flow.side[!flow.originator].deliver, AXO_DELIVER_NETWORK);
	frame_eth(&back, GW_MAC, A_MAC, 0);
	frame_ip(&back, pod, world);
	frame_tcp(&back, 80, 4000, SYN | ACK);
	frame_finish(&back);
	for (int i = 0; i < 2; i++) {
		o = from_pod(x, POD_A, &back);
		assert_frame(&o, &back, WORLD_MAC, "02:00:00:00:00:66");
	}
}

static void network_and_pod_reach_each_other(void **state)
{
	reaches(*state, A4, WORLD4);
	reaches(*state, A6, WORLD6);
}

static struct outcome from_a(struct fixture *x, const char *dst)
{
	struct frame f;

	tcp(&f, A_MAC, A4, dst, SYN);
	return from_pod(x, POD_A, &f);
}

static enum axo_deliver delivery(struct fixture *x, const char *dst)
{
	struct axo_flow flow;
	struct frame f;

	tcp(&f, A_MAC, A4, dst, SYN);
	assert_string_equal(flow_lookup(x, &f, &flow), "axo_flow_lru");
	return flow.side[flow.originator].deliver;
}

static void neighbour_that_is_not_known_is_left_to_the_kernel(void **state)
{
	assert_pass(from_a(*state, SILENT4));
	assert_int_equal(delivery(*state, SILENT4), AXO_DELIVER_NETWORK);
}

static void route_decides_what_passes_the_stack_by(void **state)
{
	struct fixture *x = *state;

	route_set(x, "192.0.2.0", 96 + 24, AXO_ROUTE_STACK);
	assert_pass(from_a(x, WORLD4));
	assert_int_equal(delivery(x, WORLD4), AXO_DELIVER_STACK);
	route_set(x, WORLD4, 128, AXO_ROUTE_NATIVE);
	bump(x);
	assert_pass(from_a(x, WORLD4));
	assert_int_equal(delivery(x, WORLD4), AXO_DELIVER_NETWORK);
	map_clear(x->skel->maps.axo_route);
	assert_pass(from_a(x, SILENT4));
	assert_int_equal(delivery(x, SILENT4), AXO_DELIVER_STACK);
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

static void host_itself_is_behind_the_stack(void **state)
{
	identity_set(*state, "192.0.2.200", AXO_ID_HOST);
	assert_pass(from_a(*state, "192.0.2.200"));
	assert_int_equal(delivery(*state, "192.0.2.200"), AXO_DELIVER_STACK);
	assert_pass(from_a(*state, GW4));
	assert_int_equal(delivery(*state, GW4), AXO_DELIVER_STACK);
}

static void impossible_sources_are_martians(void **state)
{
	struct fixture *x = *state;

	assert_drop(from_world(x, B4, A4), MARTIAN, INGRESS);
	assert_drop(from_world(x, NOBODY4, A4), MARTIAN, INGRESS);
	assert_drop(from_world(x, B6, A6), MARTIAN, INGRESS);
	assert_drop(from_world(x, GW4, A4), MARTIAN, INGRESS);
	identity_set(x, WORLD4, AXO_ID_HOST);
	assert_drop(from_world(x, WORLD4, A4), MARTIAN, INGRESS);
}

static void assert_left_alone(struct outcome o)
{
	assert_int_equal(o.verdict, ACT_UNSPEC);
	assert_int_equal(o.reason, AXO_DROP_NONE);
}

static void what_is_not_for_pods_is_left_alone(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	assert_left_alone(from_world(x, WORLD4, "192.0.2.200"));
	assert_left_alone(from_world(x, WORLD6, "2001:db8::200"));
	assert_left_alone(from_world(x, WORLD4, GW4));
	assert_left_alone(from_world(x, WORLD6, GW6));
	frame_arp(&f, 1, WORLD_MAC, WORLD4, A4);
	assert_left_alone(from_netdev(x, &f));
	frame_eth(&f, "ff:ff:ff:ff:ff:ff", WORLD_MAC, 0);
	frame_ip(&f, WORLD4, A4);
	frame_udp(&f, 1, 2);
	frame_finish(&f);
	assert_left_alone(from_netdev(x, &f));
}

static void flow_of_the_stack_is_left_alone(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	route_set(x, "192.0.2.0", 96 + 24, AXO_ROUTE_STACK);
	assert_pass(from_a(x, WORLD4));
	frame_eth(&f, GW_MAC, WORLD_MAC, 0);
	frame_ip(&f, WORLD4, A4);
	frame_tcp(&f, 80, 4000, SYN | ACK);
	frame_finish(&f);
	assert_left_alone(from_netdev(x, &f));
}

/* Routes need not be symmetric: what the network owes a pod may come through the stack. */
static void flow_of_the_network_may_come_through_the_stack(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	assert_pass(from_a(x, WORLD4));
	frame_eth(&f, GW_MAC, GW_MAC, 0);
	frame_ip(&f, WORLD4, A4);
	frame_tcp(&f, 80, 4000, SYN | ACK);
	frame_finish(&f);
	assert_pass(from_host(x, &f));
	assert_int_equal(delivery(x, WORLD4), AXO_DELIVER_NETWORK);
}

static void unknown_pod_is_reported_to_the_network(void **state)
{
	struct fixture *x = *state;
	uint64_t before = count_read(x, AXO_COUNT_ICMP_SENT);

	assert_drop(from_world(x, WORLD4, NOBODY4), NO_POD, INGRESS);
	assert_int_equal(count_read(x, AXO_COUNT_ICMP_SENT), before + 1);
}

static void refused_route_is_reported_to_the_pod(void **state)
{
	struct fixture *x = *state;
	struct outcome o;

	o = from_a(x, NOWHERE4);
	assert_drop(o, NO_ROUTE, EGRESS);
	assert_int_equal(o.verdict, ACT_REDIRECT);
	assert_int_equal(o.b[ETH_HLEN + 20], 3);
}

static void large(struct frame *f, bool df)
{
	static const uint8_t data[1200];

	frame_eth(f, GW_MAC, A_MAC, 0);
	frame_ip(f, A4, SMALL4);
	if (df)
		f->b[f->l3 + 6] |= 0x40;
	frame_udp(f, 1, 2);
	frame_payload(f, data, sizeof(data));
	frame_finish(f);
}

static void small_path_is_reported_or_left_to_the_stack(void **state)
{
	struct fixture *x = *state;
	struct outcome o;
	struct frame f;

	large(&f, true);
	o = from_pod(x, POD_A, &f);
	assert_drop(o, MTU, EGRESS);
	assert_int_equal(o.b[ETH_HLEN + 20], 3);
	assert_int_equal(o.b[ETH_HLEN + 21], 4);
	assert_int_equal(o.b[ETH_HLEN + 26] << 8 | o.b[ETH_HLEN + 27], 1000);
	large(&f, false);
	o = from_pod(x, POD_A, &f);
	assert_pass(o);
	assert_memory_equal(o.b, f.b, f.len);
}

static void policy_judges_the_network(void **state)
{
	struct axo_policy_ref b = policy_enforced(7, AXO_DIR_INGRESS);
	struct entry world = {CLASS_WORLD, AXO_POL_BITS_PORT, IPPROTO_TCP, 80, AXO_POL_ALLOW, 16};
	struct fixture *x = *state;

	policy_set(x, POD_A, &b);
	bump(x);
	assert_drop(from_world(x, WORLD4, A4), POLICY, INGRESS);
	entry_set(x, 7, AXO_DIR_INGRESS, &world);
	peer_set(x, 7, AXO_DIR_INGRESS, AXO_ID_WORLD_IPV4, CLASS_WORLD);
	bump(x);
	assert_pass(from_world(x, WORLD4, A4));
	assert_drop(from_world(x, WORLD6, A6), POLICY, INGRESS);
}

static void nobody_claims_to_be_the_network(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	assert_pass(from_world(x, WORLD4, A4));
	tcp(&f, B_MAC, WORLD4, A4, SYN);
	assert_drop(from_pod(x, POD_B, &f), SPOOFED_IP, EGRESS);
}

#define network_test(f) cmocka_unit_test_setup(f, network_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		network_test(network_and_pod_reach_each_other),
		network_test(neighbour_that_is_not_known_is_left_to_the_kernel),
		network_test(route_decides_what_passes_the_stack_by),
		network_test(host_itself_is_behind_the_stack),
		network_test(impossible_sources_are_martians),
		network_test(what_is_not_for_pods_is_left_alone),
		network_test(flow_of_the_stack_is_left_alone),
		network_test(flow_of_the_network_may_come_through_the_stack),
		network_test(unknown_pod_is_reported_to_the_network),
		network_test(refused_route_is_reported_to_the_pod),
		network_test(small_path_is_reported_or_left_to_the_stack),
		network_test(policy_judges_the_network),
		network_test(nobody_claims_to_be_the_network),
	};

	return cmocka_run_group_tests_name("network", tests, network_setup, fixture_group_teardown);
}
