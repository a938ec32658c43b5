/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Differences: those that are written by hand, and that on random pairs of policies a packet is
 * judged differently exactly where the difference says so.
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
#include "lib/cleanup.h"
#include "policy/diff.h"
#include "policy/lookup.h"
#include "policy/parse.h"
#include "tests/policy-reference/random.h"

#define ROUNDS 150
#define PEERS 6

static const char *const pods[PEERS][2] = {
	{"k8s:app=web", "k8s:io.kubernetes.pod.namespace=a"},
	{"k8s:app=db", "k8s:io.kubernetes.pod.namespace=a"},
	{"k8s:app=api", "k8s:io.kubernetes.pod.namespace=b"},
	{"k8s:tier=back", "k8s:io.kubernetes.pod.namespace=b"},
	{"k8s:tier=front", "k8s:io.kubernetes.pod.namespace=c"},
	{"k8s:app=web", "k8s:io.kubernetes.pod.namespace=c"},
};

#define HEAD                                                                 \
	"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"              \
	"metadata: {name: p, namespace: a}\nspec:\n  endpointSelector: {}\n" \
	"  ingress:\n"
#define DB(ports) HEAD "  - fromEndpoints: [{matchLabels: {app: db}}]\n" ports
#define PORTS(text) "    toPorts: [{ports: [" text "]}]\n"
#define HTTP(port, rules)                                                                    \
	"    toPorts: [{ports: [{port: \"" port "\", protocol: TCP}], rules: {http: [" rules \
	"]}}]\n"
#define HTTP_ITEM(port, rules) "  - fromEndpoints: [{matchLabels: {app: db}}]\n" HTTP(port, rules)
#define EGRESS                                                               \
	"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"              \
	"metadata: {name: p, namespace: a}\nspec:\n  endpointSelector: {}\n" \
	"  egress:\n"
#define DNS(rules) \
	"  - toPorts: [{ports: [{port: \"53\", protocol: UDP}], rules: {dns: [" rules "]}}]\n"

/** struct sides - both policies, and peers by identity 256 and up; the first is the subject */
struct sides {
	struct policy_set *sets[2];
	struct peers *peers[2];
	struct compiled *compiled[2];
	struct diff_peer list[PEERS + 2];
};

static struct policy *list_of(const char *text)
{
	struct policy *list = NULL;
	struct report r;

	report_init(&r, "diff.yaml");
	if (policy_parse("diff.yaml", text, strlen(text), &r, &list)) {
		report_write(&r, stderr);
		fail_msg("%s", text);
	}
	report_fini(&r);
	return list;
}

static void side_open(struct sides *s, int i, const char *text)
{
	struct compile_options options = COMPILE_OPTIONS_DEFAULT;

	s->sets[i] = policy_set_new();
	s->peers[i] = peers_new(NULL);
	assert_int_equal(policy_set_apply(s->sets[i], "diff.yaml", list_of(text), NULL), 0);
	for (uint32_t n = 0; n < PEERS; n++) {
		struct identity_view v = {.id = 256 + n, .labels = pods[n], .label_count = 2};

		assert_int_equal(peers_put(s->peers[i], s->sets[i], &v, NULL), 0);
	}
	struct subject subject = {.labels = peers_get(s->peers[i], 256)->labels};
	assert_int_equal(policy_compile(s->sets[i], s->peers[i], &subject, &options,
					&s->compiled[i], NULL),
			 0);
}

static void sides_open(struct sides *s, const char *before, const char *after)
{
	*s = (struct sides){0};
	if (before)
		side_open(s, 0, before);
	if (after)
		side_open(s, 1, after);
	for (uint32_t n = 0; n < PEERS; n++)
		s->list[n] = (struct diff_peer){256 + n, 256 + n};
	s->list[PEERS] = (struct diff_peer){AXO_ID_WORLD_IPV4, AXO_ID_WORLD_IPV4};
	s->list[PEERS + 1] = (struct diff_peer){AXO_ID_WORLD_IPV6, AXO_ID_WORLD_IPV6};
}

static void sides_close(struct sides *s)
{
	for (int i = 0; i < 2; i++) {
		compiled_free(s->compiled[i]);
		peers_free(s->peers[i]);
		policy_set_free(s->sets[i]);
	}
}

static void sides_diff(const struct sides *s, struct diff *out)
{
	const struct diff_side before = {.compiled = s->compiled[0]};
	const struct diff_side after = {.compiled = s->compiled[1]};

	policy_diff(&before, &after, s->list, ARRAY_SIZE(s->list), out);
}

static void limit_print(const struct diff *d, uint32_t number, FILE *f)
{
	const struct diff_limit *l = number ? diff_limits_at(&d->limits, number) : NULL;

	for (size_t i = 0; l && i < l->count; i++)
		fprintf(f, "%s%s", i ? ", " : "", l->texts[i]);
}

