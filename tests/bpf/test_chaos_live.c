// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Chaos between two real TCP stacks, through a real delay line: a TAP device and its thread, or a
 * pair with fq where the kernel has it.
 *
 * A is the client, B the server.  Times are lower bounds: how late a packet may be is for
 * tests/bench.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/netlink.h"
#include "loader/delay_device.h"
#include "loader/delay_line.h"
#include "loader/delay_queue.h"
#include "tests/bpf/chaos.h"
#include "tests/bpf/live.h"
#include "tests/lib/wait.h"

#define PORT 8000
#define ALL AXO_CHAOS_ONE
#define BULK 100000

/** struct pair - a connection from A to B */
struct pair {
	int client;
	int server;
};

static struct delay_worker *worker;
static struct delay_line *line;
static struct delay_device device;

static int attach_out(struct fixture *x, int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(x->skel->progs.from_delay));

	return bpf_tc_hook_create(&hook) ?: bpf_tc_attach(&hook, &opts);
}

static int line_setup(void **state)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	struct error e = {0};
	int rc = live_group_setup(state) ?: netlink_open(&nl);

	if (rc)
		return rc;
	if (delay_device_fq(nl, &device, &e) < 0)
		rc = delay_device_tap(nl, delay_tun_open("/tmp"), &device, &e);
	printf("# by %s\n", device.mode == AXO_DELAY_FQ ? "fq" : "tap");
	if (!rc)
		rc = attach_out(*state, device.out);
	if (!rc && device.fd >= 0)
		rc = delay_worker_start(&worker, &e)
			     ?: delay_line_start(&line, worker, device.fd, 64 << 20, &e);
	if (rc)
		fprintf(stderr, "line: %d %s\n", rc, e.msg);
	return rc;
}

static int line_teardown(void **state)
{
	delay_line_stop(line);
	line = NULL;
	delay_worker_stop(worker);
	worker = NULL;
	return fixture_group_teardown(state);
}

static int live_chaos_setup(void **state)
{
	int rc = chaos_setup(state);

	chaos_line(*state, device.in, device.mode);
	if (line)
		delay_line_alive(line, mono_now_ns() + 3600 * CHAOS_S);
	return rc;
}

static struct pair pair_new(struct fixture *x, bool v6)
{
	const char *b = v6 ? B6 : B4;
	int listener = live_listen(x, POD_B, b, PORT), one = 1;
	struct pair p = {.client = live_connect(x, POD_A, b, PORT)};

