/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of endpoints: an array by id, and two hashes; see endpoint.h. */
#include "loader/endpoint.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/limits.h"
#include "loader/labels.h"

#define BUCKETS 1024

/**
 * struct entry - an endpoint in the table
 * @by_attachment, @by_ifindex: next one in the bucket
 * @indexed: it is in the bucket of its ifindex
 */
struct entry {
	struct endpoint *pub;
	struct entry *by_attachment;
	struct entry *by_ifindex;
	bool indexed;
};

/**
 * struct endpoint_table
 * @entries: by id; NULL = free
 * @room:    length of @entries
 * @lowest:  no id below it is free
 */
struct endpoint_table {
	struct entry **entries;
	size_t room;
	size_t count;
	uint32_t lowest;
	struct entry *attachments[BUCKETS];
	struct entry *ifindexes[BUCKETS];
};

void endpoint_free(struct endpoint *ep)
{
	if (!ep)
		return;
	labels_free(ep->labels, ep->label_count);
	free(ep->ports);
	free(ep->namespace_);
	free(ep->name);
	free(ep->netns);
	free(ep);
}

void endpoint_cleanup(struct endpoint **ep)
{
	endpoint_free(*ep);
}

struct endpoint_table *endpoint_table_new(void)
{
	struct endpoint_table *t = calloc(1, sizeof(*t));

	if (t)
		t->lowest = 1;
	return t;
}

void endpoint_table_free(struct endpoint_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->room; i++) {
		if (!t->entries[i])
			continue;
		endpoint_free(t->entries[i]->pub);
		free(t->entries[i]);
	}
	free(t->entries);
	free(t);
}

static bool taken(const struct endpoint_table *t, uint32_t id)
{
	return id < t->room && t->entries[id];
}

uint32_t endpoint_free_id(const struct endpoint_table *t)
{
	uint32_t id = t->lowest;

	while (taken(t, id))
		id++;
	return id <= AXO_MAX_ENDPOINTS ? id : 0;
}

static int grow(struct endpoint_table *t, uint32_t id)
{
	size_t room = t->room ? t->room : 64;
	struct entry **bigger;

	while (room <= id)
		room *= 2;
	if (room == t->room)
		return 0;
	bigger = realloc(t->entries, room * sizeof(struct entry *));
	if (!bigger)
		return -ENOMEM;
	memset(bigger + t->room, 0, (room - t->room) * sizeof(struct entry *));
	t->entries = bigger;
	t->room = room;
	return 0;
}

static struct entry **ifindex_bucket(struct endpoint_table *t, int ifindex)
{
	return &t->ifindexes[(unsigned int)ifindex % BUCKETS];
}

static void index_add(struct endpoint_table *t, struct entry *en)
{
	struct entry **bucket = ifindex_bucket(t, en->pub->ifindex);

	en->indexed = en->pub->ifindex != 0;
	if (!en->indexed)
		return;
	en->by_ifindex = *bucket;
	*bucket = en;
}

static void index_drop(struct endpoint_table *t, struct entry *en)
{
	struct entry **link = ifindex_bucket(t, en->pub->ifindex);

	if (!en->indexed)
		return;
	while (*link != en)
		link = &(*link)->by_ifindex;
	*link = en->by_ifindex;
	en->indexed = false;
}

int endpoint_insert(struct endpoint_table *t, struct endpoint *ep)
{
	struct entry **bucket = &t->attachments[attachment_hash(&ep->attachment) % BUCKETS];
	struct entry *en;

	if (ep->id == 0 || ep->id > AXO_MAX_ENDPOINTS)
		return -ERANGE;
	if (taken(t, ep->id) || endpoint_by_attachment(t, &ep->attachment))
		return -EEXIST;
	en = grow(t, ep->id) < 0 ? NULL : calloc(1, sizeof(*en));
	if (!en)
		return -ENOMEM;
	en->pub = ep;
	en->by_attachment = *bucket;
	*bucket = en;
	index_add(t, en);
	t->entries[ep->id] = en;
	t->count++;
	if (ep->id == t->lowest)
		t->lowest++;
	return 0;
}

struct endpoint *endpoint_remove(struct endpoint_table *t, struct endpoint *ep)
{
	struct entry **link = &t->attachments[attachment_hash(&ep->attachment) % BUCKETS];
	struct entry *en = t->entries[ep->id];

	while (*link != en)
		link = &(*link)->by_attachment;
	*link = en->by_attachment;
	index_drop(t, en);
	t->entries[ep->id] = NULL;
	t->count--;
	if (ep->id < t->lowest)
		t->lowest = ep->id;
	free(en);
	return ep;
}

void endpoint_set_ifindex(struct endpoint_table *t, struct endpoint *ep, int ifindex)
{
	struct entry *en = t->entries[ep->id];

	index_drop(t, en);
	ep->ifindex = ifindex;
	index_add(t, en);
}

struct endpoint *endpoint_by_id(const struct endpoint_table *t, uint32_t id)
{
	return taken(t, id) ? t->entries[id]->pub : NULL;
}

struct endpoint *endpoint_by_attachment(const struct endpoint_table *t, const struct attachment *a)
{
	struct entry *en = t->attachments[attachment_hash(a) % BUCKETS];

	while (en && !attachment_equal(&en->pub->attachment, a))
		en = en->by_attachment;
	return en ? en->pub : NULL;
}

struct endpoint *endpoint_by_ifindex(const struct endpoint_table *t, int ifindex)
{
	struct entry *en = t->ifindexes[(unsigned int)ifindex % BUCKETS];

	while (en && en->pub->ifindex != ifindex)
		en = en->by_ifindex;
	return en ? en->pub : NULL;
}

struct endpoint *endpoint_next(const struct endpoint_table *t, const struct endpoint *prev)
{
	for (size_t id = prev ? prev->id + 1 : 0; id < t->room; id++) {
		if (t->entries[id])
			return t->entries[id]->pub;
	}
	return NULL;
}

size_t endpoint_count(const struct endpoint_table *t)
{
	return t->count;
}
