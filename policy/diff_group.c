/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Groups of changes; see diff_group.h. */
#include "policy/diff_group.h"

#include <stdlib.h>
#include <string.h>

#include "policy/compiler.h"

/** struct group - @change is without peers until it is taken */
struct group {
	struct diff_change change;
	struct diff_group_peers peers;
};

void diff_group_peer_add(struct diff_group_peers *l, uint32_t index)
{
	l->items = array_grow(l->items, l->count, &l->size, sizeof(*l->items));
	l->items[l->count++] = index;
}

static struct group *group_new(const struct diff_change *c)
{
	struct group *g = calloc(1, sizeof(*g));

	if (!g)
		abort();
	g->change = *c;
	g->change.ports = calloc(c->port_count + 1, sizeof(*c->ports));
	if (!g->change.ports)
		abort();
	if (c->port_count)
		memcpy(g->change.ports, c->ports, c->port_count * sizeof(*c->ports));
	return g;
}

static struct group *group_of(struct diff_groups *groups, const struct diff_change *c)
{
	const uint32_t key[4] = {c->kind, c->all_but, c->was, c->is};
	void **slot = map_slot(&groups->by_change, key, sizeof(key));

	if (!*slot && !(*slot = calloc(1, sizeof(struct map))))
		abort();
	slot = map_slot(*slot, c->ports, c->port_count * sizeof(*c->ports));
	if (!*slot)
		*slot = group_new(c);
	return *slot;
}

void diff_groups_add(struct diff_groups *groups, const struct diff_change *c,
		     const struct diff_group_peers *peers)
{
	struct group *g = group_of(groups, c);

	for (size_t i = 0; i < peers->count; i++)
		diff_group_peer_add(&g->peers, peers->items[i]);
}

static int number_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Moves what @by_ports holds into @out. */
static void ports_take(struct map *by_ports, struct diff *out)
{
	out->items =
		reallocarray(out->items, out->count + by_ports->count + 1, sizeof(*out->items));
	if (!out->items)
		abort();
	for (struct map_item *i = map_next(by_ports, NULL); i; i = map_next(by_ports, i)) {
		struct group *g = i->value;

		qsort(g->peers.items, g->peers.count, sizeof(uint32_t), number_order);
		g->change.peers = g->peers.items;
		g->change.peer_count = g->peers.count;
		out->items[out->count++] = g->change;
	}
	map_fini(by_ports, free);
}

static int kind_place(enum diff_kind kind)
{
	static const int places[] = {[DIFF_GAINS] = 0,
				     [DIFF_LOSES] = 1,
				     [DIFF_LIMITED] = 2,
				     [DIFF_FREED] = 3,
				     [DIFF_OTHER] = 4};

	return places[kind];
}

/* Of the same peers: by the first port. */
static int change_order(const void *a, const void *b)
{
	static const struct diff_ports none;
	const struct diff_change *x = a, *y = b;
	const struct diff_ports *p = x->port_count ? x->ports : &none;
	const struct diff_ports *q = y->port_count ? y->ports : &none;

	if (x->kind != y->kind)
		return kind_place(x->kind) - kind_place(y->kind);
	if (x->peers[0] != y->peers[0])
		return x->peers[0] < y->peers[0] ? -1 : 1;
	return p->proto != q->proto ? p->proto - q->proto : p->first - q->first;
}

void diff_groups_take(struct diff_groups *groups, struct diff *out)
{
	size_t first = out->count;

	for (struct map_item *i = map_next(&groups->by_change, NULL); i;
	     i = map_next(&groups->by_change, i))
		ports_take(i->value, out);
	map_fini(&groups->by_change, free);
	if (out->count > first)
		qsort(out->items + first, out->count - first, sizeof(*out->items), change_order);
}
