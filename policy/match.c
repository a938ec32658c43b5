/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which peers a rule means, by the indexes of the table; see peers.h. */
#include <stdlib.h>
#include <string.h>

#include "policy/peers_table.h"

static int prefix_cmp(const void *a, const void *b)
{
	const struct prefix_slot *x = a;
	const struct prefix_slot *y = b;

	return cidr_order(&x->cidr, &y->cidr);
}

static bool except_holds(const struct list *except, const struct cidr *c)
{
	if (!except)
		return false;
	list_each(struct cidr, x, except) {
		if (c->bits >= x->bits && cidr_contains(x, &c->addr))
			return true;
	}
	return false;
}

/*
 * A prefix of length 0 is the world of its family: whatever has a prefix of the family, or is
 * the world's identity, which stands for the addresses that no prefix names.
 */
static bool cidr_holds(const struct match *m, const struct label_set *labels)
{
	if (!m->cidr.bits &&
	    label_set_reserved(labels, m->cidr.family == 4 ? "world-ipv4" : "world-ipv6"))
		return !labels->has_prefix || !except_holds(m->except, &labels->prefix);
	return labels->has_prefix && labels->prefix.bits >= m->cidr.bits &&
	       cidr_contains(&m->cidr, &labels->prefix.addr) &&
	       !except_holds(m->except, &labels->prefix);
}

bool match_identity(const struct match *m, const struct peer_identity *who, const char *cluster)
{
	if (who->fqdn || m->type == PEER_FQDN)
		return who->fqdn && m->type == PEER_FQDN && !strcmp(who->fqdn, m->fqdn);
	switch ((enum peer_type)m->type) {
	case PEER_SELECTOR:
		return selector_matches(m->selector, &who->labels);
	case PEER_ENTITY:
		return entity_matches((enum entity)m->entity, &who->labels, cluster);
	default:
		return cidr_holds(m, &who->labels);
	}
}

static void scan(struct peers *p, const struct match *m, peers_fn fn, void *ctx)
{
	bool specific = match_is_specific(m);

	for (uint32_t slot = 0; slot < p->slot_count; slot++) {
		const struct peer_identity *i = p->slots[slot].who;

		if (i && (specific || !i->plain) && match_identity(m, i, p->cluster))
			fn(ctx, slot);
	}
}

/* Prefixes are sorted by first address, so those inside another stand behind it. */
static void range_visit(struct peers *p, const struct cidr *c, peers_fn fn, void *ctx)
{
	uint32_t low = 0, high = p->prefix_count;

	if (!p->prefixes_sorted && p->prefix_count)
		qsort(p->prefixes, p->prefix_count, sizeof(*p->prefixes), prefix_cmp);
	p->prefixes_sorted = true;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (cidr_order(&p->prefixes[mid].cidr, c) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < p->prefix_count && cidr_contains(c, &p->prefixes[low].cidr.addr); low++)
		fn(ctx, p->prefixes[low].slot);
}

/** struct filter - slots of a range that match */
struct filter {
	const struct peers *peers;
	const struct match *match;
	peers_fn fn;
	void *ctx;
};

static void filter_visit(void *ctx, uint32_t slot)
{
	const struct filter *f = ctx;

	if (match_identity(f->match, f->peers->slots[slot].who, f->peers->cluster))
		f->fn(f->ctx, slot);
}

static void cidr_match(struct peers *p, const struct match *m, peers_fn fn, void *ctx)
{
	struct filter f = {.peers = p, .match = m, .fn = fn, .ctx = ctx};

	range_visit(p, &m->cidr, filter_visit, &f);
}

bool match_is_specific(const struct match *m)
{
	if (m->type == PEER_CIDR)
		return m->cidr.bits != 0;
	if (m->type != PEER_SELECTOR)
		return false;
	list_each(struct requirement, r, &m->selector->requirements)
		if (r->source == LABEL_CIDR)
			return true;
	return false;
}

uint32_t peers_world(const struct peers *p, int family)
{
	return p->world[family == 6];
}