	p.server = accept(listener, NULL, NULL);
	assert_true(p.server >= 0);
	close(listener);
	setsockopt(p.client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(p.server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return p;
}

static void pair_close(struct pair *p)
{
	close(p->client);
	close(p->server);
}

static void receive_all(int fd, char *to, size_t len)
{
	for (size_t have = 0; have < len;) {
		ssize_t n = recv(fd, to + have, len - have, 0);

		if (n <= 0)
			fail_msg("%zu of %zu bytes came: %s", have, len, strerror(errno));
		have += n;
	}
}

/** exchange - one request of 10 bytes and its response of @len; returns how long it took */
static uint64_t exchange(const struct pair *p, size_t len)
{
	static char sent[BULK], got[BULK], ask[10];
	uint64_t start = mono_now_ns();

	for (size_t i = 0; i < len; i++)
		sent[i] = (char)(i * 7 + len);
	assert_int_equal(send(p->client, "0123456789", 10, 0), 10);
	receive_all(p->server, ask, sizeof(ask));
	assert_int_equal(send(p->server, sent, len, 0), len);
	receive_all(p->client, got, len);
	assert_memory_equal(got, sent, len);
	return mono_now_ns() - start;
}

static struct axo_chaos_rule *rule_only(struct axo_chaos *c, uint32_t actions)
{
	*c = experiment_new(21);
	return experiment_rule(c, ALL, actions);
}

static void publish(struct fixture *x, const struct axo_chaos *c)
{
	experiment_set(x, 1, c);
	experiments_apply(x, 1, 0);
}

static uint32_t retransmissions(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	return info.tcpi_total_retrans;
}

/** wait_empty - what was sent last may still be in the line */
static void wait_empty(struct fixture *x)
{
	assert_true(wait_until(!chaos_run_of(x, 1).in_flight));
}

static void response_is_late_by_the_delay_and_whole(void **state)
{
	static const size_t sizes[] = {6, 1448, 3000, BULK};
	struct fixture *x = *state;
	struct axo_chaos c;

	rule_only(&c, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = 300 * CHAOS_MS;
	publish(x, &c);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pair p = pair_new(x, v6);

		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			uint64_t took = exchange(&p, sizes[i]);

			assert_true(took >= 300 * CHAOS_MS);
			printf("# %zu bytes, 300 ms asked: %.1f ms, retransmissions %u + %u\n",
			       sizes[i], (double)took / CHAOS_MS, retransmissions(p.client),
			       retransmissions(p.server));
		}
		pair_close(&p);
	}
	assert_int_equal(chaos_count_of(x, 1, 0, AXO_CHAOS_COUNT_DELAYED), 8);
	wait_empty(x);
}

static void request_is_late_by_the_delay(void **state)
{
	struct axo_chaos c;
	struct pair p;

	rule_only(&c, AXO_CHAOS_DELAY_REQUEST)->delay_request_ns = 300 * CHAOS_MS;
	publish(*state, &c);
	p = pair_new(*state, false);
	assert_true(exchange(&p, 100) >= 300 * CHAOS_MS);
	assert_true(exchange(&p, BULK) >= 300 * CHAOS_MS);
	pair_close(&p);
}

/* Longer than the retransmission timeouts of both ends, and keepalives meanwhile. */
static void connection_survives_a_hold_of_seconds(void **state)
{
	int one = 1, second = 1;
	struct axo_chaos c;
	struct pair p;

	rule_only(&c, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = 3 * CHAOS_S;
	publish(*state, &c);
	p = pair_new(*state, false);
	setsockopt(p.client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(p.client, IPPROTO_TCP, TCP_KEEPIDLE, &second, sizeof(second));
	setsockopt(p.client, IPPROTO_TCP, TCP_KEEPINTVL, &second, sizeof(second));
	assert_true(exchange(&p, BULK) >= 3 * CHAOS_S);
	printf("# 3 s: retransmissions %u + %u\n", retransmissions(p.client),
	       retransmissions(p.server));
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 1);
	/* One response, and the next request is a request. */
	assert_true(exchange(&p, 10) >= 3 * CHAOS_S);
	pair_close(&p);
}

static void close_stays_behind_the_held_response(void **state)
{
	struct axo_chaos c;
	struct pair p;
	char got[8];

	rule_only(&c, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = 200 * CHAOS_MS;
	publish(*state, &c);
	p = pair_new(*state, false);
	assert_int_equal(send(p.client, "ask", 3, 0), 3);
	receive_all(p.server, got, 3);
	assert_int_equal(send(p.server, "answer", 6, 0), 6);
	close(p.server);
	receive_all(p.client, got, 6);
	assert_memory_equal(got, "answer", 6);
	assert_int_equal(recv(p.client, got, 1, 0), 0);
	close(p.client);
}

static void held_packets_are_delivered_when_the_experiment_is_stopped(void **state)
{
	struct axo_chaos c;
	struct pair p;
	uint64_t start;
	char got[8];

	if (!line)
		skip(); /* fq cannot */
	rule_only(&c, AXO_CHAOS_DELAY_RESPONSE)->delay_response_ns = 50 * CHAOS_S;
	publish(*state, &c);
	p = pair_new(*state, false);
	start = mono_now_ns();
	assert_int_equal(send(p.client, "ask", 3, 0), 3);
	receive_all(p.server, got, 3);
	assert_int_equal(send(p.server, "answer", 6, 0), 6);
	c.end_ns = boot_now_ns();
	experiment_set(*state, 1, &c);
	delay_line_hasten(line, 1);
	receive_all(p.client, got, 6);
	assert_true(mono_now_ns() - start < 40 * CHAOS_S);
	pair_close(&p);
}

/* Whatever the wire does, what arrives is what was sent. */
static void data_survives_loss_duplicates_and_corruption(void **state)
{
	struct axo_chaos c;
	struct axo_chaos_rule *rule =
		rule_only(&c, AXO_CHAOS_LOSS | AXO_CHAOS_DUPLICATE | AXO_CHAOS_CORRUPT);

	rule->loss = 30000;
	rule->duplicate = 100000;
	rule->corrupt = 50000;
	publish(*state, &c);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pair p = pair_new(*state, v6);

		for (int i = 0; i < 20; i++)
			exchange(&p, BULK);
		pair_close(&p);
	}
	assert_true(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_LOST) > 0);
	assert_true(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DUPLICATED) > 0);
	assert_true(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_CORRUPTED) > 0);
}

