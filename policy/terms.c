/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From rules to terms, and from terms to spans; see terms.h. */
#include "policy/terms.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "policy/name_table.h"
/** struct collect - where the walk over the policies stands; @first: reference of part 0 */
struct collect {
	const struct policy_set *set;
	const struct subject *subject;
	struct arena *arena;
	struct terms *out;
	const struct policy *policy;
	uint32_t ref;
	uint32_t first;
};

/** struct match_list - grows; its items end in the arena */
struct match_list {
	struct match *items;
	uint32_t count, size;
};

static void match_add(struct match_list *l, struct match m)
{
	if (l->count == l->size) {
		l->size = l->size ? l->size * 2 : 4;
		l->items = reallocarray(l->items, l->size, sizeof(*l->items));
		if (!l->items)
			abort();
	}
	l->items[l->count++] = m;
}

static void group_add(struct match_list *l, const struct policy *group, const struct peer *p)
{
	list_each(struct cidr, c, &group->cidrs) {
		match_add(l, (struct match){.type = PEER_CIDR, .cidr = *c, .except = &p->except});
	}
}

/* A group that does not exist is nobody: policies may come before their groups. */
static void groups_add(struct match_list *l, const struct policy_set *set, const struct peer *p)
{
	const struct policy *g = NULL;

	if (p->group) {
		g = policy_set_find(set, POLICY_CIDR_GROUP, NULL, p->group);
		if (g)
			group_add(l, g, p);
		return;
	}
	while ((g = policy_set_next(set, g)))
		if (g->kind == POLICY_CIDR_GROUP && selector_matches(&p->selector, &g->labels))
			group_add(l, g, p);
}

static void peer_add(struct match_list *l, const struct policy_set *set, const struct peer *p)
{
	switch ((enum peer_type)p->type) {
	case PEER_SELECTOR:
		match_add(l, (struct match){.type = PEER_SELECTOR, .selector = &p->selector});
		return;
	case PEER_ENTITY:
		match_add(l, (struct match){.type = PEER_ENTITY, .entity = p->entity});
		return;
	case PEER_CIDR:
		match_add(l,
			  (struct match){.type = PEER_CIDR, .cidr = p->cidr, .except = &p->except});
		return;
	case PEER_GROUP:
		groups_add(l, set, p);
		return;
	case PEER_FQDN:
		match_add(l, (struct match){.type = PEER_FQDN, .fqdn = fqdn_text(&p->fqdn)});
		return;
	}
}

bool item_is_anybody(const struct rule_item *item)
{
	if (!item->peers.present)
		return item->limited;
	list_each(struct peer, p, &item->peers) {
		if (p->type == PEER_ENTITY && p->entity == ENTITY_ALL)
			return true;
	}
	return false;
}

uint32_t item_matches(const struct policy_set *set, const struct rule_item *item, struct arena *a,
		      const struct match **out)
{
	struct match_list l = {0};

	list_each(struct peer, p, &item->peers) {
		peer_add(&l, set, p);
	}
	struct match *copy = arena_alloc(a, l.count * sizeof(*copy));
	if (l.count)
		memcpy(copy, l.items, l.count * sizeof(*copy));
	free(l.items);
	*out = copy;
	return l.count;
}

static void term_add(struct collect *c, const struct term *t)
{
	struct terms *l = c->out;

	if (l->count == l->size) {
		l->size = l->size ? l->size * 2 : 16;
		l->items = reallocarray(l->items, l->size, sizeof(*l->items));
		if (!l->items)
			abort();
	}
	l->items[l->count++] = *t;
}

static bool ports_named(const struct port_rule *r)
{
	list_each(struct port, p, &r->ports) {
		if (p->name)
			return true;
	}
	return false;
}

static const struct feature_rule *feature_rule_of(struct collect *c, const struct term *t)
{
	uint8_t features = port_rule_feature(t->ports);
	struct feature_rule *r;

	if (!features || t->deny)
		return NULL;
	r = arena_alloc(c->arena, sizeof(*r));
	*r = (struct feature_rule){.ref = t->ref,
				   .part = t->ref - c->first,
				   .features = features,
				   .policy = c->policy,
				   .rule = t->ports};
	c->out->features[t->dir] = true;
	return r;
}

static void item_collect(struct collect *c, const struct rule_item *item, enum rule_section s)
{
	struct term t = {
		.deny = section_denies(s),
		.dir = (uint8_t)section_dir(s),
		.anybody = item_is_anybody(item),
		.ref = c->ref,
	};

	c->ref += ref_parts(item);
	if (!t.anybody && !item->peers.count)
		return; /* nobody, or nothing said */
	t.match_count = item_matches(c->set, item, c->arena, &t.matches);
	if (!item->limited)
		term_add(c, &t);
	list_each(struct port_rule, r, &item->ports) {
		t.ports = r;
		t.named = t.dir == AXO_DIR_EGRESS && ports_named(r);
		t.rule = feature_rule_of(c, &t);
		term_add(c, &t);
		t.ref++;
	}
	t.ports = NULL;
	t.rule = NULL;
	t.named = false;
	list_each(struct icmp_rule, r, &item->icmps) {
		t.icmps = r;
		term_add(c, &t);
		t.ref++;
	}
}

