/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP connections: two policies, several lanes, responses, other protocols, tables that change. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/policy/http.h"

static struct http_pool pool;

static int pool_setup(void **state)
{
	(void)state;
	http_pool_init(&pool);
	return 0;
}

static int pool_teardown(void **state)
{
	(void)state;
	http_pool_fini(&pool);
	return 0;
}

/* Table of rules and filters; @lanes: how many it must have. */
static __u32 table_make(const struct short_rule *rules, size_t count,
			const struct http_filter *filters, size_t filter_count, uint32_t lanes)
{
	struct rule_book *b = calloc(1, sizeof(*b));
	struct http_tables t = {0};
	struct error e = {0};
	uint32_t blame = 0;

	for (size_t i = 0; i < count; i++)
		rule_book_add(b, &rules[i]);
	b->source.filters = filters;
	b->source.filter_count = filter_count;
	if (http_compile(&b->source, &t, &blame, &e))
		fail_msg("%s (rule %u)", e.msg, blame);
	assert_int_equal(t.lane_count, lanes);
	__u32 at = http_pool_add(&pool, &t);
	assert_int_not_equal(at, 0);
	http_tables_fini(&t);
	free(b);
	return at;
}

#define TABLE(...)                                                                               \
	table_make((const struct short_rule[]){__VA_ARGS__},                                     \
		   sizeof((const struct short_rule[]){__VA_ARGS__}) / sizeof(struct short_rule), \
		   NULL, 0, 1)

static void open_conn(struct http_engine *e, __u32 egress, __u32 ingress)
{
	const __u32 tables[2] = {[AXO_DIR_EGRESS] = egress, [AXO_DIR_INGRESS] = ingress};

	http_engine_init(e, pool.words, tables);
}

/* All of @text must be read, in pieces of @piece; the last event. */
static enum axo_http_event client(struct http_engine *e, const char *text, size_t piece)
{
	struct http_stream s = {0};

	for (size_t at = 0, len = strlen(text); at < len; at += piece)
		http_stream_feed(e, &s, text + at, len - at < piece ? len - at : piece);
	return s.event;
}

static enum axo_http_event server(struct http_engine *e, const char *text)
{
	size_t len = strlen(text), used = 0;
	enum axo_http_event event = http_engine_response(e, text, len, &used);

	return event;
}

#define HEAD(line) line " HTTP/1.1\r\nHost: a\r\n\r\n"

static void both_policies_must_allow(void **state)
{
	const __u32 egress = TABLE({"GET", "/(a|b)", NULL, {NULL}}, {"GET", "/x", NULL, {NULL}});
	const __u32 ingress = TABLE({"GET", "/(b|c)", NULL, {NULL}});
	static const struct {
		const char *request;
		bool allowed;
	} rows[] = {{HEAD("GET /a"), false}, {HEAD("GET /b"), true}, {HEAD("GET /c"), false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t piece = 1; piece < 50; piece += 7) {
			struct http_engine e;

			open_conn(&e, egress, ingress);
			assert_int_equal(client(&e, rows[i].request, piece), AXO_HTTP_HEAD);
			assert_int_equal(e.conn.result.denied, !rows[i].allowed);
		}
}

/* Eight expressions "contains" beside others: as one they are too many, in two lanes they fit. */
static void too_many_states_for_one_lane_are_split(void **state)
{
	static char paths[8][32];
	struct short_rule rules[31] = {{0}};
	struct http_engine e;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 8; i++, n++) {
		snprintf(paths[i], sizeof(paths[i]), "/.*%c%c%c.*!", 'a' + i, 'b' + i, 'c' + i);
		rules[n] = (struct short_rule){"GET", paths[i], NULL, {NULL}};
	}
	static char narrow[20][40];
	for (int i = 0; i < 20; i++, n++) {
		snprintf(narrow[i], sizeof(narrow[i]), "/narrow%d/(x|y|z){8}/[a-z]+", i);
		rules[n] = (struct short_rule){"GET", narrow[i], NULL, {NULL}};
	}
	__u32 table = table_make(rules, n, NULL, 0, 2);
	open_conn(&e, 0, table);
	assert_int_equal(client(&e, HEAD("GET /qqcdeqq!"), 3), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.result.denied, 0);
	assert_int_equal(e.conn.result.rule[1], 2);
	assert_int_equal(client(&e, HEAD("GET /narrow7/xyzxyzxy/abc"), 3), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.result.rule[1], 15);
	assert_int_equal(client(&e, HEAD("GET /qqcdqq!"), 3), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.result.denied, 1);
}

