/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Identities and their indexes; see peers.h. */
#include "policy/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/policy.h"
#include "policy/map.h"

/** struct posting - slots that have one label, in no order */
struct posting {
	uint32_t *slots;
	uint32_t count, size;
};

struct prefix_slot {
	struct cidr cidr;
	uint32_t slot;
	bool plain;
};

/** struct slot - @id: 0 = free; what loops over all slots need is beside it */
struct slot {
	uint32_t id;
	bool plain;
	struct peer_identity *who;
};

struct peers {
	struct slot *slots;
	uint32_t slot_count, slot_size;
	struct posting free_slots;
	struct map by_id;    /* slot + 1 */
	struct map by_label; /* "key=value" to struct posting, owned */
	struct prefix_slot *prefixes;
	uint32_t prefix_count, prefix_size;
	bool prefixes_sorted;
	uint32_t world[2]; /* slots: IPv4, IPv6 */
	char *cluster;
};

static void posting_free(void *v)
{
	struct posting *p = v;

	free(p->slots);
	free(p);
}

static void identity_free(struct peer_identity *i)
{
	if (!i)
		return;
	struct arena a = i->arena; /* holds @i itself */
	arena_fini(&a);
}

void peers_free(struct peers *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->slot_count; i++)
		identity_free(p->slots[i].who);
	map_fini(&p->by_id, NULL);
	map_fini(&p->by_label, posting_free);
	free(p->free_slots.slots);
	free(p->prefixes);
	free(p->slots);
	free(p->cluster);
	free(p);
}

static void posting_add(struct posting *p, uint32_t slot)
{
	if (p->count == p->size) {
		p->size = p->size ? p->size * 2 : 2;
		p->slots = reallocarray(p->slots, p->size, sizeof(*p->slots));
		if (!p->slots)
			abort();
	}
	p->slots[p->count++] = slot;
}

static void posting_remove(struct posting *p, uint32_t slot)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (p->slots[i] == slot) {
			p->slots[i] = p->slots[--p->count];
			return;
		}
}

/* Source is left out: a selector's key may be of any. */
static struct posting *label_posting(const struct peers *p, const char *key, const char *value)
{
	char buf[640];
	size_t k = strlen(key), v = strlen(value);

	if (k + v + 1 > sizeof(buf))
		return NULL;
	memcpy(buf, key, k);
	buf[k] = '=';
	memcpy(buf + k + 1, value, v);
	return map_get(&p->by_label, buf, k + v + 1);
}

static void label_index(struct peers *p, const struct label *l, uint32_t slot)
{
	char buf[640];
	size_t k = strlen(l->key), v = strlen(l->value);

	if (k + v + 1 > sizeof(buf))
		return;
	memcpy(buf, l->key, k);
	buf[k] = '=';
	memcpy(buf + k + 1, l->value, v);
	void **at = map_slot(&p->by_label, buf, k + v + 1);
	if (!*at && !(*at = calloc(1, sizeof(struct posting))))
		abort();
	posting_add(*at, slot);
}

static void prefix_index(struct peers *p, const struct peer_identity *i, uint32_t slot)
{
	if (p->prefix_count == p->prefix_size) {
		p->prefix_size = p->prefix_size ? p->prefix_size * 2 : 16;
		p->prefixes = reallocarray(p->prefixes, p->prefix_size, sizeof(*p->prefixes));
		if (!p->prefixes)
			abort();
	}
	p->prefixes[p->prefix_count++] = (struct prefix_slot){
		.cidr = i->labels.prefix,
		.slot = slot,
		.plain = i->plain,
	};
	p->prefixes_sorted = false;
}

static void prefix_unindex(struct peers *p, uint32_t slot)
{
	for (uint32_t i = 0; i < p->prefix_count; i++)
		if (p->prefixes[i].slot == slot) {
			p->prefixes[i] = p->prefixes[--p->prefix_count];
			p->prefixes_sorted = false;
			return;
		}
}

static void ports_copy(struct peer_identity *i, const struct identity_view *v)
{
	i->ports = arena_alloc(&i->arena, v->port_count * sizeof(*i->ports));
	i->port_count = v->port_count;
	for (size_t n = 0; n < v->port_count; n++) {
		i->ports[n] = v->ports[n];
		i->ports[n].name =
			arena_text(&i->arena, v->ports[n].name, strlen(v->ports[n].name));
	}
}

static bool is_plain(const struct label_set *l)
{
	const char *world = l->prefix.family == 6 ? "world-ipv6" : "world-ipv4";

	return l->has_prefix && l->count == 2 && label_set_reserved(l, world);
}

/* About what an identity needs, so that tens of thousands of prefixes waste little. */
static size_t identity_size(const struct identity_view *v)
{
	size_t size = sizeof(struct peer_identity) + v->port_count * 32;

	for (size_t i = 0; i < v->label_count; i++)
		size += sizeof(struct label) + strlen(v->labels[i]) + 32;
	return size;
}

