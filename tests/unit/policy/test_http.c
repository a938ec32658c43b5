/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP rules through their tables and the reader that programs run. */
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

static __u32 table_of(struct rule_book *b)
{
	struct http_tables t = {0};
	struct error e = {0};
	uint32_t blame = 0;

	if (http_compile(&b->source, &t, &blame, &e))
		fail_msg("%s (rule %u)", e.msg, blame);
	__u32 at = http_pool_add(&pool, &t);
	assert_int_not_equal(at, 0);
	http_tables_fini(&t);
	return at;
}

static __u32 table_of_rules(const struct short_rule *rules, size_t count)
{
	struct rule_book *b = calloc(1, sizeof(*b));

	for (size_t i = 0; i < count; i++)
		rule_book_add(b, &rules[i]);
	__u32 at = table_of(b);
	free(b);
	return at;
}

/* The same in one piece, byte by byte, and split once at every place. */
static struct http_stream run_all_splits(__u32 table, const char *data, size_t len)
{
	struct http_stream whole = http_stream_run(&pool, table, data, len, len);

	for (size_t piece = 1; piece < len; piece = piece < 16 ? piece + 1 : piece * 2) {
		struct http_stream s = http_stream_run(&pool, table, data, len, piece);

		if (memcmp(&s, &whole, sizeof(s)))
			fail_msg("in pieces of %zu: %u heads, %u allowed, event %u, reason %s; "
				 "whole: %u, %u, %u, %s: %s",
				 piece, s.heads, s.allowed, s.event, http_reason_to_str(s.reason),
				 whole.heads, whole.allowed, whole.event,
				 http_reason_to_str(whole.reason), data);
	}
	return whole;
}

struct request_row {
	const char *request;
	uint32_t allowed; /* requests */
	uint8_t reason;	  /* of the end */
};

static void run_rows(__u32 table, const struct request_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct http_stream s =
			run_all_splits(table, rows[i].request, strlen(rows[i].request));

		if (s.allowed != rows[i].allowed || s.reason != rows[i].reason)
			fail_msg("%u allowed, %s; expected %u, %s: %s", s.allowed,
				 http_reason_to_str(s.reason), rows[i].allowed,
				 http_reason_to_str(rows[i].reason), rows[i].request);
	}
}

#define H " HTTP/1.1\r\nHost: a.b\r\n"
#define DENY(what) AXO_HTTP_DENY_##what

