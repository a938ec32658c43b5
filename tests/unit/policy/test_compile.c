/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shape of what is compiled: sharing, limits, later peers, keys, reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>

#include "policy/parse.h"
#include "policy/trace.h"

#define NS "k8s:io.kubernetes.pod.namespace=default"
#define HEAD                                                                                  \
	"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: web}\nspec:\n" \
	"  endpointSelector: {matchLabels: {app: web}}\n"

/** struct fixture - a set, peers 300 and up with app=client, and 256 with app=web */
struct fixture {
	struct policy_set *set;
	struct peers *peers;
	struct compile_options options;
	struct compiled *compiled;
};

static struct policy *list_of(const char *text)
{
	struct policy *list = NULL;
	struct report r;

	report_init(&r, "web.yaml");
	if (policy_parse("web.yaml", text, strlen(text), &r, &list)) {
		report_write(&r, stderr);
		fail_msg("%s", text);
	}
	report_fini(&r);
	return list;
}

static void peer_put(struct fixture *f, uint32_t id, const char *app)
{
	const char *labels[] = {NS, app};
	struct identity_view v = {.id = id, .labels = labels, .label_count = 2};

	assert_int_equal(peers_put(f->peers, f->set, &v, NULL), 0);
}

static void fixture_open(struct fixture *f, const char *policy, uint32_t clients)
{
	*f = (struct fixture){.set = policy_set_new(),
			      .peers = peers_new(NULL),
			      .options = COMPILE_OPTIONS_DEFAULT};
	assert_int_equal(policy_set_apply(f->set, "web.yaml", list_of(policy), NULL), 0);
	peer_put(f, 256, "k8s:app=web");
	for (uint32_t i = 0; i < clients; i++)
		peer_put(f, 300 + i, "k8s:app=client");
}

static int fixture_compile(struct fixture *f, struct error *e)
{
	struct subject s = {.labels = peers_get(f->peers, 256)->labels};

	compiled_free(f->compiled);
	f->compiled = NULL;
	return policy_compile(f->set, f->peers, &s, &f->options, &f->compiled, e);
}

static void fixture_close(struct fixture *f)
{
	compiled_free(f->compiled);
	peers_free(f->peers);
	policy_set_free(f->set);
}

#define CLIENTS                                                                \
	HEAD "  ingress:\n  - fromEndpoints: [{matchLabels: {app: client}}]\n" \
	     "    toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]\n"

static void peers_that_no_rule_tells_apart_share_entries(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, CLIENTS, 50);
	assert_int_equal(fixture_compile(&f, NULL), 0);
	assert_int_equal(f.compiled->entry_count, 1);
	assert_int_equal(f.compiled->peer_count, 50);
	for (size_t i = 1; i < 50; i++)
		assert_int_equal(f.compiled->peers[i].class_[AXO_DIR_INGRESS],
				 f.compiled->peers[0].class_[AXO_DIR_INGRESS]);
	fixture_close(&f);
}

static void the_class_of_most_pods_needs_no_peers(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, CLIENTS, 1000);
	assert_int_equal(fixture_compile(&f, NULL), 0);
	assert_int_not_equal(f.compiled->ref.default_class[AXO_DIR_INGRESS][AXO_PEER_POD], 0);
	assert_int_equal(f.compiled->peer_count, 1); /* 256, which is no client */
	assert_int_equal(f.compiled->peers[0].identity, 256);
	fixture_close(&f);
}

static void a_rule_for_the_world_lists_no_prefixes(void **state)
{
	struct fixture f;
	char cidr[40] = "cidr:10.0.0.0/24";
	const char *labels[] = {cidr, "reserved:world-ipv4"};

	(void)state;
	fixture_open(&f, HEAD "  egress: [{toEntities: [world]}, {toCIDR: [10.0.7.0/24]}]\n", 0);
	for (uint32_t i = 0; i < 200; i++) {
		struct identity_view v = {
			.id = AXO_ID_PREFIX4_MIN + i, .labels = labels, .label_count = 2};

		snprintf(cidr, sizeof(cidr), "cidr:10.0.%u.0/24", i);
		assert_int_equal(peers_put(f.peers, f.set, &v, NULL), 0);
	}
	assert_int_equal(fixture_compile(&f, NULL), 0);
	assert_int_equal(f.compiled->peer_count, 3); /* both worlds, and the one that is named */
	fixture_close(&f);
}

