/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Compiler against reference; see compare.h. */
#include "tests/policy-reference/compare.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/lookup.h"
#include "policy/parse.h"
#include "tests/policy-reference/random.h"
#include "tests/policy-reference/reference.h"

struct end {
	uint32_t identity;
	const char *labels[4];
	struct named_port ports[2];
	const char *address;
};

#define POD(id, app, ns, ...)                                                                      \
	{                                                                                          \
		.identity = id, .labels = {"k8s:app=" app, "k8s:io.kubernetes.pod.namespace=" ns}, \
		__VA_ARGS__                                                                        \
	}
#define TIER(id, app, ns, tier, ...)                                              \
	{                                                                         \
		.identity = id,                                                   \
		.labels = {"k8s:app=" app, "k8s:io.kubernetes.pod.namespace=" ns, \
			   "k8s:tier=" tier},                                     \
		__VA_ARGS__                                                       \
	}
#define RESERVED(id, name)                                     \
	{                                                      \
		.identity = id, .labels = { "reserved:" name } \
	}
#define HTTP(number)                        \
	{                                   \
		"http", number, IPPROTO_TCP \
	}
#define DNS                            \
	{                              \
		"dns", 53, IPPROTO_UDP \
	}

/* The first SUBJECTS are pods. */
static const struct end ends[] = {
	TIER(256, "web", "a", "front", .ports = {HTTP(80), DNS}),
	TIER(257, "db", "a", "back", .ports = {HTTP(8080)}),
	POD(258, "api", "a"),
	POD(259, "web", "b", .ports = {{"http", 81, IPPROTO_UDP}}),
	TIER(260, "api", "b", "back", .ports = {DNS}),
	POD(261, "db", "c", .ports = {HTTP(80)}),
	TIER(262, "web", "c", "none"),
	{.identity = 263, .labels = {"container:tier=front", "k8s:io.kubernetes.pod.namespace=b"}},
	RESERVED(1, "host"),
	RESERVED(3, "unmanaged"),
	RESERVED(4, "health"),
	RESERVED(5, "init"),
	RESERVED(6, "remote-node"),
	RESERVED(7, "kube-apiserver"),
	RESERVED(8, "ingress"),
	{.address = "10.0.0.1"},
	{.address = "10.1.2.3"},
	{.address = "10.1.2.200"},
	{.address = "10.1.9.9"},
	{.address = "192.0.2.1"},
	{.address = "8.8.8.8"},
	{.address = "200.1.1.1"},
	{.address = "fd00::1"},
	{.address = "fd00:1::5"},
	{.address = "2001:db8::1"},
	{.address = "2a00::1"},
};
#define SUBJECTS 8

static const struct {
	uint8_t proto;
	uint16_t port;
} packets[] = {
	{IPPROTO_TCP, 80},    {IPPROTO_TCP, 443},   {IPPROTO_TCP, 1023}, {IPPROTO_TCP, 1024},
	{IPPROTO_TCP, 8080},  {IPPROTO_TCP, 65535}, {IPPROTO_TCP, 0},	 {IPPROTO_UDP, 53},
	{IPPROTO_UDP, 80},    {IPPROTO_UDP, 81},    {IPPROTO_UDP, 999},	 {IPPROTO_UDP, 1000},
	{IPPROTO_UDP, 30000}, {IPPROTO_UDP, 30001}, {IPPROTO_SCTP, 80},	 {IPPROTO_SCTP, 7},
	{IPPROTO_ICMP, 8},    {IPPROTO_ICMP, 0},    {IPPROTO_ICMP, 3},	 {IPPROTO_ICMPV6, 128},
	{IPPROTO_ICMPV6, 3},  {IPPROTO_GRE, 0},	    {IPPROTO_ESP, 0},
};

/** struct world - a case, parsed, and the peers that there are */
struct world {
	const struct random_case *random;
	uint64_t seed;
	char *text;
	size_t text_len;
	struct policy *list; /* for the reference */
	struct policy_set *set;
	struct peers *peers;
	struct cidr *prefixes;
	size_t prefix_count;
	struct compile_options options;
};

/** struct triple - what is compared; indexes of ends and packets */
struct triple {
	size_t subject, peer, packet;
	enum axo_dir dir;
};

static size_t label_count(const struct end *e)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(e->labels) && e->labels[n])
		n++;
	return n;
}

static size_t port_count(const struct end *e)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(e->ports) && e->ports[n].name)
		n++;
	return n;
}

