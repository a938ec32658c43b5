/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Random policies; see random.h. */
#include "tests/policy-reference/random.h"

#include <string.h>

#include "lib/cleanup.h"
#include "policy/rule.h"

#define PICK(state, array) ((array)[random_below((state), ARRAY_SIZE(array))])

static const char *const section_names[] = {"ingress", "ingressDeny", "egress", "egressDeny"};

static const char *const selectors[] = {
	"{}",
	"{matchLabels: {app: web}}",
	"{matchLabels: {k8s:app: db}}",
	"{matchLabels: {app: api, tier: back}}",
	"{matchLabels: {\"any:tier\": front}}",
	"{matchExpressions: [{key: app, operator: In, values: [web, db]}]}",
	"{matchExpressions: [{key: app, operator: NotIn, values: [web]}]}",
	"{matchExpressions: [{key: tier, operator: Exists}]}",
	"{matchExpressions: [{key: tier, operator: DoesNotExist}]}",
	"{matchExpressions: [{key: \"k8s:tier\", operator: NotIn, values: [back, none]}]}",
	"{matchLabels: {\"k8s:io.kubernetes.pod.namespace\": b}}",
	"{matchLabels: {io.kubernetes.pod.namespace: a, app: web}}",
	"{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: Exists}]}",
	"{matchExpressions: [{key: \"k8s:io.kubernetes.pod.namespace\", operator: NotIn, values: [a]}]}",
	"{matchLabels: {io.cilium.k8s.namespace.labels.team: red}}",
	"{matchExpressions: [{key: \"k8s:io.cilium.k8s.namespace.labels.team\", operator: Exists}]}",
	"{matchLabels: {io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name: c}}",
	"{matchLabels: {\"reserved:health\": \"\"}}",
	"{matchLabels: {\"reserved:world-ipv4\": \"\", \"cidr:10.1.0.0/16\": \"\"}}",
	"{matchExpressions: [{key: \"reserved:host\", operator: DoesNotExist}]}",
};

static const char *const entities[] = {"all",		"world",  "world-ipv4",	 "world-ipv6",
				       "cluster",	"host",	  "remote-node", "init",
				       "unmanaged",	"health", "ingress",	 "none",
				       "kube-apiserver"};

static const char *const cidrs[] = {"10.0.0.0/8",      "10.1.0.0/16",  "10.1.2.0/24",
				    "10.1.2.128/25",   "10.1.2.3/32",  "0.0.0.0/0",
				    "0.0.0.0/1",       "192.0.2.0/24", "\"fd00::/8\"",
				    "\"fd00:1::/32\"", "\"::/0\"",     "\"2001:db8::/32\""};

static const char *const cidr_sets[] = {
	"{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}",
	"{cidr: 10.0.0.0/8, except: [10.1.2.0/24, 10.2.0.0/16]}",
	"{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}",
	"{cidr: 0.0.0.0/0, except: [10.1.2.3/32, 192.0.2.0/24]}",
	"{cidr: \"::/0\", except: [\"fd00::/8\"]}",
	"{cidr: \"fd00::/8\", except: [\"fd00:1::/32\"]}",
	"{cidr: 10.1.2.0/24}",
	"{cidrGroupRef: partners}",
	"{cidrGroupRef: partners, except: [10.1.2.128/25]}",
	"{cidrGroupRef: nobody}",
	"{cidrGroupSelector: {matchLabels: {kind: partner}}}",
};

static const char *const fqdns[] = {
	"{matchName: www.example}",	  "{matchName: cdn.net}",
	"{matchPattern: \"*.example\"}",  "{matchPattern: \"w*.example\"}",
	"{matchPattern: \"**.example\"}", "{matchPattern: \"*\"}",
	"{matchName: nobody.example}",
};

static const char *const ports[] = {
	"{port: \"80\", protocol: TCP}",
	"{port: \"80\", protocol: UDP}",
	"{port: \"53\", protocol: ANY}",
	"{port: \"443\"}",
	"{port: \"1\", endPort: 1023, protocol: TCP}",
	"{port: \"1000\", endPort: 30000, protocol: UDP}",
	"{port: \"79\", endPort: 81}",
	"{port: \"0\", protocol: TCP}",
	"{port: \"0\", protocol: UDP}",
	"{port: \"0\"}",
	"{port: \"1\", endPort: 65535, protocol: SCTP}",
	"{port: http, protocol: TCP}",
	"{port: http}",
	"{port: dns, protocol: UDP}",
	"{port: nowhere, protocol: TCP}",
	"{protocol: GRE}",
	"{port: \"1024\", endPort: 65535, protocol: TCP}",
};

