/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is not touched needs no compilation: on random policies, a changed namespace or group of
 * prefixes leaves the verdicts of whom it does not touch as they were.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "axoneme/ipcache.h"
#include "axoneme/policy.h"
#include "lib/cleanup.h"
#include "policy/lookup.h"
#include "policy/parse.h"
#include "policy/touch.h"
#include "tests/policy-reference/random.h"

#define PODS 8
#define ROUNDS 400

static const char *const pods[PODS][2] = {
	{"k8s:app=web", "k8s:io.kubernetes.pod.namespace=a"},
	{"k8s:app=db", "k8s:io.kubernetes.pod.namespace=a"},
	{"k8s:app=api", "k8s:io.kubernetes.pod.namespace=a"},
	{"k8s:app=web", "k8s:io.kubernetes.pod.namespace=b"},
	{"k8s:tier=back", "k8s:io.kubernetes.pod.namespace=b"},
	{"k8s:app=db", "k8s:io.kubernetes.pod.namespace=c"},
	{"k8s:app=web", "k8s:io.kubernetes.pod.namespace=c"},
	{"k8s:tier=front", "k8s:io.kubernetes.pod.namespace=b"},
};

/* What replaces one of the objects that random_write() writes behind the policies. */
static const char *const changes[] = {
	"apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {team: blue}}\n",
	"apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
	"apiVersion: v1\nkind: Namespace\nmetadata: {name: b, labels: {team: red, tier: x}}\n",
	"apiVersion: v1\nkind: Namespace\nmetadata: {name: c, labels: {team: red}}\n",
	"apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\n"
	"metadata: {name: partners, labels: {kind: partner}}\n"
	"spec: {externalCIDRs: [10.1.2.0/24, 198.51.100.0/24]}\n",
	"apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: partners}\n"
	"spec: {externalCIDRs: [192.0.2.0/24]}\n",
	"apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\n"
	"metadata: {name: nobody, labels: {kind: partner}}\n"
	"spec: {externalCIDRs: [10.0.0.0/8]}\n",
};

static const struct packet packets[] = {
	{AXO_DIR_INGRESS, IPPROTO_TCP, 80},  {AXO_DIR_INGRESS, IPPROTO_UDP, 53},
	{AXO_DIR_INGRESS, IPPROTO_TCP, 443}, {AXO_DIR_INGRESS, IPPROTO_ICMP, 8},
	{AXO_DIR_EGRESS, IPPROTO_TCP, 80},   {AXO_DIR_EGRESS, IPPROTO_UDP, 53},
	{AXO_DIR_EGRESS, IPPROTO_TCP, 443},  {AXO_DIR_EGRESS, IPPROTO_SCTP, 7},
};

static struct policy *list_of(const char *text)
{
	struct policy *list = NULL;
	struct report r;

	report_init(&r, "touch.yaml");
	if (policy_parse("touch.yaml", text, strlen(text), &r, &list)) {
		report_write(&r, stderr);
		fail_msg("%s", text);
	}
	report_fini(&r);
	return list;
}

/* Every object as a source of its own, so that one can be replaced. */
static void objects_apply(struct policy_set *set, const char *text)
{
	struct policy *next, *list = list_of(text);
	struct error e = {0};

	for (struct policy *p = list; p; p = next) {
		char source[64];

		next = p->next;
		p->next = NULL;
		snprintf(source, sizeof(source), "%d %s %s", p->kind,
			 p->namespace_ ? p->namespace_ : "", p->name);
		if (policy_set_apply(set, source, p, &e))
			fail_msg("%s", e.msg);
	}
}

static struct peers *peers_of(const struct policy_set *set)
{
	static const char *const reserved[] = {"reserved:host"};
	struct peers *peers = peers_new(NULL);
	struct identity_view host = {.id = AXO_ID_HOST, .labels = reserved, .label_count = 1};
	struct cidr *prefixes = NULL;
	size_t count = policy_set_prefixes(set, &prefixes);

	assert_int_equal(peers_put(peers, set, &host, NULL), 0);
	for (uint32_t i = 0; i < PODS; i++) {
		struct identity_view v = {.id = 256 + i, .labels = pods[i], .label_count = 2};

		assert_int_equal(peers_put(peers, set, &v, NULL), 0);
	}
	for (size_t i = 0; i < count; i++) {
		char text[CIDR_STR_MAX + 8] = "cidr:";
		bool six = prefixes[i].family == 6;
		const char *labels[] = {text, six ? "reserved:world-ipv6" : "reserved:world-ipv4"};
		struct identity_view v = {
			.id = (six ? AXO_ID_PREFIX6_MIN : AXO_ID_PREFIX4_MIN) + (uint32_t)i,
			.labels = labels,
			.label_count = 2,
		};

		cidr_to_str(&prefixes[i], text + 5);
		assert_int_equal(peers_put(peers, set, &v, NULL), 0);
	}
	free(prefixes);
	return peers;
}

static struct compiled *compile(const struct policy_set *set, struct peers *peers, uint32_t id)
{
	struct subject s = {.labels = peers_get(peers, id)->labels};
	struct compiled *c = NULL;