static void rule_collect(struct collect *c, const struct rule *r)
{
	bool selected = r->host == c->subject->host &&
			selector_matches(&r->subject, &c->subject->labels);
	struct terms *out = c->out;

	out->lockdown |= selected && c->policy->lockdown;
	for (int dir = 0; dir < 2 && selected; dir++) {
		out->default_deny[dir] |= r->default_deny[dir];
		out->enforced[dir] |= r->has_section[dir];
	}
	for (int s = 0; s < SECTION_COUNT; s++)
		list_each(struct rule_item, item, &r->sections[s]) {
			if (selected)
				item_collect(c, item, (enum rule_section)s);
			else
				c->ref += ref_parts(item);
		}
}

static void policy_keep(struct terms *t, const struct policy *p)
{
	if (t->held_count == t->held_size) {
		t->held_size = t->held_size ? t->held_size * 2 : 4;
		t->held = reallocarray(t->held, t->held_size, sizeof(struct policy *));
		if (!t->held)
			abort();
	}
	t->held[t->held_count++] = policy_hold(p);
}

void terms_fini(struct terms *t)
{
	for (size_t i = 0; i < t->held_count; i++)
		policy_free(t->held[i]);
	free(t->held);
	free(t->items);
}

void terms_collect(const struct policy_set *set, const struct subject *subject, struct arena *a,
		   struct terms *out)
{
	struct collect c = {.set = set, .subject = subject, .arena = a, .out = out};
	const struct policy **relevant = NULL;
	size_t count = policy_set_relevant(set, label_set_namespace(&subject->labels), &relevant);

	for (size_t i = 0; i < count; i++) {
		size_t before = out->count;

		c.policy = relevant[i];
		c.first = c.ref = policy_set_first_ref(set, relevant[i]);
		list_each(struct rule, r, &relevant[i]->rules) {
			rule_collect(&c, r);
		}
		if (out->count > before)
			policy_keep(out, relevant[i]);
	}
	free(relevant);
}

void span_add(struct span_list *l, struct span s)
{
	if (l->count == l->size) {
		l->size = l->size ? l->size * 2 : 8;
		l->items = reallocarray(l->items, l->size, sizeof(*l->items));
		if (!l->items)
			abort();
	}
	l->items[l->count++] = s;
}

static void named_spans(const struct term *t, const struct port *p, const struct named_port *ports,
			size_t count, struct span_list *out)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(ports[i].name, p->name))
			continue;
		if (p->proto != PROTO_ANY && p->proto != ports[i].proto)
			continue;
		span_add(out, (struct span){.proto = ports[i].proto,
					    .first = ports[i].port,
					    .last = ports[i].port,
					    .deny = t->deny,
					    .ref = t->ref,
					    .rule = t->rule});
	}
}

static void number_spans(const struct term *t, const struct port *p, struct span_list *out)
{
	static const uint8_t any[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
	const uint8_t *protos = p->proto == PROTO_ANY ? any : &p->proto;
	size_t count = p->proto == PROTO_ANY ? sizeof(any) : 1;

	for (size_t i = 0; i < count; i++)
		span_add(out, (struct span){.proto = protos[i],
					    .first = p->first,
					    .last = p->last,
					    .deny = t->deny,
					    .ref = t->ref,
					    .rule = t->rule});
}

static void icmp_spans(const struct term *t, struct span_list *out)
{
	list_each(struct icmp, i, &t->icmps->fields) {
		span_add(out, (struct span){.proto = i->proto,
					    .first = i->type,
					    .last = i->type,
					    .deny = t->deny,
					    .ref = t->ref});
	}
}

void term_spans(const struct term *t, const struct subject *subject,
		const struct peer_identity *who, bool named_only, struct span_list *out)
{
	if (t->icmps)
		icmp_spans(t, out);
	if (!t->icmps && !t->ports)
		span_add(out, (struct span){.proto = SPAN_ANY_PROTO,
					    .last = 65535,
					    .deny = t->deny,
					    .ref = t->ref});
	if (!t->ports)
		return;
	list_each(struct port, p, &t->ports->ports) {
		if (!p->name && !named_only)
			number_spans(t, p, out);
		else if (p->name && t->dir == AXO_DIR_INGRESS)
			named_spans(t, p, subject->ports, subject->port_count, out);
		else if (p->name && who)
			named_spans(t, p, who->ports, who->port_count, out);
	}
}
