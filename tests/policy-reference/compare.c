/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Compiler against reference; see compare.h. */
#include "tests/policy-reference/compare.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/fqdn.h"
#include "lib/cleanup.h"
#include "policy/lookup.h"
#include "policy/parse.h"
#include "tests/policy-reference/compare_names.h"
#include "tests/policy-reference/random.h"
#include "tests/policy-reference/reference.h"

struct end {
	uint32_t identity;
	const char *labels[4];
	struct named_port ports[2];
	const char *address;
	const char *names[3]; /* that have the address, in one sender's eyes */
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
	{.address = "192.0.2.1", .names = {"www.example"}},
	{.address = "8.8.8.8"},
	{.address = "8.8.8.8", .names = {"www.example", "cdn.net", "a.b.example"}},
	{.address = "200.1.1.1", .names = {"a.b.example", "w1.example"}},
	{.address = "10.1.2.3", .names = {"cdn.net"}},
	{.address = "fd00::1"},
	{.address = "fd00:1::5"},
	{.address = "2001:db8::1", .names = {"cdn.net", "www.example"}},
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
	struct names names;
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

static size_t name_count(const struct end *e)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(e->names) && e->names[n])
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
	for (size_t i = 0; i < w->names.count; i++) {
		char text[300];
		const char *label = text;

		snprintf(text, sizeof(text), "fqdn:%s", w->names.texts[i]);
		peer_put(w, AXO_ID_FQDN_MIN + (uint32_t)i, &label, 1, NULL);
	}
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
	names_init(&w->names, w->set);
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
	names_fini(&w->names);
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
		for (uint32_t i = 0; i < w->names.count; i += 2)
			peers_remove(w->peers, AXO_ID_FQDN_MIN + i);
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
	out->names = e->names;
	out->name_count = name_count(e);
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
	uint32_t count = 0, held = 0;

	for (size_t i = 0; i < ref->count && i < REFERENCE_MAX_RULES; i++) {
		const struct reference_rule *x = &ref->rules[i];
		bool found = false;

		if (!x->holds)
			continue;
		count++;
		for (uint32_t n = 0; v->set && n < v->set->count; n++)
			found |= (v->set->rules[n]->features & verdict_features(v)) &&
				 !strcmp(v->set->rules[n]->policy->name, x->policy->name) &&
				 v->set->rules[n]->part == x->number;
		if (!found)
			return false;
	}
	for (uint32_t n = 0; v->set && n < v->set->count; n++)
		held += (v->set->rules[n]->features & verdict_features(v)) != 0;
	return count == held;
}

/* Who an end is: its own identity, and those of the names that its address has. */
static size_t end_identities(const struct world *w, const struct triple *t,
			     uint32_t out[static 1 + NAMES_SELECTORS])
{
	const struct end *e = &ends[t->peer];

	out[0] = end_identity(w, e);
	if (t->dir != AXO_DIR_EGRESS)
		return 1;
	return 1 + names_selectors(&w->names, e->names, name_count(e), out + 1);
}

/* Every rule that speaks of one of them, each once. */
static bool explain_agrees(const struct world *w, const struct compiled *c, const struct triple *t,
			   const struct reference_verdict *ref)
{
	const struct packet p = {
		.dir = t->dir, .proto = packets[t->packet].proto, .port = packets[t->packet].port};
	uint32_t all[REFERENCE_MAX_RULES], refs[REFERENCE_MAX_RULES], who[1 + NAMES_SELECTORS];
	size_t found, count = 0, ends_ = end_identities(w, t, who);
	bool denies[REFERENCE_MAX_RULES];

	for (size_t i = 0; i < ends_; i++) {
		found = compiled_explain(c, peers_get(w->peers, who[i]), &p, refs, denies,
					 REFERENCE_MAX_RULES);
		for (size_t n = 0; n < found && n < REFERENCE_MAX_RULES; n++) {
			bool there = false;

			for (size_t k = 0; k < count; k++)
				there |= all[k] == refs[n];
			if (!there && count < REFERENCE_MAX_RULES)
				all[count++] = refs[n];
		}
	}
	return count == ref->count;
}

/** struct asked - a policy compiled for one subject, and its index */
struct asked {
	struct compiled *compiled;
	struct lookup *lookup;
};

/* As the programs ask: the address, and then its names (axoneme/fqdn.h). */
static struct verdict verdict_of(const struct world *w, const struct lookup *l,
				 const struct triple *t, struct compare_result *r)
{
	const struct packet p = {
		.dir = t->dir, .proto = packets[t->packet].proto, .port = packets[t->packet].port};
	uint32_t who[1 + NAMES_SELECTORS];
	size_t count = end_identities(w, t, who);
	struct verdict v = lookup_packet(l, who[0], &p), own = v;

	for (size_t i = 1; i < count; i++) {
		struct verdict by = lookup_packet(l, who[i], &p), before = v;

		if (!(lookup_class(l, who[i], t->dir) & ~AXO_CLASS_COMPLETE))
			continue;
		lookup_join(l, &v, &by);
		r->joined += before.set && by.set && v.set != before.set && v.set != by.set;
	}
	r->by_name += v.allow && !own.allow;
	return v;
}

/*
 * A plain rule in one answer with chaos, or beside the default where that allows: names that meet it
 * stay enforced, see fqdn.h.
 */
static bool is_stricter(const struct verdict *v, const struct reference_verdict *ref)
{
	bool chaos = false, plain = false, enforces = false;

	for (size_t i = 0; i < ref->count && i < REFERENCE_MAX_RULES; i++) {
		const struct reference_rule *x = &ref->rules[i];

		chaos |= x->holds && x->kind == REFERENCE_CHAOS;
		enforces |= x->holds && x->kind == REFERENCE_ENFORCES;
		plain |= !x->deny && x->kind == REFERENCE_PLAIN;
	}
	return (chaos || !ref->default_deny) && plain && !enforces &&
	       (verdict_features(v) & FEATURE_ENFORCES);
}

static bool triple_agrees(const struct world *w, const struct asked *a, const struct triple *t,
			  struct compare_result *r)
{
	struct verdict v = verdict_of(w, a->lookup, t, r);
	struct reference_verdict ref;

	reference_ask(w, t, &ref);
	r->triples++;
	r->allowed += v.allow;
	r->denied_by_rule += v.explicit_deny;
	if (v.accesses > r->max_accesses)
		r->max_accesses = v.accesses;
	r->enforced += (verdict_features(&v) & FEATURE_ENFORCES) != 0;
	r->chaos += (verdict_features(&v) & AXO_FEATURE_CHAOS) != 0;
	if (v.allow != ref.allow || !rule_agrees(w, &v, &ref))
		return false;
	if (t->dir == AXO_DIR_EGRESS && ends[t->peer].names[0] && is_stricter(&v, &ref))
		r->stricter++;
	else if (!features_agree(&v, &ref) || !names_agree(&v, &ref, &r->names))
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
	struct compare_result unused = {0};
	struct verdict v = verdict_of(&w, l, t, &unused);
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
