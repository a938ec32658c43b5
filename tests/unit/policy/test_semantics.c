/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What policies mean, by hand: a policy, a packet, and what must happen to it.  The compiler and
 * the reference must both say so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "lib/cleanup.h"
#include "policy/lookup.h"
#include "policy/parse.h"
#include "tests/policy-reference/reference.h"

#define NS "k8s:io.kubernetes.pod.namespace="
#define CNP                                                                                 \
	"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\nspec:\n" \
	"  endpointSelector: {matchLabels: {app: web}}\n"
#define CCNP                                                                                    \
	"apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p}\n" \
	"spec:\n  endpointSelector: {matchLabels: {app: web}}\n"
#define KNP                                                                                   \
	"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec:\n" \
	"  podSelector: {matchLabels: {app: web}}\n"
#define RED "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: red, labels: {team: red}}\n"

enum { IN = AXO_DIR_INGRESS, OUT = AXO_DIR_EGRESS };

/** struct row - @peer: labels with spaces between, or an address; @allow: what must happen */
struct row {
	const char *policy;
	int dir;
	const char *peer;
	uint8_t proto;
	uint16_t port;
	bool allow;
};

#define DB NS "default k8s:app=db"
#define DB_RED NS "red k8s:app=db"
#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP
#define SCTP IPPROTO_SCTP
#define ICMP IPPROTO_ICMP
#define ICMP6 IPPROTO_ICMPV6

