/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Differences of two compiled policies; see diff.h. */
#include "policy/diff.h"

#include <stdlib.h>
#include <string.h>

#include "policy/compiler.h"
#include "policy/diff_cut.h"
#include "policy/lookup.h"

/** struct side_index - @by_class: entries, sorted by direction and class */
struct side_index {
	const struct diff_side *side;
	struct lookup *lookup;
	const struct compiled_entry **by_class;
	size_t count;
};

/** struct piece_list - pieces that touch are one */
struct piece_list {
	struct diff_ports *items;
	size_t count, size;
};

/** struct asker - one direction of both sides; @yes, @no: pieces, by whether it gains (or loses) */
struct asker {
	struct side_index sides[2];
	enum axo_dir dir;
	struct diff_cuts cuts;
	struct piece_list yes[2], no[2];
};

/** struct group - changes of one kind, by their ports, while peers are collected */
struct group {
	struct diff_change change;
	size_t size;
};

static int entry_order(const void *a, const void *b)
{
	const struct compiled_entry *x = *(const struct compiled_entry *const *)a;
	const struct compiled_entry *y = *(const struct compiled_entry *const *)b;

	if (x->dir != y->dir)
		return x->dir < y->dir ? -1 : 1;
	return x->class_ < y->class_ ? -1 : x->class_ > y->class_;
}

static void index_init(struct side_index *x, const struct diff_side *side)
{
	const struct compiled *c = side->compiled;

	*x = (struct side_index){.side = side};
	if (!c)
		return;
	x->lookup = lookup_new(c);
	x->count = c->entry_count;
	x->by_class = calloc(x->count + 1, sizeof(struct compiled_entry *));
	if (!x->by_class)
		abort();
	for (size_t i = 0; i < x->count; i++)
		x->by_class[i] = &c->entries[i];
	qsort(x->by_class, x->count, sizeof(struct compiled_entry *), entry_order);
}

static void index_fini(struct side_index *x)
{
	lookup_free(x->lookup);
	free(x->by_class);
}

static bool is_open(const struct side_index *x, enum axo_dir dir)
{
	const struct compiled *c = x->side->compiled;

	return c ? !(c->ref.flags[dir] & AXO_POLICY_ENFORCED) : !x->side->denies;
}

/* What tells peers apart on a side; all are the same where nothing is asked. */
static uint32_t class_of(const struct side_index *x, uint32_t identity, enum axo_dir dir)
{
	return x->lookup && !is_open(x, dir) ? lookup_class(x->lookup, identity, dir) : 0;
}

static bool allows(const struct side_index *x, uint32_t identity, const struct packet *p)
{
	return x->lookup ? lookup_packet(x->lookup, identity, p).allow : !x->side->denies;
}