static void filters_of_chaos_rules_set_bits(void **state)
{
	static const struct http_filter filters[] = {
		{NULL, "/a.*", NULL, 1},
		{"POST", NULL, NULL, 2},
		{"GET", "/ab", "x.org", 63},
	};
	static const struct short_rule rules[] = {{"GET", "/ab", NULL, {NULL}}};
	struct http_engine e;
	__u32 watch = table_make(NULL, 0, filters, 3, 1);
	__u32 enforce = table_make(rules, 1, filters, 3, 1);

	(void)state;
	open_conn(&e, 0, watch);
	assert_int_equal(client(&e, "GET /ab HTTP/1.1\r\nHost: X.org\r\n\r\n", 9), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.result.denied, 0);
	assert_true(e.conn.result.chaos[1] == (1ULL << 63 | 1 << 1));
	assert_int_equal(client(&e, HEAD("POST /b"), 9), AXO_HTTP_HEAD);
	assert_true(e.conn.result.chaos[1] == 1 << 2);
	/* What is no HTTP is not denied where nobody enforces. */
	assert_int_equal(client(&e, "SSH-2.0-x\r\n", 4), AXO_HTTP_OPAQUE);
	open_conn(&e, watch, enforce);
	assert_int_equal(client(&e, HEAD("GET /ab"), 9), AXO_HTTP_HEAD);
	assert_true(e.conn.result.chaos[0] == 1 << 1 && e.conn.result.chaos[1] == 1 << 1);
	assert_int_equal(e.conn.result.denied, 0);
	assert_int_equal(client(&e, HEAD("GET /ac"), 9), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.result.denied, 1);
}