static const struct row rows[] = {
	/* No section: no effect.  An empty item: default deny. */
	{CNP "  ingress: []\n", IN, DB, TCP, 80, true},
	{CNP "  ingress: [{}]\n", IN, DB, TCP, 80, false},
	{CNP "  ingress: [{}]\n", OUT, DB, TCP, 80, true},
	{CNP "  egress: [{}]\n", OUT, DB, TCP, 80, false},
	{CNP "  ingressDeny: [{}]\n", IN, DB, TCP, 80, false},
	/* Another subject. */
	{"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\nspec: "
	 "{endpointSelector: {matchLabels: {app: db}}, ingress: [{}]}",
	 IN, DB, TCP, 80, true},
	{"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: red}\n"
	 "spec: {endpointSelector: {}, ingress: [{}]}",
	 IN, DB, TCP, 80, true},
	/* Peers without ports: everything, ICMP too. */
	{CNP "  ingress: [{fromEndpoints: [{matchLabels: {app: db}}]}]\n", IN, DB, TCP, 1, true},
	{CNP "  ingress: [{fromEndpoints: [{matchLabels: {app: db}}]}]\n", IN, DB, ICMP, 8, true},
	{CNP "  ingress: [{fromEndpoints: [{matchLabels: {app: db}}]}]\n", IN, DB, 47, 0, true},
	/* A namespaced policy means its own namespace, a clusterwide one any. */
	{CNP "  ingress: [{fromEndpoints: [{matchLabels: {app: db}}]}]\n", IN, DB_RED, TCP, 1,
	 false},
	{CNP "  ingress: [{fromEndpoints: [{}]}]\n", IN, DB_RED, TCP, 1, false},
	{CNP
	 "  ingress: [{fromEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: red}}]}]\n",
	 IN, DB_RED, TCP, 1, true},
	{CNP "  ingress: [{fromEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.team: "
	     "red}}]}]\n" RED,
	 IN, DB_RED, TCP, 1, true},
	{CCNP "  ingress: [{fromEndpoints: [{}]}]\n", IN, DB_RED, TCP, 1, true},
	{CCNP "  ingress: [{fromEndpoints: [{}]}]\n", IN, "8.8.8.8", TCP, 1, false},
	{CCNP "  ingress: [{fromEndpoints: [{}]}]\n", IN, "reserved:remote-node", TCP, 1, false},
	{CCNP "  ingress: [{fromEndpoints: [{matchLabels: {\"reserved:remote-node\": \"\"}}]}]\n",
	 IN, "reserved:remote-node", TCP, 1, true},
	/* Ports without peers: anybody. */
	{CNP "  ingress: [{toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]}]\n", IN, "8.8.8.8",
	 TCP, 80, true},
	{CNP "  ingress: [{toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]}]\n", IN, DB, TCP,
	 81, false},
	{CNP "  ingress: [{toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]}]\n", IN, DB, ICMP,
	 8, false},
	/* ANY is TCP, UDP and SCTP; port 0 is all ports of a protocol. */
	{CNP "  ingress: [{toPorts: [{ports: [{port: \"80\"}]}]}]\n", IN, DB, SCTP, 80, true},
	{CNP "  ingress: [{toPorts: [{ports: [{port: \"0\"}]}]}]\n", IN, DB, ICMP, 8, false},
	{CNP "  ingress: [{toPorts: [{ports: [{port: \"0\", protocol: UDP}]}]}]\n", IN, DB, UDP, 9,
	 true},
	{CNP "  ingress: [{toPorts: [{ports: [{port: \"0\", protocol: UDP}]}]}]\n", IN, DB, TCP, 9,
	 false},
	{CNP "  ingress: [{toPorts: [{ports: [{protocol: GRE}]}]}]\n", IN, DB, 47, 0, true},
	/* Nobody and nothing. */
	{CNP "  ingress: [{fromEndpoints: [], toPorts: [{ports: [{port: \"80\"}]}]}]\n", IN, DB,
	 TCP, 80, false},
	{CNP "  ingress: [{fromEndpoints: [{}], toPorts: [{ports: []}]}]\n", IN, DB, TCP, 80,
	 false},
	/* Ranges. */
	{CNP "  ingress: [{toPorts: [{ports: [{port: \"80\", endPort: 90}]}]}]\n", IN, DB, TCP, 90,
	 true},
	{CNP "  ingress: [{toPorts: [{ports: [{port: \"80\", endPort: 90}]}]}]\n", IN, DB, TCP, 91,
	 false},
	/* Named ports: of the subject on ingress, of the peer on egress. */
	{CNP "  ingress: [{toPorts: [{ports: [{port: http, protocol: TCP}]}]}]\n", IN, DB, TCP,
	 8080, true},
	{CNP "  ingress: [{toPorts: [{ports: [{port: http, protocol: UDP}]}]}]\n", IN, DB, UDP,
	 8080, false},
	{CNP "  ingress: [{toPorts: [{ports: [{port: nowhere}]}]}]\n", IN, DB, TCP, 8080, false},
	{CNP "  egress: [{toPorts: [{ports: [{port: sql}]}]}]\n", OUT, DB, TCP, 5432, true},
	{CNP "  egress: [{toPorts: [{ports: [{port: http}]}]}]\n", OUT, DB, TCP, 8080, false},
	/* Deny wins, however narrow the allow is. */
	{CNP "  ingress: [{fromEndpoints: [{}]}]\n  ingressDeny: [{toPorts: [{ports: [{port: "
	     "\"80\"}]}]}]\n",
	 IN, DB, TCP, 80, false},
	{CNP "  ingress: [{fromEndpoints: [{}]}]\n  ingressDeny: [{toPorts: [{ports: [{port: "
	     "\"80\"}]}]}]\n",
	 IN, DB, TCP, 81, true},
	{CNP "  ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: \"80\"}]}]}]\n  "
	     "ingressDeny: [{fromEntities: [all]}]\n",
	 IN, DB, TCP, 80, false},
	/* enableDefaultDeny. */
	{CNP "  enableDefaultDeny: {ingress: false}\n  ingress: [{fromCIDR: [10.0.0.0/8]}]\n", IN,
	 DB, TCP, 80, true},
	{CNP "  enableDefaultDeny: {ingress: false}\n  ingressDeny: [{fromCIDR: [10.0.0.0/8]}]\n",
	 IN, "10.1.1.1", TCP, 80, false},
	{CNP "  enableDefaultDeny: {ingress: false}\n  ingressDeny: [{fromCIDR: [10.0.0.0/8]}]\n",
	 IN, "11.1.1.1", TCP, 80, true},
	{CNP "  enableDefaultDeny: {egress: true}\n  ingress: [{}]\n", OUT, DB, TCP, 80, false},
	/* The host gets in, and is not let out to by that. */
	{CNP "  ingress: [{}]\n", IN, "reserved:host", TCP, 80, true},
	{CNP "  ingressDeny: [{fromEntities: [all]}]\n", IN, "reserved:host", TCP, 80, true},
	{CNP "  egress: [{}]\n", OUT, "reserved:host", TCP, 80, false},
	/* Entities. */
	{CNP "  egress: [{toEntities: [world]}]\n", OUT, "8.8.8.8", TCP, 80, true},
	{CNP "  egress: [{toEntities: [world-ipv4]}]\n", OUT, "2001:db8::1", TCP, 80, false},
	{CNP "  egress: [{toEntities: [cluster]}]\n", OUT, DB_RED, TCP, 80, true},
	{CNP "  egress: [{toEntities: [cluster]}]\n", OUT, "8.8.8.8", TCP, 80, false},
	{CNP "  egress: [{toEntities: [none]}]\n", OUT, DB, TCP, 80, false},
	{CNP "  egress: [{toEntities: [kube-apiserver]}]\n", OUT, "reserved:kube-apiserver", TCP,
	 6443, true},
	/* An API server by its address is still of the world, and in its prefixes. */
	{CNP "  egress: [{toEntities: [kube-apiserver]}]\n", OUT,
	 "cidr:9.9.9.9/32 reserved:world-ipv4 reserved:kube-apiserver", TCP, 6443, true},
	{CNP "  egress: [{toEntities: [world]}]\n", OUT,
	 "cidr:9.9.9.9/32 reserved:world-ipv4 reserved:kube-apiserver", TCP, 6443, true},
	{CNP "  egress: [{toCIDR: [9.0.0.0/8]}]\n", OUT,
	 "cidr:9.9.9.9/32 reserved:world-ipv4 reserved:kube-apiserver", TCP, 6443, true},
	{CNP "  egress: [{toCIDRSet: [{cidr: 9.0.0.0/8, except: [9.9.0.0/16]}]}]\n", OUT,
	 "cidr:9.9.9.9/32 reserved:world-ipv4 reserved:kube-apiserver", TCP, 6443, false},
	/* Prefixes: excepts, all of a family, never pods. */
	{CNP "  egress: [{toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]}]\n", OUT,
	 "10.2.0.1", TCP, 80, true},
	{CNP "  egress: [{toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]}]\n", OUT,
	 "10.1.0.1", TCP, 80, false},
	{CNP "  egress: [{toCIDR: [0.0.0.0/0]}]\n", OUT, "8.8.8.8", TCP, 80, true},
	{CNP "  egress: [{toCIDR: [0.0.0.0/0]}]\n", OUT, "2001:db8::1", TCP, 80, false},
	{CNP "  egress: [{toCIDR: [0.0.0.0/0]}]\n", OUT, DB, TCP, 80, false},
	{CNP "  egress: [{toCIDRSet: [{cidrGroupRef: g, except: [10.1.0.0/16]}]}]\n"
	     "---\napiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: g}\n"
	     "spec: {externalCIDRs: [10.0.0.0/8]}\n",
	 OUT, "10.2.0.1", TCP, 80, true},
	{CNP "  egress: [{toCIDRSet: [{cidrGroupRef: g}]}]\n", OUT, "10.2.0.1", TCP, 80, false},
	/* ICMP by type and family. */
	{CNP "  ingress: [{icmps: [{fields: [{type: EchoRequest}]}]}]\n", IN, DB, ICMP, 8, true},
	{CNP "  ingress: [{icmps: [{fields: [{type: EchoRequest}]}]}]\n", IN, DB, ICMP, 0, false},
	{CNP "  ingress: [{icmps: [{fields: [{type: EchoRequest, family: IPv6}]}]}]\n", IN, DB,
	 ICMP6, 128, true},
	/* Expressions: NotIn also without the key. */
	{CNP
	 "  ingress: [{fromEndpoints: [{matchExpressions: [{key: tier, operator: NotIn, values: "
	 "[x]}]}]}]\n",
	 IN, DB, TCP, 80, true},
	{CNP
	 "  ingress: [{fromEndpoints: [{matchExpressions: [{key: tier, operator: Exists}]}]}]\n",
	 IN, DB, TCP, 80, false},
	/* Expressions that differ in the operator only, each for a port of its own. */
	{CNP
	 "  ingress:\n  - fromEndpoints: [{matchExpressions: [{key: tier, operator: Exists}]}]\n"
	 "    toPorts: [{ports: [{port: \"80\"}]}]\n"
	 "  - fromEndpoints: [{matchExpressions: [{key: tier, operator: DoesNotExist}]}]\n"
	 "    toPorts: [{ports: [{port: \"81\"}]}]\n",
	 IN, DB, TCP, 80, false},
	{CNP
	 "  ingress:\n  - fromEndpoints: [{matchExpressions: [{key: tier, operator: Exists}]}]\n"
	 "    toPorts: [{ports: [{port: \"80\"}]}]\n"
	 "  - fromEndpoints: [{matchExpressions: [{key: tier, operator: DoesNotExist}]}]\n"
	 "    toPorts: [{ports: [{port: \"81\"}]}]\n",
	 IN, DB, TCP, 81, true},
	/* Sources of labels. */
	{CNP "  ingress: [{fromEndpoints: [{matchLabels: {\"container:app\": db}}]}]\n", IN, DB,
	 TCP, 80, false},
	/* Kubernetes: defaults and selectors. */
	{KNP "  policyTypes: [Ingress]\n", IN, DB, TCP, 80, false},
	{KNP "  policyTypes: [Egress]\n", IN, DB, TCP, 80, true},
	{KNP "  ingress: [{}]\n", IN, "8.8.8.8", ICMP, 8, true},
	{KNP "  ingress: [{from: [{podSelector: {}}]}]\n", IN, DB_RED, TCP, 80, false},
	{KNP "  ingress: [{from: [{namespaceSelector: {}}]}]\n", IN, DB_RED, TCP, 80, true},
	{KNP "  ingress: [{from: [{namespaceSelector: {}}]}]\n", IN, "8.8.8.8", TCP, 80, false},
	{KNP "  ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "
	     "red}}}]}]\n",
	 IN, DB_RED, TCP, 80, true},
	{KNP "  ingress: [{from: [{namespaceSelector: {matchLabels: {team: red}}, podSelector: "
	     "{matchLabels: {app: web}}}]}]\n" RED,
	 IN, DB_RED, TCP, 80, false},
	{KNP "  ingress: [{ports: [{port: 80}]}]\n", IN, DB, UDP, 80, false},
	{KNP "  ingress: [{ports: [{protocol: UDP}]}]\n", IN, DB, UDP, 4711, true},
	{KNP "  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]\n", OUT, "10.1.1.1", TCP, 80, true},
	{KNP "  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]\n", IN, DB, TCP, 80, false},
};