static void no_policy_is_not_enforced(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, CLIENTS, 1);
	assert_int_equal(fixture_compile(&f, NULL), 0);
	assert_int_equal(f.compiled->ref.flags[AXO_DIR_INGRESS], AXO_POLICY_ENFORCED);
	assert_int_equal(f.compiled->ref.flags[AXO_DIR_EGRESS], 0);
	fixture_close(&f);
}

static void what_does_not_fit_is_refused_with_the_numbers(void **state)
{
	struct error e = {0};
	struct fixture f;

	(void)state;
	fixture_open(&f,
		     HEAD
		     "  ingress:\n  - fromEndpoints: [{matchLabels: {app: client}}]\n    toPorts: "
		     "[{ports: [{port: \"1\", endPort: 65534, protocol: TCP}]}]\n",
		     3);
	f.options.max_entries = 29;
	assert_int_equal(fixture_compile(&f, &e), -ENOSPC);
	assert_string_equal(e.msg, "the policy needs 30 entries, the limit is 29");
	f.options.max_entries = 30;
	f.options.max_peers = 2;
	assert_int_equal(fixture_compile(&f, &e), -ENOSPC);
	assert_string_equal(e.msg, "the policy needs 3 peers, the limit is 2");
	f.options.max_peers = 3;
	assert_int_equal(fixture_compile(&f, &e), 0);
	fixture_close(&f);
}

static void a_new_peer_of_a_known_class_adds_no_entries(void **state)
{
	struct compiled_delta d;
	struct fixture f;

	(void)state;
	fixture_open(&f, CLIENTS, 2);
	assert_int_equal(fixture_compile(&f, NULL), 0);
	peer_put(&f, 400, "k8s:app=client");
	assert_int_equal(compiled_add_peer(f.compiled, peers_get(f.peers, 400), &d, NULL), 0);
	assert_true(d.has_peer);
	assert_int_equal(d.entry_count, 0);
	assert_int_equal(d.peer.class_[0] | d.peer.class_[1],
			 f.compiled->peers[0].class_[0] | f.compiled->peers[0].class_[1]);
	peer_put(&f, 401, "k8s:app=other");
	assert_int_equal(compiled_add_peer(f.compiled, peers_get(f.peers, 401), &d, NULL), 0);
	assert_false(d.has_peer);
	assert_true(compiled_remove_peer(f.compiled, 400));
	assert_false(compiled_remove_peer(f.compiled, 400));
	assert_int_equal(f.compiled->peer_count, 2);
	fixture_close(&f);
}

static void a_new_peer_of_a_new_class_brings_its_entries(void **state)
{
	struct compiled_delta d;
	struct fixture f;

	(void)state;
	fixture_open(&f, CLIENTS, 0);
	assert_int_equal(fixture_compile(&f, NULL), 0);
	assert_int_equal(f.compiled->entry_count, 0);
	peer_put(&f, 400, "k8s:app=client");
	assert_int_equal(compiled_add_peer(f.compiled, peers_get(f.peers, 400), &d, NULL), 0);
	assert_int_equal(d.first_entry, 0);
	assert_int_equal(d.entry_count, 1);
	struct axo_pol_key key = compiled_key(&f.compiled->entries[0], 7);
	struct axo_pol_entry value = compiled_value(f.compiled, &f.compiled->entries[0]);
	assert_int_equal(key.prefixlen, AXO_POL_BITS_PORT);
	assert_int_equal(ntohl(key.policy), 7);
	assert_int_equal(ntohl(key.class_), d.peer.class_[AXO_DIR_INGRESS] & ~AXO_CLASS_COMPLETE);
	assert_int_equal(key.dir, AXO_DIR_INGRESS);
	assert_int_equal(key.proto, IPPROTO_TCP);
	assert_int_equal(ntohs(key.port), 80);
	assert_int_equal(value.verdict, AXO_POL_ALLOW);
	assert_int_equal(value.rule, AXO_RULE_FIRST);
	fixture_close(&f);
}

