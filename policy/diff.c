/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Differences of two compiled policies; see diff.h. */
#include "policy/diff.h"

#include <stdlib.h>
#include <string.h>

#include "policy/compiler.h"
#include "policy/diff_cut.h"
#include "policy/diff_group.h"
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

/** struct outcome - what becomes of a piece; all 0: nothing; see struct diff_change */
struct outcome {
	uint32_t changes;
	uint32_t kind;
	uint32_t was;
	uint32_t is;
};

/**
 * struct asker - one direction of both sides
 * @pieces:   @count, and the outcome of each
 * @yes, @no: pieces, by whether they have the outcome that is being looked for
 */
struct asker {
	struct side_index sides[2];
	enum axo_dir dir;
	struct diff_cuts cuts;
	struct diff_limits *limits;
	struct diff_ports *pieces;
	struct outcome *outcomes;
	size_t count, size, outcome_size;
	struct piece_list yes, no;
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

static struct verdict verdict_of(const struct side_index *x, uint32_t identity,
				 const struct packet *p)
{
	return x->lookup ? lookup_packet(x->lookup, identity, p)
			 : (struct verdict){.allow = !x->side->denies};
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

static struct outcome outcome_of(struct diff_limits *l, const struct verdict *before,
				 const struct verdict *after)
{
	struct outcome o = {.changes = 1};

	if (before->allow)
		o.was = diff_limits_get(l, before->set);
	if (after->allow)
		o.is = diff_limits_get(l, after->set);
	if (before->allow != after->allow)
		o.kind = after->allow ? DIFF_GAINS : DIFF_LOSES;
	else if (o.was == o.is)
		return (struct outcome){0};
	else
		o.kind = !o.was ? DIFF_LIMITED : !o.is ? DIFF_FREED : DIFF_OTHER;
	return o;
}

static void pieces_ask(struct asker *a, const struct diff_peer *who)
{
	struct diff_ports piece;
	size_t at = 0;

	a->count = 0;
	diff_cuts_sort(&a->cuts);
	while (diff_cuts_next(&a->cuts, &at, &piece)) {
		const struct packet p = {a->dir, piece.proto, piece.first};
		struct verdict before = verdict_of(&a->sides[0], who->before, &p);
		struct verdict after = verdict_of(&a->sides[1], who->after, &p);

		a->pieces = array_grow(a->pieces, a->count, &a->size, sizeof(piece));
		a->outcomes =
			array_grow(a->outcomes, a->count, &a->outcome_size, sizeof(struct outcome));
		a->pieces[a->count] = piece;
		a->outcomes[a->count++] = outcome_of(a->limits, &before, &after);
	}
}

static bool outcome_same(const struct outcome *a, const struct outcome *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* The outcome of piece @i, unless one before has the same, or nothing changes. */
static const struct outcome *outcome_new(const struct asker *a, size_t i)
{
	if (!a->outcomes[i].changes)
		return NULL;
	for (size_t k = 0; k < i; k++)
		if (outcome_same(&a->outcomes[k], &a->outcomes[i]))
			return NULL;
	return &a->outcomes[i];
}

static void pieces_part(struct asker *a, const struct outcome *o)
{
	a->yes.count = a->no.count = 0;
	for (size_t i = 0; i < a->count; i++)
		piece_add(outcome_same(&a->outcomes[i], o) ? &a->yes : &a->no, a->pieces[i]);
}

/* Where protocols that nobody names change, what does not change is the shorter list. */
static void change_add(struct asker *a, struct diff_groups *groups, const struct outcome *o,
		       const struct diff_group_peers *peers)
{
	struct diff_change c = {
		.dir = a->dir, .kind = (enum diff_kind)o->kind, .was = o->was, .is = o->is};
	const struct piece_list *l = &a->yes;

	pieces_part(a, o);
	c.all_but = l->items[l->count - 1].proto == DIFF_PROTO_OTHER;
	if (c.all_but)
		l = &a->no;
	c.ports = l->items;
	c.port_count = l->count;
	diff_groups_add(groups, &c, peers);
}

/** struct together - peers of one class before and of one after */
struct together {
	uint32_t class_[2];
	struct diff_group_peers peers;
};

static void together_free(void *p)
{
	struct together *t = p;

	free(t->peers.items);
	free(t);
}

static void together_ask(struct asker *a, const struct together *t, const struct diff_peer *peers,
			 struct diff_groups *groups)
{
	diff_cuts_clear(&a->cuts);
	for (int i = 0; i < 2; i++) {
		class_cut(a, &a->sides[i], t->class_[i] & ~AXO_CLASS_COMPLETE);
		class_cut(a, &a->sides[i], 0);
	}
	pieces_ask(a, &peers[t->peers.items[0]]);
	for (size_t i = 0; i < a->count; i++) {
		const struct outcome *o = outcome_new(a, i);

		if (o)
			change_add(a, groups, o, &t->peers);
	}
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
		diff_group_peer_add(&t->peers, (uint32_t)i);
	}
	return found;
}

static void direction_ask(struct asker *a, const struct diff_peer *peers, size_t count,
			  struct diff *out)
{
	struct map together = {0};
	struct diff_groups groups = {0};

	if (is_open(&a->sides[0], a->dir) && is_open(&a->sides[1], a->dir))
		return;
	together = peers_together(a, peers, count);
	for (struct map_item *i = map_next(&together, NULL); i; i = map_next(&together, i))
		together_ask(a, i->value, peers, &groups);
	map_fini(&together, together_free);
	diff_groups_take(&groups, out);
}

void policy_diff(const struct diff_side *before, const struct diff_side *after,
		 const struct diff_peer *peers, size_t peer_count, struct diff *out)
{
	struct asker a = {.limits = &out->limits};

	*out = (struct diff){0};
	index_init(&a.sides[0], before);
	index_init(&a.sides[1], after);
	a.dir = AXO_DIR_INGRESS;
	direction_ask(&a, peers, peer_count, out);
	a.dir = AXO_DIR_EGRESS;
	direction_ask(&a, peers, peer_count, out);
	index_fini(&a.sides[0]);
	index_fini(&a.sides[1]);
	diff_cuts_fini(&a.cuts);
	free(a.pieces);
	free(a.outcomes);
	free(a.yes.items);
	free(a.no.items);
}

void diff_fini(struct diff *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->items[i].peers);
		free(d->items[i].ports);
	}
	free(d->items);
	diff_limits_fini(&d->limits);
	*d = (struct diff){0};
}
