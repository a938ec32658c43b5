/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a pool remembers of single addresses; see records.h. */
#include "ipam/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int records_init(struct records *r)
{
	memset(r, 0, sizeof(*r));
	TAILQ_INIT(&r->released);
	STAILQ_INIT(&r->changed);
	return table_init(&r->table);
}

void records_fini(struct records *r)
{
	struct record *rec, *safe;

	if (!r->table.buckets)
		return;
	/* Those that are not in the table any more. */
	for (rec = STAILQ_FIRST(&r->changed); rec; rec = safe) {
		safe = STAILQ_NEXT(rec, changed_link);
		if (rec->state == POOL_FREE)
			free(rec);
	}
	for (size_t i = 0; i <= r->table.mask; i++) {
		struct table_node *next;

		for (struct table_node *n = r->table.buckets[i]; n; n = next) {
			next = n->next;
			free(TABLE_ENTRY(n, struct record, node));
		}
	}
	free(r->spare);
	table_fini(&r->table);
}

int records_reserve(struct records *r)
{
	if (!r->spare)
		r->spare = malloc(sizeof(*r->spare));
	return r->spare ? 0 : -ENOMEM;
}

static uint64_t addr_hash(const struct axo_addr *addr)
{
	uint64_t high, low;

	memcpy(&high, addr->b, 8);
	memcpy(&low, addr->b + 8, 8);
	low ^= high * 0x9e3779b97f4a7c15ULL;
	low ^= low >> 32;
	low *= 0xff51afd7ed558ccdULL;
	return low ^ low >> 33;
}

struct record *record_find(const struct records *r, const struct axo_addr *addr)
{
	struct table_node *n = table_first(&r->table, addr_hash(addr));

	for (; n; n = table_next(n)) {
		struct record *rec = TABLE_ENTRY(n, struct record, node);

		if (!addr_cmp(&rec->addr, addr))
			return rec;
	}
	return NULL;
}

struct record *record_add(struct records *r, const struct axo_addr *addr)
{
	struct record *rec = r->spare;

	r->spare = NULL;
	*rec = (struct record){.addr = *addr, .state = POOL_FREE};
	table_insert(&r->table, &rec->node, addr_hash(addr));
	return rec;
}

static void state_leave(struct records *r, struct record *rec)
{
	if (rec->state == POOL_RELEASED)
		TAILQ_REMOVE(&r->released, rec, released_link);
	if (rec->state != POOL_FREE)
		r->counts[rec->state]--;
}

void record_set_state(struct records *r, struct record *rec, enum pool_state state)
{
	state_leave(r, rec);
	if (state == POOL_RELEASED)
		TAILQ_INSERT_TAIL(&r->released, rec, released_link);
	r->counts[state]++;
	rec->state = state;
}

void record_mark_changed(struct records *r, struct record *rec)
{
	if (rec->is_changed)
		return;
	rec->is_changed = true;
	STAILQ_INSERT_TAIL(&r->changed, rec, changed_link);
}

void record_forget(struct records *r, struct record *rec)
{
	state_leave(r, rec);
	rec->state = POOL_FREE;
	table_remove(&r->table, &rec->node);
	record_mark_changed(r, rec);
}

struct pool_record record_show(const struct record *rec)
{
	bool held = rec->state == POOL_USED || rec->state == POOL_RELEASING;

	return (struct pool_record){
		.addr = rec->addr,
		.state = rec->state,
		.owner = held ? rec->owner : NULL,
		.owner_hash = rec->state == POOL_RELEASED ? rec->owner_hash : 0,
		.seq = rec->seq,
		.released_ms = rec->released_ms,
	};
}

bool records_change_next(struct records *r, struct pool_record *out)
{
	struct record *rec = STAILQ_FIRST(&r->changed);

	if (!rec)
		return false;
	STAILQ_REMOVE_HEAD(&r->changed, changed_link);
	rec->is_changed = false;
	*out = record_show(rec);
	if (rec->state == POOL_FREE)
		free(rec);
	return true;
}
