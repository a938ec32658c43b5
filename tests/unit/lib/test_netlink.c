/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* lib/netlink*.c against the kernel, in network namespaces of this process. */
#include "lib/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "lib/cleanup.h"
#include "lib/nlmsg.h"

static bool have_netns;

static int enter(void **state)
{
	(void)state;
	have_netns = unshare(CLONE_NEWNET) == 0;
	return 0;
}

#define NEEDS_NETNS()                                            \
	do {                                                     \
		if (!have_netns) {                               \
			print_message("no network namespace\n"); \
			skip();                                  \
		}                                                \
	} while (0)

static struct cidr host(const char *text)
{
	struct cidr c;

	assert_int_equal(cidr_parse_host(text, &c, NULL), 0);
	return c;
}

static int pair_add(struct netlink *nl, const char *name, const char *peer)
{
	struct veth_opts opts = {.name = name,
				 .peer_name = peer,
				 .peer_netns_fd = -1,
				 .up = true,
				 .mtu = 1400,
				 .mac = {2, 0, 0, 0, 0, 1},
				 .peer_mac = {2, 0, 0, 0, 0, 2}};

	return veth_add(nl, &opts);
}

static void veth_add_sets_everything_in_one_request(void **state)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	struct link a, b;
	uint8_t mac[6];
	int ifindex;

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(netlink_open(&nl), 0);
	assert_int_equal(pair_add(nl, "a0", "b0"), 0);
	assert_int_equal(link_get(nl, "a0", 0, &a), 0);
	assert_int_equal(link_get(nl, "b0", 0, &b), 0);
	assert_int_equal(a.peer_ifindex, b.ifindex);
	assert_int_equal(a.mtu, 1400);
	assert_int_equal(b.mtu, 1400);
	assert_true(a.flags & IFF_UP);
	assert_false(b.flags & IFF_UP);
	assert_memory_equal(a.mac, ((uint8_t[]){2, 0, 0, 0, 0, 1}), 6);
	assert_memory_equal(b.mac, ((uint8_t[]){2, 0, 0, 0, 0, 2}), 6);
	assert_string_equal(a.kind, "veth");
	assert_int_equal(link_get(nl, NULL, b.ifindex, &a), 0);
	assert_string_equal(a.name, "b0");
	assert_int_equal(pair_add(nl, "a0", "c0"), -EEXIST);
	assert_int_equal(link_identify(nl, "b0", &ifindex, mac), 0);
	assert_int_equal(ifindex, b.ifindex);
	assert_memory_equal(mac, b.mac, 6);
	assert_int_equal(link_del(nl, b.ifindex), 0);
	assert_int_equal(link_get(nl, "a0", 0, &a), -ENODEV);
	assert_int_equal(link_identify(nl, "a0", &ifindex, mac), -ENODEV);
	assert_int_equal(link_identify(nl, "sixteen-bytes-xx", &ifindex, mac), -EINVAL);
	assert_int_equal(link_del(nl, 0), -EINVAL);
}

static void veth_peer_goes_to_the_other_namespace(void **state)
{
	_cleanup_netlink_ struct netlink *here = NULL, *there = NULL;
	_cleanup_close_ int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct veth_opts opts = {.name = "in0", .peer_name = "out0", .peer_netns_fd = home};
	struct link out;

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(netlink_open(&here), 0);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(netlink_open(&there), 0);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	assert_int_equal(veth_add(there, &opts), 0);
	assert_int_equal(link_get(here, "out0", 0, &out), 0);
	assert_int_equal(link_get(there, "in0", 0, &out), 0);
	assert_int_equal(link_get(here, "in0", 0, &out), -ENODEV);
	assert_int_equal(link_del(there, out.ifindex), 0);
}