static const char *const subject_labels[] = {NS "default", "k8s:app=web"};
static const struct named_port subject_ports[] = {{"http", 8080, IPPROTO_TCP}};
static const struct named_port peer_ports[] = {{"sql", 5432, IPPROTO_TCP}};

static struct policy *list_of(const char *text)
{
	struct policy *list = NULL;
	struct report r;

	report_init(&r, "row");
	if (policy_parse("row", text, strlen(text), &r, &list)) {
		report_write(&r, stderr);
		fail_msg("%s", text);
	}
	report_fini(&r);
	return list;
}

/* @text with spaces to @labels; returns how many. */
static size_t labels_split(char *text, const char **labels)
{
	size_t n = 0;

	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		labels[n++] = word;
	return n;
}

static uint32_t prefixes_put(const struct policy_set *set, struct peers *peers,
			     const struct axo_addr *addr)
{
	struct cidr *prefixes = NULL;
	size_t count = policy_set_prefixes(set, &prefixes);
	uint32_t best = addr_family(addr) == 4 ? AXO_ID_WORLD_IPV4 : AXO_ID_WORLD_IPV6;
	int bits = -1;

	for (size_t i = 0; i < count; i++) {
		char text[CIDR_STR_MAX + 8] = "cidr:";
		bool six = prefixes[i].family == 6;
		uint32_t id = (six ? AXO_ID_PREFIX6_MIN : AXO_ID_PREFIX4_MIN) + (uint32_t)i;
		const char *labels[] = {text, six ? "reserved:world-ipv6" : "reserved:world-ipv4"};
		struct identity_view v = {.id = id, .labels = labels, .label_count = 2};

		cidr_to_str(&prefixes[i], text + 5);
		assert_int_equal(peers_put(peers, set, &v, NULL), 0);
		if (prefixes[i].bits > bits && cidr_contains(&prefixes[i], addr)) {
			bits = prefixes[i].bits;
			best = id;
		}
	}
	free(prefixes);
	return best;
}

