// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Chaos for some HTTP requests, packet by packet: what matches a filter, when it draws, the 503. */
#include <string.h>
#include <sys/mman.h>

#include "axoneme/feature.h"
#include "policy/http_compile.h"
#include "tests/bpf/chaos_talk.h"
#include "tests/bpf/http_table.h"

#define POLICY 7
#define SET 3
#define A "GET /a HTTP/1.1\r\nHost: b\r\n\r\n"
#define OTHER "GET /c HTTP/1.1\r\nHost: b\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define BROKEN "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"

/** filters_write - the table of two filters, 1: GET /a, 2: POST /up; nothing is enforced.  Its place */
static uint32_t filters_write(struct fixture *x)
{
	static const struct http_filter filters[] = {{.method = "GET", .path = "/a", .bit = 1},
						     {.method = "POST", .path = "/up", .bit = 2}};
	const struct http_source source = {.filters = filters, .filter_count = 2};
	size_t size = AXO_L7_POOL_WORDS * sizeof(uint32_t);
	uint32_t at = AXO_L7_POOL_WORDS / 2, blame, *pool;
	static uint32_t generation = 1u << 31;
	struct http_tables tables;
	struct error e = {0};

	assert_int_equal(http_compile(&source, &tables, &blame, &e), 0);
	pool = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    bpf_map__fd(x->skel->maps.axo_l7_pool), 0);
	assert_ptr_not_equal(pool, MAP_FAILED);
	http_tables_write(&tables, at, ++generation, pool + at);
	http_tables_fini(&tables);
	munmap(pool, size);
	return at;
}

/** apply - B's ingress has experiment 1 and the filters */
static void apply(struct fixture *x, const struct axo_chaos *c)
{
	struct axo_feature_set set = {.http = filters_write(x), .chaos_count = 1, .chaos = {1}};
	struct entry allow = {0, AXO_POL_BITS_ALL, 0, 0, AXO_POL_ALLOW, 16};
	struct axo_policy_ref b = policy_enforced(POLICY, AXO_DIR_INGRESS);
	uint32_t number = SET;

	experiment_set(x, 1, c);
	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_feature), &number, &set, 0), 0);
	entry_set_features(x, POLICY, AXO_DIR_INGRESS, &allow,
			   FEATURES(AXO_FEATURE_CHAOS | AXO_FEATURE_WATCH, number));
	policy_set(x, POD_B, &b);
	bump(x);
}

/** filtered - experiment 1: one rule with filter 1, that delays by @delay_ns or aborts */
static void filtered(struct fixture *x, uint32_t actions, uint64_t delay_ns)
{
	struct axo_chaos c = experiment_new(1);
	struct axo_chaos_rule *rule = experiment_rule(&c, ALL, actions);

	rule->filter = 1;
	if (actions & AXO_CHAOS_DELAY_REQUEST)
		rule->delay_request_ns = delay_ns;
	if (actions & AXO_CHAOS_DELAY_RESPONSE)
		rule->delay_response_ns = delay_ns;
	apply(x, &c);
}

static int setup(void **state)
{
	struct fixture *x = *state;
	map_clear(x->skel->maps.axo_http_flow);
	return chaos_setup(state);
}

static void what_matches_is_held_and_other_requests_are_not(void **state)
{
	struct talk t = talk_new(*state);
	uint64_t sent;

	filtered(*state, AXO_CHAOS_DELAY_RESPONSE, DELAY);
	handshake(&t);
	for (int i = 0; i < 2; i++) {
		assert_passes(asks(&t, OTHER));
		assert_passes(answers(&t, OK));
	}
	assert_passes(asks(&t, A));
	sent = mono_now_ns();
	assert_held(answers(&t, OK), sent, DELAY);
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 1);
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_MATCHED), 1);
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DELAYED), 1);
}