static struct policy *case_parse(const struct world *w)
{
	struct policy *list = NULL;
	struct report r;

	report_init(&r, "random.yaml");
	if (policy_parse("random.yaml", w->text, w->text_len, &r, &list)) {
		fprintf(stderr, "seed %" PRIu64 ": refused:\n%s", w->seed, w->text);
		report_write(&r, stderr);
		abort();
	}
	report_fini(&r);
	return list;
}

static void peer_put(struct world *w, uint32_t id, const char *const *labels, size_t count,
		     const struct end *e)
{
	struct identity_view v = {.id = id,
				  .labels = labels,
				  .label_count = count,
				  .ports = e ? e->ports : NULL,
				  .port_count = e ? port_count(e) : 0};
	struct error err = {0};

	if (peers_put(w->peers, w->set, &v, &err)) {
		fprintf(stderr, "%s\n", err.msg);
		abort();
	}
}

static uint32_t prefix_identity(const struct world *w, size_t i)
{
	return (w->prefixes[i].family == 6 ? AXO_ID_PREFIX6_MIN : AXO_ID_PREFIX4_MIN) + (uint32_t)i;
}

/* Every fifth prefix has a label more, so it is not plain. */
static void world_peers(struct world *w)
{
	static const char *const worlds[] = {"reserved:world-ipv4", "reserved:world-ipv6"};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (!ends[i].address)
			peer_put(w, ends[i].identity, ends[i].labels, label_count(&ends[i]),
				 &ends[i]);
	peer_put(w, 9, worlds, 1, NULL);
	peer_put(w, 10, worlds + 1, 1, NULL);
	free(w->prefixes);
	w->prefix_count = policy_set_prefixes(w->set, &w->prefixes);
	for (size_t i = 0; i < w->prefix_count; i++) {
		char text[CIDR_STR_MAX + 8] = "cidr:";
		const char *labels[3] = {text, worlds[w->prefixes[i].family == 6],
					 "fqdn:a.example"};

		cidr_to_str(&w->prefixes[i], text + 5);
		peer_put(w, prefix_identity(w, i), labels, i % 5 == 4 ? 3 : 2, NULL);
	}
}

static void world_init(struct world *w, const struct random_case *c, uint64_t seed)
{
	struct error err = {0};

	*w = (struct world){.random = c, .seed = seed};
	FILE *out = open_memstream(&w->text, &w->text_len);
	if (!out)
		abort();
	random_write(c, out);
	fclose(out);
	w->list = case_parse(w);
	w->set = policy_set_new();
	if (policy_set_apply(w->set, "random.yaml", case_parse(w), &err))
		abort();
	w->peers = peers_new(NULL);
	world_peers(w);
	w->options = (struct compile_options){
		.allow_host = seed & 1,
		.complete_max = (uint32_t)(seed >> 1 & 3) * 3,
		.pod_class_min = (uint32_t)(seed >> 3 & 3),
	};
}

static void world_fini(struct world *w)
{
	policies_free(w->list);
	policy_set_free(w->set);
	peers_free(w->peers);
	free(w->prefixes);
	free(w->text);
}

/* As the ipcache does: the longest prefix that holds the address, else the world. */
static uint32_t end_identity(const struct world *w, const struct end *e)
{
	struct axo_addr addr;
	uint32_t best = 0;
	int bits = -1;

	if (!e->address)
		return e->identity;
	addr_parse(e->address, &addr, NULL);
	for (size_t i = 0; i < w->prefix_count; i++)
		if (w->prefixes[i].bits > bits && cidr_contains(&w->prefixes[i], &addr)) {
			bits = w->prefixes[i].bits;
			best = prefix_identity(w, i);
		}
	return best ? best : addr_family(&addr) == 4 ? 9 : 10;
}

/* Half of the seeds compile without every third peer, and add those one by one. */
static struct compiled *world_compile(struct world *w, const struct end *subject)
{
	bool late = w->seed >> 5 & 1;
	struct subject s = {.labels = peers_get(w->peers, subject->identity)->labels,
			    .ports = subject->ports,
			    .port_count = port_count(subject)};
	struct peers *all = w->peers;
	struct compiled *c = NULL;
	struct compiled_delta delta;
	struct error err = {0};
	uint32_t slot = 0;