static void a_compiled_policy_outlives_its_text(void **state)
{
	struct compiled_delta d;
	struct fixture f;

	(void)state;
	fixture_open(&f, CLIENTS, 0);
	assert_int_equal(fixture_compile(&f, NULL), 0);
	assert_int_equal(policy_set_apply(f.set, "web.yaml", NULL, NULL), 0);
	peer_put(&f, 400, "k8s:app=client");
	assert_int_equal(compiled_add_peer(f.compiled, peers_get(f.peers, 400), &d, NULL), 0);
	assert_true(d.has_peer);
	fixture_close(&f);
}

/* Verdict, reason, a line per rule with its file and line. */
static void trace_write(const struct trace *t, FILE *out)
{
	fprintf(out, "%s: %s\n", t->allow ? "allow" : "deny", trace_reason_text(t->reason));
	for (size_t i = 0; i < t->count; i++) {
		const struct trace_rule *r = &t->rules[i];
		const char *word = r->denies ? "denies" : t->allow ? "allows" : "would allow";
		char buf[REF_STR_MAX];

		fprintf(out, "  %-11s %s (%s:%u)%s\n", word, ref_to_str(&r->ref, buf),
			r->ref.policy->file, r->ref.pos.line, r->decides ? " *" : "");
	}
	if (t->total > t->count)
		fprintf(out, "  and %zu more rules\n", t->total - t->count);
}

static char *trace_text(struct fixture *f, uint32_t identity, uint16_t port)
{
	struct packet p = {.dir = AXO_DIR_INGRESS, .proto = IPPROTO_TCP, .port = port};
	struct lookup *l = lookup_new(f->compiled);
	char *text = NULL;
	struct trace t;
	size_t len;

	policy_trace(f->set, f->compiled, l, peers_get(f->peers, identity), &p, &t);
	FILE *out = open_memstream(&text, &len);
	trace_write(&t, out);
	fclose(out);
	lookup_free(l);
	return text;
}

static void a_trace_names_rule_file_and_line(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f,
		     HEAD
		     "  ingress:\n  - fromEndpoints: [{matchLabels: {app: client}}]\n"
		     "    toPorts:\n    - ports: [{port: \"80\"}]\n    - ports: [{port: \"81\"}]\n"
		     "  ingressDeny:\n  - toPorts: [{ports: [{port: \"81\"}]}]\n",
		     1);
	assert_int_equal(fixture_compile(&f, NULL), 0);
	char *text = trace_text(&f, 300, 80);
	assert_string_equal(text,
			    "allow: a rule allows it\n"
			    "  allows      default/web#ingress[0].toPorts[0] (web.yaml:9) *\n");
	free(text);
	text = trace_text(&f, 300, 81);
	assert_string_equal(
		text, "deny: a rule denies it\n"
		      "  would allow default/web#ingress[0].toPorts[1] (web.yaml:10)\n"
		      "  denies      default/web#ingressDeny[0].toPorts[0] (web.yaml:12) *\n");
	free(text);
	text = trace_text(&f, 256, 80);
	assert_string_equal(text, "deny: in default deny, and no rule allows it\n");
	free(text);
	fixture_close(&f);
}

static struct verdict ask(const struct fixture *f, uint32_t identity, uint16_t port)
{
	struct lookup *l = lookup_new(f->compiled);
	const struct packet p = {.dir = AXO_DIR_INGRESS, .proto = IPPROTO_TCP, .port = port};
	struct verdict v = lookup_packet(l, identity, &p);

	lookup_free(l);
	return v;
}