/* Rules with features: of one language in a case, as two on a port are refused; and chaos. */
enum { LANGUAGE_NONE, LANGUAGE_HTTP, LANGUAGE_SNI, LANGUAGE_DNS, LANGUAGES };

static const char *const feature_ports[] = {
	"{port: \"80\", protocol: TCP}",
	"{port: \"79\", endPort: 81, protocol: TCP}",
	"{port: \"1\", endPort: 1023, protocol: TCP}",
	"{port: \"80\", endPort: 8080, protocol: TCP}",
	"{port: \"1\", endPort: 65535, protocol: TCP}",
	"{port: http, protocol: TCP}",
};

static const char *const dns_ports[] = {
	"{port: \"53\", protocol: ANY}",
	"{port: \"53\", protocol: UDP}",
	"{port: \"80\", protocol: TCP}",
	"{port: dns, protocol: UDP}",
};

static const char *const chaos_ports[] = {
	"{port: \"80\", protocol: TCP}", "{port: \"1\", endPort: 1023, protocol: TCP}",
	"{port: \"53\", protocol: UDP}", "{port: \"1000\", endPort: 30000, protocol: UDP}",
	"{port: http, protocol: TCP}",
};

static const char *const feature_rules[] = {
	[LANGUAGE_HTTP] = ", rules: {http: [{method: GET}]}",
	[LANGUAGE_SNI] = ", serverNames: [www.example]",
	[LANGUAGE_DNS] = ", rules: {dns: [{matchName: www.example}]}",
};

/* The same with other names. */
static const char *const other_rules[] = {
	[LANGUAGE_HTTP] = ", rules: {http: [{method: PUT}]}",
	[LANGUAGE_SNI] = ", serverNames: [\"*.b.example\", cdn.net]",
	[LANGUAGE_DNS] = ", rules: {dns: [{matchPattern: \"**.example\"}, {matchName: cdn.net}]}",
};

static const char chaos_rules[] =
	", rules: {l7proto: chaos, l7: [{probability: 0.5, delay-response: 50ms}]}";

static const char *const icmps[] = {
	"{type: 8}",
	"{type: EchoReply, family: IPv4}",
	"{type: EchoRequest, family: IPv6}",
	"{type: 3, family: IPv6}",
};

static const char *const knp_peers[] = {
	"{podSelector: {}}",
	"{podSelector: {matchLabels: {app: web}}}",
	"{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [back]}]}}",
	"{namespaceSelector: {}}",
	"{namespaceSelector: {matchLabels: {team: red}}}",
	"{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}",
	"{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}",
	"{namespaceSelector: {matchLabels: {team: blue}}, podSelector: {matchLabels: {app: db}}}",
	"{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}",
	"{ipBlock: {cidr: \"fd00::/8\"}}",
	"{ipBlock: {cidr: 0.0.0.0/0}}",
};

static const char *const knp_ports[] = {
	"{port: 80}",	   "{port: 53, protocol: UDP}",
	"{protocol: TCP}", "{port: 1000, endPort: 30000, protocol: UDP}",
	"{port: http}",	   "{port: 80, protocol: SCTP}",
};

static const char *const subjects[] = {
	"{}",
	"{}",
	"{matchLabels: {app: web}}",
	"{matchLabels: {tier: back}}",
	"{matchExpressions: [{key: app, operator: In, values: [db, api]}]}",
};

static const char *const options[] = {
	"",
	"",
	"",
	"",
	"  enableDefaultDeny: {ingress: false}\n",
	"  enableDefaultDeny: {ingress: false, egress: false}\n",
	"  enableDefaultDeny: {egress: true}\n",
};

static const char *const knp_options[] = {
	"",
	"  policyTypes: [Ingress]\n",
	"  policyTypes: [Egress]\n",
	"  policyTypes: [Ingress, Egress]\n",
};

static const char *const namespaces[] = {"a", "b", "c"};

uint64_t random_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint32_t random_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(random_next(state) >> 32) % n;
}

static void list_fill(struct random_list *l, const char *key, const char *const *from,
		      uint32_t size, uint64_t *state)
{
	l->key = key;
	l->count = 1 + (int)random_below(state, RANDOM_MAX_PARTS);
	for (int i = 0; i < l->count; i++)
		l->texts[i] = from[random_below(state, size)];
}

