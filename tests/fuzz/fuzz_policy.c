/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A policy file of any bytes: it is refused with a finding, or everything that is done with
 * policies can be done with it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/parse.h"
#include "policy/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define require(condition)                                                                    \
	do {                                                                                  \
		if (!(condition)) {                                                           \
			fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #condition); \
			abort();                                                              \
		}                                                                             \
	} while (0)

static void references_check(const struct policy_set *set)
{
	const struct policy *p = NULL;
	char buf[REF_STR_MAX];
	struct ref r;

	while ((p = policy_set_next(set, p))) {
		uint32_t first = policy_set_first_ref(set, p);

		for (uint32_t i = 0; i < p->refs; i++) {
			require(!policy_set_ref(set, first + i, &r));
			require(r.policy == p && *ref_to_str(&r, buf));
		}
	}
}

static void peers_fill(const struct policy_set *set, struct peers *peers)
{
	static const char *const web[] = {"k8s:app=web", "k8s:io.kubernetes.pod.namespace=default"};
	static const char *const host[] = {"reserved:host"};
	struct cidr *prefixes = NULL;
	size_t count = policy_set_prefixes(set, &prefixes);
	struct identity_view v = {.id = AXO_ID_LOCAL_MIN, .labels = web, .label_count = 2};

	require(!peers_put(peers, set, &v, NULL));
	v = (struct identity_view){.id = AXO_ID_HOST, .labels = host, .label_count = 1};
	require(!peers_put(peers, set, &v, NULL));
	for (size_t i = 0; i < count; i++) {
		bool six = prefixes[i].family == 6;
		char text[CIDR_STR_MAX + 8] = "cidr:";
		const char *labels[] = {text, six ? "reserved:world-ipv6" : "reserved:world-ipv4"};

		cidr_to_str(&prefixes[i], text + 5);
		v = (struct identity_view){
			.id = (six ? AXO_ID_PREFIX6_MIN : AXO_ID_PREFIX4_MIN) + (uint32_t)i,
			.labels = labels,
			.label_count = 2,
		};
		require(!peers_put(peers, set, &v, NULL));
	}
	free(prefixes);
}

/* Verdict and trace of a few packets agree. */
static void verdicts_check(const struct policy_set *set, const struct peers *peers,
			   const struct compiled *c)
{
	struct lookup *l = lookup_new(c);
	uint32_t slot = 0;

	for (const struct peer_identity *who; (who = peers_next(peers, &slot));)
		for (int i = 0; i < 4; i++) {
			struct packet p = {.dir = (enum axo_dir)(i & 1), .proto = 6, .port = 80};
			struct trace t;

			policy_trace(set, c, l, who, &p, &t);
			require(lookup_packet(l, who->id, &p).allow == t.allow);
		}
	lookup_free(l);
}

static void set_check(struct policy *list)
{
	struct policy_set *set = policy_set_new();
	struct peers *peers = peers_new("default");
	struct compiled *c = NULL;
	struct error e = {0};

	require(!policy_set_apply(set, "fuzz", list, &e));
	references_check(set);
	peers_fill(set, peers);
	struct subject s = {.labels = peers_get(peers, AXO_ID_LOCAL_MIN)->labels};
	if (!policy_compile(set, peers, &s, &COMPILE_OPTIONS_DEFAULT, &c, &e))
		verdicts_check(set, peers, c);
	else
		require(*e.msg);
	compiled_free(c);
	peers_free(peers);
	policy_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *list = NULL;
	struct report r;
	char *text = malloc(size + 1);

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	report_init(&r, "fuzz");
	int err = policy_parse("fuzz", text, size, &r, &list);
	require(!err == !r.errors);
	if (!err)
		set_check(list);
	report_fini(&r);
	free(text);
	return 0;
}
