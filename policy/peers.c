/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Identities and their indexes; see peers.h.  Who matches what is in match.c. */
#include "policy/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/fqdn.h"
#include "axoneme/policy.h"
#include "policy/peers_table.h"

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
struct posting *label_posting(const struct peers *p, const char *key, const char *value)
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

/*
 * What an identity needs, so that tens of thousands of prefixes waste nothing: label_set_parse()
 * takes what a text has, with its end; a pod's labels get company from its namespace.
 */
static size_t identity_size(const struct identity_view *v)
{
	size_t size = sizeof(struct peer_identity) + v->port_count * (sizeof(*v->ports) + 16);
	bool pod = false;

	for (size_t i = 0; i < v->label_count; i++) {
		size += sizeof(struct label) + strlen(v->labels[i]) + 1;
		pod |= strstr(v->labels[i], LABEL_NAMESPACE) != NULL;
	}
	return size + (pod ? (v->label_count + 2) * sizeof(struct label) : 0);
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
	if (v->id >= AXO_ID_FQDN_MIN && v->id <= AXO_ID_FQDN_MAX && i->labels.count)
		i->fqdn = i->labels.items[0].key;
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