static void cnp_peers_fill(struct random_list *l, bool egress, bool names, uint64_t *state)
{
	switch (random_below(state, names ? 12 : 8)) {
	case 8:
	case 9:
	case 10:
	case 11:
		list_fill(l, "toFQDNs", fqdns, ARRAY_SIZE(fqdns), state);
		return;
	case 0:
	case 1:
	case 2:
		list_fill(l, egress ? "toEndpoints" : "fromEndpoints", selectors,
			  ARRAY_SIZE(selectors), state);
		return;
	case 3:
		list_fill(l, egress ? "toEntities" : "fromEntities", entities, ARRAY_SIZE(entities),
			  state);
		return;
	case 4:
		list_fill(l, egress ? "toCIDR" : "fromCIDR", cidrs, ARRAY_SIZE(cidrs), state);
		return;
	case 5:
		list_fill(l, egress ? "toCIDRSet" : "fromCIDRSet", cidr_sets, ARRAY_SIZE(cidr_sets),
			  state);
		return;
	case 6: /* nobody */
		l->key = egress ? "toEndpoints" : "fromEndpoints";
		return;
	default:
		return;
	}
}

static const char *rules_pick(int language, uint64_t *state)
{
	return random_below(state, 2) ? feature_rules[language] : other_rules[language];
}

/* Port rules with features, in allowing sections of kinds that know them. */
static bool features_fill(struct random_item *item, int language, bool egress, uint64_t *state)
{
	struct random_list *l = &item->ports;

	if (!language || random_below(state, 2))
		return false;
	if (random_below(state, 2)) {
		list_fill(l, "toPorts", chaos_ports, ARRAY_SIZE(chaos_ports), state);
		item->rules = chaos_rules;
	} else if (language != LANGUAGE_DNS) {
		list_fill(l, "toPorts", feature_ports, ARRAY_SIZE(feature_ports), state);
		item->rules = rules_pick(language, state);
	} else if (egress) {
		list_fill(l, "toPorts", dns_ports, ARRAY_SIZE(dns_ports), state);
		item->rules = rules_pick(language, state);
	} else {
		return false;
	}
	return true;
}

static void item_fill(struct random_item *item, const struct random_policy *p, int section,
		      uint64_t *state)
{
	bool knp = p->kind == POLICY_KNP, egress = section >= SECTION_EGRESS;

	*item = (struct random_item){.used = true, .split = random_below(state, 2), .rules = ""};
	if (knp && random_below(state, 4))
		list_fill(&item->peers, egress ? "to" : "from", knp_peers, ARRAY_SIZE(knp_peers),
			  state);
	else if (!knp)
		cnp_peers_fill(&item->peers, egress, section == SECTION_EGRESS, state);
	if (!knp && !section_denies((enum rule_section)section) &&
	    features_fill(item, p->language, egress, state))
		return;
	uint32_t limit = random_below(state, 6);
	if (knp && limit < 3)
		list_fill(&item->ports, "ports", knp_ports, ARRAY_SIZE(knp_ports), state);
	else if (!knp && limit < 3)
		list_fill(&item->ports, "toPorts", ports, ARRAY_SIZE(ports), state);
	else if (!knp && limit == 3)
		list_fill(&item->icmps, "icmps", icmps, ARRAY_SIZE(icmps), state);
}

static void policy_fill(struct random_policy *p, int language, uint64_t *state)
{
	static const int kinds[] = {POLICY_CNP, POLICY_CNP, POLICY_CNP, POLICY_CCNP, POLICY_KNP};

	*p = (struct random_policy){.used = true, .kind = PICK(state, kinds), .language = language};
	p->namespace_ = PICK(state, namespaces);
	p->subject = PICK(state, subjects);
	p->options = p->kind == POLICY_KNP ? PICK(state, knp_options) : PICK(state, options);
	for (int s = 0; s < SECTION_COUNT; s++) {
		bool deny = section_denies((enum rule_section)s);

		if (deny && (p->kind == POLICY_KNP || random_below(state, 2)))
			continue;
		p->counts[s] = (int)random_below(state, RANDOM_MAX_ITEMS + 1);
		for (int i = 0; i < p->counts[s]; i++)
			item_fill(&p->sections[s][i], p, s, state);
	}
}

void random_fill(struct random_case *c, uint64_t *state)
{
	memset(c, 0, sizeof(*c));
	int language = (int)random_below(state, LANGUAGES);

	c->count = 1 + (int)random_below(state, RANDOM_MAX_POLICIES);
	for (int i = 0; i < c->count; i++)
		policy_fill(&c->policies[i], language, state);
}

/** struct style - what stands around a list and between its texts */
struct style {
	const char *before;
	const char *between;
	const char *after;
};

static void list_write(const struct random_list *l, const struct style *style, FILE *out)
{
	const char *comma = "";

	if (!l->key)
		return;
	fprintf(out, "    %s: %s", l->key, style->before);
	for (int i = 0; i < RANDOM_MAX_PARTS; i++) {
		if (!l->texts[i])
			continue;
		fprintf(out, "%s%s", comma, l->texts[i]);
		comma = style->between;
	}
	fprintf(out, "%s\n", style->after);
}

