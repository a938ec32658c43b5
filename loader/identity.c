/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Identities: an array sorted by number, and a hash over the labels; see identity.h. */
#include "loader/identity.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/ipcache.h"
#include "lib/cleanup.h"
#include "loader/labels.h"

#define BUCKETS 1024

/**
 * struct entry - an identity in the table
 * @hash:  of its labels
 * @chain: next one in the bucket
 */
struct entry {
	struct identity pub;
	uint64_t hash;
	struct entry *chain;
};

struct identity_table {
	struct entry **sorted;
	size_t count;
	size_t room;
	uint32_t cursor;
	struct entry *buckets[BUCKETS];
};

static void entry_free(struct entry *en)
{
	labels_free(en->pub.labels, en->pub.label_count);
	free(en);
}

/* Index of the first identity whose number is @id or more. */
static size_t position(const struct identity_table *t, uint32_t id)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (t->sorted[mid]->pub.id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct entry *by_id(const struct identity_table *t, uint32_t id)
{
	size_t at = position(t, id);

	return at < t->count && t->sorted[at]->pub.id == id ? t->sorted[at] : NULL;
}

static struct entry *by_labels(const struct identity_table *t, char *const *labels, size_t count)
{
	uint64_t hash = labels_hash(labels, count);

	for (struct entry *en = t->buckets[hash % BUCKETS]; en; en = en->chain) {
		if (en->hash == hash &&
		    labels_equal(en->pub.labels, en->pub.label_count, labels, count))
			return en;
	}
	return NULL;
}

static int table_grow(struct identity_table *t)
{
	size_t room = t->room ? t->room * 2 : 32;
	struct entry **bigger;

	if (t->count < t->room)
		return 0;
	bigger = realloc(t->sorted, room * sizeof(struct entry *));
	if (!bigger)
		return -ENOMEM;
	t->sorted = bigger;
	t->room = room;
	return 0;
}

static struct entry *entry_add(struct identity_table *t, uint32_t id, char *const *labels,
			       size_t count)
{
	struct entry *en = calloc(1, sizeof(*en));
	size_t at = position(t, id);

	if (!en || table_grow(t) < 0 || labels_copy(labels, count, &en->pub.labels) < 0) {
		free(en);
		return NULL;
	}
	en->pub.id = id;
	en->pub.label_count = count;
	en->hash = labels_hash(labels, count);
	en->chain = t->buckets[en->hash % BUCKETS];
	t->buckets[en->hash % BUCKETS] = en;
	memmove(&t->sorted[at + 1], &t->sorted[at], (t->count - at) * sizeof(struct entry *));
	t->sorted[at] = en;
	t->count++;
	return en;
}

static void entry_remove(struct identity_table *t, struct entry *en)
{
	struct entry **link = &t->buckets[en->hash % BUCKETS];
	size_t at = position(t, en->pub.id);

	while (*link != en)
		link = &(*link)->chain;
	*link = en->chain;
	t->count--;
	memmove(&t->sorted[at], &t->sorted[at + 1], (t->count - at) * sizeof(struct entry *));
	entry_free(en);
}

/* The reserved ones hold a reference that nobody drops. */
static int add_reserved(struct identity_table *t)
{
	static const struct {
		uint32_t id;
		char label[32];
	} reserved[] = {
#define X(symbol, number, name) {number, "reserved:" name},
		AXO_RESERVED_IDENTITIES(X)
#undef X
	};

	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		char *label = (char *)reserved[i].label;
		struct entry *en = entry_add(t, reserved[i].id, &label, 1);

		if (!en)
			return -ENOMEM;
		en->pub.refs = 1;
	}
	return 0;
}

struct identity_table *identity_table_new(void)
{
	struct identity_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->cursor = AXO_ID_LOCAL_MIN;
	if (add_reserved(t) < 0) {
		identity_table_free(t);
		return NULL;
	}
	return t;
}

void identity_table_free(struct identity_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		entry_free(t->sorted[i]);
	free(t->sorted);
	free(t);
}

const struct identity *identity_by_id(const struct identity_table *t, uint32_t id)
{
	struct entry *en = by_id(t, id);

	return en ? &en->pub : NULL;
}

const struct identity *identity_next(const struct identity_table *t, const struct identity *prev)
{
	size_t at = prev ? position(t, prev->id + 1) : 0;

	return at < t->count ? &t->sorted[at]->pub : NULL;
}

/* First free number from the cursor on, going round once; 0 = none. */
static uint32_t free_number(struct identity_table *t)
{
	uint32_t id = t->cursor;
	size_t at = position(t, id);

	for (uint32_t tries = 0; tries <= AXO_ID_LOCAL_MAX - AXO_ID_LOCAL_MIN; tries++) {
		if (at >= t->count || t->sorted[at]->pub.id != id)
			return id;
		at++;
		if (id++ == AXO_ID_LOCAL_MAX) {
			id = AXO_ID_LOCAL_MIN;
			at = position(t, id);
		}
	}
	return 0;
}

int identity_ref(struct identity_table *t, char *const *labels, size_t count, uint32_t *id,
		 struct error *e)
{
	struct entry *en = by_labels(t, labels, count);
	uint32_t number;

	if (!en) {
		number = free_number(t);
		if (!number)
			return error_set(e, ENOSPC, "all %d identities are in use",
					 AXO_ID_LOCAL_MAX - AXO_ID_LOCAL_MIN + 1);
		en = entry_add(t, number, labels, count);
		if (!en)
			return error_set(e, ENOMEM, "no memory");
		t->cursor = number == AXO_ID_LOCAL_MAX ? AXO_ID_LOCAL_MIN : number + 1;
	}
	en->pub.refs++;
	*id = en->pub.id;
	return 0;
}

void identity_unref(struct identity_table *t, uint32_t id)
{
	struct entry *en = by_id(t, id);

	if (en && --en->pub.refs == 0)
		entry_remove(t, en);
}

void identity_note_prefix(struct identity_table *t, uint32_t id, int delta)
{
	struct entry *en = by_id(t, id);

	if (en)
		en->pub.prefixes += (uint32_t)delta;
}

int identity_restore(struct identity_table *t, uint32_t id, char *const *labels, size_t count,
		     struct error *e)
{
	struct entry *en = by_id(t, id);

	if (id < AXO_ID_LOCAL_MIN || id > AXO_ID_LOCAL_MAX)
		return error_set(e, ERANGE, "stored identity %u: expected %d to %d", id,
				 AXO_ID_LOCAL_MIN, AXO_ID_LOCAL_MAX);
	if (en != by_labels(t, labels, count))
		return error_set(e, EEXIST, "stored identity %u stands for two sets of labels", id);
	if (!en)
		en = entry_add(t, id, labels, count);
	if (!en)
		return error_set(e, ENOMEM, "no memory");
	en->pub.refs++;
	return 0;
}

uint32_t identity_cursor(const struct identity_table *t)
{
	return t->cursor;
}

void identity_set_cursor(struct identity_table *t, uint32_t next)
{
	if (next >= AXO_ID_LOCAL_MIN && next <= AXO_ID_LOCAL_MAX)
		t->cursor = next;
}