static void packet_that_ends_the_head_is_the_one_that_is_held(void **state)
{
	struct talk t = talk_new(*state);
	uint64_t sent;

	filtered(*state, AXO_CHAOS_DELAY_REQUEST, DELAY);
	handshake(&t);
	assert_passes(asks(&t, "GET /"));
	assert_passes(asks(&t, "a HTTP/1.1\r\nHost: b\r\n"));
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 0);
	sent = mono_now_ns();
	assert_held(asks(&t, "\r\n"), sent, DELAY);
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 1);
	assert_int_equal(chaos_run_of(*state, 1).pipelined, 0);
}

static void body_is_no_request_even_behind_an_early_response(void **state)
{
	struct axo_chaos c = experiment_new(1);
	struct talk t = talk_new(*state);

	experiment_rule(&c, ALL, AXO_CHAOS_DELAY_RESPONSE)->filter = 2;
	c.dry_run = 1;
	apply(*state, &c);
	handshake(&t);
	asks(&t, "POST /up HTTP/1.1\r\nHost: b\r\nContent-Length: 60\r\n\r\n");
	asks(&t, "POST /up HTTP/1.1\r\n\r\n.........");
	answers(&t, OK);
	asks(&t, "POST /up HTTP/1.1\r\n\r\n.........");
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 1);
	/* The next one is. */
	asks(&t, "POST /up HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 2);
}

static void pipelined_heads_are_counted_one_by_one(void **state)
{
	struct talk t = talk_new(*state);

	filtered(*state, AXO_CHAOS_DELAY_RESPONSE, DELAY);
	handshake(&t);
	assert_passes(asks(&t, OTHER A A));
	assert_passes(asks(&t, A));
	/* They share the fate of the first. */
	assert_passes(answers(&t, OK));
	assert_int_equal(chaos_run_of(*state, 1).pipelined, 3);
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 0);
}

static void what_is_no_http_passes_and_matches_nothing(void **state)
{
	static const char *const texts[] = {"\x16\x03\x01 hello", "PRI * HTTP/2.0\r\n\r\n",
					    "GET /%zz HTTP/1.1\r\n\r\n", "GET /a\r\n"};

	filtered(*state, AXO_CHAOS_ABORT_RESET, 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct talk t = talk_new(*state);

		handshake(&t);
		assert_passes(asks(&t, texts[i]));
		assert_passes(asks(&t, texts[i]));
		assert_passes(answers(&t, "whatever"));
		assert_passes(asks(&t, texts[i]));
	}
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 0);
}

static void out_of_order_passes_and_the_reader_finds_back(void **state)
{
	struct talk t = talk_new(*state);
	uint64_t sent;

	filtered(*state, AXO_CHAOS_DELAY_RESPONSE, DELAY);
	handshake(&t);
	asks(&t, OTHER);
	answers(&t, OK);
	/* 100 bytes are missing, and never come. */
	t.seq[0] += 100;
	assert_passes(asks(&t, "a HTTP/1.1\r\n\r\n"));
	assert_passes(answers(&t, OK));
	assert_passes(asks(&t, A));
	sent = mono_now_ns();
	assert_held(answers(&t, OK), sent, DELAY);
}

static void status_decides_when_the_response_begins(void **state)
{
	struct axo_chaos c = experiment_new(1);
	struct axo_chaos_rule *rule = experiment_rule(&c, ALL, AXO_CHAOS_DELAY_RESPONSE);
	struct talk t = talk_new(*state);
	uint64_t sent;

	rule->delay_response_ns = DELAY;
	rule->status = 500;
	experiment_set(*state, 1, &c);
	experiments_apply(*state, 1, 0);
	handshake(&t);
	assert_passes(asks(&t, A));
	assert_passes(answers(&t, OK));
	assert_passes(asks(&t, A));
	sent = mono_now_ns();
	assert_held(answers(&t, BROKEN), sent, DELAY);
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_MATCHED), 1);
	assert_int_equal(chaos_run_of(*state, 1).ordinal, 2);
}

