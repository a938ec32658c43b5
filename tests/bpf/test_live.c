// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The programs on their hooks, with the kernel's own stacks at the ends: connections, datagrams
 * larger than the MTU, and the errors that programs and stacks tell each other.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h> /* after time.h, which it needs */

#include "lib/cidr.h"
#include "tests/bpf/live.h"
#include "tests/lib/wait.h"

#define PORT 8080
#define CHUNK 65536
#define CHUNKS 64

/* The fixture puts nothing into the ipcache, so this needs no more than the reset. */
static const char *const address4[] = {A4, B4, GW4};
static const char *const address6[] = {A6, B6, GW6};

/** transfer - CHUNKS * CHUNK bytes from @from to @to, compared, and the end of the stream */
static void transfer(int from, int to)
{
	static char sent[CHUNK], got[CHUNK];

	for (int i = 0; i < CHUNKS; i++) {
		size_t have = 0;

		memset(sent, 'a' + i % 26, sizeof(sent));
		assert_int_equal(send(from, sent, sizeof(sent), 0), sizeof(sent));
		while (have < sizeof(got)) {
			ssize_t n = recv(to, got + have, sizeof(got) - have, 0);

			assert_true(n > 0);
			have += n;
		}
		assert_memory_equal(sent, got, sizeof(got));
	}
	assert_int_equal(shutdown(from, SHUT_WR), 0);
	assert_int_equal(recv(to, got, 1, 0), 0);
}

static void connect_and_transfer(struct fixture *x, const char *const address[], int from, int to)
{
	int listener = live_listen(x, to, address[to], PORT);
	int client = live_connect(x, from, address[to], PORT);
	int server = accept(listener, NULL, NULL);

	assert_true(server >= 0);
	close(listener);
	transfer(client, server);
	close(client);
	close(server);
}

static void tcp_stream_between_all_ends(void **state)
{
	static const int pairs[][2] = {
		{POD_A, POD_B}, {POD_B, POD_A}, {POD_A, PODS}, {PODS, POD_A}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		connect_and_transfer(*state, address4, pairs[i][0], pairs[i][1]);
		connect_and_transfer(*state, address6, pairs[i][0], pairs[i][1]);
	}
}

static void large_datagram_arrives_in_fragments(void **state)
{
	const char *const *families[] = {address4, address6};
	struct fixture *x = *state;
	static char sent[20000], got[20001];
	struct sockaddr_storage sa;

	memset(sent, 'f', sizeof(sent));
	for (int i = 0; i < 2; i++) {
		int a = live_udp(x, POD_A, families[i][POD_A], PORT);
		int b = live_udp(x, POD_B, families[i][POD_B], PORT);
		socklen_t len = live_addr(families[i][POD_B], PORT, &sa);

		assert_int_equal(sendto(a, sent, sizeof(sent), 0, (struct sockaddr *)&sa, len),
				 sizeof(sent));
		assert_int_equal(recv(b, got, sizeof(got), 0), sizeof(sent));
		assert_memory_equal(sent, got, sizeof(sent));
		close(a);
		close(b);
	}
}

/** udp_error - send a byte from @fd (connected) and return the errno that comes back */
static int udp_error(int fd, const char *to)
{
	struct sockaddr_storage sa;
	socklen_t len = live_addr(to, PORT, &sa);
	struct pollfd p = {.fd = fd, .events = 0};
	int err = 0;

	assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	assert_int_equal(poll(&p, 1, 10000), 1);
	len = sizeof(err);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len), 0);
	close(fd);
	return err;
}

static int udp_with_errors(struct fixture *x, int where, bool v6)
{
	int fd = live_socket(x, where, v6 ? AF_INET6 : AF_INET, SOCK_DGRAM), one = 1;

	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof(one));
	else
		setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one));
	return fd;
}

static void closed_port_is_refused_in_every_direction(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(udp_error(udp_with_errors(x, POD_A, false), B4), ECONNREFUSED);
	assert_int_equal(udp_error(udp_with_errors(x, POD_A, true), B6), ECONNREFUSED);
	assert_int_equal(udp_error(udp_with_errors(x, PODS, false), A4), ECONNREFUSED);
	assert_int_equal(udp_error(udp_with_errors(x, PODS, true), A6), ECONNREFUSED);
	assert_int_equal(udp_error(udp_with_errors(x, POD_A, false), GW4), ECONNREFUSED);
	assert_int_equal(udp_error(udp_with_errors(x, POD_A, true), GW6), ECONNREFUSED);
}

