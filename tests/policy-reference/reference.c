/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The semantics, spelled out; see reference.h. */
#include "tests/policy-reference/reference.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/** struct question - everything that one verdict depends on */
struct question {
	const struct policy *policies;
	const struct reference_end *subject;
	const struct reference_end *peer;
	const struct reference_packet *packet;
	struct reference_verdict *out;
};

/* Is the address inside the prefix?  Bit by bit, over the bytes of its own family. */
static bool inside(const struct axo_addr *address, const struct cidr *prefix)
{
	bool four = !memcmp(address->b, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
	int skip = prefix->family == 4 ? 96 : 0;

	if (four != (prefix->family == 4))
		return false;
	for (int bit = skip; bit < skip + prefix->bits; bit++) {
		int mask = 0x80 >> (bit % 8);

		if ((address->b[bit / 8] & mask) != (prefix->addr.b[bit / 8] & mask))
			return false;
	}
	return true;
}

static const char *namespace_of(const struct reference_end *end)
{
	static const char prefix[] = "k8s:io.kubernetes.pod.namespace=";

	for (size_t i = 0; i < end->label_count; i++)
		if (!strncmp(end->labels[i], prefix, sizeof(prefix) - 1))
			return end->labels[i] + sizeof(prefix) - 1;
	return NULL;
}

/* Does the text "source:key=value" have this source, key, and (unless NULL) value? */
static bool label_is(const char *text, const char *source, const char *key, const char *value)
{
	const char *colon = strchr(text, ':');
	const char *equals = strchr(colon, '=');
	size_t key_len = equals ? (size_t)(equals - colon - 1) : strlen(colon + 1);

	if (strcmp(source, "any") &&
	    (strlen(source) != (size_t)(colon - text) || strncmp(source, text, strlen(source))))
		return false;
	if (strlen(key) != key_len || strncmp(key, colon + 1, key_len))
		return false;
	return !value || !strcmp(value, equals ? equals + 1 : "");
}

/* What the namespace gives: its labels under a prefix, and always its name. */
static bool namespace_label_is(const struct question *q, const struct reference_end *end,
			       const char *key, const char *value)
{
	static const char prefix[] = "io.cilium.k8s.namespace.labels.";
	const char *ns = namespace_of(end);

	if (!ns || strncmp(key, prefix, sizeof(prefix) - 1))
		return false;
	key += sizeof(prefix) - 1;
	if (!strcmp(key, "kubernetes.io/metadata.name"))
		return !value || !strcmp(value, ns);
	for (const struct policy *p = q->policies; p; p = p->next) {
		if (p->kind != POLICY_NAMESPACE || strcmp(p->name, ns))
			continue;
		for (uint32_t i = 0; i < p->labels.count; i++)
			if (!strcmp(p->labels.items[i].key, key) &&
			    (!value || !strcmp(p->labels.items[i].value, value)))
				return true;
	}
	return false;
}

static bool end_has(const struct question *q, const struct reference_end *end, const char *source,
		    const char *key, const char *value)
{
	for (size_t i = 0; i < end->label_count; i++)
		if (label_is(end->labels[i], source, key, value))
			return true;
	return (!strcmp(source, "any") || !strcmp(source, "k8s")) &&
	       namespace_label_is(q, end, key, value);
}

static const char *source_name(uint8_t source)
{
	static const char *const names[] = {"any",	 "k8s",	 "reserved", "unspec", "cidr",
					    "cidrgroup", "fqdn", "node",     "cni",    "container"};

	return names[source];
}

static bool requirement_holds(const struct question *q, const struct requirement *r,
			      const struct reference_end *end)
{
	const char *source = source_name(r->source);
	bool one = false;

	if (!strcmp(source, "cidr")) {
		one = end->has_address && inside(&end->address, &r->prefix);
		return r->op == OP_EXISTS || r->op == OP_IN ? one : !one;
	}
	if (r->op == OP_EXISTS || r->op == OP_DOES_NOT_EXIST)
		return end_has(q, end, source, r->key, NULL) == (r->op == OP_EXISTS);
	for (uint32_t i = 0; i < r->values.count; i++)
		if (end_has(q, end, source, r->key, ((const char *const *)r->values.items)[i]))
			one = true;
	return r->op == OP_IN ? one : !one;
}

static bool selector_holds(const struct question *q, const struct selector *s,
			   const struct reference_end *end)
{
	const struct requirement *r = s->requirements.items;

	for (uint32_t i = 0; i < s->requirements.count; i++)
		if (!requirement_holds(q, &r[i], end))
			return false;
	return true;
}

static bool reserved(const struct question *q, const struct reference_end *end, const char *name)
{
	return end_has(q, end, "reserved", name, NULL);
}

static bool entity_holds(const struct question *q, enum entity e, const struct reference_end *end)
{
	switch (e) {
	case ENTITY_ALL:
		return true;
	case ENTITY_NONE:
		return false;
	case ENTITY_WORLD:
		return reserved(q, end, "world") || reserved(q, end, "world-ipv4") ||
		       reserved(q, end, "world-ipv6");
	case ENTITY_CLUSTER:
		return reserved(q, end, "host") || reserved(q, end, "remote-node") ||
		       reserved(q, end, "init") || reserved(q, end, "ingress") ||
		       reserved(q, end, "health") || reserved(q, end, "unmanaged") ||
		       reserved(q, end, "kube-apiserver") || namespace_of(end);
	case ENTITY_WORLD_IPV4:
		return reserved(q, end, "world-ipv4");
	case ENTITY_WORLD_IPV6:
		return reserved(q, end, "world-ipv6");
	case ENTITY_HOST:
		return reserved(q, end, "host");
	case ENTITY_REMOTE_NODE:
		return reserved(q, end, "remote-node");
	case ENTITY_INIT:
		return reserved(q, end, "init");
	case ENTITY_UNMANAGED:
		return reserved(q, end, "unmanaged");
	case ENTITY_HEALTH:
		return reserved(q, end, "health");
	case ENTITY_INGRESS:
		return reserved(q, end, "ingress");
	default:
		return reserved(q, end, "kube-apiserver");
	}
}

static bool prefix_holds(const struct cidr *prefix, const struct list *except,
			 const struct reference_end *end)
{
	const struct cidr *x = except->items;

	if (!end->has_address || !inside(&end->address, prefix))
		return false;
	for (uint32_t i = 0; i < except->count; i++)
		if (inside(&end->address, &x[i]))
			return false;
	return true;
}

static bool group_is_meant(const struct question *q, const struct peer *p,
			   const struct policy *group)
{
	char texts[16][256];
	const char *labels[16];
	struct reference_end as_end = {.labels = labels};

	if (group->kind != POLICY_CIDR_GROUP)
		return false;
	if (p->group)
		return !strcmp(p->group, group->name);
	for (uint32_t i = 0; i < group->labels.count && i < 16; i++) {
		snprintf(texts[i], sizeof(texts[i]), "k8s:%s=%s", group->labels.items[i].key,
			 group->labels.items[i].value);
		labels[as_end.label_count++] = texts[i];
	}
	return selector_holds(q, &p->selector, &as_end);
}

static bool group_holds(const struct question *q, const struct peer *p)
{
	for (const struct policy *g = q->policies; g; g = g->next) {
		const struct cidr *c = g->cidrs.items;

		if (!group_is_meant(q, p, g))
			continue;
		for (uint32_t i = 0; i < g->cidrs.count; i++)
			if (prefix_holds(&c[i], &p->except, q->peer))
				return true;
	}
	return false;
}

/* What a policy says of names is asked of addresses of the world only: others have none. */
static bool names_hold(const char *pattern, const struct reference_end *end)
{
	for (size_t i = 0; i < end->name_count; i++)
		if (reference_name_matches(pattern, end->names[i]))
			return true;
	return false;
}

static bool peer_holds(const struct question *q, const struct peer *p)
{
	switch ((enum peer_type)p->type) {
	case PEER_SELECTOR:
		return selector_holds(q, &p->selector, q->peer);
	case PEER_ENTITY:
		return entity_holds(q, (enum entity)p->entity, q->peer);
	case PEER_CIDR:
		return prefix_holds(&p->cidr, &p->except, q->peer);
	case PEER_GROUP:
		return group_holds(q, p);
	case PEER_FQDN:
		return names_hold(fqdn_text(&p->fqdn), q->peer);
	default:
		return false;
	}
}

static bool port_holds(const struct question *q, const struct port *p)
{
	const struct reference_packet *k = q->packet;
	const struct reference_end *owner = k->dir == AXO_DIR_INGRESS ? q->subject : q->peer;
	bool proto = p->proto == k->proto ||
		     (p->proto == 0 && (k->proto == IPPROTO_TCP || k->proto == IPPROTO_UDP ||
					k->proto == IPPROTO_SCTP));

	if (!p->name)
		return proto && k->port >= p->first && k->port <= p->last;
	for (size_t i = 0; i < owner->port_count; i++)
		if (!strcmp(owner->ports[i].name, p->name) && owner->ports[i].port == k->port &&
		    owner->ports[i].proto == k->proto && (p->proto == 0 || p->proto == k->proto))
			return true;
	return false;
}

static bool port_rule_holds(const struct question *q, const struct port_rule *r)
{
	const struct port *p = r->ports.items;

	for (uint32_t i = 0; i < r->ports.count; i++)
		if (port_holds(q, &p[i]))
			return true;
	return false;
}

static bool icmp_rule_holds(const struct question *q, const struct icmp_rule *r)
{
	const struct icmp *f = r->fields.items;

	for (uint32_t i = 0; i < r->fields.count; i++)
		if (f[i].proto == q->packet->proto && f[i].type == q->packet->port)
			return true;
	return false;
}

static void say(const struct question *q, const struct policy *p, uint32_t number, bool deny)
{
	struct reference_verdict *v = q->out;

	if (v->count < REFERENCE_MAX_RULES)
		v->rules[v->count] =
			(struct reference_rule){.policy = p, .number = number, .deny = deny};
	v->count++;
}

static void say_kind(const struct question *q, const struct port_rule *r)
{
	struct reference_verdict *v = q->out;
	enum reference_kind kind = REFERENCE_PLAIN;

	if (r->l7 == L7_CHAOS)
		kind = REFERENCE_CHAOS;
	else if (r->l7 || r->server_names.count)
		kind = REFERENCE_ENFORCES;
	if (v->count > REFERENCE_MAX_RULES)
		return;
	v->rules[v->count - 1].kind = kind;
	v->rules[v->count - 1].ports = r;
}

/* Nobody named and no ports: nothing said.  Ports and nobody named: everybody. */
static bool item_means_peer(const struct question *q, const struct rule_item *item)
{
	const struct peer *p = item->peers.items;

	if (!item->peers.present)
		return item->limited;
	for (uint32_t i = 0; i < item->peers.count; i++)
		if (peer_holds(q, &p[i]))
			return true;
	return false;
}

/* Returns how many numbers the item takes. */
static uint32_t item_judge(const struct question *q, const struct policy *p,
			   const struct rule_item *item, uint32_t number, bool deny)
{
	const struct port_rule *ports = item->ports.items;
	const struct icmp_rule *icmps = item->icmps.items;
	uint32_t n = item->ports.count + item->icmps.count;
	bool meant = item_means_peer(q, item);

	if (!meant)
		return n ? n : 1;
	if (!item->limited)
		say(q, p, number, deny);
	for (uint32_t i = 0; i < item->ports.count; i++)
		if (port_rule_holds(q, &ports[i])) {
			say(q, p, number + i, deny);
			say_kind(q, &ports[i]);
		}
	for (uint32_t i = 0; i < item->icmps.count; i++)
		if (icmp_rule_holds(q, &icmps[i]))
			say(q, p, number + i, deny);
	return n ? n : 1;
}

static uint32_t rule_judge(const struct question *q, const struct policy *p, const struct rule *r,
			   uint32_t number)
{
	bool selected = !r->host && selector_holds(q, &r->subject, q->subject);
	struct question nobody = *q;
	struct reference_verdict unused = {0};

	nobody.out = &unused;
	if (selected && r->default_deny[q->packet->dir])
		q->out->default_deny = true;
	for (int s = 0; s < SECTION_COUNT; s++) {
		bool egress = s == SECTION_EGRESS || s == SECTION_EGRESS_DENY;
		bool deny = s == SECTION_INGRESS_DENY || s == SECTION_EGRESS_DENY;
		bool ours = selected && egress == (q->packet->dir == AXO_DIR_EGRESS);
		const struct rule_item *item = r->sections[s].items;

		for (uint32_t i = 0; i < r->sections[s].count; i++)
			number += item_judge(ours ? q : &nobody, p, &item[i], number, deny);
	}
	return number;
}

/* The host is let in plainly; a plain part takes enforcement away, nothing takes chaos away. */
static void features_judge(struct reference_verdict *v)
{
	bool plain = v->host;

	for (size_t i = 0; i < v->count && i < REFERENCE_MAX_RULES; i++)
		plain |= !v->rules[i].deny && v->rules[i].kind == REFERENCE_PLAIN;
	for (size_t i = 0; i < v->count && i < REFERENCE_MAX_RULES; i++) {
		struct reference_rule *r = &v->rules[i];

		r->holds = v->allow && (r->kind == REFERENCE_CHAOS ||
					(r->kind == REFERENCE_ENFORCES && !plain));
	}
}

void reference_judge(const struct policy *policies, const struct reference_end *subject,
		     const struct reference_end *peer, const struct reference_packet *packet,
		     bool allow_host, struct reference_verdict *out)
{
	struct question q = {.policies = policies,
			     .subject = subject,
			     .peer = peer,
			     .packet = packet,
			     .out = out};
	bool allowed = false, denied = false;

	memset(out, 0, sizeof(*out));
	for (const struct policy *p = policies; p; p = p->next) {
		const struct rule *r = p->rules.items;
		uint32_t number = 0;

		for (uint32_t i = 0; i < p->rules.count; i++)
			number = rule_judge(&q, p, &r[i], number);
	}
	for (size_t i = 0; i < out->count && i < REFERENCE_MAX_RULES; i++) {
		allowed |= !out->rules[i].deny;
		denied |= out->rules[i].deny;
	}
	out->host = allow_host && packet->dir == AXO_DIR_INGRESS && reserved(&q, peer, "host");
	out->allow = out->host || (!denied && (allowed || !out->default_deny));
	features_judge(out);
}
