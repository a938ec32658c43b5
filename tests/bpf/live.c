// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Live; see live.h. */
#include "tests/bpf/live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "axoneme/names.h"
#include "lib/cidr.h"
#include "lib/netlink.h"

#define DEADLINE_S 10

static int attach(int ifindex, const struct bpf_program *prog)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(prog));
	int rc = bpf_tc_hook_create(&hook);

	return rc && rc != -EEXIST ? rc : bpf_tc_attach(&hook, &opts);
}

static int address(struct netlink *nl, int ifindex, const char *text)
{
	struct cidr c;

	return cidr_parse_host(text, &c, NULL) ?: address_add(nl, ifindex, &c);
}

static int gateway_route(struct netlink *nl, int ifindex, const char *gateway)
{
	struct axo_addr gw = text_addr(gateway);
	struct route_opts o = {
		.family = addr_family(&gw),
		.gateway = &gw,
		.ifindex = ifindex,
		.onlink = true,
	};

	return route_add(nl, &o);
}

static int pod_up(struct fixture *x, enum pod pod)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	struct link_opts up = {.up = true};
	int rc, ifindex;

	if (setns(x->netns_pod[pod], CLONE_NEWNET))
		return -errno;
	ifindex = if_nametoindex("eth0");
	rc = netlink_open(&nl) ?: link_set(nl, if_nametoindex("lo"), &up) ?:
	     address(nl, ifindex, pod == POD_A ? A4 "/32" : B4 "/32") ?:
	     address(nl, ifindex, pod == POD_A ? A6 "/128" : B6 "/128") ?:
	     gateway_route(nl, ifindex, GW4) ?: gateway_route(nl, ifindex, GW6);
	if (setns(x->netns, CLONE_NEWNET))
		abort();
	return rc;
}

static int host_up(struct fixture *x)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	struct link_opts noarp = {.up = true, .noarp = true};
	struct link_opts up = {.up = true};

	return netlink_open(&nl) ?: link_set(nl, if_nametoindex("lo"), &up) ?:
	       link_set(nl, x->ifindex_host, &noarp) ?:
	       address(nl, x->ifindex_host, GW4 "/24") ?:
	       address(nl, x->ifindex_host, GW6 "/64");
}

int live_group_setup(void **state)
{
	struct fixture *x;
	int rc;

	if (fixture_group_setup(state))
		return -1;
	x = *state;
	rc = host_up(x) ?: attach(x->ifindex_net, x->skel->progs.from_host);
	for (int i = 0; i < PODS && !rc; i++)
		rc = pod_up(x, i) ?: attach(x->ifindex_pod[i], x->skel->progs.from_pod);
	if (rc)
		fprintf(stderr, "live: %s\n", strerror(-rc));
	return rc;
}

int live_socket(struct fixture *x, int where, int family, int type)
{
	struct timeval deadline = {.tv_sec = DEADLINE_S};
	int one = 1, fd;

	assert_int_equal(setns(where == PODS ? x->netns : x->netns_pod[where], CLONE_NEWNET), 0);
	fd = socket(family, type | SOCK_CLOEXEC, 0);
	assert_int_equal(setns(x->netns, CLONE_NEWNET), 0);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd;
}

socklen_t live_addr(const char *text, uint16_t port, struct sockaddr_storage *sa)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;
	struct sockaddr_in *in = (struct sockaddr_in *)sa;

	memset(sa, 0, sizeof(*sa));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

static int bound(struct fixture *x, int where, const char *addr, uint16_t port, int type)
{
	struct sockaddr_storage sa;
	socklen_t len = live_addr(addr, port, &sa);
	int fd = live_socket(x, where, sa.ss_family, type);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	return fd;
}

int live_listen(struct fixture *x, int where, const char *addr, uint16_t port)
{
	int fd = bound(x, where, addr, port, SOCK_STREAM);

	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

int live_connect(struct fixture *x, int where, const char *addr, uint16_t port)
{
	struct sockaddr_storage sa;
	socklen_t len = live_addr(addr, port, &sa);
	int fd = live_socket(x, where, sa.ss_family, SOCK_STREAM);

	if (connect(fd, (struct sockaddr *)&sa, len))
		fail_msg("connect to %s: %s", addr, strerror(errno));
	return fd;
}

int live_udp(struct fixture *x, int where, const char *addr, uint16_t port)
{
	return bound(x, where, addr, port, SOCK_DGRAM);
}