static void ports_write(const struct random_item *item, FILE *out)
{
	char between[128], after[128];
	struct style style = {"[{ports: [", ", ", after};

	snprintf(between, sizeof(between), "]%s}, {ports: [", item->rules);
	snprintf(after, sizeof(after), "]%s}]", item->rules);
	if (item->split)
		style.between = between;
	list_write(&item->ports, &style, out);
}

static void item_write(const struct random_item *item, bool knp, FILE *out)
{
	static const struct style plain = {"[", ", ", "]"};
	static const struct style icmps_joined = {"[{fields: [", ", ", "]}]"};
	static const struct style icmps_split = {"[{fields: [", "]}, {fields: [", "]}]"};
	bool empty = !item->peers.key && !item->ports.key && !item->icmps.key;

	fprintf(out, "  - %s\n", empty ? "{}" : "");
	list_write(&item->peers, &plain, out);
	if (knp)
		list_write(&item->ports, &plain, out);
	else
		ports_write(item, out);
	list_write(&item->icmps, item->split ? &icmps_split : &icmps_joined, out);
}

static void sections_write(const struct random_policy *p, FILE *out)
{
	for (int s = 0; s < SECTION_COUNT; s++) {
		bool any = false;

		if (s == SECTION_INGRESS && p->kind != POLICY_KNP)
			any = true; /* some section must be there */
		for (int i = 0; i < p->counts[s]; i++)
			any |= p->sections[s][i].used;
		if (!any)
			continue;
		bool items = false;
		for (int i = 0; i < p->counts[s]; i++)
			items |= p->sections[s][i].used;
		fprintf(out, "  %s:%s\n", section_names[s], items ? "" : " []");
		for (int i = 0; i < p->counts[s]; i++)
			if (p->sections[s][i].used)
				item_write(&p->sections[s][i], p->kind == POLICY_KNP, out);
	}
}

static void policy_write(const struct random_policy *p, int number, FILE *out)
{
	bool knp = p->kind == POLICY_KNP, wide = p->kind == POLICY_CCNP;

	fprintf(out, "---\napiVersion: %s\nkind: %s\n",
		knp ? "networking.k8s.io/v1" : "cilium.io/v2",
		policy_kind_to_str((enum policy_kind)p->kind));
	fprintf(out, "metadata: {name: p%d%s%s}\n", number,
		wide ? "" : ", namespace: ", wide ? "" : p->namespace_);
	fprintf(out, "spec:\n  %s: %s\n%s", knp ? "podSelector" : "endpointSelector", p->subject,
		p->options);
	sections_write(p, out);
}

void random_write(const struct random_case *c, FILE *out)
{
	fputs("apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {team: red}}\n"
	      "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: b, labels: {team: blue}}\n"
	      "---\napiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\n"
	      "metadata: {name: partners, labels: {kind: partner}}\n"
	      "spec: {externalCIDRs: [10.1.2.0/24, \"2001:db8::/32\"]}\n",
	      out);
	for (int i = 0; i < c->count; i++)
		if (c->policies[i].used)
			policy_write(&c->policies[i], i, out);
}

static bool list_drop(struct random_list *l, int n)
{
	int left = 0;

	for (int i = 0; i < RANDOM_MAX_PARTS; i++)
		left += l->texts[i] != NULL;
	if (n == RANDOM_MAX_PARTS && l->key) { /* the whole list */
		memset(l, 0, sizeof(*l));
		return true;
	}
	if (n >= RANDOM_MAX_PARTS || !l->texts[n] || left == 1)
		return false;
	l->texts[n] = NULL;
	return true;
}

static bool item_drop(struct random_item *item, int n)
{
	struct random_list *lists[] = {&item->peers, &item->ports, &item->icmps};

	if (!item->used)
		return false;
	if (n == 0) {
		item->used = false;
		return true;
	}
	n--;
	return n / 4 < 3 && list_drop(lists[n / 4], n % 4);
}

/* Numbers: 256 per policy; of these 64 per section, 16 per item; the last is the policy. */
bool random_drop(struct random_case *c, int n)
{
	int policy = n / 256, section = n % 256 / 64, item = n % 64 / 16;

	if (policy >= c->count || !c->policies[policy].used)
		return false;
	if (n % 256 == 255) {
		c->policies[policy].used = false;
		return true;
	}
	if (item >= c->policies[policy].counts[section])
		return false;
	return item_drop(&c->policies[policy].sections[section][item], n % 16);
}