static void unknown_pod_is_unreachable(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(udp_error(udp_with_errors(x, POD_A, false), NOBODY4), EHOSTUNREACH);
	assert_int_equal(udp_error(udp_with_errors(x, POD_A, true), NOBODY6), EHOSTUNREACH);
	assert_int_equal(udp_error(udp_with_errors(x, PODS, false), NOBODY4), EHOSTUNREACH);
	assert_int_equal(udp_error(udp_with_errors(x, PODS, true), NOBODY6), EHOSTUNREACH);
}

/** error_source - who sent the error that waits in @fd's queue */
static struct axo_addr error_source(int fd, bool v6)
{
	struct axo_addr from = {};
	char control[512];
	struct msghdr m = {.msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c;

	assert_true(recvmsg(fd, &m, MSG_ERRQUEUE) >= 0);
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		struct sock_extended_err *e = (void *)CMSG_DATA(c);
		struct sockaddr *sa = SO_EE_OFFENDER(e);

		if (v6 ? c->cmsg_type != IPV6_RECVERR : c->cmsg_type != IP_RECVERR)
			continue;
		assert_int_equal(e->ee_errno, EHOSTUNREACH);
		from = v6 ? addr_from_bytes(6, &((struct sockaddr_in6 *)sa)->sin6_addr)
			  : addr_from_bytes(4, &((struct sockaddr_in *)sa)->sin_addr);
	}
	return from;
}

static void first_hop_of_traceroute_is_the_gateway(void **state)
{
	struct fixture *x = *state;
	struct sockaddr_storage sa;
	int one = 1;

	for (int v6 = 0; v6 < 2; v6++) {
		struct axo_addr gateway = text_addr(v6 ? GW6 : GW4), from;
		int fd = udp_with_errors(x, POD_A, v6);
		struct pollfd p = {.fd = fd, .events = 0};
		socklen_t len = live_addr(v6 ? B6 : B4, PORT, &sa);

		if (v6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &one, sizeof(one));
		else
			setsockopt(fd, IPPROTO_IP, IP_TTL, &one, sizeof(one));
		assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, len), 1);
		assert_int_equal(poll(&p, 1, 10000), 1);
		from = error_source(fd, v6);
		assert_memory_equal(&from, &gateway, sizeof(from));
		close(fd);
	}
}

/** path_mtu - the kernel's idea of the way that the connected @fd takes */
static int path_mtu(int fd, bool v6)
{
	socklen_t len = sizeof(int);
	int mtu = 0;

	assert_int_equal(getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU,
				    &mtu, &len),
			 0);
	return mtu;
}

static void receiver_with_smaller_mtu_is_discovered(void **state)
{
	struct fixture *x = *state;
	struct axo_endpoint ep = endpoint_default(x, POD_B);

	ep.mtu = 1300;
	endpoint_set(x, POD_B, &ep);
	bump(x);
	for (int v6 = 0; v6 < 2; v6++) {
		const char *const *address = v6 ? address6 : address4;
		int listener = live_listen(x, POD_B, address[POD_B], PORT);
		int client = live_connect(x, POD_A, address[POD_B], PORT);
		int server = accept(listener, NULL, NULL);

		close(listener);
		transfer(client, server);
		assert_int_equal(path_mtu(client, v6), 1300);
		close(client);
		close(server);
	}
}

static void closed_connection_is_made_again_on_the_same_ports(void **state)
{
	struct fixture *x = *state;
	int listener = live_listen(x, POD_B, B4, PORT);

	for (int i = 0; i < 3; i++) {
		struct linger reset = {.l_onoff = 1};
		struct sockaddr_storage sa;
		socklen_t len = live_addr(A4, 45000, &sa);
		int client = live_socket(x, POD_A, AF_INET, SOCK_STREAM), server;

		assert_int_equal(bind(client, (struct sockaddr *)&sa, len), 0);
		len = live_addr(B4, PORT, &sa);
		assert_int_equal(connect(client, (struct sockaddr *)&sa, len), 0);
		server = accept(listener, NULL, NULL);
		assert_true(server >= 0);
		setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(client);
		close(server);
	}
	close(listener);
}