static void paths_are_matched_in_normal_form(void **state)
{
	static const struct short_rule rules[] = {{"GET", "/public/.*", NULL, {NULL}},
						  {"GET", "/b", NULL, {NULL}},
						  {"OPTIONS", "\\*", NULL, {NULL}}};
	static const struct request_row rows[] = {
		{"GET /public/x" H "\r\n", 1, 0},
		{"GET /b" H "\r\n", 1, 0},
		{"GET /b?x=1" H "\r\n", 0, DENY(RULE)},
		{"GET /a/../b" H "\r\n", 1, 0},
		{"GET /a/./../b" H "\r\n", 1, 0},
		{"GET /./b" H "\r\n", 1, 0},
		{"GET //b" H "\r\n", 1, 0},
		{"GET /%62" H "\r\n", 1, 0},
		{"GET /a/%2e%2E/b" H "\r\n", 1, 0},
		{"GET /a/.%2e/b" H "\r\n", 1, 0},
		{"GET /public/../b" H "\r\n", 1, 0},
		{"GET /public/.." H "\r\n", 0, DENY(RULE)},
		{"GET /public/../admin" H "\r\n", 0, DENY(RULE)},
		{"GET /public/%2e%2e/admin" H "\r\n", 0, DENY(RULE)},
		{"GET /public/x/../../admin" H "\r\n", 0, DENY(RULE)},
		{"GET /public/x/..?/../b" H "\r\n", 1, 0},
		{"GET /public/..%2fadmin" H "\r\n", 0, DENY(ENCODED)},
		{"GET /public/..%5Cadmin" H "\r\n", 0, DENY(ENCODED)},
		{"GET /public/%00" H "\r\n", 0, DENY(ENCODED)},
		{"GET /public/x%0a" H "\r\n", 0, DENY(ENCODED)},
		{"GET /public/..\\admin" H "\r\n", 0, DENY(TARGET)},
		{"GET /public/..;/admin" H "\r\n", 0, DENY(DOTS)},
		{"GET /public/..%3b/admin" H "\r\n", 0, DENY(DOTS)},
		{"GET /public/.;x/admin" H "\r\n", 0, DENY(DOTS)},
		{"GET /public//../b" H "\r\n", 0, DENY(DOTS)},
		{"GET /.." H "\r\n", 0, DENY(DOTS)},
		{"GET /../b" H "\r\n", 0, DENY(DOTS)},
		{"GET /public/..." H "\r\n", 1, 0},
		{"GET /public/.x" H "\r\n", 1, 0},
		{"GET /public/..x/y" H "\r\n", 1, 0},
		{"GET /public/.%61" H "\r\n", 1, 0},
		{"GET /public/%zz" H "\r\n", 0, DENY(PERCENT)},
		{"GET /public/%4" H "\r\n", 0, DENY(PERCENT)},
		{"GET /public/%" H "\r\n", 0, DENY(PERCENT)},
		{"GET /public/%25%32%66" H "\r\n", 1, 0}, /* the text %2f, once decoded %25 */
		{"GET /public/a#b" H "\r\n", 0, DENY(TARGET)},
		{"GET /public/\xc3\xa9" H "\r\n", 0, DENY(TARGET)},
		{"GET /public/%c3%a9" H "\r\n", 1, 0},
		{"GET /public/?a=%zz" H "\r\n", 0, DENY(PERCENT)},
		{"GET /public/?a=%2f%00" H "\r\n", 1, 0},
		{"GET http://a.b/b" H "\r\n", 1, 0},
		{"GET HTTP://a.b/x/../b" H "\r\n", 1, 0},
		{"GET http://a.b" H "\r\n", 0, DENY(RULE)},
		{"GET https://a.b/b" H "\r\n", 0, DENY(TARGET)},
		{"GET http://u@a.b/b" H "\r\n", 0, DENY(TARGET)},
		{"GET http:///b" H "\r\n", 0, DENY(TARGET)},
		{"GET *" H "\r\n", 0, DENY(TARGET)},
		{"OPTIONS *" H "\r\n", 1, 0},
		{"OPTIONS *x" H "\r\n", 0, DENY(TARGET)},
		{"GET b" H "\r\n", 0, DENY(TARGET)},
		{"get /b" H "\r\n", 0, DENY(RULE)},
		{"POST /b" H "\r\n", 0, DENY(RULE)},
		{"GET /b/" H "\r\n", 0, DENY(RULE)},
		{"GET /1/2/3/4/5/6/7/8/9/10/11/12/13/../../../../../../../../../../../../../b" H
		 "\r\n",
		 1, 0},
		{"GET /1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/../../../../../../../../../../../"
		 "../../../../../../b" H "\r\n",
		 0, DENY(DOTS)},
	};

	(void)state;
	run_rows(table_of_rules(rules, ARRAY_SIZE(rules)), rows, ARRAY_SIZE(rows));
}