/* Where entries of @class_ begin and end. */
static void class_cut(struct asker *a, const struct side_index *x, uint32_t class_)
{
	const struct compiled_entry wanted = {.dir = (uint8_t)a->dir, .class_ = class_};
	const struct compiled_entry *key = &wanted;
	size_t low = 0, high = x->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (entry_order(&x->by_class[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < x->count && entry_order(&x->by_class[low], &key) == 0; low++)
		diff_cut_entry(&a->cuts, x->by_class[low]);
}

static void piece_add(struct piece_list *l, struct diff_ports piece)
{
	struct diff_ports *last = l->count ? &l->items[l->count - 1] : NULL;

	if (last && last->proto == piece.proto && last->last + 1 == piece.first) {
		last->last = piece.last;
		return;
	}
	l->items = array_grow(l->items, l->count, &l->size, sizeof(piece));
	l->items[l->count++] = piece;
}

static void pieces_ask(struct asker *a, const struct diff_peer *who)
{
	struct diff_ports piece;
	size_t at = 0;

	for (int gains = 0; gains < 2; gains++)
		a->yes[gains].count = a->no[gains].count = 0;
	diff_cuts_sort(&a->cuts);
	while (diff_cuts_next(&a->cuts, &at, &piece)) {
		const struct packet p = {a->dir, piece.proto, piece.first};
		bool before = allows(&a->sides[0], who->before, &p);
		bool after = allows(&a->sides[1], who->after, &p);

		for (int gains = 0; gains < 2; gains++)
			piece_add(before != after && after == gains ? &a->yes[gains]
								    : &a->no[gains],
				  piece);
	}
}

/* Where protocols that nobody names change, what does not change is the shorter list. */
static void change_add(struct asker *a, struct map *groups, bool gains, const uint32_t *peers,
		       size_t count)
{
	const struct piece_list *l = &a->yes[gains];
	bool all_but = l->count && l->items[l->count - 1].proto == DIFF_PROTO_OTHER;
	struct group *g;

	if (!l->count)
		return;
	if (all_but)
		l = &a->no[gains];
	size_t bytes = l->count * sizeof(struct diff_ports);
	void **slot = map_slot(&groups[gains << 1 | all_but], l->items, bytes);
	if (!*slot) {
		g = *slot = calloc(1, sizeof(*g));
		if (!g || !(g->change.ports = malloc(bytes + 1)))
			abort();
		if (bytes)
			memcpy(g->change.ports, l->items, bytes);
		g->change.port_count = l->count;
		g->change.dir = a->dir;
		g->change.gains = gains;
		g->change.all_but = all_but;
	}
	g = *slot;
	for (size_t i = 0; i < count; i++) {
		g->change.peers = array_grow(g->change.peers, g->change.peer_count, &g->size,
					     sizeof(uint32_t));
		g->change.peers[g->change.peer_count++] = peers[i];
	}
}

/** struct together - peers of one class before and of one after */
struct together {
	uint32_t class_[2];
	uint32_t *peers;
	size_t count, size;
};

static void together_free(void *p)
{
	struct together *t = p;

	free(t->peers);
	free(t);
}

static void together_ask(struct asker *a, const struct together *t, const struct diff_peer *peers,
			 struct map *groups)
{
	diff_cuts_clear(&a->cuts);
	for (int i = 0; i < 2; i++) {
		class_cut(a, &a->sides[i], t->class_[i] & ~AXO_CLASS_COMPLETE);
		class_cut(a, &a->sides[i], 0);
	}
	pieces_ask(a, &peers[t->peers[0]]);
	for (int gains = 0; gains < 2; gains++)
		change_add(a, groups, gains, t->peers, t->count);
}

static struct map peers_together(const struct asker *a, const struct diff_peer *peers, size_t count)
{
	struct map found = {0};

	for (size_t i = 0; i < count; i++) {
		const uint32_t key[2] = {class_of(&a->sides[0], peers[i].before, a->dir),
					 class_of(&a->sides[1], peers[i].after, a->dir)};
		void **slot = map_slot(&found, key, sizeof(key));
		struct together *t = *slot;

		if (!t && !(t = *slot = calloc(1, sizeof(*t))))
			abort();
		memcpy(t->class_, key, sizeof(key));
		t->peers = array_grow(t->peers, t->count, &t->size, sizeof(uint32_t));
		t->peers[t->count++] = (uint32_t)i;
	}
	return found;
}

static int number_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Moves what @groups holds into @out. */
static void groups_take(struct map *groups, struct diff *out)
{
	out->items = reallocarray(out->items, out->count + groups->count + 1, sizeof(*out->items));
	if (!out->items)
		abort();
	for (struct map_item *i = map_next(groups, NULL); i; i = map_next(groups, i)) {
		struct group *g = i->value;

		qsort(g->change.peers, g->change.peer_count, sizeof(uint32_t), number_order);
		out->items[out->count++] = g->change;
	}
	map_fini(groups, free);
}

static int change_order(const void *a, const void *b)
{
	const struct diff_change *x = a, *y = b;

	if (x->dir != y->dir)
		return x->dir == AXO_DIR_INGRESS ? -1 : 1;
	if (x->gains != y->gains)
		return x->gains ? -1 : 1;
	return number_order(&x->peers[0], &y->peers[0]);
}

static void direction_ask(struct asker *a, const struct diff_peer *peers, size_t count,
			  struct diff *out)
{
	struct map together = {0}, groups[4] = {0};

	if (is_open(&a->sides[0], a->dir) && is_open(&a->sides[1], a->dir))
		return;
	together = peers_together(a, peers, count);
	for (struct map_item *i = map_next(&together, NULL); i; i = map_next(&together, i))
		together_ask(a, i->value, peers, groups);
	map_fini(&together, together_free);
	for (int i = 0; i < 4; i++)
		groups_take(&groups[i], out);
}

void policy_diff(const struct diff_side *before, const struct diff_side *after,
		 const struct diff_peer *peers, size_t peer_count, struct diff *out)
{
	struct asker a = {0};

	*out = (struct diff){0};
	index_init(&a.sides[0], before);
	index_init(&a.sides[1], after);
	for (int dir = 0; dir < 2; dir++) {
		a.dir = (enum axo_dir)dir;
		direction_ask(&a, peers, peer_count, out);
	}
	if (out->count)
		qsort(out->items, out->count, sizeof(*out->items), change_order);
	index_fini(&a.sides[0]);
	index_fini(&a.sides[1]);
	diff_cuts_fini(&a.cuts);
	for (int gains = 0; gains < 2; gains++) {
		free(a.yes[gains].items);
		free(a.no[gains].items);
	}
}

void diff_fini(struct diff *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->items[i].peers);
		free(d->items[i].ports);
	}
	free(d->items);
	*d = (struct diff){0};
}
