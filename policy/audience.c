/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Terms that speak of the same peers: the parts of one item always do, and so do the items of a
 * thousand policies that all say "my namespace".  Peers are asked once for all of them.
 *
 * Two terms are the same if their matches are written the same, byte by byte, after parsing.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/map.h"
#include "policy/terms.h"

/** struct bytes - grows; free(@data) */
struct bytes {
	unsigned char *data;
	size_t len, size;
};

static void bytes_add(struct bytes *b, const void *data, size_t len)
{
	if (b->size - b->len < len) {
		b->size = (b->len + len) * 2;
		b->data = realloc(b->data, b->size);
		if (!b->data)
			abort();
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void number_add(struct bytes *b, uint32_t n)
{
	bytes_add(b, &n, sizeof(n));
}

static void text_add(struct bytes *b, const char *text)
{
	bytes_add(b, text, strlen(text) + 1);
}

static void cidr_add(struct bytes *b, const struct cidr *c)
{
	bytes_add(b, c->addr.b, sizeof(c->addr.b));
	number_add(b, (uint32_t)c->family << 8 | c->bits);
}

static void requirement_add(struct bytes *b, const struct requirement *r)
{
	number_add(b, (uint32_t)r->source << 8 | r->op);
	text_add(b, r->key);
	if (r->source == LABEL_CIDR)
		cidr_add(b, &r->prefix);
	number_add(b, r->values.count);
	list_each(char *, v, &r->values) {
		text_add(b, *v);
	}
}

static void match_add(struct bytes *b, const struct match *m)
{
	number_add(b, (uint32_t)m->type << 8 | m->entity);
	if (m->type == PEER_CIDR) {
		cidr_add(b, &m->cidr);
		number_add(b, m->except->count);
		list_each(struct cidr, x, m->except) {
			cidr_add(b, x);
		}
	}
	if (m->type == PEER_FQDN)
		text_add(b, m->fqdn);
	if (m->type != PEER_SELECTOR)
		return;
	number_add(b, m->selector->requirements.count);
	list_each(struct requirement, r, &m->selector->requirements) {
		requirement_add(b, r);
	}
}

static void term_write(const struct term *t, struct bytes *b)
{
	b->len = 0;
	number_add(b, t->dir);
	number_add(b, t->match_count);
	for (uint32_t i = 0; i < t->match_count; i++)
		match_add(b, &t->matches[i]);
}

/* Parts of one item share their matches; empty ones may lie where others begin. */
static bool item_same(const struct term *a, const struct term *b)
{
	return a->matches == b->matches && a->match_count == b->match_count && a->match_count &&
	       a->dir == b->dir && !a->anybody;
}

/* The leader of @i, which is @i itself if nobody before speaks of the same peers. */
static uint32_t leader_find(const struct terms *t, uint32_t i, struct map *leaders, struct bytes *b)
{
	const struct term *me = &t->items[i];

	if (me->anybody)
		return i;
	if (i && item_same(&t->items[i - 1], me))
		return t->items[i - 1].leader;
	term_write(me, b);
	void **slot = map_slot(leaders, b->data, b->len);
	if (!*slot)
		*slot = (void *)((uintptr_t)i + 1);
	return (uint32_t)((uintptr_t)*slot - 1);
}

void terms_group(struct terms *t)
{
	uint32_t *tails = calloc(t->count + 1, sizeof(*tails));
	struct map leaders = {0};
	struct bytes b = {0};

	if (!tails)
		abort();
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t leader = leader_find(t, i, &leaders, &b);

		t->items[i].leader = leader;
		t->items[i].next = TERM_END;
		if (leader != i)
			t->items[tails[leader]].next = i;
		tails[leader] = i;
	}
	map_fini(&leaders, NULL);
	free(b.data);
	free(tails);
}