static void what_is_not_plainly_http_is_denied(void **state)
{
	static const struct short_rule rules[] = {{NULL, NULL, NULL, {NULL}}};
	static const struct request_row rows[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1, 0},
		{"GET / HTTP/1.0\r\n\r\n", 1, 0},
		{"GET / HTTP/1.1\r\n\r\n", 0, DENY(HOST)},
		{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 0, DENY(HOST)},
		{"GET / HTTP/1.1\r\nhost: a\r\nHOST: b\r\n\r\n", 0, DENY(HOST)},
		{"GET / HTTP/1.1\r\nHost: \r\n\r\n", 0, DENY(HOST)},
		{"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 0, DENY(HOST)},
		{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 0, DENY(VALUE)},
		{"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 0, DENY(HOST)},
		{"GET / HTTP/1.1\r\nHost:a  \t\r\n\r\n", 1, 0},
		{"GET /\r\n", 0, DENY(TARGET)},
		{"GET / \r\n\r\n", 0, DENY(VERSION)},
		{"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 0, DENY(NEWLINE)},
		{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 0, DENY(TARGET)},
		{" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, DENY(METHOD)},
		{"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, DENY(METHOD)},
		{"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 0, DENY(VERSION)},
		{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 0, DENY(VERSION)},
		{"GET / http/1.1\r\nHost: a\r\n\r\n", 0, DENY(VERSION)},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, DENY(TARGET)},
		{"\x16\x03\x01\x02", 0, DENY(METHOD)},
		{"GET / HTTP/1.1\nHost: a\n\n", 0, DENY(NEWLINE)},
		{"GET / HTTP/1.1\r\nHost: a\n\r\n", 0, DENY(HOST)},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: y\n\r\n", 0, DENY(NEWLINE)},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n", 0, DENY(NEWLINE)},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: y\x01\r\n\r\n", 0, DENY(VALUE)},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: y\x7f\r\n\r\n", 0, DENY(VALUE)},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: long enough for words \x1f and more\r\n\r\n", 0,
		 DENY(VALUE)},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: tab\there \xff\xfe and more text\r\n\r\n", 1, 0},
		{"GET / HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n", 0, DENY(FOLD)},
		{"GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", 0, DENY(FOLD)},
		{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 0, DENY(NAME)},
		{"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 0, DENY(NAME)},
		{"GET / HTTP/1.1\r\nHost: a\r\nNoColon\r\n\r\n", 0, DENY(NAME)},
		{"GET / HTTP/1.1\r\nHost: a\r\nX[1]: y\r\n\r\n", 0, DENY(NAME)},
		{"GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \r\nZ:  \t \r\n\r\n", 1, 0},
		{"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 0, DENY(CONNECT)},
		{"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n", 0, DENY(UPGRADE)},
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 2, 0},
	};

	(void)state;
	run_rows(table_of_rules(rules, ARRAY_SIZE(rules)), rows, ARRAY_SIZE(rows));
}

#define P "POST / HTTP/1.1\r\nHost: a\r\n"
#define NEXT "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static void bodies_end_where_servers_say(void **state)
{
	static const struct short_rule rules[] = {{NULL, "/", NULL, {NULL}}};
	static const struct request_row rows[] = {
		{P "Content-Length: 5\r\n\r\nhello" NEXT, 2, 0},
		{P "content-length:0\r\n\r\n" NEXT, 2, 0},
		{P "Content-Length: 38\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n" NEXT,
		 2, 0},
		{P "Content-Length: 37\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n" NEXT,
		 1, DENY(METHOD)},
		{P "Content-Length: 36\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n" NEXT,
		 1, DENY(METHOD)},
		{P "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 0, DENY(LENGTH)},
		{P "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 0, DENY(LENGTH)},
		{P "Content-Length: 5, 5\r\n\r\nhello", 0, DENY(LENGTH)},
		{P "Content-Length: +5\r\n\r\nhello", 0, DENY(LENGTH)},
		{P "Content-Length: -5\r\n\r\nhello", 0, DENY(LENGTH)},
		{P "Content-Length: 5 5\r\n\r\nhello", 0, DENY(VALUE)},
		{P "Content-Length: 0x5\r\n\r\nhello", 0, DENY(LENGTH)},
		{P "Content-Length:\r\n\r\nhello", 0, DENY(LENGTH)},
		{P "Content-Length: 9999999999999999\r\n\r\n", 0, DENY(LENGTH)},
		{P "Content-Length: 18446744073709551621\r\n\r\nhello", 0, DENY(LENGTH)},
		{P "Content_Length: 5\r\n\r\nhello", 0, DENY(NAME)},
		{P "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 0, DENY(CODING)},
		{P "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 0, DENY(LENGTH)},
		{P "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", 0, DENY(CODING)},
		{P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 0,
		 DENY(CODING)},
		{P "Transfer-Encoding: gzip, chunked\r\n\r\n", 0, DENY(CODING)},
		{P "Transfer-Encoding: xchunked\r\n\r\n", 0, DENY(CODING)},
		{P "Transfer-Encoding: chunkedx\r\n\r\n", 0, DENY(CODING)},
		{P "Transfer-Encoding: \"chunked\"\r\n\r\n", 0, DENY(CODING)},
		{P "Transfer-Encoding: chunked;x\r\n\r\n", 0, DENY(CODING)},
		{P "Transfer-Encoding: identity\r\n\r\n", 0, DENY(CODING)},
		{P "Transfer-Encoding:\x0b"
		   "chunked\r\n\r\n",
		 0, DENY(CODING)},
		{P "Transfer-Encoding : chunked\r\n\r\n", 0, DENY(NAME)},
		{P "Transfer_Encoding: chunked\r\n\r\n", 0, DENY(NAME)},
		{P "Transfer-Encoding:\r\n chunked\r\n\r\n", 0, DENY(CODING)},
		{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 0, DENY(CODING)},
		{P "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" NEXT, 2, 0},
		{P "transfer-encoding:\tCHUNKED \r\n\r\n1\r\nx\r\n0\r\n\r\n" NEXT, 2, 0},
		{P "Transfer-Encoding: chunked\r\n\r\n00a\r\n0123456789\r\n0\r\n\r\n" NEXT, 2, 0},
		{P "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0;x\r\n\r\n" NEXT, 2, 0},
		{P "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n" NEXT, 2, 0},
		{P "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n", 1,
		 DENY(NAME)},
		{P "Transfer-Encoding: chunked\r\n\r\n0\r\nHost: b\r\n\r\n", 1, DENY(NAME)},
		{P "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", 1, DENY(CHUNK)},
		{P "Transfer-Encoding: chunked\r\n\r\n5;a\nhello\r\n0\r\n\r\n", 1, DENY(CHUNK)},
		{P "Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n", 1, DENY(CHUNK)},
		{P "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX0\r\n\r\n", 1, DENY(CHUNK)},
		{P "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n", 1, DENY(CHUNK)},
		{P "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", 1, DENY(CHUNK)},
		{P "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", 1, DENY(CHUNK)},
		{P "Transfer-Encoding: chunked\r\n\r\n\r\n", 1, DENY(CHUNK)},
		{P "Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello", 1, DENY(CHUNK)},
	};

	(void)state;
	run_rows(table_of_rules(rules, ARRAY_SIZE(rules)), rows, ARRAY_SIZE(rows));
}

static void hosts_and_headers_are_asked_for(void **state)
{
	static const struct short_rule rules[] = {
		{"GET", "/a", "good\\.org(:80)?", {NULL}},
		{"GET", "/b", NULL, {"X-Key: secret", NULL}},
		{"GET", "/b", NULL, {"X-Debug", "X-Key: other"}},
		{"GET", "/c", NULL, {"?X-Trace: on", NULL}},
		{"GET", "/d", NULL, {"Host: d.org", NULL}},
		{"GET", "/ws", NULL, {"Upgrade: websocket", NULL}},
		{"GET|CONNECT", "t:443", NULL, {NULL}},
	};
	static const struct request_row rows[] = {
		{"GET /a HTTP/1.1\r\nHost: good.org\r\n\r\n", 1, 0},
		{"GET /a HTTP/1.1\r\nHost: GOOD.org:80  \r\n\r\n", 1, 0},
		{"GET /a HTTP/1.1\r\nHost: good.org.\r\n\r\n", 0, DENY(RULE)},
		{"GET /a HTTP/1.1\r\nHost: bad.org\r\n\r\n", 0, DENY(RULE)},
		{"GET /a HTTP/1.0\r\n\r\n", 0, DENY(RULE)},
		{"GET http://good.org/a HTTP/1.0\r\n\r\n", 1, 0},
		{"GET http://good.org/a HTTP/1.1\r\nHost: good.org\r\n\r\n", 1, 0},
		{"GET http://good.org/a HTTP/1.1\r\nHost: bad.org\r\n\r\n", 0, DENY(RULE)},
		{"GET http://bad.org/a HTTP/1.1\r\nHost: good.org\r\n\r\n", 0, DENY(RULE)},
		{"GET /b" H "X-Key: secret\r\n\r\n", 1, 0},
		{"GET /b" H "x-kEY:   secret \t \r\n\r\n", 1, 0},
		{"GET /b" H "X-Key: Secret\r\n\r\n", 0, DENY(RULE)},
		{"GET /b" H "X-Key: secre\r\n\r\n", 0, DENY(RULE)},
		{"GET /b" H "X-Key: secrets\r\n\r\n", 0, DENY(RULE)},
		{"GET /b" H "X-Key: secret\r\nX-Key: secret\r\n\r\n", 0, DENY(RULE)},
		{"GET /b" H "X-Key: secret\r\nX-Key: x\r\n\r\n", 0, DENY(RULE)},
		{"GET /b" H "X-Key: x\r\nX-Key: secret\r\n\r\n", 0, DENY(RULE)},
		{"GET /b" H "X-Key: other\r\n\r\n", 0, DENY(RULE)},
		{"GET /b" H "X-Key: other\r\nX-Debug:\r\n\r\n", 1, 0},
		{"GET /b" H "Y: X-Key: secret\r\n\r\n", 0, DENY(RULE)},
		{"GET /b" H "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Key: secret\r\n\r\n", 0,
		 DENY(RULE)},
		{"GET /c" H "X-Trace: on\r\n\r\n", 1, 0},
		{"GET /c" H "\r\n", 1, 0},
		{"GET /d HTTP/1.1\r\nHost: D.org\r\n\r\n", 1, 0},
		{"GET /d" H "\r\n", 0, DENY(RULE)},
		{"GET /ws" H "Upgrade: websocket\r\n\r\n", 1, 0},
		{"GET /ws" H "Upgrade: h2c\r\n\r\n", 0, DENY(UPGRADE)},
		{"GET /a HTTP/1.1\r\nHost: good.org\r\nUpgrade: websocket\r\n\r\n", 0,
		 DENY(UPGRADE)},
		{"CONNECT t:443" H "\r\n", 1, 0},
		{"CONNECT u:443" H "\r\n", 0, DENY(CONNECT)},
		{"CONNECT /ws" H "\r\n", 0, DENY(TARGET)},
	};
	__u32 table = table_of_rules(rules, ARRAY_SIZE(rules));
	static const char miss[] = "GET /c" H "\r\n", hit[] = "GET /c" H "X-Trace: on\r\n\r\n";

	(void)state;
	run_rows(table, rows, ARRAY_SIZE(rows));
	assert_int_not_equal(http_stream_run(&pool, table, miss, strlen(miss), 99).log, 0);
	assert_int_equal(http_stream_run(&pool, table, hit, strlen(hit), 99).log, 0);
}

static void slashes_may_be_encoded_where_a_rule_speaks_of_them(void **state)
{
	static const struct short_rule rules[] = {{"GET", "/p/[a-z]+%2F[a-z]+", NULL, {NULL}}};
	static const struct request_row rows[] = {
		{"GET /p/a%2fb" H "\r\n", 1, 0},
		{"GET /p/a%2F..%2fb" H "\r\n", 0, DENY(RULE)},
		{"GET /p/a/b" H "\r\n", 0, DENY(RULE)},
	};

	(void)state;
	run_rows(table_of_rules(rules, ARRAY_SIZE(rules)), rows, ARRAY_SIZE(rows));
}

static void the_first_rule_that_allows_is_named(void **state)
{
	static const struct short_rule rules[] = {{"POST", ".*", NULL, {NULL}},
						  {"GET", "/a/b", "x", {NULL}},
						  {"GET", "/a/.*", NULL, {NULL}},
						  {"GET", "/a/b", NULL, {NULL}}};
	__u32 table = table_of_rules(rules, ARRAY_SIZE(rules));
	static const struct {
		const char *request;
		uint32_t rule;
	} rows[] = {
		{"GET /a/b HTTP/1.1\r\nHost: x\r\n\r\n", 1},
		{"GET /a/b HTTP/1.1\r\nHost: y\r\n\r\n", 2},
		{"POST /a/b HTTP/1.1\r\nHost: y\r\n\r\n", 0},
		{"PUT /a/b HTTP/1.1\r\nHost: y\r\n\r\n", AXO_HTTP_NO_RULE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(
			run_all_splits(table, rows[i].request, strlen(rows[i].request)).rule,
			rows[i].rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_matched_in_normal_form),
		cmocka_unit_test(what_is_not_plainly_http_is_denied),
		cmocka_unit_test(bodies_end_where_servers_say),
		cmocka_unit_test(hosts_and_headers_are_asked_for),
		cmocka_unit_test(slashes_may_be_encoded_where_a_rule_speaks_of_them),
		cmocka_unit_test(the_first_rule_that_allows_is_named),
	};

	return cmocka_run_group_tests(tests, pool_setup, pool_teardown);
}
