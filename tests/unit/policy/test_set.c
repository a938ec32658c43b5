/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All policies in force: sources, names, references, namespaces, prefixes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "axoneme/policy.h"
#include "policy/parse.h"
#include "policy/set.h"

#define CNP(name, ns)                                                                      \
	"---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: " name \
	", namespace: " ns "}\nspec: {endpointSelector: {}, ingress: [{}, {}]}\n"

static struct policy *list_of(const char *file, const char *text)
{
	struct policy *list = NULL;
	struct report r;

	report_init(&r, file);
	if (policy_parse(file, text, strlen(text), &r, &list)) {
		report_write(&r, stderr);
		fail_msg("%s", text);
	}
	report_fini(&r);
	return list;
}

static void apply(struct policy_set *s, const char *file, const char *text)
{
	assert_int_equal(policy_set_apply(s, file, list_of(file, text), NULL), 0);
}

static void a_name_belongs_to_one_source(void **state)
{
	struct policy_set *s = policy_set_new();
	struct error e = {0};

	(void)state;
	apply(s, "a.yaml", CNP("p", "x") CNP("q", "x"));
	struct policy *second = list_of("b.yaml", CNP("r", "x") CNP("q", "x"));
	assert_int_equal(policy_set_apply(s, "b.yaml", second, &e), -EEXIST);
	assert_string_equal(e.msg, "CiliumNetworkPolicy x/q of b.yaml is already there from a.yaml "
				   "(line 7)");
	policies_free(second);
	assert_int_equal(policy_set_count(s), 2); /* as a whole or not at all */
	assert_null(policy_set_find(s, POLICY_CNP, "x", "r"));
	apply(s, "b.yaml", CNP("q", "z")); /* another namespace */
	assert_int_equal(policy_set_count(s), 3);
	policy_set_free(s);
}

static void a_change_that_is_rolled_back_leaves_no_trace(void **state)
{
	struct policy_set *s = policy_set_new();
	const struct policy **changed;
	size_t gone;
	uint32_t first;
	struct ref ref;

	(void)state;
	apply(s, "a.yaml", CNP("p", "x") CNP("q", "x"));
	first = policy_set_first_ref(s, policy_set_find(s, POLICY_CNP, "x", "q"));
	policy_set_begin(s);
	apply(s, "a.yaml", CNP("q", "x"));
	apply(s, "a.yaml", CNP("r", "x")); /* twice in one change */
	apply(s, "b.yaml", CNP("p", "x")); /* moves */
	assert_int_equal(policy_set_changed(s, &changed, &gone), 4);
	assert_int_equal(gone, 2);
	assert_string_equal(changed[0]->file, "a.yaml");
	assert_string_equal(changed[3]->file, "b.yaml");
	free(changed);
	policy_set_rollback(s);
	assert_int_equal(policy_set_count(s), 2);
	assert_int_equal(policy_set_first_ref(s, policy_set_find(s, POLICY_CNP, "x", "q")), first);
	assert_int_equal(policy_set_ref(s, first, &ref), 0);
	assert_string_equal(ref.policy->name, "q");
	assert_string_equal(policy_set_source(s, ref.policy), "a.yaml");
	assert_null(policy_set_find(s, POLICY_CNP, "x", "r"));
	policy_set_free(s);
}

static void a_change_that_is_kept_is_one(void **state)
{
	struct policy_set *s = policy_set_new();
	const struct policy **changed;

	(void)state;
	apply(s, "a.yaml", CNP("p", "x"));
	policy_set_begin(s);
	apply(s, "a.yaml", CNP("q", "x"));
	policy_set_commit(s);
	assert_null(policy_set_find(s, POLICY_CNP, "x", "p"));
	policy_set_begin(s);
	assert_int_equal(policy_set_changed(s, &changed, NULL), 0);
	free(changed);
	policy_set_rollback(s);
	assert_non_null(policy_set_find(s, POLICY_CNP, "x", "q"));
	policy_set_free(s);
}

static void a_source_is_replaced_as_a_whole(void **state)
{
	struct policy_set *s = policy_set_new();

	(void)state;
	apply(s, "a.yaml", CNP("p", "x") CNP("q", "x"));
	apply(s, "a.yaml", CNP("q", "x") CNP("r", "x"));
	assert_null(policy_set_find(s, POLICY_CNP, "x", "p"));
	assert_non_null(policy_set_find(s, POLICY_CNP, "x", "q"));
	assert_non_null(policy_set_find(s, POLICY_CNP, "x", "r"));
	assert_int_equal(policy_set_apply(s, "a.yaml", NULL, NULL), 0);
	assert_int_equal(policy_set_count(s), 0);
	policy_set_free(s);
}

static void a_reference_never_names_another_rule(void **state)
{
	struct policy_set *s = policy_set_new();
	char buf[REF_STR_MAX];
	struct ref r;

	(void)state;
	apply(s, "a.yaml", CNP("p", "x"));
	apply(s, "b.yaml", CNP("q", "x"));
	assert_int_equal(policy_set_ref(s, AXO_RULE_FIRST + 3, &r), 0);
	assert_string_equal(ref_to_str(&r, buf), "x/q#ingress[1]");
	apply(s, "b.yaml", CNP("q", "x"));
	assert_int_equal(policy_set_ref(s, AXO_RULE_FIRST + 3, &r), -ENOENT);
	assert_int_equal(policy_set_ref(s, AXO_RULE_FIRST + 4, &r), 0);
	assert_string_equal(ref_to_str(&r, buf), "x/q#ingress[0]");
	assert_int_equal(policy_set_ref(s, AXO_RULE_FIRST + 1, &r), 0);
	assert_string_equal(ref_to_str(&r, buf), "x/p#ingress[1]");
	assert_int_equal(policy_set_ref(s, AXO_RULE_DEFAULT, &r), -ENOENT);
	policy_set_free(s);
}

