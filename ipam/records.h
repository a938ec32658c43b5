/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records: what a pool remembers of single addresses.  Inside of ipam/pool.c; nobody else's.
 *
 * Invariants:
 *      - the table holds every record but the forgotten ones, which only wait in @changed, with
 *        state POOL_FREE, to be reported
 *      - a record is in @released exactly when its state is POOL_RELEASED; in there, seq rises
 *        and released_ms does not fall
 *      - counts[state] is the number of records in this state (POOL_FREE: always 0)
 */
#ifndef IPAM_RECORDS_H
#define IPAM_RECORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ipam/pool.h"
#include "ipam/table.h"

/**
 * struct record - an address; @owner, @owner_hash, @seq, @released_ms: see struct pool_record
 *
 * There may be 65,536 of them per family: the two that no state needs both share their place.
 */
struct record {
	struct table_node node;
	TAILQ_ENTRY(record) released_link;
	STAILQ_ENTRY(record) changed_link;
	struct axo_addr addr;
	union {
		const struct attachment *owner;
		uint64_t owner_hash;
	};
	uint64_t seq;
	int64_t released_ms;
	enum pool_state state;
	bool is_changed;
};

TAILQ_HEAD(record_list, record);
STAILQ_HEAD(change_list, record);

/**
 * struct records - of one pool
 * @table:    by address
 * @released: the one released longest ago first
 * @changed:  the one changed longest ago first
 * @spare:    memory for the next record_add(), or NULL
 * @next_seq: of the next release
 * @counts:   by state
 */
struct records {
	struct table table;
	struct record_list released;
	struct change_list changed;
	struct record *spare;
	uint64_t next_seq;
	uint64_t counts[POOL_RELEASED + 1];
};

/** records_init - empty; 0 or -ENOMEM */
int records_init(struct records *r);

/** records_fini - free all; fine on a zeroed struct */
void records_fini(struct records *r);

/** records_reserve - memory for the next record_add(); 0 or -ENOMEM */
int records_reserve(struct records *r);

/** record_find - or NULL; borrowed */
struct record *record_find(const struct records *r, const struct axo_addr *addr);

/** record_add - a new record, state POOL_FREE until record_set_state(); needs records_reserve() */
struct record *record_add(struct records *r, const struct axo_addr *addr);

/** record_set_state - to another state than POOL_FREE; a released one goes to the end of the list */
void record_set_state(struct records *r, struct record *rec, enum pool_state state);

/** record_mark_changed - report it (again) */
void record_mark_changed(struct records *r, struct record *rec);

/** record_forget - take it out; it is reported as free, then gone */
void record_forget(struct records *r, struct record *rec);

/** record_show - as the store sees it */
struct pool_record record_show(const struct record *rec);

/** records_change_next - see pool_change_next() */
bool records_change_next(struct records *r, struct pool_record *out);

#endif
