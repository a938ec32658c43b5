// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Experiments that meet in one request: a table of pairs, and who of them is on this host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "axoneme/policy.h"
#include "lib/cleanup.h"
#include "policy/chaos_meet.h"
#include "policy/parse.h"

enum { WEB = 256, DB, SHOP, PODS, OUTSIDE = AXO_ID_PREFIX4_MIN };

static const char *const labels[][2] = {
	{"k8s:app=web", "k8s:io.kubernetes.pod.namespace=a"},
	{"k8s:app=db", "k8s:io.kubernetes.pod.namespace=a"},
	{"k8s:app=shop", "k8s:io.kubernetes.pod.namespace=b"},
};
static const char *const outside[] = {"cidr:192.0.2.0/24", "reserved:world-ipv4"};
static const struct named_port http = {.name = "http", .port = 80, .proto = IPPROTO_TCP};

#define POLICY(name, ns, app)                                    \
	"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"  \
	"metadata: {name: " name ", namespace: " ns "}\nspec:\n" \
	"  endpointSelector: {matchLabels: {app: " app "}}\n"
#define RULE(port)                                          \
	"    toPorts: [{ports: [{port: \"" port             \
	"\", protocol: TCP}], rules: {l7proto: chaos, l7: " \
	"[{abort: reset}]}}]\n"
#define IN(port) "  ingress:\n  -\n" RULE(port)
#define IN_FROM(who, port) "  ingress:\n  - fromEndpoints: [{matchLabels: {" who "}}]\n" RULE(port)
#define OUT(port) "  egress:\n  -\n" RULE(port)
#define OUT_TO(who, port) "  egress:\n  - toEndpoints: [{matchLabels: {" who "}}]\n" RULE(port)
#define OUT_CIDR(port) "  egress:\n  - toCIDR: [192.0.2.0/24]\n" RULE(port)
#define OUT_WORLD(port) "  egress:\n  - toEntities: [world]\n" RULE(port)
#define PLAIN "  ingress: [{toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]}]\n"
#define SHOP_OF "\"k8s:io.kubernetes.pod.namespace\": b, app: shop"

#define BIT(id) (1U << ((id)-WEB))
#define ALL (BIT(WEB) | BIT(DB) | BIT(SHOP))

/** struct row - @here: BIT of those on this host; @b NULL: @a with itself */
struct row {
	const char *name;
	const char *a;
	const char *b;
	unsigned int here;
	enum chaos_meeting meeting;
};