static void link_set_changes_only_what_is_asked(void **state)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	const uint8_t mac[6] = {2, 9, 9, 9, 9, 9};
	struct link l;

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(netlink_open(&nl), 0);
	assert_int_equal(pair_add(nl, "s0", "s1"), 0);
	assert_int_equal(link_get(nl, "s0", 0, &l), 0);
	assert_int_equal(link_set(nl, l.ifindex,
				  &(struct link_opts){.noarp = true,
						      .mtu = 1300,
						      .mac = mac,
						      .set_group = true,
						      .group = 77}),
			 0);
	assert_int_equal(link_get(nl, "s0", 0, &l), 0);
	assert_true(l.flags & IFF_UP && l.flags & IFF_NOARP);
	assert_int_equal(l.mtu, 1300);
	assert_int_equal(l.group, 77);
	assert_memory_equal(l.mac, mac, 6);
	assert_int_equal(link_set(nl, l.ifindex, &(struct link_opts){.down = true}), 0);
	assert_int_equal(link_get(nl, "s0", 0, &l), 0);
	assert_false(l.flags & IFF_UP);
	assert_true(l.flags & IFF_NOARP);
	assert_int_equal(link_del(nl, l.ifindex), 0);
}

struct seen {
	int count;
	struct cidr last;
};

static int see_address(int ifindex, const struct cidr *addr, void *arg)
{
	struct seen *seen = arg;

	(void)ifindex;
	seen->count++;
	seen->last = *addr;
	return 0;
}

/* The kernel reports a carrier, and makes the link-local address, from a work queue. */
static int addresses_within(struct netlink *nl, int ifindex, int seconds)
{
	time_t end = time(NULL) + seconds;
	struct seen seen;

	do {
		seen.count = 0;
		assert_int_equal(address_list(nl, ifindex, see_address, &seen), 0);
		sched_yield();
	} while (seen.count == 0 && time(NULL) <= end);
	return seen.count;
}

static void no_ipv6_ll_leaves_an_up_device_without_link_local(void **state)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	struct link a, b;
	struct seen seen = {.count = 0};

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(netlink_open(&nl), 0);
	assert_int_equal(
		veth_add(nl,
			 &(struct veth_opts){.name = "n0", .peer_name = "n1", .peer_netns_fd = -1}),
		0);
	assert_int_equal(link_get(nl, "n0", 0, &a), 0);
	assert_int_equal(link_get(nl, "n1", 0, &b), 0);
	assert_int_equal(
		link_set(nl, a.ifindex, &(struct link_opts){.no_ipv6_ll = true, .up = true}), 0);
	assert_int_equal(link_set(nl, b.ifindex, &(struct link_opts){.up = true}), 0);
	/* Both have a carrier once one has its address. */
	assert_int_equal(addresses_within(nl, b.ifindex, 5), 1);
	assert_int_equal(address_list(nl, a.ifindex, see_address, &seen), 0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(link_del(nl, a.ifindex), 0);
}

static int count_group(const struct link *link, void *arg)
{
	*(int *)arg += link->group == 4711;
	return 0;
}

static void link_del_group_deletes_all_of_the_group(void **state)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	char a[IFNAMSIZ], b[IFNAMSIZ];
	struct link l;
	int n = 0;

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(netlink_open(&nl), 0);
	for (int i = 0; i < 20; i++) {
		snprintf(a, sizeof(a), "ga%d", i);
		snprintf(b, sizeof(b), "gb%d", i);
		assert_int_equal(pair_add(nl, a, b), 0);
		assert_int_equal(link_get(nl, b, 0, &l), 0);
		assert_int_equal(link_set(nl, l.ifindex,
					  &(struct link_opts){.set_group = true, .group = 4711}),
				 0);
	}
	assert_int_equal(link_list(nl, count_group, &n), 0);
	assert_int_equal(n, 20);
	assert_int_equal(link_del_group(nl, 4711), 0);
	n = 0;
	assert_int_equal(link_list(nl, count_group, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(link_get(nl, "ga7", 0, &l), -ENODEV);
}

static int stop_at_first(const struct link *link, void *arg)
{
	(void)link;
	++*(int *)arg;
	return -ECANCELED;
}

static void a_callback_that_fails_stops_the_list_and_the_socket_stays_usable(void **state)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	struct link l;
	int n = 0;

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(netlink_open(&nl), 0);
	assert_int_equal(pair_add(nl, "t0", "t1"), 0);
	assert_int_equal(link_list(nl, stop_at_first, &n), -ECANCELED);
	assert_int_equal(n, 1);
	assert_int_equal(link_get(nl, "t0", 0, &l), 0);
	assert_int_equal(link_del(nl, l.ifindex), 0);
}