static bool compiler_allows(const struct row *r)
{
	struct policy_set *set = policy_set_new();
	struct peers *peers = peers_new(NULL);
	struct axo_addr addr;
	char text[256];
	const char *labels[4];
	struct compiled *c = NULL;
	uint32_t id = 300;

	assert_int_equal(policy_set_apply(set, "row", list_of(r->policy), NULL), 0);
	struct identity_view web = {.id = 256, .labels = subject_labels, .label_count = 2};
	assert_int_equal(peers_put(peers, set, &web, NULL), 0);
	if (addr_parse(r->peer, &addr, NULL)) {
		struct identity_view v = {.labels = labels, .ports = peer_ports, .port_count = 1};

		strcpy(text, r->peer);
		v.label_count = labels_split(text, labels);
		v.id = id = strcmp(r->peer, "reserved:host") ? id : AXO_ID_HOST;
		assert_int_equal(peers_put(peers, set, &v, NULL), 0);
	} else {
		id = prefixes_put(set, peers, &addr);
	}
	struct subject s = {
		.labels = peers_get(peers, 256)->labels, .ports = subject_ports, .port_count = 1};
	assert_int_equal(policy_compile(set, peers, &s, &COMPILE_OPTIONS_DEFAULT, &c, NULL), 0);
	struct lookup *l = lookup_new(c);
	struct packet p = {.dir = (enum axo_dir)r->dir, .proto = r->proto, .port = r->port};
	bool allow = lookup_packet(l, id, &p).allow;
	lookup_free(l);
	compiled_free(c);
	peers_free(peers);
	policy_set_free(set);
	return allow;
}

