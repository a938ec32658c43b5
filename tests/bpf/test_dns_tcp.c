// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * DNS rules on live TCP connections: messages however they are cut, which queries end them, and
 * what answers teach.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/bpf/dns.h"
#include "tests/bpf/pair.h"

#define GOOD 0xc0000201 /* WORLD4 */
#define OTHER 0xc6336407
#define OTHER4 "198.51.100.7"

/** struct stream - messages with their lengths in front */
struct stream {
	uint8_t b[16384];
	size_t len;
};

static int setup_at(void **state, const char *addr)
{
	struct fixture *x;

	if (dns_setup(state, IPPROTO_TCP))
		return -1;
	x = *state;
	map_clear(x->skel->maps.axo_dns_flow);
	pair_listen(x, addr, 53);
	return 0;
}

static int setup4(void **state)
{
	return setup_at(state, B4);
}

static int setup6(void **state)
{
	return setup_at(state, B6);
}

static void add(struct stream *s, const struct dns_wire *m)
{
	s->b[s->len++] = (uint8_t)(m->len >> 8);
	s->b[s->len++] = (uint8_t)m->len;
	memcpy(s->b + s->len, m->b, m->len);
	s->len += m->len;
}

static void add_query(struct stream *s, unsigned int id, const char *name)
{
	struct dns_wire m;

	wire_query(&m, id, name, 0);
	add(s, &m);
}

static void add_answer(struct stream *s, unsigned int id, const char *name, uint32_t addr)
{
	struct dns_wire m;

	wire_answer(&m, id, name, 300, addr);
	add(s, &m);
}

/** add_long - an answer with @fill bytes of text in front of the address */
static void add_long(struct stream *s, unsigned int id, uint16_t fill, uint32_t addr)
{
	struct dns_wire m;

	wire_start(&m, id, 0x8180, (const unsigned int[4]){1, 2, 0, 0});
	wire_question(&m, "learn.example", 1);
	wire_pointer(&m, 12);
	wire_record(&m, 16, 300, fill);
	memset(m.b + m.len, 'x', fill);
	m.len += fill;
	wire_pointer(&m, 12);
	wire_a(&m, 300, addr);
	add(s, &m);
}

static void asks(const struct pair *p, const struct stream *s)
{
	pair_send(p->client, s->b, s->len);
	assert_arrives(p->server, s->b, s->len);
}

static void answers(const struct pair *p, const struct stream *s)
{
	pair_send(p->server, s->b, s->len);
	assert_arrives(p->client, s->b, s->len);
}

static bool has(struct fixture *x, const char *addr)
{
	return learned(x, DNS_ENDPOINT, addr, DNS_S) > 0;
}

static void allowed_query_passes_and_its_answer_teaches(void **state)
{
	struct stream q = {}, a = {};
	struct pair p = pair_open(*state);

	add_query(&q, DNS_ID, "leArn.example");
	add_answer(&a, DNS_ID, "learn.example", GOOD);
	asks(&p, &q);
	answers(&p, &a);
	assert_true(has(*state, WORLD4));
	pair_close(&p);
}

static void query_may_be_split_at_every_byte(void **state)
{
	struct stream good = {}, bad = {};

	add_query(&good, DNS_ID, "ok.example");
	add_query(&bad, DNS_ID, "no.example");
	for (size_t at = 1; at < good.len; at++) {
		struct pair p = pair_open(*state);

		pair_send(p.client, good.b, at);
		pair_send(p.client, good.b + at, good.len - at);
		assert_arrives(p.server, good.b, good.len);
		pair_close(&p);
		p = pair_open(*state);
		pair_send(p.client, bad.b, at);
		pair_send(p.client, bad.b + at, bad.len - at);
		assert_int_equal(assert_reset(p.client), 0);
		assert_true(assert_reset(p.server) < bad.len);
		pair_close(&p);
	}
}