static void addresses_are_added_once_listed_and_deleted(void **state)
{
	static const char *const texts[] = {"10.9.0.7/32", "fd00:9::7/128"};
	_cleanup_netlink_ struct netlink *nl = NULL;
	struct link l;

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(netlink_open(&nl), 0);
	assert_int_equal(pair_add(nl, "d0", "d1"), 0);
	assert_int_equal(link_get(nl, "d0", 0, &l), 0);
	assert_int_equal(link_set(nl, l.ifindex, &(struct link_opts){.no_ipv6_ll = true}), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct cidr addr = host(texts[i]);
		struct seen seen = {.count = 0};

		assert_int_equal(address_add(nl, l.ifindex, &addr), 0);
		assert_int_equal(address_add(nl, l.ifindex, &addr), -EEXIST);
		assert_int_equal(address_list(nl, l.ifindex, see_address, &seen), 0);
		assert_int_equal(seen.count, 1);
		assert_memory_equal(&seen.last.addr, &addr.addr, sizeof(addr.addr));
		assert_int_equal(seen.last.bits, addr.bits);
		assert_int_equal(address_del(nl, l.ifindex, &addr), 0);
		assert_int_equal(address_del(nl, l.ifindex, &addr), -EADDRNOTAVAIL);
	}
	assert_int_equal(link_del(nl, l.ifindex), 0);
}

struct route_want {
	struct route_info like;
	int count;
};

static int route_count(const struct route_info *route, void *arg)
{
	struct route_want *want = arg;

	want->count += route->table == want->like.table && route->dst.bits == want->like.dst.bits &&
		       route->ifindex == want->like.ifindex &&
		       route->has_gateway == want->like.has_gateway &&
		       !addr_cmp(&route->dst.addr, &want->like.dst.addr);
	return 0;
}

static void one_family(struct netlink *nl, int ifindex, const char *address, const char *gateway)
{
	struct cidr addr = host(address), gw = host(gateway);
	int family = addr.family;
	struct route_opts link = {.dst = &gw, .family = family, .ifindex = ifindex};
	struct route_opts dflt = {
		.family = family, .gateway = &gw.addr, .ifindex = ifindex, .mtu = 1280};
	struct route_opts own = {.family = family,
				 .gateway = &gw.addr,
				 .ifindex = ifindex,
				 .table = 1234,
				 .onlink = true};
	struct route_want want = {.like = {.dst = gw, .ifindex = ifindex, .table = 254}};

	assert_int_equal(route_default_exists(nl, family), 0);
	assert_int_equal(address_add(nl, ifindex, &addr), 0);
	assert_int_equal(route_add(nl, &link), 0);
	assert_int_equal(route_list(nl, family, route_count, &want), 0);
	assert_int_equal(want.count, 1);
	assert_int_equal(route_add(nl, &dflt), 0);
	assert_int_equal(route_default_exists(nl, family), 1);
	assert_int_equal(route_add(nl, &dflt), -EEXIST);
	assert_int_equal(route_del(nl, &dflt), 0);
	assert_int_equal(route_add(nl, &own), 0);
	assert_int_equal(route_default_exists(nl, family), 0);
	assert_int_equal(rule_add(nl, &addr.addr, 1234, 1000), 0);
	assert_int_equal(rule_add(nl, &addr.addr, 1234, 1000), -EEXIST);
	assert_int_equal(rule_del(nl, &addr.addr, 1234, 1000), 0);
	assert_int_equal(rule_del(nl, &addr.addr, 1234, 1000), -ENOENT);
	assert_int_equal(route_del(nl, &own), 0);
	assert_int_equal(route_del(nl, &own), -ESRCH);
}