/* "+in 1,6: 6/80-80 | -out 0: *" : changes, peers and ports; "[was > is]" with limits */
static char *diff_text(const struct diff *d)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	for (size_t i = 0; i < d->count; i++) {
		const struct diff_change *c = &d->items[i];

		fprintf(f, "%s%c%s", i ? " | " : "", "-+<>~"[c->kind],
			c -> dir == AXO_DIR_INGRESS ? "in" : "out");
		for (size_t n = 0; n < c->peer_count; n++)
			fprintf(f, "%c%u", n ? ',' : ' ', c->peers[n]);
		fputs(c->all_but ? ": all but" : ":", f);
		for (size_t n = 0; n < c->port_count; n++)
			fprintf(f, " %u/%u-%u", c->ports[n].proto, c->ports[n].first,
				c->ports[n].last);
		if (!c->was && !c->is)
			continue;
		fputs(" [", f);
		limit_print(d, c->was, f);
		fputs(" > ", f);
		limit_print(d, c->is, f);
		fputc(']', f);
	}
	fclose(f);
	return text;
}

/** struct row - @before, @after NULL: no policy */
struct row {
	const char *before;
	const char *after;
	const char *expected;
};

static const struct row rows[] = {
	{NULL, NULL, ""},
	{DB(""), DB(""), ""},
	/* The same in other words. */
	{DB(PORTS("{port: \"80\", endPort: 81, protocol: TCP}")),
	 DB(PORTS("{port: \"80\", protocol: TCP}, {port: \"81\", protocol: TCP}")), ""},
	{DB(PORTS("{port: \"80\", protocol: TCP}")), DB(PORTS("{port: \"81\", protocol: TCP}")),
	 "+in 1: 6/81-81 | -in 1: 6/80-80"},
	{DB(PORTS("{port: \"80\", endPort: 443, protocol: TCP}")),
	 DB(PORTS("{port: \"100\", endPort: 200, protocol: TCP}")), "-in 1: 6/80-99 6/201-443"},
	{NULL, HEAD "  - {}\n", "-in 0,1,2,3,4,5,6,7: all but"},
	{HEAD "  - {}\n", NULL, "+in 0,1,2,3,4,5,6,7: all but"},
	{NULL, DB(""), "-in 0,2,3,4,5,6,7: all but"},
	{NULL, DB(PORTS("{port: \"80\", protocol: UDP}")),
	 "-in 0,2,3,4,5,6,7: all but | -in 1: all but 17/80-80"},
	{DB(""), HEAD "  - fromEntities: [world]\n", "+in 6,7: all but | -in 1: all but"},
	{DB(PORTS("{port: \"0\", protocol: TCP}")), DB("    icmps: [{fields: [{type: 8}]}]\n"),
	 "+in 1: 1/8-8 | -in 1: 6/0-65535"},
	/* Requests: the same rules from another policy, or twice, are the same. */
	{DB(HTTP("80", "{method: GET}")), DB(HTTP("80", "{method: GET}, {method: GET}")), ""},
	{DB(PORTS("{port: \"80\", protocol: TCP}")),
	 DB(HTTP("80", "{method: GET, path: /a}, {headers: [X-Me]}")),
	 "<in 1: 6/80-80 [ > HTTP GET /a, HTTP header X-Me]"},
	{DB(HTTP("80", "{path: /a}")), DB(PORTS("{port: \"80\", protocol: TCP}")),
	 ">in 1: 6/80-80 [HTTP any method /a > ]"},
	{DB(HTTP("80", "{path: /a}")), DB(HTTP("80", "{path: /b, host: shop}")),
	 "~in 1: 6/80-80 [HTTP any method /a > HTTP any method /b host shop]"},
	{DB(""), DB("") HTTP_ITEM("80", "{method: GET}"), ""},
	{NULL, DB(HTTP("80", "{}")),
	 "-in 0,2,3,4,5,6,7: all but | -in 1: all but 6/80-80 | "
	 "<in 1: 6/80-80 [ > HTTP any request]"},
	{DB(PORTS("{port: \"81\", protocol: TCP}")),
	 DB(PORTS("{port: \"81\", protocol: TCP}")) HTTP_ITEM("80", "{method: GET}"),
	 "+in 1: 6/80-80 [ > HTTP GET]"},
	{DB(HTTP("80", "{method: GET}")) HTTP_ITEM("81", "{method: PUT}"), DB(HTTP("82", "{}")),
	 "+in 1: 6/82-82 [ > HTTP any request] | -in 1: 6/80-80 [HTTP GET > ] | "
	 "-in 1: 6/81-81 [HTTP PUT > ]"},
	/* Chaos limits nobody. */
	{DB(PORTS("{port: \"80\", protocol: TCP}")),
	 DB("    toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: {l7proto: chaos, "
	    "l7: [{probability: \"0.5\", loss: 0.01}]}}]\n"),
	 ""},
	{EGRESS DNS("{matchName: a.example}"),
	 EGRESS DNS("{matchName: a.example}, {matchPattern: \"*.b.example\"}"),
	 "~out 0,1,2,3,4,5,6,7: 17/53-53 [DNS name a.example > DNS name a.example, "
	 "DNS pattern *.b.example]"},
	{EGRESS "  - toPorts: [{ports: [{port: \"443\", protocol: TCP}]}]\n",
	 EGRESS "  - toPorts: [{ports: [{port: \"443\", protocol: TCP}], "
		"serverNames: [b.example, a.example]}]\n",
	 "<out 0,1,2,3,4,5,6,7: 6/443-443 [ > TLS server name a.example, "
	 "TLS server name b.example]"},
};