#define FEATURES                                                                         \
	HEAD "  ingress:\n"                                                              \
	     "  - toPorts: [{ports: [{port: \"80\", endPort: 90, protocol: TCP}],\n"     \
	     "      rules: {http: [{method: GET}]}}]\n"                                  \
	     "  - toPorts: [{ports: [{port: \"80\", protocol: TCP}],\n"                  \
	     "      rules: {l7proto: chaos, l7: [{probability: 0.5, abort: reset}]}}]\n" \
	     "  - fromEndpoints: [{matchLabels: {app: client}}]\n"                       \
	     "    toPorts: [{ports: [{port: \"80\", protocol: TCP}],\n"                  \
	     "      rules: {http: [{method: PUT}]}}]\n"                                  \
	     "  - fromEndpoints: [{matchLabels: {app: admin}}]\n"

static void rules_with_features_add_up_and_a_plain_one_ends_enforcement_only(void **state)
{
	static const struct {
		uint32_t identity;
		uint16_t port;
		uint32_t count;
		uint8_t features;
	} rows[] = {
		{999, 80, 2, AXO_FEATURE_HTTP | AXO_FEATURE_CHAOS}, /* nobody in particular */
		{999, 81, 1, AXO_FEATURE_HTTP},
		{300, 80, 3, AXO_FEATURE_HTTP | AXO_FEATURE_CHAOS},
		{300, 90, 1, AXO_FEATURE_HTTP},
		{400, 80, 1, AXO_FEATURE_CHAOS}, /* the admin: all ports, plainly */
		{400, 81, 0, 0},
	};
	struct fixture f;

	(void)state;
	fixture_open(&f, FEATURES, 1);
	peer_put(&f, 400, "k8s:app=admin");
	f.options.complete_max = 0;
	assert_int_equal(fixture_compile(&f, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct verdict v = ask(&f, rows[i].identity, rows[i].port);

		assert_true(v.allow);
		assert_int_equal(v.accesses, 2);
		assert_int_equal(v.set ? v.set->count : 0, rows[i].count);
		assert_int_equal(v.set ? v.set->features : 0, rows[i].features);
	}
	assert_int_equal(f.compiled->sets.count, 4);
	assert_false(ask(&f, 999, 91).allow);
	fixture_close(&f);
}

static void two_languages_on_one_port_are_refused_with_both_rules(void **state)
{
	struct error e = {0};
	struct fixture f;

	(void)state;
	fixture_open(&f,
		     HEAD "  ingress:\n"
			  "  - toPorts: [{ports: [{port: \"1\", endPort: 99, protocol: TCP}],\n"
			  "      rules: {http: [{method: GET}]}}]\n"
			  "  - toPorts: [{ports: [{port: \"80\", protocol: TCP}],\n"
			  "      serverNames: [a.example]}]\n",
		     0);
	assert_int_equal(fixture_compile(&f, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "default/web#ingress[0].toPorts[0] (http)"));
	assert_non_null(strstr(e.msg, "default/web#ingress[1].toPorts[0] (sni)"));
	fixture_close(&f);
}

static void what_has_no_default_deny_is_enforced_all_the_same(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f,
		     HEAD "  enableDefaultDeny: {ingress: false}\n  ingress:\n"
			  "  - toPorts: [{ports: [{port: \"80\", protocol: TCP}],\n"
			  "      rules: {http: [{method: GET}]}}]\n",
		     0);
	assert_int_equal(fixture_compile(&f, NULL), 0);
	assert_non_null(ask(&f, 999, 80).set);
	assert_null(ask(&f, 999, 81).set);
	assert_true(ask(&f, 999, 81).allow);
	fixture_close(&f);
}

static void the_host_meets_chaos_but_no_enforcement(void **state)
{
	const char *labels[] = {"reserved:host"};
	struct identity_view host = {.id = 1, .labels = labels, .label_count = 1};
	struct fixture f;

	(void)state;
	fixture_open(&f, FEATURES, 0);
	assert_int_equal(peers_put(f.peers, f.set, &host, NULL), 0);
	assert_int_equal(fixture_compile(&f, NULL), 0);
	struct verdict v = ask(&f, 1, 80);
	assert_int_equal(v.rule, AXO_RULE_HOST);
	assert_int_equal(v.set->features, AXO_FEATURE_CHAOS);
	v = ask(&f, 1, 81);
	assert_true(v.allow);
	assert_null(v.set);
	fixture_close(&f);
}