static void references_name_specs_parts_and_clusterwide_policies(void **state)
{
	struct policy_set *s = policy_set_new();
	char buf[REF_STR_MAX];
	struct ref r;

	(void)state;
	apply(s, "a.yaml",
	      "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p}\n"
	      "specs:\n- {endpointSelector: {}, ingress: [{}]}\n"
	      "- endpointSelector: {}\n  egress:\n  - icmps: [{fields: [{type: 0}]}, {fields: [{type: "
	      "8}]}]\n  egressDeny:\n  - toPorts: [{ports: [{port: \"1\"}]}]\n");
	assert_int_equal(policy_set_ref(s, AXO_RULE_FIRST + 2, &r), 0);
	assert_string_equal(ref_to_str(&r, buf), "p#specs[1].egress[0].icmps[1]");
	assert_int_equal(policy_set_ref(s, AXO_RULE_FIRST + 3, &r), 0);
	assert_string_equal(ref_to_str(&r, buf), "p#specs[1].egressDeny[0].toPorts[0]");
	assert_int_equal(r.pos.line, 10);
	policy_set_free(s);
}

static void a_subject_concerns_its_namespace_and_clusterwide_policies(void **state)
{
	struct policy_set *s = policy_set_new();
	const struct policy **found = NULL;

	(void)state;
	apply(s, "a.yaml", CNP("p", "x"));
	apply(s, "b.yaml",
	      "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\n"
	      "metadata: {name: w}\nspec: {endpointSelector: {}, ingress: [{}]}\n");
	apply(s, "c.yaml", CNP("q", "z") CNP("r", "x"));
	assert_int_equal(policy_set_relevant(s, "x", &found), 3);
	assert_string_equal(found[0]->name, "p");
	assert_string_equal(found[1]->name, "w");
	assert_string_equal(found[2]->name, "r");
	free(found);
	assert_int_equal(policy_set_relevant(s, NULL, &found), 1);
	free(found);
	policy_set_free(s);
}

static void a_namespace_gives_its_labels_and_its_name(void **state)
{
	struct policy_set *s = policy_set_new();
	const char *const texts[] = {"k8s:app=web", "k8s:io.kubernetes.pod.namespace=x"};
	struct label_set given, all;
	struct arena a = {0};

	(void)state;
	apply(s, "n.yaml",
	      "apiVersion: v1\nkind: Namespace\nmetadata: {name: x, labels: {team: red, "
	      "kubernetes.io/metadata.name: liar}}\n");
	assert_int_equal(label_set_parse(&a, texts, 2, &given, NULL), 0);
	all = policy_set_derive(s, &a, &given);
	assert_int_equal(all.count, 4);
	const struct label *l = label_set_find(&all, LABEL_K8S, LABEL_NAMESPACE_LABELS "team");
	assert_non_null(l);
	assert_string_equal(l->value, "red");
	l = label_set_find(&all, LABEL_ANY, LABEL_NAMESPACE_LABELS LABEL_NAMESPACE_NAME);
	assert_non_null(l);
	assert_string_equal(l->value, "x");
	arena_fini(&a);
	policy_set_free(s);
}

static void every_named_prefix_is_listed_once(void **state)
{
	static const char *const expected[] = {"10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16",
					       "172.16.0.0/12", "fd00::/8"};
	struct policy_set *s = policy_set_new();
	struct cidr *found = NULL;
	char buf[CIDR_STR_MAX];

	(void)state;
	apply(s, "a.yaml",
	      "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\nspec:\n"
	      "  endpointSelector: {}\n  egress:\n"
	      "  - toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}, {cidrGroupRef: g, except: "
	      "[10.2.0.0/16]}]\n  - toCIDR: [10.0.0.0/8, 0.0.0.0/0, \"::/0\"]\n"
	      "---\napiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: g}\n"
	      "spec: {externalCIDRs: [172.16.0.0/12, \"fd00::/8\"]}\n");
	assert_int_equal(policy_set_prefixes(s, &found), 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(cidr_to_str(&found[i], buf), expected[i]);
	free(found);
	policy_set_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_belongs_to_one_source),
		cmocka_unit_test(a_change_that_is_rolled_back_leaves_no_trace),
		cmocka_unit_test(a_change_that_is_kept_is_one),
		cmocka_unit_test(a_source_is_replaced_as_a_whole),
		cmocka_unit_test(a_reference_never_names_another_rule),
		cmocka_unit_test(references_name_specs_parts_and_clusterwide_policies),
		cmocka_unit_test(a_subject_concerns_its_namespace_and_clusterwide_policies),
		cmocka_unit_test(a_namespace_gives_its_labels_and_its_name),
		cmocka_unit_test(every_named_prefix_is_listed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