/* It teaches with its last byte, not before, and the prefix may be cut in two as well. */
static void answer_may_be_split_at_every_byte(void **state)
{
	struct stream q = {}, a = {};

	add_query(&q, DNS_ID, "learn.example");
	add_answer(&a, DNS_ID, "learn.example", GOOD);
	for (size_t at = 1; at < a.len; at++) {
		struct pair p = pair_open(*state);

		names_clear(*state);
		asks(&p, &q);
		pair_send(p.server, a.b, at);
		assert_arrives(p.client, a.b, at);
		assert_int_equal(learned_count(*state), 0);
		pair_send(p.server, a.b + at, a.len - at);
		assert_arrives(p.client, a.b + at, a.len - at);
		assert_true(has(*state, WORLD4));
		pair_close(&p);
	}
}

static void messages_may_come_byte_by_byte(void **state)
{
	struct stream q = {}, a = {};
	struct pair p = pair_open(*state);

	add_query(&q, 1, "ok.example");
	add_query(&q, 2, "learn.example");
	add_answer(&a, 1, "ok.example", OTHER);
	add_answer(&a, 2, "learn.example", GOOD);
	for (size_t i = 0; i < q.len; i++)
		pair_send(p.client, q.b + i, 1);
	assert_arrives(p.server, q.b, q.len);
	for (size_t i = 0; i < a.len; i++)
		pair_send(p.server, a.b + i, 1);
	assert_arrives(p.client, a.b, a.len);
	assert_true(has(*state, WORLD4));
	assert_false(has(*state, OTHER4));
	pair_close(&p);
}

static void several_queries_in_one_segment_are_all_judged(void **state)
{
	struct stream q = {}, a = {};
	struct pair p = pair_open(*state);

	for (unsigned int i = 0; i < 40; i++)
		add_query(&q, i, i & 1 ? "learn.example" : "a.web.example");
	add_answer(&a, 39, "learn.example", GOOD); /* in another order */
	add_answer(&a, 0, "a.web.example", OTHER);
	asks(&p, &q);
	answers(&p, &a);
	assert_true(has(*state, WORLD4));
	assert_true(learned(*state, DNS_ENDPOINT, OTHER4, DNS_S + 1) > 0);
	pair_close(&p);
	p = pair_open(*state);
	add_query(&q, 40, "no.example");
	pair_send(p.client, q.b, q.len);
	assert_int_equal(assert_reset(p.client), 0);
	assert_int_equal(assert_reset(p.server), 0);
	pair_close(&p);
}

static void answer_longer_than_a_segment_teaches(void **state)
{
	struct stream q = {}, a = {};
	struct pair p = pair_open(*state);

	add_query(&q, DNS_ID, "learn.example");
	add_long(&a, DNS_ID, 4000, GOOD);
	asks(&p, &q);
	answers(&p, &a);
	assert_true(has(*state, WORLD4));
	pair_close(&p);
}

/* Too long to be read: it passes, teaches nothing, and the next one is found behind it. */
static void answer_longer_than_any_that_is_read_passes(void **state)
{
	struct stream q = {}, a = {};
	struct pair p = pair_open(*state);

	add_query(&q, 1, "learn.example");
	add_query(&q, 2, "learn.example");
	add_long(&a, 1, 7000, OTHER);
	add_answer(&a, 2, "learn.example", GOOD);
	asks(&p, &q);
	answers(&p, &a);
	assert_false(has(*state, OTHER4));
	assert_true(has(*state, WORLD4));
	pair_close(&p);
}

static void truncated_answer_teaches_nothing(void **state)
{
	struct stream q = {}, a = {};
	struct pair p = pair_open(*state);

	add_query(&q, DNS_ID, "learn.example");
	add_answer(&a, DNS_ID, "learn.example", GOOD);
	a.b[2 + 2] |= 2;
	asks(&p, &q);
	answers(&p, &a);
	assert_int_equal(learned_count(*state), 0);
	pair_close(&p);
}