static void differences_are_those_of_the_list(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sides s;
		struct diff d;

		sides_open(&s, rows[i].before, rows[i].after);
		sides_diff(&s, &d);
		_cleanup_free_ char *text = diff_text(&d);
		if (strcmp(text, rows[i].expected) != 0)
			fail_msg("row %zu: expected '%s', got '%s'", i, rows[i].expected, text);
		diff_fini(&d);
		sides_close(&s);
	}
}

static void what_denies_all_is_no_open_door(void **state)
{
	struct sides s;
	struct diff d;

	(void)state;
	sides_open(&s, NULL, DB(""));
	const struct diff_side before = {.denies = true}, after = {.compiled = s.compiled[1]};
	policy_diff(&before, &after, s.list, PEERS, &d);
	_cleanup_free_ char *text = diff_text(&d);
	assert_string_equal(text, "+in 1: all but | +out 0,1,2,3,4,5: all but");
	diff_fini(&d);
	sides_close(&s);
}

static bool ports_have(const struct diff_change *c, const struct packet *p)
{
	for (size_t i = 0; i < c->port_count; i++) {
		const struct diff_ports *x = &c->ports[i];

		if (x->proto == p->proto && x->first <= p->port && p->port <= x->last)
			return !c->all_but;
	}
	return c->all_but;
}

static bool is_in(const struct diff *d, uint32_t peer, const struct packet *p, enum diff_kind kind)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct diff_change *c = &d->items[i];

		for (size_t n = 0; n < c->peer_count; n++)
			if (c->peers[n] == peer && c->dir == p->dir && c->kind == kind &&
			    ports_have(c, p))
				return true;
	}
	return false;
}

static char *random_text(uint64_t seed)
{
	struct random_case c;
	uint64_t state = seed;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	random_fill(&c, &state);
	random_write(&c, f);
	fclose(f);
	return text;
}

/* Protocol 200 stands for those that no rule names. */
static const struct packet packets[] = {
	{0, IPPROTO_TCP, 80},	 {0, IPPROTO_TCP, 79},
	{0, IPPROTO_TCP, 1023},	 {0, IPPROTO_TCP, 1024},
	{0, IPPROTO_TCP, 443},	 {0, IPPROTO_UDP, 53},
	{0, IPPROTO_UDP, 1000},	 {0, IPPROTO_UDP, 30001},
	{0, IPPROTO_SCTP, 7},	 {0, IPPROTO_ICMP, 8},
	{0, IPPROTO_ICMP, 3},	 {0, IPPROTO_ICMPV6, 3},
	{0, IPPROTO_TCP, 65535}, {0, 200, 0},
};

/** struct tally - packets that were asked about, and judged differently */
struct tally {
	size_t same;
	size_t gained;
	size_t lost;
};

static void packet_check(const struct sides *s, const struct diff *d, struct lookup *const l[2],
			 const struct packet *p, struct tally *t)
{
	for (uint32_t peer = 0; peer < ARRAY_SIZE(s->list); peer++) {
		bool before = lookup_packet(l[0], s->list[peer].before, p).allow;
		bool after = lookup_packet(l[1], s->list[peer].after, p).allow;

		t->same += before == after;
		t->gained += after && !before;
		t->lost += before && !after;
		if (is_in(d, peer, p, DIFF_GAINS) != (after && !before) ||
		    is_in(d, peer, p, DIFF_LOSES) != (before && !after))
			fail_msg("peer %u, %s, protocol %u port %u: before %d, after %d", peer,
				 p->dir == AXO_DIR_INGRESS ? "ingress" : "egress", p->proto,
				 p->port, before, after);
	}
}

static void differences_are_where_verdicts_differ(void **state)
{
	struct tally t = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		_cleanup_free_ char *before = random_text(seed);
		_cleanup_free_ char *after = random_text(seed + 5000);
		struct sides s;
		struct diff d;

		sides_open(&s, before, after);
		sides_diff(&s, &d);
		struct lookup *l[2] = {lookup_new(s.compiled[0]), lookup_new(s.compiled[1])};
		for (size_t i = 0; i < 2 * ARRAY_SIZE(packets); i++) {
			struct packet p = packets[i / 2];

			p.dir = i & 1 ? AXO_DIR_INGRESS : AXO_DIR_EGRESS;
			packet_check(&s, &d, l, &p, &t);
		}
		lookup_free(l[0]);
		lookup_free(l[1]);
		diff_fini(&d);
		sides_close(&s);
	}
	/* Worth something only if there were all of them. */
	assert_true(t.same > 1000 && t.gained > 1000 && t.lost > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_are_those_of_the_list),
		cmocka_unit_test(what_denies_all_is_no_open_door),
		cmocka_unit_test(differences_are_where_verdicts_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
