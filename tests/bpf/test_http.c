// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * HTTP rules on live connections: what passes, what is answered, what is reset.  Client and server
 * are sockets of this process, so every step is known to have happened before the next one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "axoneme/event_l7.h"
#include "axoneme/http_flow.h"
#include "tests/bpf/http_table.h"
#include "tests/bpf/live.h"
#include "tests/lib/wait.h"

#define SET 1
#define OK "GET /ok HTTP/1.1\r\nHost: b\r\n\r\n"
#define NO "GET /no HTTP/1.1\r\nHost: b\r\n\r\n"
#define RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define FORBIDDEN "HTTP/1.1 403 Forbidden\r\n"

static const char *const targets[] = {"GET /ok", "GET /a/*", "POST /up", NULL};
static int listener = -1;
static const char *server_addr = B4;

/** struct pair - both ends of a connection */
struct pair {
	int client;
	int server;
};

static struct pair pair_open(struct fixture *x)
{
	struct pair p = {.client = live_connect(x, POD_A, server_addr, 80)};
	struct timeval deadline = {.tv_sec = 10};

	p.server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(p.server >= 0);
	setsockopt(p.server, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
	setsockopt(p.server, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
	setsockopt(p.client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return p;
}

static void pair_close(const struct pair *p)
{
	close(p->client);
	close(p->server);
}

static void put(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/** expect - the next bytes are @text */
static void expect(int fd, const char *text)
{
	size_t want = strlen(text), have = 0;
	char got[8192];

	assert_true(want < sizeof(got));
	while (have < want) {
		ssize_t n = recv(fd, got + have, want - have, 0);

		if (n <= 0)
			fail_msg("%s after %zu bytes of \"%s\"", n ? strerror(errno) : "end", have,
				 text);
		have += (size_t)n;
	}
	got[have] = 0;
	assert_string_equal(got, text);
}

/** expect_reset - nothing comes but the reset */
static void expect_reset(int fd)
{
	char c;

	assert_int_equal(recv(fd, &c, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

/** expect_forbidden - the whole answer, then the end */
static void expect_forbidden(int fd)
{
	char got[512] = {0};
	size_t have = 0;
	ssize_t n;

	while ((n = recv(fd, got + have, sizeof(got) - 1 - have, 0)) > 0)
		have += (size_t)n;
	assert_int_equal(n, 0);
	assert_memory_equal(got, FORBIDDEN, strlen(FORBIDDEN));
	assert_non_null(strstr(got, "\r\nContent-Length: 13\r\n"));
	assert_non_null(strstr(got, "\r\nConnection: close\r\n"));
	assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\nAccess denied");
}

static void exchange(const struct pair *p, const char *request)
{
	put(p->client, request);
	expect(p->server, request);
	put(p->server, RESPONSE);
	expect(p->client, RESPONSE);
}

static void allowed_requests_pass_one_after_the_other(void **state)
{
	struct pair p = pair_open(*state);

	for (int i = 0; i < 3; i++) {
		exchange(&p, OK);
		exchange(&p, "GET /a/b?c HTTP/1.1\r\nHost: b\r\n\r\n");
	}
	pair_close(&p);
}

static void denied_request_is_answered_and_the_server_reset(void **state)
{
	struct pair p = pair_open(*state);

	put(p.client, NO);
	expect_forbidden(p.client);
	expect_reset(p.server);
	pair_close(&p);
}

static void denied_request_after_allowed_ones_is_answered(void **state)
{
	struct pair p = pair_open(*state);

	exchange(&p, OK);
	exchange(&p, OK);
	put(p.client, NO);
	expect_forbidden(p.client);
	expect_reset(p.server);
	pair_close(&p);
}

static void head_may_be_split_at_every_byte(void **state)
{
	for (size_t at = 1; at < strlen(OK); at++) {
		struct pair p = pair_open(*state);
		char part[64] = {0};

		memcpy(part, OK, at);
		put(p.client, part);
		put(p.client, &OK[at]);
		expect(p.server, OK);
		pair_close(&p);
		p = pair_open(*state);
		memcpy(part, NO, at);
		put(p.client, part);
		put(p.client, &NO[at]);
		expect_forbidden(p.client);
		pair_close(&p);
	}
}

static void head_may_come_byte_by_byte(void **state)
{
	struct pair p = pair_open(*state);

	for (size_t at = 0; at < strlen(OK); at++)
		assert_int_equal(send(p.client, &OK[at], 1, 0), 1);
	expect(p.server, OK);
	put(p.server, RESPONSE);
	expect(p.client, RESPONSE);
	for (size_t at = 0; at < strlen(NO); at++)
		send(p.client, &NO[at], 1, MSG_NOSIGNAL);
	expect_forbidden(p.client);
	pair_close(&p);
}

static void body_of_known_length_is_skipped(void **state)
{
	struct pair p = pair_open(*state);
	char body[4096];

	put(p.client, "POST /up HTTP/1.1\r\nHost: b\r\nContent-Length: 409600\r\n\r\n");
	expect(p.server, "POST /up HTTP/1.1\r\nHost: b\r\nContent-Length: 409600\r\n\r\n");
	for (int i = 0; i < 100; i++) {
		/* What looks like a request is none. */
		memset(body, 'x', sizeof(body));
		memcpy(body, NO, strlen(NO));
		assert_int_equal(send(p.client, body, sizeof(body), 0), sizeof(body));
		assert_int_equal(recv(p.server, body, sizeof(body), MSG_WAITALL), sizeof(body));
	}
	put(p.server, RESPONSE);
	expect(p.client, RESPONSE);
	put(p.client, NO);
	expect_forbidden(p.client);
	pair_close(&p);
}

static void chunked_body_is_followed(void **state)
{
	struct pair p = pair_open(*state);
	const char *head = "POST /up HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n";
	const char *body = "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";

	put(p.client, head);
	expect(p.server, head);
	put(p.client, body);
	expect(p.server, body);
	put(p.server, RESPONSE);
	expect(p.client, RESPONSE);
	put(p.client, NO);
	expect_forbidden(p.client);
	pair_close(&p);
}

static void pipelined_denied_request_resets_both(void **state)
{
	struct pair p = pair_open(*state);

	put(p.client, OK NO);
	expect_reset(p.client);
	expect_reset(p.server);
	pair_close(&p);
}

static void pipelined_allowed_requests_pass(void **state)
{
	struct pair p = pair_open(*state);

	put(p.client, OK OK OK);
	expect(p.server, OK OK OK);
	put(p.server, RESPONSE RESPONSE RESPONSE);
	expect(p.client, RESPONSE RESPONSE RESPONSE);
	pair_close(&p);
}

static void bytes_that_are_no_http_are_denied(void **state)
{
	struct pair p = pair_open(*state);

	put(p.client, "\x16\x03\x01\x02 whatever");
	expect_forbidden(p.client);
	expect_reset(p.server);
	pair_close(&p);
}

/* The client's end is over when its FIN is acknowledged: nothing is left to be repeated. */
static void client_of_a_denied_request_closes_in_peace(void **state)
{
	struct pair p = pair_open(*state);
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	put(p.client, NO);
	expect_forbidden(p.client);
	assert_int_equal(shutdown(p.client, SHUT_WR), 0);
	assert_true(wait_until(!getsockopt(p.client, IPPROTO_TCP, TCP_INFO, &info, &len) &&
			       info.tcpi_state == TCP_CLOSE));
	assert_int_equal(info.tcpi_total_retrans, 0);
	pair_close(&p);
}

static void sender_of_a_large_denied_body_sees_the_answer(void **state)
{
	struct pair p = pair_open(*state);
	char body[65536] = {0};

	put(p.client, "POST /no HTTP/1.1\r\nHost: b\r\nContent-Length: 5000000\r\n\r\n");
	for (int i = 0; i < 76; i++)
		if (send(p.client, body, sizeof(body), MSG_NOSIGNAL) < 0)
			break;
	expect_forbidden(p.client);
	pair_close(&p);
}

static void connection_older_than_its_rules_is_reset(void **state)
{
	struct fixture *x = *state;
	struct pair p;

	http_policy(x, 0);
	p = pair_open(x);
	exchange(&p, NO);
	http_policy(x, SET);
	send(p.client, OK, strlen(OK), MSG_NOSIGNAL);
	expect_reset(p.client);
	expect_reset(p.server);
	pair_close(&p);
}

static void server_of_an_older_connection_is_reset_by_its_own_packet(void **state)
{
	struct fixture *x = *state;
	struct pair p;

	http_policy(x, 0);
	p = pair_open(x);
	exchange(&p, NO);
	http_policy(x, SET);
	put(p.server, "more");
	expect_reset(p.server);
	expect_reset(p.client);
	pair_close(&p);
}

static void rules_that_change_between_requests_hold_for_the_next(void **state)
{
	static const char *const others[] = {"GET /no", NULL};
	struct fixture *x = *state;
	struct pair p = pair_open(x);

	exchange(&p, OK);
	http_rules(x, SET + 1, others);
	http_policy(x, SET + 1);
	exchange(&p, NO);
	put(p.client, OK);
	expect_forbidden(p.client);
	pair_close(&p);
}

/* The file changes after it was sent and before it is read: what was judged is what arrives. */
static void file_that_changes_after_it_was_sent_arrives_as_judged(void **state)
{
	struct pair p = pair_open(*state);
	int fd = memfd_create("request", MFD_CLOEXEC);
	off_t from = 0;

	assert_int_equal(pwrite(fd, OK, strlen(OK), 0), (ssize_t)strlen(OK));
	assert_int_equal(sendfile(p.client, fd, &from, strlen(OK)), (ssize_t)strlen(OK));
	assert_int_equal(pwrite(fd, NO, strlen(NO), 0), (ssize_t)strlen(NO));
	expect(p.server, OK);
	close(fd);
	pair_close(&p);
}

static int listen_at(void **state, const char *addr)
{
	struct fixture *x = *state;

	fixture_reset(state);
	map_clear(x->skel->maps.axo_http_flow);
	http_rules(x, SET, targets);
	http_policy(x, SET);
	server_addr = addr;
	if (listener >= 0)
		close(listener);
	listener = live_listen(x, POD_B, addr, 80);
	return 0;
}

static int setup4(void **state)
{
	return listen_at(state, B4);
}

static int setup6(void **state)
{
	return listen_at(state, B6);
}

#define both(f)                                   \
	cmocka_unit_test_setup(f, setup4),        \
	{                                         \
#f "_ipv6", f, setup6, NULL, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		both(allowed_requests_pass_one_after_the_other),
		both(denied_request_is_answered_and_the_server_reset),
		both(denied_request_after_allowed_ones_is_answered),
		both(head_may_be_split_at_every_byte),
		both(head_may_come_byte_by_byte),
		both(body_of_known_length_is_skipped),
		both(chunked_body_is_followed),
		both(pipelined_denied_request_resets_both),
		both(pipelined_allowed_requests_pass),
		both(bytes_that_are_no_http_are_denied),
		both(client_of_a_denied_request_closes_in_peace),
		both(sender_of_a_large_denied_body_sees_the_answer),
		both(connection_older_than_its_rules_is_reset),
		both(server_of_an_older_connection_is_reset_by_its_own_packet),
		both(rules_that_change_between_requests_hold_for_the_next),
		both(file_that_changes_after_it_was_sent_arrives_as_judged),
	};

	return cmocka_run_group_tests_name("http", tests, live_group_setup, fixture_group_teardown);
}