static void answers_that_were_not_asked_for_teach_nothing(void **state)
{
	struct stream q = {}, a = {};
	struct pair p = pair_open(*state);

	add_answer(&a, DNS_ID, "learn.example", OTHER); /* before it is asked */
	answers(&p, &a);
	add_query(&q, DNS_ID, "learn.example");
	asks(&p, &q);
	a.len = 0;
	add_answer(&a, DNS_ID + 1, "learn.example", OTHER);
	add_answer(&a, DNS_ID, "a.web.example", OTHER);
	add_answer(&a, DNS_ID, "learn.example", GOOD);
	add_answer(&a, DNS_ID, "learn.example", OTHER); /* a second one */
	answers(&p, &a);
	assert_int_equal(learned_count(*state), 1);
	assert_true(has(*state, WORLD4));
	pair_close(&p);
}

/* The question of one connection is not that of another. */
static void answer_on_another_connection_teaches_nothing(void **state)
{
	struct stream q = {}, a = {};
	struct pair asked = pair_open(*state), other = pair_open(*state);

	add_query(&q, DNS_ID, "learn.example");
	add_answer(&a, DNS_ID, "learn.example", OTHER);
	asks(&asked, &q);
	answers(&other, &a);
	assert_int_equal(learned_count(*state), 0);
	pair_close(&asked);
	pair_close(&other);
}

static void what_is_no_query_resets_both_ends(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		int value, pad;
	} rows[] = {
		{"length 0", 1, 0, 0},
		{"length shorter than a header", 1, 11, 0},
		{"length that cuts the question", 1, 20, 0},
		{"length behind the longest", 0, 0x10, 5000},
		{"an answer", 4, 0x81, 0},
		{"an update", 4, 0x29, 0},
		{"no question", 7, 0, 0},
		{"two questions", 7, 2, 0},
		{"a pointer as the name", 14, 0xc0, 0},
		{"class any", 14 + 13 + 2, 255, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pair p = pair_open(*state);
		struct stream q = {};

		add_query(&q, DNS_ID, "ok.example");
		q.b[rows[i].at] = (uint8_t)rows[i].value;
		if (pair_send(p.client, q.b, q.len + (size_t)rows[i].pad))
			assert_int_equal(assert_reset(p.client), 0);
		pair_close(&p);
	}
}

static void connection_older_than_its_rules_is_reset(void **state)
{
	struct entry e = {1, AXO_POL_BITS_PORT, IPPROTO_TCP, 53, AXO_POL_ALLOW, DNS_RULE};
	struct fixture *x = *state;
	struct stream q = {};
	struct pair p;

	entry_set_features(x, DNS_POLICY, AXO_DIR_EGRESS, &e, FEATURES(0, 0));
	bump(x);
	p = pair_open(x);
	add_query(&q, DNS_ID, "no.example");
	asks(&p, &q);
	entry_set_features(x, DNS_POLICY, AXO_DIR_EGRESS, &e, FEATURES(AXO_FEATURE_DNS, DNS_SET));
	bump(x);
	pair_send(p.client, q.b, q.len);
	assert_int_equal(assert_reset(p.client), 0);
	assert_int_equal(assert_reset(p.server), 0);
	pair_close(&p);
}

#define both(f)                                   \
	cmocka_unit_test_setup(f, setup4),        \
	{                                         \
#f "_ipv6", f, setup6, NULL, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		both(allowed_query_passes_and_its_answer_teaches),
		both(query_may_be_split_at_every_byte),
		both(answer_may_be_split_at_every_byte),
		both(messages_may_come_byte_by_byte),
		both(several_queries_in_one_segment_are_all_judged),
		both(answer_longer_than_a_segment_teaches),
		both(answer_longer_than_any_that_is_read_passes),
		both(truncated_answer_teaches_nothing),
		both(answers_that_were_not_asked_for_teach_nothing),
		both(answer_on_another_connection_teaches_nothing),
		both(what_is_no_query_resets_both_ends),
		both(connection_older_than_its_rules_is_reset),
	};

	return cmocka_run_group_tests_name("dns_tcp", tests, live_group_setup,
					   fixture_group_teardown);
}
