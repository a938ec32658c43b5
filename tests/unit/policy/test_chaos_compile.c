/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chaos rules and annotations as programs read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/chaos_compile.h"
#include "policy/parse.h"

#define HEAD(annotations)                                                                       \
	"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"                                 \
	"metadata: {name: p, annotations: {" annotations "}}\nspec:\n"                          \
	"  endpointSelector: {}\n  enableDefaultDeny: {ingress: false}\n  ingress:\n"           \
	"  - toPorts: [{ports: [{port: \"80\", protocol: TCP}],\n      rules: {l7proto: chaos," \
	" l7: ["
#define TAIL "]}}]\n"

static struct policy *policy_of(const char *text)
{
	struct policy *list = NULL;
	struct report r;

	report_init(&r, "p.yaml");
	if (policy_parse("p.yaml", text, strlen(text), &r, &list)) {
		report_write(&r, stderr);
		fail_msg("%s", text);
	}
	report_fini(&r);
	return list;
}

static struct axo_chaos compile(const struct policy *p)
{
	const struct rule *r = p->rules.items;
	const struct rule_item *item = r->sections[SECTION_INGRESS].items;
	struct axo_chaos out;

	chaos_compile(item->ports.items, &p->chaos, 7, &out);
	return out;
}

static void rules_keep_their_order_shares_and_units(void **state)
{
	struct policy *p =
		policy_of(HEAD("") "{probability: \"0.8\", delay-response: 50ms},"
				   "{probability: 0.1, delay-request: 1.5s, jitter: 10ms,"
				   " distribution: pareto},"
				   "{probability: 0.05, loss: 0.5, duplicate: 0.25,"
				   " corrupt: 0.000001},"
				   "{probability: 0.05, rate: 10mbit}" TAIL);
	struct axo_chaos c = compile(p);

	(void)state;
	assert_int_equal(c.rule_count, 4);
	assert_int_equal(c.key, 7);
	assert_int_equal(c.rules[0].share, 800000);
	assert_int_equal(c.rules[0].delay_response_ns, 50000000);
	assert_int_equal(c.rules[0].actions, AXO_CHAOS_DELAY_RESPONSE);
	assert_int_equal(c.rules[1].delay_request_ns, 1500000000);
	assert_int_equal(c.rules[1].jitter_ns, 10000000);
	assert_int_equal(c.rules[1].distribution, AXO_CHAOS_PARETO);
	assert_int_equal(c.rules[2].loss, 500000);
	assert_int_equal(c.rules[2].duplicate, 250000);
	assert_int_equal(c.rules[2].corrupt, 1);
	assert_int_equal(c.rules[2].actions,
			 AXO_CHAOS_LOSS | AXO_CHAOS_DUPLICATE | AXO_CHAOS_CORRUPT);
	assert_int_equal(c.rules[3].rate_bytes_s, 1250000);
	assert_int_equal(c.actions, AXO_CHAOS_DELAY_RESPONSE | AXO_CHAOS_DELAY_REQUEST |
					    AXO_CHAOS_LOSS | AXO_CHAOS_DUPLICATE |
					    AXO_CHAOS_CORRUPT | AXO_CHAOS_RATE);
	policies_free(p);
}

static void every_abort_and_connect_action_has_its_bit(void **state)
{
	struct policy *p = policy_of(
		HEAD("") "{probability: 0.1, abort: reset}, {probability: 0.1, abort: timeout},"
			 "{probability: 0.1, abort: 503}, {probability: 0.1, connect-delay: 1s},"
			 "{probability: 0.1, connect-refuse: true}" TAIL);
	struct axo_chaos c = compile(p);

	(void)state;
	assert_int_equal(c.rules[0].actions, AXO_CHAOS_ABORT_RESET);
	assert_int_equal(c.rules[1].actions, AXO_CHAOS_ABORT_TIMEOUT);
	assert_int_equal(c.rules[2].actions, AXO_CHAOS_ABORT_503);
	assert_int_equal(c.rules[3].actions, AXO_CHAOS_CONNECT_DELAY);
	assert_int_equal(c.rules[4].actions, AXO_CHAOS_CONNECT_REFUSE);
	policies_free(p);
}

static void annotations_become_options(void **state)
{
	struct policy *p = policy_of(HEAD(
		"axoneme.io/chaos-duration: 90s, axoneme.io/chaos-start: 10m,"
		"axoneme.io/chaos-max-in-flight: '100', axoneme.io/chaos-seed: '5',"
		"axoneme.io/chaos-sampling: exact, axoneme.io/chaos-dry-run: 'true',"
		"axoneme.io/chaos-abort-on: drops>2.5%, axoneme.io/chaos-allow-wide: 'true'") "{probability: 0.1, abort: reset}" TAIL);
	struct axo_chaos c = compile(p);
	const struct chaos_options *o = &p->chaos;

	(void)state;
	assert_int_equal(o->duration_ns, 90000000000);
	assert_int_equal(o->start_after_ns, 600000000000);
	assert_int_equal(c.max_in_flight, 100);
	assert_true(o->has_seed && o->seed == 5);
	assert_int_equal(c.sampling, AXO_CHAOS_EXACT);
	assert_true(c.dry_run && o->allow_wide);
	assert_int_equal(o->guard, CHAOS_GUARD_DROPS);
	assert_int_equal(o->guard_limit, 25000);
	policies_free(p);
}

static void a_start_by_the_calendar_is_in_utc(void **state)
{
	struct policy *p = policy_of(HEAD(
		"axoneme.io/chaos-start: 2030-01-31T12:00:00Z") "{probability: 0.1, abort: reset}" TAIL);

	(void)state;
	assert_int_equal(p->chaos.start_wall_s, 1896091200);
	assert_int_equal(p->chaos.duration_ns, CHAOS_DURATION_DEFAULT_NS);
	policies_free(p);
}

/* What is stored of an experiment is found again by this. */
static void the_hash_is_of_what_is_said_not_of_how(void **state)
{
	static const char one[] = HEAD("") "{probability: 0.1, abort: reset}" TAIL;
	static const char same[] = HEAD("") " {probability:   0.1,   abort: reset} " TAIL "\n# x\n";
	static const char other[] = HEAD("") "{probability: 0.2, abort: reset}" TAIL;
	struct policy *a = policy_of(one), *b = policy_of(same), *c = policy_of(other);

	(void)state;
	assert_true(a->hash == b->hash);
	assert_true(a->hash != c->hash);
	policies_free(a);
	policies_free(b);
	policies_free(c);
}

static void keys_differ_by_seed_and_by_name(void **state)
{
	(void)state;
	assert_true(chaos_key(1, "default/a#ingress[0]") == chaos_key(1, "default/a#ingress[0]"));
	assert_true(chaos_key(1, "default/a#ingress[0]") != chaos_key(2, "default/a#ingress[0]"));
	assert_true(chaos_key(1, "default/a#ingress[0]") != chaos_key(1, "default/a#ingress[1]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_keep_their_order_shares_and_units),
		cmocka_unit_test(every_abort_and_connect_action_has_its_bit),
		cmocka_unit_test(annotations_become_options),
		cmocka_unit_test(a_start_by_the_calendar_is_in_utc),
		cmocka_unit_test(the_hash_is_of_what_is_said_not_of_how),
		cmocka_unit_test(keys_differ_by_seed_and_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