	if (late) {
		w->peers = peers_new(NULL);
		world_peers(w);
		for (size_t i = 0; i < ARRAY_SIZE(ends); i += 3)
			peers_remove(w->peers, ends[i].identity);
		for (uint32_t i = 0; i < w->prefix_count; i += 3)
			peers_remove(w->peers, prefix_identity(w, i));
	}
	if (policy_compile(w->set, w->peers, &s, &w->options, &c, &err))
		abort();
	if (!late)
		return c;
	for (const struct peer_identity *who; (who = peers_next(all, &slot));)
		if (!peers_get(w->peers, who->id) && compiled_add_peer(c, who, &delta, &err))
			abort();
	peers_free(w->peers);
	w->peers = all;
	return c;
}

static void end_to_reference(const struct end *e, struct reference_port *ports,
			     struct reference_end *out)
{
	static const char *const four[] = {"reserved:world-ipv4"}, *const six[] = {
									   "reserved:world-ipv6"};

	*out = (struct reference_end){.labels = e->labels,
				      .label_count = label_count(e),
				      .ports = ports,
				      .port_count = port_count(e)};
	for (size_t i = 0; i < out->port_count; i++)
		ports[i] = (struct reference_port){e->ports[i].name, e->ports[i].port,
						   e->ports[i].proto};
	if (!e->address)
		return;
	addr_parse(e->address, &out->address, NULL);
	out->has_address = true;
	out->labels = addr_family(&out->address) == 4 ? four : six;
	out->label_count = 1;
}

static void reference_ask(const struct world *w, const struct triple *t,
			  struct reference_verdict *out)
{
	struct reference_port ports[2][2];
	struct reference_end subject, peer;
	struct reference_packet p = {
		.dir = t->dir, .proto = packets[t->packet].proto, .port = packets[t->packet].port};

	end_to_reference(&ends[t->subject], ports[0], &subject);
	end_to_reference(&ends[t->peer], ports[1], &peer);
	reference_judge(w->list, &subject, &peer, &p, w->options.allow_host, out);
}

/* Is the rule that the compiler names one that says so in the reference? */
static bool rule_agrees(const struct world *w, const struct verdict *v,
			const struct reference_verdict *ref)
{
	struct ref r, other;

	if (v->rule == AXO_RULE_HOST)
		return ref->host;
	if (v->rule == AXO_RULE_DEFAULT)
		return v->allow ? !ref->default_deny : !v->explicit_deny && !ref->count;
	if (policy_set_ref(w->set, v->rule, &r))
		return false;
	for (size_t i = 0; i < ref->count && i < REFERENCE_MAX_RULES; i++) {
		const struct reference_rule *x = &ref->rules[i];

		if (ref_find(x->policy, x->number, &other) || x->deny == v->allow)
			continue;
		if (!strcmp(r.policy->name, other.policy->name) && r.section == other.section &&
		    r.index == other.index && r.part == other.part)
			return true;
	}
	return false;
}

/* Do the same parts, and only those, do something to the packet? */
static bool features_agree(const struct verdict *v, const struct reference_verdict *ref)
{
	uint32_t count = 0;

	for (size_t i = 0; i < ref->count && i < REFERENCE_MAX_RULES; i++) {
		const struct reference_rule *x = &ref->rules[i];
		bool found = false;

		if (!x->holds)
			continue;
		count++;
		for (uint32_t n = 0; v->set && n < v->set->count; n++)
			found |= !strcmp(v->set->rules[n]->policy->name, x->policy->name) &&
				 v->set->rules[n]->part == x->number;
		if (!found)
			return false;
	}
	return count == (v->set ? v->set->count : 0);
}

static bool explain_agrees(const struct world *w, const struct compiled *c, const struct triple *t,
			   const struct reference_verdict *ref)
{
	const struct packet p = {
		.dir = t->dir, .proto = packets[t->packet].proto, .port = packets[t->packet].port};
	const struct peer_identity *who = peers_get(w->peers, end_identity(w, &ends[t->peer]));
	uint32_t refs[REFERENCE_MAX_RULES];
	bool denies[REFERENCE_MAX_RULES];

	return compiled_explain(c, who, &p, refs, denies, REFERENCE_MAX_RULES) == ref->count;
}

/** struct asked - a policy compiled for one subject, and its index */
struct asked {
	struct compiled *compiled;
	struct lookup *lookup;
};

static bool triple_agrees(const struct world *w, const struct asked *a, const struct triple *t,
			  struct compare_result *r)
{
	const struct packet p = {
		.dir = t->dir, .proto = packets[t->packet].proto, .port = packets[t->packet].port};
	struct verdict v = lookup_packet(a->lookup, end_identity(w, &ends[t->peer]), &p);
	struct reference_verdict ref;