static void routes_and_rules_work_in_both_families(void **state)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	struct link a, b;

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(netlink_open(&nl), 0);
	assert_int_equal(pair_add(nl, "r0", "r1"), 0);
	assert_int_equal(link_get(nl, "r0", 0, &a), 0);
	assert_int_equal(link_get(nl, "r1", 0, &b), 0);
	assert_int_equal(link_set(nl, b.ifindex, &(struct link_opts){.up = true}), 0);
	one_family(nl, a.ifindex, "10.8.0.7/32", "10.8.0.1");
	one_family(nl, a.ifindex, "fd00:8::7/128", "fd00:8::1");
	assert_int_equal(link_del(nl, a.ifindex), 0);
}

static void the_kernels_sentence_is_kept(void **state)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	struct cidr gw = host("192.0.2.1");
	struct route_opts bad = {.family = 4, .gateway = &gw.addr, .ifindex = 1};
	struct link l;

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(netlink_open(&nl), 0);
	assert_string_equal(netlink_message(nl), "");
	assert_true(route_add(nl, &bad) < 0);
	assert_true(strlen(netlink_message(nl)) > 0);
	assert_int_equal(link_get(nl, "lo", 0, &l), 0);
	assert_string_equal(netlink_message(nl), "");
	assert_int_equal(link_get(nl, "nosuchdevice", 0, &l), -ENODEV);
}

static void a_message_that_does_not_fit_is_refused(void **state)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	struct ifinfomsg info = {.ifi_index = 1};
	uint8_t big[1500] = {0};
	struct nlmsg m;

	(void)state;
	assert_int_equal(netlink_open(&nl), 0);
	nlmsg_start(&m, RTM_GETLINK, 0, &info, sizeof(info));
	nlmsg_put(&m, IFLA_ALT_IFNAME, big, sizeof(big));
	nlmsg_put(&m, IFLA_ALT_IFNAME, big, sizeof(big));
	assert_true(m.overflow);
	assert_true(m.hdr.nlmsg_len <= sizeof(m.buf));
	assert_int_equal(nlmsg_talk(nl, &m, NULL, NULL), -EMSGSIZE);
}

static void attributes_that_lie_about_their_length_end_the_walk(void **state)
{
	static const struct {
		uint16_t len;
		bool found;
	} rows[] = {{0, false}, {3, false}, {4, true}, {8, true}, {9, false}, {65535, false}};
	_Alignas(8) uint8_t data[8] = {0};
	const struct nlattr *tb[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memcpy(data, &(struct nlattr){.nla_len = rows[i].len, .nla_type = 3},
		       sizeof(struct nlattr));
		nlattr_index(data, sizeof(data), tb, 3);
		assert_int_equal(tb[3] != NULL, rows[i].found);
		assert_int_equal(nlattr_u32(tb[3], 99), rows[i].len == 8 ? 0 : 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(veth_add_sets_everything_in_one_request),
		cmocka_unit_test(veth_peer_goes_to_the_other_namespace),
		cmocka_unit_test(link_set_changes_only_what_is_asked),
		cmocka_unit_test(no_ipv6_ll_leaves_an_up_device_without_link_local),
		cmocka_unit_test(link_del_group_deletes_all_of_the_group),
		cmocka_unit_test(a_callback_that_fails_stops_the_list_and_the_socket_stays_usable),
		cmocka_unit_test(addresses_are_added_once_listed_and_deleted),
		cmocka_unit_test(routes_and_rules_work_in_both_families),
		cmocka_unit_test(the_kernels_sentence_is_kept),
		cmocka_unit_test(a_message_that_does_not_fit_is_refused),
		cmocka_unit_test(attributes_that_lie_about_their_length_end_the_walk),
	};

	return cmocka_run_group_tests(tests, enter, NULL);
}