/* Whatever was drawn for the request, rules with a status take what is left. */
static void shares_of_a_status_come_behind_the_others(void **state)
{
	struct axo_chaos c = experiment_new(9);
	struct talk t = talk_new(*state);
	uint64_t n = 400, late, plain;

	experiment_rule(&c, ALL / 2, AXO_CHAOS_DELAY_RESPONSE)->status = 500;
	experiment_rule(&c, ALL / 2, AXO_CHAOS_DELAY_RESPONSE);
	c.dry_run = 1;
	experiment_set(*state, 1, &c);
	experiments_apply(*state, 1, 0);
	handshake(&t);
	for (uint64_t i = 0; i < n; i++) {
		asks(&t, A);
		answers(&t, BROKEN);
	}
	late = chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_DRAWN);
	plain = chaos_count_of(*state, 1, 1, AXO_CHAOS_COUNT_DRAWN);
	/* In a dry run nothing was made, but the draw is one. */
	assert_int_equal(late + plain, n);
	assert_true(late > n / 4 && plain > n / 4);
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_MATCHED), n);
}

static bool has_text(const struct outcome *o, const char *text)
{
	return memmem(o->b, o->len, text, strlen(text)) != NULL;
}

static void aborted_request_is_answered_with_503_until_it_arrived(void **state)
{
	struct talk t = talk_new(*state);
	struct outcome o;

	filtered(*state, AXO_CHAOS_ABORT_503, 0);
	handshake(&t);
	assert_passes(asks(&t, OTHER));
	assert_passes(answers(&t, OK));
	for (int i = 0; i < 2; i++) {
		o = i ? segment(&t, AXO_CHAOS_CLIENT, t.seq[0] - strlen(A), ACK, A) : asks(&t, A);
		assert_int_equal(o.verdict, ACT_REDIRECT);
		assert_true(has_text(&o, "HTTP/1.1 503 Service Unavailable\r\n"));
		assert_true(has_text(&o, "\r\nContent-Length: 14\r\n"));
		assert_true(has_text(&o, "\r\nConnection: close\r\n"));
	}
	/* The server is gone. */
	o = answers(&t, OK);
	assert_false(has_text(&o, OK));
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_ABORTED), 1);
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_FAILED), 0);
}

static void where_503_cannot_be_built_both_ends_are_reset(void **state)
{
	struct talk t = talk_new(*state);
	struct outcome o;

	filtered(*state, AXO_CHAOS_ABORT_503, 0);
	handshake(&t);
	assert_passes(asks(&t, OTHER));
	assert_passes(answers(&t, OK));
	/* The client has not seen all of the response. */
	t.seq[1] -= 5;
	o = asks(&t, A);
	assert_false(has_text(&o, "503"));
	assert_int_equal(o.verdict, ACT_REDIRECT);
	assert_int_equal(chaos_count_of(*state, 1, 0, AXO_CHAOS_COUNT_FAILED), 1);
}

static void watched_connection_that_gets_rules_is_reset(void **state)
{
	struct talk t = talk_new(*state);
	struct outcome o;

	filtered(*state, AXO_CHAOS_DELAY_RESPONSE, DELAY);
	handshake(&t);
	assert_passes(asks(&t, OTHER));
	http_rules(*state, SET + 1, (const char *const[]){"GET /c", NULL});
	http_policy(*state, SET + 1);
	o = asks(&t, OTHER);
	assert_false(has_text(&o, "GET /c"));
}

int main(void)
{
#define row(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		row(what_matches_is_held_and_other_requests_are_not),
		row(packet_that_ends_the_head_is_the_one_that_is_held),
		row(body_is_no_request_even_behind_an_early_response),
		row(pipelined_heads_are_counted_one_by_one),
		row(what_is_no_http_passes_and_matches_nothing),
		row(out_of_order_passes_and_the_reader_finds_back),
		row(status_decides_when_the_response_begins),
		row(shares_of_a_status_come_behind_the_others),
		row(aborted_request_is_answered_with_503_until_it_arrived),
		row(where_503_cannot_be_built_both_ends_are_reset),
		row(watched_connection_that_gets_rules_is_reset),
	};

	return cmocka_run_group_tests_name("chaos_http", tests, fixture_group_setup,
					   fixture_group_teardown);
}