/** wire_open - send whole frames out of pod A's device */
static int wire_open(struct fixture *x)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET};
	int fd = live_socket(x, POD_A, AF_PACKET, SOCK_RAW);

	assert_int_equal(setns(x->netns_pod[POD_A], CLONE_NEWNET), 0);
	ll.sll_ifindex = if_nametoindex("eth0");
	assert_int_equal(setns(x->netns, CLONE_NEWNET), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&ll, sizeof(ll)), 0);
	return fd;
}

/* The kernel of a pod chatters on its own, but never too short. */
static void frames_of_every_length_are_counted_on_the_wire(void **state)
{
	struct fixture *x = *state;
	int fd = wire_open(x);
	struct frame f;

	for (int v6 = 0; v6 < 2; v6++) {
		size_t sent = 0;
		uint64_t before = drops_of(x, AXO_DROP_TOO_SHORT);

		frame_eth(&f, GW_MAC, A_MAC, 0);
		frame_ip(&f, v6 ? A6 : A4, v6 ? B6 : B4);
		frame_udp(&f, 1, 2);
		frame_payload(&f, "payload", 7);
		frame_finish(&f);
		for (size_t len = ETH_HLEN; len < f.len; len++, sent++)
			assert_int_equal(send(fd, f.b, len, 0), len);
		assert_true(wait_until(drops_of(x, AXO_DROP_TOO_SHORT) - before >= sent));
		assert_int_equal(drops_of(x, AXO_DROP_TOO_SHORT) - before, sent);
	}
	close(fd);
}

/* The kernel takes the tag off before the programs run: it is in no byte of the frame. */
static void tagged_frame_does_not_ride_a_known_flow(void **state)
{
	struct fixture *x = *state;
	int a = live_udp(x, POD_A, A4, PORT), b = live_udp(x, POD_B, B4, PORT);
	uint64_t before = drops_of(x, AXO_DROP_VLAN);
	struct sockaddr_storage sa;
	socklen_t len = live_addr(B4, PORT, &sa);
	struct frame f;
	char byte;
	int fd;

	assert_int_equal(connect(a, (struct sockaddr *)&sa, len), 0);
	len = live_addr(A4, PORT, &sa);
	assert_int_equal(connect(b, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(send(a, "1", 1, 0), 1);
	assert_int_equal(recv(b, &byte, 1, 0), 1);
	assert_int_equal(send(b, "2", 1, 0), 1);
	assert_int_equal(recv(a, &byte, 1, 0), 1);
	frame_eth(&f, GW_MAC, A_MAC, ETH_P_IP);
	frame_vlan(&f, 5);
	frame_ip(&f, A4, B4);
	frame_udp(&f, PORT, PORT);
	frame_payload(&f, "t", 1);
	frame_finish(&f);
	fd = wire_open(x);
	assert_int_equal(send(fd, f.b, f.len, 0), f.len);
	assert_int_equal(send(a, "3", 1, 0), 1);
	assert_int_equal(recv(b, &byte, 1, 0), 1);
	assert_int_equal(byte, '3');
	assert_int_equal(drops_of(x, AXO_DROP_VLAN), before + 1);
	close(fd);
	close(a);
	close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(tcp_stream_between_all_ends),
		fixture_test(large_datagram_arrives_in_fragments),
		fixture_test(closed_port_is_refused_in_every_direction),
		fixture_test(unknown_pod_is_unreachable),
		fixture_test(first_hop_of_traceroute_is_the_gateway),
		fixture_test(receiver_with_smaller_mtu_is_discovered),
		fixture_test(closed_connection_is_made_again_on_the_same_ports),
		fixture_test(frames_of_every_length_are_counted_on_the_wire),
		fixture_test(tagged_frame_does_not_ride_a_known_flow),
	};

	return cmocka_run_group_tests_name("live", tests, live_group_setup, fixture_group_teardown);
}