static void responses_are_told_apart(void **state)
{
	__u32 all = TABLE({NULL, NULL, NULL, {NULL}});
	struct http_engine e;
	static const struct {
		const char *request, *response;
		int status;
		bool idle; /* the next response can be read */
	} rows[] = {
		{HEAD("GET /"), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, true},
		{HEAD("GET /"), "HTTP/1.1 204 None\r\nX: y\r\n\r\n", 204, true},
		{HEAD("HEAD /"), "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", 200, true},
		{HEAD("GET /"), "HTTP/1.1 304 X\r\nContent-Length: 99\r\n\r\n", 304, true},
		{HEAD("GET /"),
		 "HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 503,
		 true},
		{HEAD("GET /"), "HTTP/1.1 200 OK\r\n\r\nuntil it closes", 200, false},
		{HEAD("GET /"), "HTTP/1.0 200 OK\nContent-Length: 2\n\nok", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = rows[i].response;
		size_t len = strlen(text), used = 0, at = 0;
		int status = 0;

		open_conn(&e, 0, all);
		assert_int_equal(client(&e, rows[i].request, 100), AXO_HTTP_HEAD);
		while (at < len) {
			if (http_engine_response(&e, text + at, len - at < 3 ? len - at : 3,
						 &used) == AXO_HTTP_HEAD)
				status = e.conn.response.status;
			at += used;
		}
		assert_int_equal(status, rows[i].status);
		assert_int_equal(client(&e, HEAD("GET /"), 100), AXO_HTTP_HEAD);
		assert_int_equal(server(&e, "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n") ==
					 AXO_HTTP_HEAD,
				 rows[i].idle);
	}
}

static void interim_responses_are_not_the_answer(void **state)
{
	__u32 all = TABLE({NULL, NULL, NULL, {NULL}});
	struct http_engine e;

	(void)state;
	open_conn(&e, 0, all);
	assert_int_equal(client(&e, HEAD("GET /1") HEAD("HEAD /2"), 1000), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.pending, 2);
	assert_int_equal(server(&e, "HTTP/1.1 100 Continue\r\n\r\n"), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.pending, 2);
	assert_int_equal(server(&e, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), AXO_HTTP_HEAD);
	assert_int_equal(server(&e, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.pending, 0);
	assert_int_equal(server(&e, "HTTP/1.1 408 X\r\n\r\n"), AXO_HTTP_HEAD);
	assert_int_equal(server(&e, "x"), AXO_HTTP_OPAQUE);
}

#define UPGRADE "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"

static void another_protocol_passes_when_both_ends_agreed(void **state)
{
	__u32 table = TABLE({"GET", "/ws", NULL, {"Upgrade: websocket", NULL}},
			    {"GET", "/", NULL, {NULL}});
	struct http_engine e;

	(void)state;
	open_conn(&e, 0, table);
	assert_int_equal(client(&e, UPGRADE, 7), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.result.hold, 1);
	assert_int_equal(client(&e, "\x81\x05", 1), AXO_HTTP_HOLD);
	assert_int_equal(server(&e, "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n"),
			 AXO_HTTP_HEAD);
	assert_int_equal(client(&e, "\x81\x05hello", 2), AXO_HTTP_OPAQUE);
	/* A server that does not want to goes on with HTTP. */
	open_conn(&e, 0, table);
	client(&e, UPGRADE, 7);
	assert_int_equal(server(&e, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), AXO_HTTP_HEAD);
	assert_int_equal(client(&e, HEAD("GET /"), 7), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.result.denied, 0);
	assert_int_equal(client(&e, HEAD("GET /admin"), 7), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.result.denied, 1);
	/* One whose answer nobody understands ends it. */
	open_conn(&e, 0, table);
	client(&e, UPGRADE, 7);
	assert_int_equal(server(&e, "???"), AXO_HTTP_OPAQUE);
	assert_int_equal(client(&e, "x", 7), AXO_HTTP_DENY);
}

static void tables_change_between_requests_only(void **state)
{
	__u32 before = TABLE({"GET", "/a", NULL, {NULL}}),
	      after = TABLE({"GET", "/b", NULL, {NULL}});
	struct http_engine e;

	(void)state;
	open_conn(&e, 0, before);
	assert_int_equal(client(&e, HEAD("GET /a"), 100), AXO_HTTP_HEAD);
	e.table[1] = after;
	assert_int_equal(client(&e, HEAD("GET /b"), 100), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.result.denied, 0);
	e.table[1] = before;
	assert_int_equal(client(&e, HEAD("GET /b"), 100), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.result.denied, 1);
	open_conn(&e, 0, before);
	assert_int_equal(client(&e, "GET /", 100), AXO_HTTP_MORE);
	e.table[1] = after;
	assert_int_equal(client(&e, "b HTTP/1.1\r\n", 100), AXO_HTTP_DENY);
	assert_int_equal(e.conn.request[0].reason, AXO_HTTP_DENY_TABLE);
	/* A body goes on under the new tables. */
	open_conn(&e, 0, before);
	assert_int_equal(client(&e, "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234",
				100),
			 AXO_HTTP_BODY);
	e.table[1] = after;
	assert_int_equal(client(&e, "56789" HEAD("GET /b"), 100), AXO_HTTP_HEAD);
	assert_int_equal(e.conn.result.denied, 0);
}

static void heads_of_64_kb_are_too_long(void **state)
{
	__u32 all = TABLE({NULL, NULL, NULL, {NULL}});

	(void)state;
	for (int more = 0; more < 2; more++)
		for (size_t piece = 100; piece < 100000; piece *= 5) {
			size_t size = AXO_HTTP_HEAD_MAX + more;
			char *text = malloc(size + 1);
			int n = sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\nX: ");

			memset(text + n, 'x', size - n);
			memcpy(text + size - 4, "\r\n\r\n", 4);
			struct http_stream s = http_stream_run(&pool, all, text, size, piece);
			assert_int_equal(s.allowed, !more);
			assert_int_equal(s.reason, more ? AXO_HTTP_DENY_TOO_LONG : 0);
			free(text);
		}
}

static void a_body_of_gigabytes_does_not_count_as_a_head(void **state)
{
	__u32 all = TABLE({NULL, NULL, NULL, {NULL}});
	struct http_engine e;

	(void)state;
	open_conn(&e, 0, all);
	client(&e, "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 99);
	for (int i = 0; i < 3000; i++) {
		assert_int_not_equal(client(&e, "40\r\n", 99), AXO_HTTP_DENY);
		assert_int_not_equal(
			client(&e,
			       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
			       99),
			AXO_HTTP_DENY);
		assert_int_not_equal(client(&e, "\r\n", 99), AXO_HTTP_DENY);
	}
	client(&e, "0\r\n\r\n", 99);
	assert_int_equal(client(&e, HEAD("GET /"), 99), AXO_HTTP_HEAD);
}

static void rules_that_do_not_fit_are_blamed(void **state)
{
	static const struct short_rule rules[] = {
		{"GET", "/a", NULL, {NULL}},
		{"GET", "/.*a.{20}", NULL, {NULL}},
		{"GET", "/b", NULL, {NULL}},
	};
	struct rule_book *b = calloc(1, sizeof(*b));
	struct http_tables t = {0};
	struct error e = {0};
	uint32_t blame = 99;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		rule_book_add(b, &rules[i]);
	assert_int_equal(http_compile(&b->source, &t, &blame, &e), -E2BIG);
	assert_int_equal(blame, 1);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_policies_must_allow),
		cmocka_unit_test(too_many_states_for_one_lane_are_split),
		cmocka_unit_test(filters_of_chaos_rules_set_bits),
		cmocka_unit_test(responses_are_told_apart),
		cmocka_unit_test(interim_responses_are_not_the_answer),
		cmocka_unit_test(another_protocol_passes_when_both_ends_agreed),
		cmocka_unit_test(tables_change_between_requests_only),
		cmocka_unit_test(heads_of_64_kb_are_too_long),
		cmocka_unit_test(a_body_of_gigabytes_does_not_count_as_a_head),
		cmocka_unit_test(rules_that_do_not_fit_are_blamed),
	};

	return cmocka_run_group_tests(tests, pool_setup, pool_teardown);
}