#define LATE                                                                               \
	CLIENTS "  - fromEndpoints: [{matchLabels: {app: late}}]\n    toPorts: [{ports: [" \
		"{port: \"1\"}, {port: \"3\"}, {port: \"5\"}, {port: \"80\"}]}]\n"

static bool allows(const struct fixture *f, uint32_t identity, uint16_t port)
{
	struct lookup *l = lookup_new(f->compiled);
	const struct packet p = {AXO_DIR_INGRESS, IPPROTO_TCP, port};
	bool allow = lookup_packet(l, identity, &p).allow;

	lookup_free(l);
	return allow;
}

static void who_does_not_fit_is_denied_and_others_are_not(void **state)
{
	struct compiled_delta delta;
	struct error e = {0};
	struct fixture f;

	(void)state;
	fixture_open(&f, LATE, 3);
	f.options.max_entries = 4;
	assert_int_equal(fixture_compile(&f, NULL), 0);
	assert_int_equal(f.compiled->entry_count, 1);
	for (int i = 0; i < 2; i++) {
		peer_put(&f, 400, "k8s:app=late");
		assert_int_equal(compiled_add_peer(f.compiled, peers_get(f.peers, 400), &delta, &e),
				 -ENOSPC);
		assert_int_equal(compiled_deny_peer(f.compiled, 400, &delta, &e), 0);
		assert_true(delta.has_peer);
		assert_int_equal(delta.entry_count, 0);
		assert_int_equal(f.compiled->entry_count, 1);
		assert_false(allows(&f, 400, 80));
		assert_true(allows(&f, 301, 80));
	}
	/* Who needs no more entries is still welcome, and so is the other when it is one of them. */
	peer_put(&f, 401, "k8s:app=client");
	peer_put(&f, 400, "k8s:app=client");
	for (uint32_t id = 400; id <= 401; id++) {
		assert_int_equal(compiled_add_peer(f.compiled, peers_get(f.peers, id), &delta, &e),
				 0);
		assert_true(allows(&f, id, 80));
	}
	fixture_close(&f);
}

/* Where a packet would be allowed by default, one to nobody's class is not. */
static void nobody_is_denied_without_default_deny_too(void **state)
{
	struct compiled_delta delta;
	struct fixture f;

	(void)state;
	fixture_open(&f, LATE "  enableDefaultDeny: {ingress: false}\n", 1);
	assert_int_equal(fixture_compile(&f, NULL), 0);
	peer_put(&f, 400, "k8s:app=else");
	assert_int_equal(compiled_add_peer(f.compiled, peers_get(f.peers, 400), &delta, NULL), 0);
	assert_true(allows(&f, 400, 9));
	assert_int_equal(compiled_deny_peer(f.compiled, 400, &delta, NULL), 0);
	assert_false(allows(&f, 400, 9));
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_does_not_fit_is_denied_and_others_are_not),
		cmocka_unit_test(nobody_is_denied_without_default_deny_too),
		cmocka_unit_test(peers_that_no_rule_tells_apart_share_entries),
		cmocka_unit_test(the_class_of_most_pods_needs_no_peers),
		cmocka_unit_test(a_rule_for_the_world_lists_no_prefixes),
		cmocka_unit_test(no_policy_is_not_enforced),
		cmocka_unit_test(what_does_not_fit_is_refused_with_the_numbers),
		cmocka_unit_test(a_new_peer_of_a_known_class_adds_no_entries),
		cmocka_unit_test(a_new_peer_of_a_new_class_brings_its_entries),
		cmocka_unit_test(rules_with_features_add_up_and_a_plain_one_ends_enforcement_only),
		cmocka_unit_test(two_languages_on_one_port_are_refused_with_both_rules),
		cmocka_unit_test(what_has_no_default_deny_is_enforced_all_the_same),
		cmocka_unit_test(the_host_meets_chaos_but_no_enforcement),
		cmocka_unit_test(a_compiled_policy_outlives_its_text),
		cmocka_unit_test(a_trace_names_rule_file_and_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