	reference_ask(w, t, &ref);
	r->triples++;
	r->allowed += v.allow;
	r->denied_by_rule += v.explicit_deny;
	if (v.accesses > r->max_accesses)
		r->max_accesses = v.accesses;
	r->enforced += v.set && v.set->features & FEATURE_ENFORCES;
	r->chaos += v.set && v.set->features & AXO_FEATURE_CHAOS;
	if (v.allow != ref.allow || !rule_agrees(w, &v, &ref) || !features_agree(&v, &ref))
		return false;
	return t->packet % 8 || explain_agrees(w, a->compiled, t, &ref);
}

static bool case_agrees(const struct random_case *c, uint64_t seed, const struct triple *t)
{
	struct compare_result unused = {0};
	struct world w;

	world_init(&w, c, seed);
	struct asked a = {.compiled = world_compile(&w, &ends[t->subject])};
	a.lookup = lookup_new(a.compiled);
	bool ok = triple_agrees(&w, &a, t, &unused);
	lookup_free(a.lookup);
	compiled_free(a.compiled);
	world_fini(&w);
	return ok;
}

static void mismatch_print(const struct random_case *c, uint64_t seed, const struct triple *t)
{
	struct reference_verdict ref;
	struct world w;

	world_init(&w, c, seed);
	struct compiled *k = world_compile(&w, &ends[t->subject]);
	struct lookup *l = lookup_new(k);
	struct packet p = {
		.dir = t->dir, .proto = packets[t->packet].proto, .port = packets[t->packet].port};
	const struct end *peer = &ends[t->peer];
	struct verdict v = lookup_packet(l, end_identity(&w, peer), &p);
	reference_ask(&w, t, &ref);
	fprintf(stderr,
		"seed %" PRIu64 ": subject %s,%s %s peer %s (identity %u) protocol %u port %u\n"
		"compiler: %s by rule %u, features %#x of %u rules; "
		"reference: %s (%zu rules speak, default deny %d)\n"
		"allow_host %d complete_max %u pod_class_min %u\n%s",
		seed, ends[t->subject].labels[0], ends[t->subject].labels[1],
		t->dir == AXO_DIR_INGRESS ? "ingress from" : "egress to",
		peer->address ? peer->address : peer->labels[0], end_identity(&w, peer), p.proto,
		p.port, v.allow ? "allow" : "deny", v.rule, v.set ? v.set->features : 0,
		v.set ? v.set->count : 0, ref.allow ? "allow" : "deny", ref.count, ref.default_deny,
		w.options.allow_host, w.options.complete_max, w.options.pod_class_min, w.text);
	lookup_free(l);
	compiled_free(k);
	world_fini(&w);
}

/* Leave out whatever can be left out while the triple still disagrees. */
static void mismatch_shrink(struct random_case *c, uint64_t seed, const struct triple *t)
{
	bool smaller = true;

	while (smaller) {
		smaller = false;
		for (int n = RANDOM_PARTS - 1; n >= 0; n--) {
			struct random_case less = *c;

			if (!random_drop(&less, n) || case_agrees(&less, seed, t))
				continue;
			*c = less;
			smaller = true;
		}
	}
	mismatch_print(c, seed, t);
}

static void subject_compare(struct world *w, struct random_case *c, size_t subject,
			    struct compare_result *r)
{
	struct asked a = {.compiled = world_compile(w, &ends[subject])};

	a.lookup = lookup_new(a.compiled);
	for (size_t peer = 0; peer < ARRAY_SIZE(ends); peer++)
		for (size_t n = 0; n < 2 * ARRAY_SIZE(packets); n++) {
			struct triple t = {.subject = subject,
					   .peer = peer,
					   .packet = n / 2,
					   .dir = n & 1 ? AXO_DIR_INGRESS : AXO_DIR_EGRESS};

			if (triple_agrees(w, &a, &t, r))
				continue;
			if (!r->mismatches++)
				mismatch_shrink(c, w->seed, &t);
		}
	lookup_free(a.lookup);
	compiled_free(a.compiled);
}

void compare_seed(uint64_t seed, struct compare_result *r)
{
	uint64_t state = seed;
	struct random_case c;
	struct world w;

	random_fill(&c, &state);
	world_init(&w, &c, seed);
	for (int i = 0; i < 3; i++)
		subject_compare(&w, &c, random_below(&state, SUBJECTS), r);
	world_fini(&w);
}