static struct peer_identity *identity_new(const struct policy_set *set,
					  const struct identity_view *v, struct error *e)
{
	struct arena a = {.first = identity_size(v)};
	struct label_set given;
	struct peer_identity *i = arena_alloc(&a, sizeof(*i));

	i->id = v->id;
	if (label_set_parse(&a, v->labels, v->label_count, &given, e)) {
		arena_fini(&a);
		return NULL;
	}
	i->arena = a;
	i->labels = label_set_namespace(&given) ? policy_set_derive(set, &i->arena, &given) : given;
	i->plain = is_plain(&i->labels);
	ports_copy(i, v);
	return i;
}

static uint32_t slot_take(struct peers *p)
{
	if (p->free_slots.count)
		return p->free_slots.slots[--p->free_slots.count];
	if (p->slot_count == p->slot_size) {
		p->slot_size = p->slot_size ? p->slot_size * 2 : 64;
		p->slots = reallocarray(p->slots, p->slot_size, sizeof(*p->slots));
		if (!p->slots)
			abort();
	}
	return p->slot_count++;
}

/* Takes @i; nobody has its number. */
static void identity_put(struct peers *p, struct peer_identity *i)
{
	uint32_t slot = slot_take(p);
	p->slots[slot] = (struct slot){.id = i->id, .plain = i->plain, .who = i};
	*map_slot(&p->by_id, &i->id, sizeof(i->id)) = (void *)((uintptr_t)slot + 1);
	for (uint32_t n = 0; n < i->labels.count && !i->plain; n++)
		label_index(p, &i->labels.items[n], slot);
	if (i->labels.has_prefix)
		prefix_index(p, i, slot);
}

int peers_put(struct peers *p, const struct policy_set *set, const struct identity_view *view,
	      struct error *e)
{
	bool world = view->id == AXO_ID_WORLD_IPV4 || view->id == AXO_ID_WORLD_IPV6;
	struct peer_identity *i = NULL;

	if (world)
		return 0;
	if (!view->id)
		return error_set(e, EINVAL, "identity 0 is nobody's");
	i = identity_new(set, view, e);
	if (!i)
		return -EINVAL;
	peers_remove(p, view->id);
	identity_put(p, i);
	return 0;
}

struct peers *peers_new(const char *cluster)
{
	static const char *const four[] = {"reserved:world-ipv4"};
	static const char *const six[] = {"reserved:world-ipv6"};
	struct identity_view worlds[] = {
		{.id = AXO_ID_WORLD_IPV4, .labels = four, .label_count = 1},
		{.id = AXO_ID_WORLD_IPV6, .labels = six, .label_count = 1},
	};
	struct peers *p = calloc(1, sizeof(*p));

	if (!p || (cluster && !(p->cluster = strdup(cluster))))
		abort();
	for (int i = 0; i < 2; i++) {
		identity_put(p, identity_new(NULL, &worlds[i], NULL));
		p->world[i] = p->slot_count - 1;
	}
	return p;
}

bool peers_remove(struct peers *p, uint32_t id)
{
	if (id == AXO_ID_WORLD_IPV4 || id == AXO_ID_WORLD_IPV6)
		return false;
	uintptr_t at = (uintptr_t)map_remove(&p->by_id, &id, sizeof(id));

	if (!at)
		return false;
	uint32_t slot = (uint32_t)at - 1;
	struct peer_identity *i = p->slots[slot].who;
	for (uint32_t n = 0; n < i->labels.count && !i->plain; n++) {
		struct posting *list =
			label_posting(p, i->labels.items[n].key, i->labels.items[n].value);

		if (list)
			posting_remove(list, slot);
	}
	if (i->labels.has_prefix)
		prefix_unindex(p, slot);
	identity_free(i);
	p->slots[slot] = (struct slot){0};
	posting_add(&p->free_slots, slot);
	return true;
}

const struct peer_identity *peers_get(const struct peers *p, uint32_t id)
{
	uintptr_t at = (uintptr_t)map_get(&p->by_id, &id, sizeof(id));

	return at ? p->slots[at - 1].who : NULL;
}

size_t peers_count(const struct peers *p)
{
	return p->by_id.count;
}

const char *peers_cluster(const struct peers *p)
{
	return p->cluster;
}

uint32_t peers_slots(const struct peers *p)
{
	return p->slot_count;
}

uint32_t peers_id(const struct peers *p, uint32_t slot)
{
	return p->slots[slot].id;
}

const struct peer_identity *peers_slot(const struct peers *p, uint32_t slot)
{
	return slot < p->slot_count ? p->slots[slot].who : NULL;
}

const struct peer_identity *peers_next(const struct peers *p, uint32_t *slot)
{
	while (*slot < p->slot_count) {
		const struct peer_identity *i = p->slots[(*slot)++].who;

		if (i)
			return i;
	}
	return NULL;
}

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
			if (selector_matches(m->selector, &p->slots[list->slots[i]].who->labels))
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
	default:
		if (m->cidr.bits)
			cidr_match(p, m, fn, ctx);
		else
			scan(p, m, fn, ctx);
	}
}
