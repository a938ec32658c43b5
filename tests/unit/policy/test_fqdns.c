/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Selectors of toFQDNs: each has its own rules, and sets of rules that may meet at one address have
 * a set of both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "axoneme/fqdn.h"
#include "policy/lookup.h"
#include "policy/parse.h"

#define HEAD                                                                                \
	"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\nspec:\n" \
	"  endpointSelector: {matchLabels: {app: web}}\n  egress:\n"
#define NAME(name, port, rules)                                                       \
	"  - toFQDNs: [{matchName: " name "}]\n    toPorts: [{ports: [{port: \"" port \
	"\", protocol: TCP}]" rules "}]\n"
#define WORLD(port, rules)                                               \
	"  - toEntities: [world]\n    toPorts: [{ports: [{port: \"" port \
	"\", protocol: TCP}]" rules "}]\n"
#define SNI(name) ", serverNames: [" name "]"
#define HTTP ", rules: {http: [{method: GET}]}"

/** struct made - a policy compiled for a pod; the i-th name, sorted, has the identity MIN + i */
struct made {
	struct policy_set *set;
	struct peers *peers;
	struct compiled *c;
	struct lookup *l;
};

static void make(struct made *m, const char *text)
{
	static const char *const labels[] = {"k8s:app=web",
					     "k8s:io.kubernetes.pod.namespace=default"};
	struct compile_options options = COMPILE_OPTIONS_DEFAULT;
	struct subject subject = {0};
	struct policy *list = NULL;
	struct error e = {0};
	struct report r;
	const char **names;
	size_t count;

	report_init(&r, "p.yaml");
	assert_int_equal(policy_parse("p.yaml", text, strlen(text), &r, &list), 0);
	report_fini(&r);
	m->set = policy_set_new();
	assert_int_equal(policy_set_apply(m->set, "p.yaml", list, &e), 0);
	m->peers = peers_new(NULL);
	struct identity_view pod = {.id = 256, .labels = labels, .label_count = 2};
	assert_int_equal(peers_put(m->peers, m->set, &pod, &e), 0);
	count = policy_set_fqdns(m->set, &names);
	for (size_t i = 0; i < count; i++) {
		char label[300];
		const char *one = label;
		struct identity_view v = {
			.id = AXO_ID_FQDN_MIN + (uint32_t)i, .labels = &one, .label_count = 1};

		snprintf(label, sizeof(label), "fqdn:%s", names[i]);
		assert_int_equal(peers_put(m->peers, m->set, &v, &e), 0);
	}
	free(names);
	subject.labels = peers_get(m->peers, 256)->labels;
	assert_int_equal(policy_compile(m->set, m->peers, &subject, &options, &m->c, &e), 0);
	m->l = lookup_new(m->c);
}

static void unmake(struct made *m)
{
	lookup_free(m->l);
	compiled_free(m->c);
	peers_free(m->peers);
	policy_set_free(m->set);
}

static struct verdict ask(const struct made *m, uint32_t identity, uint16_t port)
{
	struct packet p = {.dir = AXO_DIR_EGRESS, .proto = IPPROTO_TCP, .port = port};

	return lookup_packet(m->l, identity, &p);
}

static void names_of_different_rules_are_different_peers(void **state)
{
	struct made m;

	(void)state;
	make(&m, HEAD NAME("a.example", "80", "") NAME("b.example", "443", ""));
	assert_true(ask(&m, AXO_ID_FQDN_MIN, 80).allow);
	assert_false(ask(&m, AXO_ID_FQDN_MIN, 443).allow);
	assert_false(ask(&m, AXO_ID_FQDN_MIN + 1, 80).allow);
	assert_true(ask(&m, AXO_ID_FQDN_MIN + 1, 443).allow);
	assert_false(ask(&m, AXO_ID_WORLD_IPV4, 80).allow);
	unmake(&m);
}

/** joined - what the selectors are together at @port; one after the other */
static struct verdict joined(const struct made *m, size_t count, uint16_t port)
{
	struct verdict v = ask(m, AXO_ID_WORLD_IPV4, port);

	for (uint32_t i = 0; i < count; i++) {
		struct verdict by = ask(m, AXO_ID_FQDN_MIN + i, port);

		lookup_join(m->l, &v, &by);
	}
	return v;
}

static void rules_that_meet_at_an_address_are_joined(void **state)
{
	struct made m;
	struct verdict v;

	(void)state;
	make(&m, HEAD NAME("a.example", "443", SNI("a.example"))
			 NAME("b.example", "443", SNI("b.example"))
				 NAME("c.example", "443", SNI("c.example")));
	for (size_t count = 1; count <= 3; count++) {
		v = joined(&m, count, 443);
		assert_true(v.allow);
		assert_int_equal(verdict_features(&v), AXO_FEATURE_SNI);
		assert_int_equal(v.set->count, count);
	}
	assert_int_equal(m.c->joined_sets, 4); /* three of two, and one of three */
	unmake(&m);
}

static void rules_of_the_address_itself_take_part(void **state)
{
	struct made m;
	struct verdict v;

	(void)state;
	make(&m, HEAD NAME("a.example", "443", SNI("a.example")) WORLD("443", SNI("w.example")));
	v = joined(&m, 1, 443);
	assert_int_equal(v.set->count, 2);
	unmake(&m);
	make(&m, HEAD NAME("a.example", "443", SNI("a.example")) WORLD("443", ""));
	v = joined(&m, 1, 443);
	assert_true(v.allow);
	assert_int_equal(verdict_features(&v), 0);
	unmake(&m);
}

static void rules_of_other_ports_and_languages_are_not_joined(void **state)
{
	struct made m;
	struct verdict v;

	(void)state;
	make(&m, HEAD NAME("a.example", "443", SNI("a.example"))
			 NAME("b.example", "444", SNI("b.example")));
	assert_int_equal(m.c->join_count, 0);
	unmake(&m);
	make(&m, HEAD NAME("a.example", "80", SNI("a.example")) NAME("b.example", "80", HTTP));
	assert_int_equal(m.c->join_count, 0);
	v = joined(&m, 2, 80);
	assert_int_equal(verdict_features(&v), AXO_FEATURE_SNI);
	unmake(&m);
}

static void joins_are_limited(void **state)
{
	char text[16384] = HEAD;
	struct made m;

	(void)state;
	for (int i = 0; i < 40; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 NAME("n%d.example", "443", SNI("n%d.example")), i, i);
	make(&m, text);
	assert_in_range(m.c->join_count, COMPILED_JOINED_SETS, COMPILED_JOINS_MAX);
	assert_int_equal(m.c->joined_sets, COMPILED_JOINED_SETS);
	assert_int_equal(m.c->sets.count, 40 + COMPILED_JOINED_SETS);
	unmake(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_different_rules_are_different_peers),
		cmocka_unit_test(rules_that_meet_at_an_address_are_joined),
		cmocka_unit_test(rules_of_the_address_itself_take_part),
		cmocka_unit_test(rules_of_other_ports_and_languages_are_not_joined),
		cmocka_unit_test(joins_are_limited),
	};

	return cmocka_run_group_tests_name("fqdns", tests, NULL, NULL);
}