/* All are corrupt: if any were taken for good, it would arrive. */
static void corrupt_data_never_arrives(void **state)
{
	struct axo_chaos c;
	struct pollfd arrives;
	struct pair p;

	rule_only(&c, AXO_CHAOS_CORRUPT)->corrupt = ALL;
	publish(*state, &c);
	for (int v6 = 0; v6 < 2; v6++) {
		p = pair_new(*state, v6);
		assert_int_equal(send(p.client, "0123456789", 10, 0), 10);
		arrives = (struct pollfd){.fd = p.server, .events = POLLIN};
		assert_int_equal(poll(&arrives, 1, 700), 0);
		pair_close(&p);
	}
	assert_true(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_CORRUPTED) >= 4);
}

static void corrupt_datagram_never_arrives(void **state)
{
	struct sockaddr_storage sa;
	struct pollfd arrives;
	struct axo_chaos c;
	socklen_t len;
	int a, b;

	rule_only(&c, AXO_CHAOS_CORRUPT)->corrupt = ALL;
	publish(*state, &c);
	a = live_udp(*state, POD_A, A4, PORT);
	b = live_udp(*state, POD_B, B4, PORT);
	len = live_addr(B4, PORT, &sa);
	for (int i = 0; i < 5; i++)
		assert_int_equal(sendto(a, "datagram", 8, 0, (struct sockaddr *)&sa, len), 8);
	arrives = (struct pollfd){.fd = b, .events = POLLIN};
	assert_int_equal(poll(&arrives, 1, 300), 0);
	assert_true(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_CORRUPTED) >= 5);
	close(a);
	close(b);
}

static int error_after_send(int fd)
{
	char byte;

	send(fd, "x", 1, MSG_NOSIGNAL);
	return recv(fd, &byte, 1, 0) < 0 ? errno : 0;
}

static void reset_reaches_both_ends(void **state)
{
	struct axo_chaos c;
	char byte;

	rule_only(&c, AXO_CHAOS_ABORT_RESET);
	publish(*state, &c);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pair p = pair_new(*state, v6);

		assert_int_equal(error_after_send(p.client), ECONNRESET);
		assert_int_equal(recv(p.server, &byte, 1, 0), -1);
		assert_int_equal(errno, ECONNRESET);
		pair_close(&p);
	}
}

static void large_request_is_reset_at_once(void **state)
{
	static char big[BULK];
	struct axo_chaos c;
	struct pair p;
	char byte;

	rule_only(&c, AXO_CHAOS_ABORT_RESET);
	publish(*state, &c);
	p = pair_new(*state, false);
	send(p.client, big, sizeof(big), MSG_NOSIGNAL);
	assert_int_equal(recv(p.client, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(recv(p.server, &byte, 1, 0), -1);
	pair_close(&p);
}

static void refused_connection_fails_at_once(void **state)
{
	struct sockaddr_storage sa;
	struct axo_chaos c;

	rule_only(&c, AXO_CHAOS_CONNECT_REFUSE);
	publish(*state, &c);
	for (int v6 = 0; v6 < 2; v6++) {
		const char *b = v6 ? B6 : B4;
		int listener = live_listen(*state, POD_B, b, PORT);
		int fd = live_socket(*state, POD_A, v6 ? AF_INET6 : AF_INET, SOCK_STREAM);
		socklen_t len = live_addr(b, PORT, &sa);

		assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), -1);
		assert_int_equal(errno, ECONNREFUSED);
		close(fd);
		close(listener);
	}
}

