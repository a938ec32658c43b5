// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * serverNames on live connections: which hellos pass, however they are cut, and which reset both
 * ends.  A's egress policy allows ok.example and *.web.example at port 443.
 */
#include <netinet/in.h>
#include <string.h>

#include "tests/bpf/names.h"
#include "tests/bpf/pair.h"
#include "tests/bpf/policy.h"
#include "tests/lib/tls_wire.h"

#define POLICY 5
#define SET 3
#define TABLE 4
#define RULE 16
#define ECH 0xfe0d
#define ESNI 0xffce
#define EARLY_DATA 42
#define HELLO(...) (&(struct tls_opts){__VA_ARGS__})

static int setup_at(void **state, const char *addr)
{
	static const char *const allowed[] = {"ok.example", "*.web.example"};
	struct axo_policy_ref ref = policy_enforced(POLICY, AXO_DIR_EGRESS);
	struct entry e = {1, AXO_POL_BITS_PORT, IPPROTO_TCP, 443, AXO_POL_ALLOW, RULE};
	struct axo_feature_set set = {.sni = TABLE};
	struct fixture *x;

	if (fixture_reset(state))
		return -1;
	x = *state;
	map_clear(x->skel->maps.axo_sni_flow);
	names_set(x, TABLE, allowed, 2, 0);
	feature_set(x, SET, &set);
	policy_set(x, POD_A, &ref);
	peer_set(x, POLICY, AXO_DIR_EGRESS, B_IDENTITY, 1);
	entry_set_features(x, POLICY, AXO_DIR_EGRESS, &e, FEATURES(AXO_FEATURE_SNI, SET));
	bump(x);
	pair_listen(x, addr, 443);
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

/** passes - the hello arrives whole, what follows arrives, and the server's answer does */
static void passes(struct fixture *x, const struct tls_opts *o)
{
	struct pair p = pair_open(x);
	struct tls_wire m;

	tls_hello(&m, o);
	pair_send(p.client, m.b, m.len);
	assert_arrives(p.server, m.b, m.len);
	pair_send(p.server, "server", 6);
	assert_arrives(p.client, "server", 6);
	pair_send(p.client, "\x17\3\3\0\4data", 9);
	assert_arrives(p.server, "\x17\3\3\0\4data", 9);
	pair_close(&p);
}

/** resets - both ends are reset, and the server has nothing of what came in one segment */
static void resets(struct fixture *x, const void *bytes, size_t len)
{
	uint64_t before = drops_of(x, AXO_DROP_L7_DENIED);
	struct pair p = pair_open(x);

	pair_send(p.client, bytes, len);
	assert_int_equal(assert_reset(p.client), 0);
	assert_int_equal(assert_reset(p.server), 0);
	assert_int_equal(drops_of(x, AXO_DROP_L7_DENIED), before + 1);
	pair_close(&p);
}

static void refused(struct fixture *x, const struct tls_opts *o)
{
	struct tls_wire m;

	tls_hello(&m, o);
	resets(x, m.b, m.len);
}

static void names_that_are_allowed_pass(void **state)
{
	passes(*state, HELLO(.name = "ok.example"));
	passes(*state, HELLO(.name = "OK.Example"));
	passes(*state, HELLO(.name = "a.web.example"));
}

/* RFC 8701: clients send values that mean nothing, to keep servers used to that. */
static void grease_is_passed_over(void **state)
{
	for (unsigned int i = 0; i < 16; i++)
		passes(*state, HELLO(.name = "ok.example", .ext = (uint16_t)(0x0a0a + i * 0x1010)));
	refused(*state, HELLO(.name = "bad.example", .ext = 0x0a0a));
}

static void hellos_that_are_not_allowed_reset_both_ends(void **state)
{
	static const struct tls_opts rows[] = {
		{.name = "bad.example"},
		{.name = "a.b.web.example"},
		{.name = "ok.example.org"},
		{.name = NULL},
		{.name = NULL, .no_extensions = true},
		{.name = ""},
		{.name = "ok.example", .twice = true},
		{.name = "ok.example", .name_type = 1},
		{.name = "ok.example."},
		{.name = "ok.example", .ext = ECH},
		{.name = NULL, .ext = ECH},
		{.name = "ok.example", .ext = ESNI},
		{.name = "ok.example", .ext = EARLY_DATA},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		refused(*state, &rows[i]);
}

static void two_different_names_are_refused_in_either_order(void **state)
{
	struct tls_wire m;

	for (int i = 0; i < 2; i++) {
		uint8_t *at;

		tls_hello(&m, HELLO(.name = i ? "ok.example" : "no.example", .twice = true));
		at = memmem(m.b, m.len, i ? "ok.example" : "no.example", 10);
		memcpy(at, i ? "no" : "ok", 2);
		resets(*state, m.b, m.len);
	}
}

static void what_is_no_hello_resets_both_ends(void **state)
{
	static const char zero_byte[] = "ok.example\0.evil";
	struct tls_wire m;

	resets(*state, "GET / HTTP/1.1\r\nHost: ok.example\r\n\r\n", 37);
	resets(*state, "\x80\x2e\1\3\1\0\x15\0\0\0\x10", 11); /* SSL 2.0 */
	tls_hello(&m, HELLO(.name = "ok.examplexevil1"));
	memcpy(memmem(m.b, m.len, "ok.examplexevil1", 16), zero_byte, 16);
	resets(*state, m.b, m.len);
}

/** split - @m in two segments; is it all there, or are both ends reset? */
static void split(struct fixture *x, const struct tls_wire *m, uint32_t at, bool allowed)
{
	struct pair p = pair_open(x);

	pair_send(p.client, m->b, at);
	pair_send(p.client, m->b + at, m->len - at);
	if (allowed) {
		assert_arrives(p.server, m->b, m->len);
	} else {
		assert_int_equal(assert_reset(p.client), 0);
		assert_true(assert_reset(p.server) < m->len);
	}
	pair_close(&p);
}

static void hello_may_be_split_at_every_byte(void **state)
{
	struct tls_wire good, bad;

	tls_hello(&good, HELLO(.name = "ok.example"));
	tls_hello(&bad, HELLO(.name = "no.example"));
	for (uint32_t at = 1; at < good.len; at++) {
		split(*state, &good, at, true);
		split(*state, &bad, at, false);
	}
}

static void hello_may_come_byte_by_byte_in_records_of_any_size(void **state)
{
	for (uint32_t record = 0; record < 60; record += 7)
		for (int ok = 0; ok < 2; ok++) {
			struct pair p = pair_open(*state);
			struct tls_wire m;

			tls_hello(&m, HELLO(.name = ok ? "ok.example" : "no.example",
					    .record = record));
			for (uint32_t at = 0; at < m.len; at++)
				pair_send(p.client, m.b + at, 1);
			if (ok)
				assert_arrives(p.server, m.b, m.len);
			else
				assert_true(assert_reset(p.server) < m.len);
			pair_close(&p);
		}
}

/*
 * Every byte that is not the name is one more or one less, or the largest there is.  Whatever the
 * hello is then, more than a record of zeros behind it ends a connection whose name is not allowed.
 */
static void lengths_that_lie_open_nothing(void **state)
{
	static const uint8_t zeros[20000];
	struct tls_wire m;
	uint8_t *name;

	tls_hello(&m, HELLO(.name = "no.example"));
	name = memmem(m.b, m.len, "no.example", 10);
	for (uint32_t at = 0; at < m.len; at++)
		for (int i = 0; i < 3; i++) {
			struct tls_wire lie = m;
			struct pair p;

			/* What lies in the random number and the name is no length. */
			if ((at >= 11 && at < 43) || (m.b + at >= name && m.b + at < name + 10))
				continue;
			lie.b[at] = i == 2 ? 0xff : (uint8_t)(m.b[at] + (i ? 1 : -1));
			p = pair_open(*state);
			pair_send(p.client, lie.b, lie.len);
			if (pair_send(p.client, zeros, sizeof(zeros)))
				assert_int_equal(assert_reset(p.client), 0);
			pair_close(&p);
		}
}

static void second_hello_is_judged_like_the_first(void **state)
{
	static const uint8_t ccs[] = {20, 3, 3, 0, 1, 1};
	struct tls_wire first, second;

	tls_hello(&first, HELLO(.name = "ok.example"));
	for (int ok = 0; ok < 2; ok++) {
		struct pair p = pair_open(*state);

		tls_hello(&second, HELLO(.name = ok ? "a.web.example" : "no.example"));
		pair_send(p.client, first.b, first.len);
		assert_arrives(p.server, first.b, first.len);
		pair_send(p.server, "retry", 5);
		assert_arrives(p.client, "retry", 5);
		pair_send(p.client, ccs, sizeof(ccs));
		pair_send(p.client, second.b, second.len);
		if (ok) {
			assert_arrives(p.server, ccs, sizeof(ccs));
			assert_arrives(p.server, second.b, second.len);
		} else {
			assert_int_equal(assert_reset(p.client), 0);
			assert_int_equal(assert_reset(p.server), sizeof(ccs));
		}
		pair_close(&p);
	}
}

static void connection_older_than_its_rules_is_reset(void **state)
{
	struct entry e = {1, AXO_POL_BITS_PORT, IPPROTO_TCP, 443, AXO_POL_ALLOW, RULE};
	struct fixture *x = *state;
	struct tls_wire m;
	struct pair p;

	entry_set_features(x, POLICY, AXO_DIR_EGRESS, &e, FEATURES(0, 0));
	bump(x);
	p = pair_open(x);
	pair_send(p.client, "x", 1);
	assert_arrives(p.server, "x", 1);
	entry_set_features(x, POLICY, AXO_DIR_EGRESS, &e, FEATURES(AXO_FEATURE_SNI, SET));
	bump(x);
	tls_hello(&m, HELLO(.name = "ok.example"));
	pair_send(p.client, m.b, m.len);
	assert_int_equal(assert_reset(p.client), 0);
	assert_int_equal(assert_reset(p.server), 0);
	pair_close(&p);
}

static void table_that_is_not_there_allows_nothing(void **state)
{
	struct axo_feature_set set = {.sni = TABLE + 1};
	struct fixture *x = *state;

	feature_set(x, SET, &set);
	refused(x, HELLO(.name = "ok.example"));
	set.sni = 0;
	feature_set(x, SET, &set);
	refused(x, HELLO(.name = "ok.example"));
}

#define both(f)                                   \
	cmocka_unit_test_setup(f, setup4),        \
	{                                         \
#f "_ipv6", f, setup6, NULL, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		both(names_that_are_allowed_pass),
		both(grease_is_passed_over),
		both(hellos_that_are_not_allowed_reset_both_ends),
		both(two_different_names_are_refused_in_either_order),
		both(what_is_no_hello_resets_both_ends),
		both(hello_may_be_split_at_every_byte),
		both(hello_may_come_byte_by_byte_in_records_of_any_size),
		both(lengths_that_lie_open_nothing),
		both(second_hello_is_judged_like_the_first),
		both(connection_older_than_its_rules_is_reset),
		both(table_that_is_not_there_allows_nothing),
	};

	return cmocka_run_group_tests_name("sni", tests, live_group_setup, fixture_group_teardown);
}