void peers_touch(struct peers *p, const struct match *m, peers_fn fn, void *ctx)
{
	if (m->type == PEER_CIDR && m->cidr.bits)
		range_visit(p, &m->cidr, fn, ctx);
	if (m->type == PEER_CIDR && m->except)
		list_each(struct cidr, x, m->except)
			range_visit(p, x, fn, ctx);
	if (m->type == PEER_SELECTOR)
		list_each(struct requirement, r, &m->selector->requirements)
			if (r->source == LABEL_CIDR)
				range_visit(p, &r->prefix, fn, ctx);
}

void peers_plain(const struct peers *p, int family, peers_fn fn, void *ctx)
{
	for (uint32_t i = 0; i < p->prefix_count; i++)
		if (p->prefixes[i].plain && p->prefixes[i].cidr.family == family)
			fn(ctx, p->prefixes[i].slot);
}

static uint32_t requirement_cost(const struct peers *p, const struct requirement *r)
{
	uint32_t cost = 0;

	if (r->op != OP_IN || r->source == LABEL_CIDR)
		return UINT32_MAX;
	list_each(char *, v, &r->values) {
		const struct posting *list = label_posting(p, r->key, *v);

		cost += list ? list->count : 0;
	}
	return cost;
}

static void postings_match(struct peers *p, const struct match *m, const struct requirement *r,
			   peers_fn fn, void *ctx)
{
	list_each(char *, v, &r->values) {
		const struct posting *list = label_posting(p, r->key, *v);

		for (uint32_t i = 0; list && i < list->count; i++) {
			if (match_identity(m, p->slots[list->slots[i]].who, p->cluster))
				fn(ctx, list->slots[i]);
		}
	}
}

static void selector_match(struct peers *p, const struct match *m, peers_fn fn, void *ctx)
{
	const struct requirement *best = NULL;
	uint32_t best_cost = UINT32_MAX;

	if (match_is_specific(m)) { /* plain prefixes are in no list of labels */
		scan(p, m, fn, ctx);
		return;
	}
	list_each(struct requirement, r, &m->selector->requirements) {
		uint32_t cost = requirement_cost(p, r);

		if (cost < best_cost) {
			best = r;
			best_cost = cost;
		}
	}
	if (best)
		postings_match(p, m, best, fn, ctx);
	else
		scan(p, m, fn, ctx);
}

static void reserved_match(struct peers *p, const struct match *m, const char *name, peers_fn fn,
			   void *ctx)
{
	const struct posting *list = label_posting(p, name, "");

	for (uint32_t i = 0; list && i < list->count; i++)
		if (match_identity(m, p->slots[list->slots[i]].who, p->cluster))
			fn(ctx, list->slots[i]);
}

/* Reserved entities are a label or three; cluster is most of all there are. */
static void entity_match(struct peers *p, const struct match *m, peers_fn fn, void *ctx)
{
	switch ((enum entity)m->entity) {
	case ENTITY_NONE:
		return;
	case ENTITY_ALL:
	case ENTITY_CLUSTER:
		scan(p, m, fn, ctx);
		return;
	case ENTITY_WORLD:
		reserved_match(p, m, "world-ipv4", fn, ctx);
		reserved_match(p, m, "world-ipv6", fn, ctx);
		reserved_match(p, m, "world", fn, ctx);
		return;
	default:
		reserved_match(p, m, entity_to_str((enum entity)m->entity), fn, ctx);
	}
}

void peers_match(struct peers *p, const struct match *m, peers_fn fn, void *ctx)
{
	switch ((enum peer_type)m->type) {
	case PEER_SELECTOR:
		selector_match(p, m, fn, ctx);
		return;
	case PEER_ENTITY:
		entity_match(p, m, fn, ctx);
		return;
	case PEER_FQDN:
		reserved_match(p, m, m->fqdn, fn, ctx);
		return;
	default:
		if (m->cidr.bits)
			cidr_match(p, m, fn, ctx);
		else
			scan(p, m, fn, ctx);
	}
}