static void connection_is_late_by_the_delay(void **state)
{
	struct axo_chaos c;
	struct pair p;
	uint64_t start;

	/* Beyond the first repetition of the SYN. */
	rule_only(&c, AXO_CHAOS_CONNECT_DELAY)->connect_delay_ns = 1500 * CHAOS_MS;
	publish(*state, &c);
	start = mono_now_ns();
	p = pair_new(*state, false);
	assert_true(mono_now_ns() - start >= 1500 * CHAOS_MS);
	assert_true(exchange(&p, 100) < 10 * CHAOS_S);
	pair_close(&p);
	assert_int_equal(chaos_run_of(*state, 1).connects, 1);
}

static void rate_bounds_the_response(void **state)
{
	struct axo_chaos c;
	struct pair p;

	/* 100 KB at 500 KB/s, without what leaves at once. */
	rule_only(&c, AXO_CHAOS_RATE)->rate_bytes_s = 500000;
	publish(*state, &c);
	p = pair_new(*state, false);
	assert_true(exchange(&p, BULK) >= 60 * CHAOS_MS);
	pair_close(&p);
}

static void datagram_and_its_answer_are_late(void **state)
{
	struct axo_chaos c;
	struct axo_chaos_rule *rule =
		rule_only(&c, AXO_CHAOS_DELAY_REQUEST | AXO_CHAOS_DELAY_RESPONSE);
	struct sockaddr_storage to_a, to_b;
	char got[8];

	rule->delay_request_ns = 100 * CHAOS_MS;
	rule->delay_response_ns = 150 * CHAOS_MS;
	publish(*state, &c);
	for (int v6 = 0; v6 < 2; v6++) {
		int a = live_udp(*state, POD_A, v6 ? A6 : A4, PORT);
		int b = live_udp(*state, POD_B, v6 ? B6 : B4, PORT);
		socklen_t la = live_addr(v6 ? A6 : A4, PORT, &to_a);
		socklen_t lb = live_addr(v6 ? B6 : B4, PORT, &to_b);
		uint64_t start = mono_now_ns();

		assert_int_equal(sendto(a, "ask", 3, 0, (struct sockaddr *)&to_b, lb), 3);
		assert_int_equal(recv(b, got, sizeof(got), 0), 3);
		assert_true(mono_now_ns() - start >= 100 * CHAOS_MS);
		assert_int_equal(sendto(b, "answer", 6, 0, (struct sockaddr *)&to_a, la), 6);
		assert_int_equal(recv(a, got, sizeof(got), 0), 6);
		assert_true(mono_now_ns() - start >= 250 * CHAOS_MS);
		close(a);
		close(b);
	}
}

#define row(f) cmocka_unit_test_setup(f, live_chaos_setup)

static const struct CMUnitTest tests[] = {
	row(response_is_late_by_the_delay_and_whole),
	row(request_is_late_by_the_delay),
	row(connection_survives_a_hold_of_seconds),
	row(close_stays_behind_the_held_response),
	row(held_packets_are_delivered_when_the_experiment_is_stopped),
	row(data_survives_loss_duplicates_and_corruption),
	row(corrupt_data_never_arrives),
	row(corrupt_datagram_never_arrives),
	row(reset_reaches_both_ends),
	row(large_request_is_reset_at_once),
	row(refused_connection_fails_at_once),
	row(connection_is_late_by_the_delay),
	row(rate_bounds_the_response),
	row(datagram_and_its_answer_are_late),
};

int main(void)
{
	return cmocka_run_group_tests_name("chaos live", tests, line_setup, line_teardown);
}