static const struct row rows[] = {
	{"one port of one pod", POLICY("a", "a", "db") IN("80"), POLICY("b", "a", "db") IN("80"),
	 ALL, CHAOS_MEET_HERE},
	{"two ports of one pod", POLICY("a", "a", "db") IN("80"), POLICY("b", "a", "db") IN("81"),
	 ALL, CHAOS_MEET_NOT},
	{"one port of two pods", POLICY("a", "a", "db") IN("80"), POLICY("b", "a", "web") IN("80"),
	 ALL, CHAOS_MEET_NOT},
	{"a pod that is elsewhere", POLICY("a", "a", "db") IN("80"),
	 POLICY("b", "a", "db") IN("80"), BIT(WEB), CHAOS_MEET_NOT},
	{"different clients of one pod", POLICY("a", "a", "db") IN_FROM("app: web", "80"),
	 POLICY("b", "a", "db") IN_FROM(SHOP_OF, "80"), ALL, CHAOS_MEET_NOT},
	{"anybody and a client of one pod", POLICY("a", "a", "db") IN_FROM("app: web", "80"),
	 POLICY("b", "a", "db") IN("80"), BIT(DB), CHAOS_MEET_HERE},
	{"a client's egress and a server's ingress", POLICY("a", "a", "web") OUT("80"),
	 POLICY("b", "a", "db") IN("80"), ALL, CHAOS_MEET_HERE},
	{"the same the other way round", POLICY("a", "a", "db") IN("80"),
	 POLICY("b", "a", "web") OUT("80"), ALL, CHAOS_MEET_HERE},
	{"the server is elsewhere", POLICY("a", "a", "web") OUT("80"),
	 POLICY("b", "a", "db") IN("80"), BIT(WEB), CHAOS_MEET_REMOTE},
	{"the client is elsewhere", POLICY("a", "a", "web") OUT("80"),
	 POLICY("b", "a", "db") IN("80"), BIT(DB), CHAOS_MEET_REMOTE},
	{"both are elsewhere", POLICY("a", "a", "web") OUT("80"), POLICY("b", "a", "db") IN("80"),
	 BIT(SHOP), CHAOS_MEET_NOT},
	{"another port of the server", POLICY("a", "a", "web") OUT("81"),
	 POLICY("b", "a", "db") IN("80"), ALL, CHAOS_MEET_NOT},
	{"egress to somebody else", POLICY("a", "a", "web") OUT_TO(SHOP_OF, "80"),
	 POLICY("b", "a", "db") IN("80"), ALL, CHAOS_MEET_NOT},
	{"ingress from somebody else", POLICY("a", "a", "web") OUT("80"),
	 POLICY("b", "a", "db") IN_FROM(SHOP_OF, "80"), ALL, CHAOS_MEET_NOT},
	{"ends that name each other", POLICY("a", "a", "web") OUT_TO(SHOP_OF, "80"),
	 POLICY("b", "b", "shop") IN_FROM("\"k8s:io.kubernetes.pod.namespace\": a, app: web", "80"),
	 ALL, CHAOS_MEET_HERE},
	{"a name of the server's port and its number", POLICY("a", "a", "web") OUT("http"),
	 POLICY("b", "a", "db") IN("80"), ALL, CHAOS_MEET_HERE},
	{"a name that the server does not have", POLICY("a", "a", "web") OUT("http"),
	 POLICY("b", "b", "shop") IN("80"), ALL, CHAOS_MEET_NOT},
	{"addresses outside", POLICY("a", "a", "web") OUT_CIDR("80"),
	 POLICY("b", "a", "db") IN("80"), ALL, CHAOS_MEET_NOT},
	{"the world and a part of it", POLICY("a", "a", "web") OUT_CIDR("80"),
	 POLICY("b", "a", "web") OUT_WORLD("80"), ALL, CHAOS_MEET_HERE},
	{"everywhere from one pod", POLICY("a", "a", "web") OUT("80"),
	 POLICY("b", "a", "web") OUT("80"), ALL, CHAOS_MEET_HERE},
	{"everywhere from one pod, by a name that one server has",
	 POLICY("a", "a", "web") OUT("http"), POLICY("b", "a", "web") OUT("80"), ALL,
	 CHAOS_MEET_HERE},
	{"everywhere from one pod, by a name that means another port",
	 POLICY("a", "a", "web") OUT("http"), POLICY("b", "a", "web") OUT("81"), ALL,
	 CHAOS_MEET_NOT},
	{"no chaos", POLICY("a", "a", "web") OUT("80"), POLICY("b", "a", "db") PLAIN, ALL,
	 CHAOS_MEET_NOT},
	{"one experiment alone", POLICY("a", "a", "db") IN("80"), NULL, ALL, CHAOS_MEET_NOT},
	{"two experiments of a policy", POLICY("a", "a", "db") IN("80") "  -\n" RULE("80"), NULL,
	 ALL, CHAOS_MEET_HERE},
};

static struct policy *policy_of(const char *text)
{
	struct policy *list = NULL;
	struct report r;

	report_init(&r, "meet.yaml");
	if (policy_parse("meet.yaml", text, strlen(text), &r, &list)) {
		report_write(&r, stderr);
		fail_msg("%s", text);
	}
	report_fini(&r);
	return list;
}

static bool is_here(void *arg, uint32_t identity)
{
	unsigned int here = *(const unsigned int *)arg;

	return identity >= WEB && identity < PODS && here & BIT(identity);
}

static void row_check(const struct row *row)
{
	struct policy_set *set = policy_set_new();
	struct peers *peers = peers_new(NULL);
	struct policy *a = policy_of(row->a), *b = row->b ? policy_of(row->b) : a;
	unsigned int here = row->here;
	const struct chaos_meet m = {set, peers, is_here, &here};

	for (uint32_t id = WEB; id < PODS; id++) {
		const struct identity_view v = {
			.id = id,
			.labels = labels[id - WEB],
			.label_count = 2,
			.ports = &http,
			.port_count = id == DB,
		};

		assert_int_equal(peers_put(peers, set, &v, NULL), 0);
	}
	assert_int_equal(peers_put(peers, set,
				   &(struct identity_view){
					   .id = OUTSIDE, .labels = outside, .label_count = 2},
				   NULL),
			 0);
	if (chaos_policies_meet(&m, a, b) != row->meeting)
		fail_msg("%s: %d", row->name, (int)chaos_policies_meet(&m, a, b));
	if (b != a)
		policies_free(b);
	policies_free(a);
	peers_free(peers);
	policy_set_free(set);
}

static void experiments_meet_where_client_server_and_port_are_of_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		row_check(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(experiments_meet_where_client_server_and_port_are_of_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