	assert_int_equal(policy_compile(set, peers, &s, &COMPILE_OPTIONS_DEFAULT, &c, NULL), 0);
	return c;
}

/* Prefixes that came with the change are peers of what was compiled before, too. */
static void prefixes_replace(struct compiled *c, const struct peers *before,
			     const struct peers *after)
{
	const struct peer_identity *who;
	struct compiled_delta delta;
	uint32_t slot = 0;

	while ((who = peers_next(before, &slot)))
		if (who->labels.has_prefix)
			compiled_remove_peer(c, who->id);
	slot = 0;
	while ((who = peers_next(after, &slot)))
		if (who->labels.has_prefix)
			assert_int_equal(compiled_add_peer(c, who, &delta, NULL), 0);
}

static bool verdicts_agree(const struct compiled *a, const struct compiled *b,
			   const struct peers *peers)
{
	struct lookup *x = lookup_new(a), *y = lookup_new(b);
	const struct peer_identity *who;
	bool agree = true;
	uint32_t slot = 0;

	while ((who = peers_next(peers, &slot)))
		for (size_t i = 0; i < ARRAY_SIZE(packets); i++) {
			struct verdict v = lookup_packet(x, who->id, &packets[i]);
			struct verdict w = lookup_packet(y, who->id, &packets[i]);

			agree &= v.allow == w.allow && v.explicit_deny == w.explicit_deny;
		}
	lookup_free(x);
	lookup_free(y);
	return agree;
}

static bool is_touched(const struct policy **changed, size_t count, const struct compiled *c,
		       const struct label_set *labels)
{
	for (size_t i = 0; i < count; i++)
		if (policy_touches(changed[i], c, &(struct subject){.labels = *labels}))
			return true;
	return false;
}

/** struct seen - @different: touched, and rightly so */
struct seen {
	size_t untouched;
	size_t touched;
	size_t different;
};

static void round_run(uint64_t seed, struct seen *seen)
{
	const char *change = changes[seed % ARRAY_SIZE(changes)];
	struct policy_set *set = policy_set_new();
	_cleanup_free_ char *text = NULL;
	const struct policy **changed;
	uint64_t state = seed;
	struct random_case c;
	size_t len, count;

	random_fill(&c, &state);
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	random_write(&c, out);
	fclose(out);
	objects_apply(set, text);
	struct peers *before = peers_of(set);
	struct compiled *old[PODS];
	for (uint32_t i = 0; i < PODS; i++)
		old[i] = compile(set, before, 256 + i);
	policy_set_begin(set);
	objects_apply(set, change);
	count = policy_set_changed(set, &changed, NULL);
	struct peers *after = peers_of(set);
	for (uint32_t i = 0; i < PODS; i++) {
		struct compiled *fresh = compile(set, after, 256 + i);
		bool touched =
			is_touched(changed, count, old[i], &peers_get(after, 256 + i)->labels);

		prefixes_replace(old[i], before, after);
		bool same = verdicts_agree(old[i], fresh, after);
		if (!touched && !same)
			fail_msg("seed %llu: pod %u is touched by\n%s%s", (unsigned long long)seed,
				 i, change, text);
		seen->untouched += !touched;
		seen->touched += touched;
		seen->different += !same;
		compiled_free(fresh);
		compiled_free(old[i]);
	}
	free(changed);
	policy_set_commit(set);
	peers_free(before);
	peers_free(after);
	policy_set_free(set);
}

static void who_is_not_touched_is_judged_as_before(void **state)
{
	struct seen seen = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++)
		round_run(seed, &seen);
	/* Worth something only if all of these happened. */
	assert_true(seen.untouched > ROUNDS * PODS / 4);
	assert_true(seen.touched > ROUNDS * PODS / 20);
	assert_true(seen.different > ROUNDS * PODS / 100);
}

static void a_name_of_a_namespace_is_no_label_that_changes(void **state)
{
	static const char base[] =
		"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
		"metadata: {name: p, namespace: a}\nspec:\n  podSelector: {}\n  ingress:\n"
		"  - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}]\n";
	struct policy_set *set = policy_set_new();
	struct policy *ns = list_of(changes[2]), *own = list_of(changes[0]);

	(void)state;
	objects_apply(set, base);
	struct peers *peers = peers_of(set);
	struct compiled *c = compile(set, peers, 256);
	assert_false(
		policy_touches(ns, c, &(struct subject){.labels = peers_get(peers, 256)->labels}));
	assert_true(
		policy_touches(own, c, &(struct subject){.labels = peers_get(peers, 256)->labels}));
	assert_false(policy_touches(ns, NULL,
				    &(struct subject){.labels = peers_get(peers, 256)->labels}));
	assert_true(policy_touches(ns, NULL,
				   &(struct subject){.labels = peers_get(peers, 259)->labels}));
	compiled_free(c);
	peers_free(peers);
	policies_free(ns);
	policies_free(own);
	policy_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_not_touched_is_judged_as_before),
		cmocka_unit_test(a_name_of_a_namespace_is_no_label_that_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