static bool reference_allows(const struct row *r)
{
	static const struct reference_port mine[] = {{"http", 8080, IPPROTO_TCP}};
	static const struct reference_port theirs[] = {{"sql", 5432, IPPROTO_TCP}};
	struct reference_end subject = {
		.labels = subject_labels, .label_count = 2, .ports = mine, .port_count = 1};
	const char *labels[4];
	struct reference_end peer = {.labels = labels, .ports = theirs, .port_count = 1};
	struct reference_packet p = {
		.dir = (enum axo_dir)r->dir, .proto = r->proto, .port = r->port};
	struct policy *list = list_of(r->policy);
	struct reference_verdict v;
	char text[256];

	strcpy(text, r->peer);
	peer.has_address = !addr_parse(r->peer, &peer.address, NULL);
	if (peer.has_address)
		strcpy(text, addr_family(&peer.address) == 4 ? "reserved:world-ipv4"
							     : "reserved:world-ipv6");
	peer.label_count = labels_split(text, labels);
	/* It knows addresses, not labels of prefixes. */
	if (!strncmp(labels[0], "cidr:", 5)) {
		struct cidr c;

		assert_int_equal(cidr_parse(labels[0] + 5, &c, NULL), 0);
		peer.has_address = true;
		peer.address = c.addr;
	}
	reference_judge(list, &subject, &peer, &p, true, &v);
	policies_free(list);
	return v.allow;
}

static void verdicts_are_those_of_the_list(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		bool compiler = compiler_allows(r), reference = reference_allows(r);

		if (compiler != r->allow || reference != r->allow)
			fail_msg("row %zu: expected %d, compiler %d, reference %d\n%s%s %s %u/%u",
				 i, r->allow, compiler, reference, r->policy,
				 r->dir == IN ? "from" : "to", r->peer, r->port, r->proto);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_are_those_of_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
