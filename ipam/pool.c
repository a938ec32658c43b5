/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The addresses of one CIDR; see pool.h for the rules, whose numbers are cited here. */
#include "ipam/pool.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ipam/ranges.h"
#include "ipam/records.h"

/* @inside counts the records of addresses that may be handed out: size - inside have none. */
struct pool {
	struct cidr cidr;
	struct ranges never;
	struct records records;
	uint64_t size;
	uint64_t inside;
	int64_t cooldown_ms;
	uint32_t tracked_max;
	struct pool_cursor cursor;
	bool cursor_moved;
	uint64_t reused_early;
	uint64_t exhausted;
	uint64_t steps;
};

static uint32_t tracked_default(uint64_t size)
{
	return size <= POOL_TRACKED_MAX ? POOL_TRACKED_MAX : POOL_TRACKED_LARGE;
}

static int pool_init(struct pool *pool, const struct pool_config *config)
{
	int r = records_init(&pool->records);

	if (r == 0)
		r = ranges_init(&pool->never, &config->cidr, config->reserved,
				config->reserved_len);
	if (r < 0)
		return r;
	pool->cidr = config->cidr;
	pool->size = ranges_left(&pool->never);
	pool->cooldown_ms = config->cooldown_ms;
	pool->tracked_max = config->tracked_max ? config->tracked_max : tracked_default(pool->size);
	pool->cursor.addr = pool->never.pool.first;
	return 0;
}

int pool_new(const struct pool_config *config, struct pool **out, struct error *e)
{
	char text[CIDR_STR_MAX];
	struct pool *pool;
	int r;

	r = pool_check(config, e);
	if (r < 0)
		return r;
	pool = calloc(1, sizeof(*pool));
	r = pool ? pool_init(pool, config) : -ENOMEM;
	if (r < 0)
		r = error_set(e, -r, "pool %s: out of memory", cidr_to_str(&config->cidr, text));
	else if (pool->size == 0)
		r = error_set(e, EINVAL, "pool %s: all of it is reserved",
			      cidr_to_str(&config->cidr, text));
	if (r < 0) {
		pool_free(pool);
		return r;
	}
	*out = pool;
	return 0;
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	records_fini(&pool->records);
	ranges_fini(&pool->never);
	free(pool);
}

static bool may_hand_out(const struct pool *pool, const struct axo_addr *addr)
{
	return cidr_contains(&pool->cidr, addr) && !ranges_hold(&pool->never, addr);
}

static bool is_cool(const struct pool *pool, const struct record *rec, int64_t now_ms)
{
	return now_ms - rec->released_ms >= pool->cooldown_ms;
}

static void cursor_set(struct pool *pool, const struct pool_cursor *to)
{
	if (!addr_cmp(&pool->cursor.addr, &to->addr) && pool->cursor.wrapped == to->wrapped)
		return;
	pool->cursor = *to;
	pool->cursor_moved = true;
}

/*
 * Move the cursor to the next address without a record, looking at no more than @budget.  The
 * cursor stops on that address, not behind it: it passes when the address has got its record.
 */
static bool cursor_seek(struct pool *pool, uint64_t budget)
{
	const struct range *all = &pool->never.pool;
	struct pool_cursor at = pool->cursor;
	bool found = false;

	for (; !found && budget; budget--) {
		at.addr = ranges_skip(&pool->never, &at.addr);
		if (addr_cmp(&at.addr, &all->last) > 0)
			at = (struct pool_cursor){ranges_skip(&pool->never, &all->first), true};
		pool->steps++;
		found = !record_find(&pool->records, &at.addr);
		if (!found)
			at.addr = addr_add(&at.addr, 1);
	}
	cursor_set(pool, &at);
	return found;
}

static int refuse_exhausted(struct pool *pool, struct error *e)
{
	unsigned long long used = pool->records.counts[POOL_USED];
	unsigned long long releasing = pool->records.counts[POOL_RELEASING];
	char removed[48] = "";
	char text[CIDR_STR_MAX];

	pool->exhausted++;
	if (releasing)
		snprintf(removed, sizeof(removed), ", %llu being removed", releasing);
	return error_set(e, ENOSPC, "pool %s is exhausted: %llu addresses, %llu in use%s",
			 cidr_to_str(&pool->cidr, text), (unsigned long long)pool->size, used,
			 removed);
}

int pool_choose(struct pool *pool, int64_t now_ms, struct pool_choice *choice, struct error *e)
{
	const struct record *oldest = TAILQ_FIRST(&pool->records.released);
	bool cool = oldest && is_cool(pool, oldest, now_ms);
	uint64_t budget = pool->cursor.wrapped && cool ? POOL_SCAN_MAX : UINT64_MAX;

	if (pool->inside < pool->size && cursor_seek(pool, budget)) {
		*choice = (struct pool_choice){.addr = pool->cursor.addr}; /* rule 1 */
		return 0;
	}
	if (!oldest)
		return refuse_exhausted(pool, e);
	*choice = (struct pool_choice){.addr = oldest->addr, .early = !cool}; /* rules 2 and 3 */
	return 0;
}

static int refuse_taken(const struct record *rec, const char *text, struct error *e)
{
	const struct attachment *owner = rec->owner;

	return error_set(e, EADDRINUSE,
			 "address %s is %s container %.64s, interface %s, network %.40s", text,
			 rec->state == POOL_USED ? "taken by" : "still being removed from",
			 owner->container_id, owner->ifname, owner->network);
}

static int refuse_cooling(const struct pool *pool, const struct record *rec, int64_t now_ms,
			  const char *text, struct error *e)
{
	long long left = rec->released_ms + pool->cooldown_ms - now_ms;

	return error_set(e, EADDRNOTAVAIL, "address %s is cooling down for another %lld.%03lld s",
			 text, left / 1000, left % 1000);
}

static int refuse_never(const struct pool *pool, const struct axo_addr *addr, const char *text,
			struct error *e)
{
	char cidr[CIDR_STR_MAX];

	cidr_to_str(&pool->cidr, cidr);
	if (!cidr_contains(&pool->cidr, addr))
		return error_set(e, EADDRNOTAVAIL, "address %s is outside of the pool %s", text,
				 cidr);
	return error_set(
		e, EADDRNOTAVAIL,
		"address %s of the pool %s is never handed out: it is the network, gateway or broadcast "
		"address, or reserved",
		text, cidr);
}

int pool_choose_requested(struct pool *pool, const struct axo_addr *addr,
			  const struct attachment *owner, int64_t now_ms,
			  struct pool_choice *choice, struct error *e)
{
	const struct record *rec = record_find(&pool->records, addr);
	char text[CIDR_STR_MAX];

	addr_to_str(addr, text);
	if (rec && rec->state != POOL_RELEASED)
		return refuse_taken(rec, text, e);
	if (!may_hand_out(pool, addr))
		return refuse_never(pool, addr, text, e);
	if (rec && !is_cool(pool, rec, now_ms) && rec->owner_hash != attachment_hash(owner))
		return refuse_cooling(pool, rec, now_ms, text, e);
	*choice = (struct pool_choice){.addr = *addr};
	return 0;
}

int pool_reserve_memory(struct pool *pool)
{
	return records_reserve(&pool->records);
}

static struct record *record_new(struct pool *pool, const struct axo_addr *addr)
{
	if (may_hand_out(pool, addr))
		pool->inside++;
	return record_add(&pool->records, addr);
}

void pool_claim(struct pool *pool, const struct pool_choice *choice, const struct attachment *owner)
{
	struct record *rec = record_find(&pool->records, &choice->addr);

	if (!rec)
		rec = record_new(pool, &choice->addr);
	assert(rec->state == POOL_FREE || rec->state == POOL_RELEASED);
	rec->owner = owner;
	record_set_state(&pool->records, rec, POOL_USED);
	record_mark_changed(&pool->records, rec);
	if (choice->early)
		pool->reused_early++;
}

void pool_release(struct pool *pool, const struct axo_addr *addr)
{
	struct record *rec = record_find(&pool->records, addr);

	assert(rec && rec->state == POOL_USED);
	record_set_state(&pool->records, rec, POOL_RELEASING);
	record_mark_changed(&pool->records, rec);
}

static void forget(struct pool *pool, struct record *rec)
{
	if (may_hand_out(pool, &rec->addr)) {
		/* The only one without a record: spare the cursor the search. */
		if (pool->inside == pool->size)
			cursor_set(pool, &(struct pool_cursor){rec->addr, true});
		pool->inside--;
	}
	record_forget(&pool->records, rec);
}

/*
 * Two at most: one is enough to stop growth, the second lets the list shrink after a burst, and no
 * release has to pay for all of it.
 */
static void forget_old(struct pool *pool, int64_t now_ms)
{
	struct records *records = &pool->records;

	for (int i = 0; i < 2 && records->counts[POOL_RELEASED] > pool->tracked_max; i++) {
		struct record *oldest = TAILQ_FIRST(&records->released);

		if (!is_cool(pool, oldest, now_ms))
			return;
		forget(pool, oldest);
	}
}

void pool_released(struct pool *pool, const struct axo_addr *addr, int64_t now_ms)
{
	struct record *rec = record_find(&pool->records, addr);

	assert(rec && rec->state == POOL_RELEASING);
	rec->owner_hash = attachment_hash(rec->owner);
	rec->released_ms = now_ms;
	rec->seq = pool->records.next_seq++;
	record_set_state(&pool->records, rec, POOL_RELEASED);
	record_mark_changed(&pool->records, rec);
	if (may_hand_out(pool, addr))
		forget_old(pool, now_ms);
	else
		forget(pool, rec);
}

int pool_restore(struct pool *pool, const struct pool_record *record)
{
	struct records *records = &pool->records;
	struct record *rec;

	if (!cidr_contains(&pool->cidr, &record->addr) || record->state == POOL_FREE)
		return -EINVAL;
	if (record_find(records, &record->addr))
		return -EEXIST;
	if (records_reserve(records) < 0)
		return -ENOMEM;
	rec = record_new(pool, &record->addr);
	if (record->state == POOL_RELEASED)
		rec->owner_hash = record->owner_hash;
	else
		rec->owner = record->owner;
	rec->released_ms = record->released_ms;
	rec->seq = record->seq;
	record_set_state(records, rec, record->state);
	if (record->seq >= records->next_seq)
		records->next_seq = record->seq + 1;
	if (record->state == POOL_RELEASED && !may_hand_out(pool, &record->addr))
		forget(pool, rec);
	return 0;
}

void pool_rebase(struct pool *pool, int64_t now_ms)
{
	struct records *records = &pool->records;
	const struct record *newest = TAILQ_LAST(&records->released, record_list);
	int64_t reached_ms = newest ? newest->released_ms : 0;
	struct record *rec;

	TAILQ_FOREACH(rec, &records->released, released_link) {
		rec->released_ms = is_cool(pool, rec, reached_ms) ? now_ms - pool->cooldown_ms
								  : now_ms;
		record_mark_changed(records, rec);
	}
}

struct pool_record pool_find(const struct pool *pool, const struct axo_addr *addr)
{
	const struct record *rec = record_find(&pool->records, addr);

	return rec ? record_show(rec) : (struct pool_record){.addr = *addr, .state = POOL_FREE};
}

const struct cidr *pool_cidr(const struct pool *pool)
{
	return &pool->cidr;
}

struct axo_addr pool_gateway(const struct pool *pool)
{
	return addr_add(&pool->never.pool.first, 1);
}

static uint64_t count_cooling(const struct pool *pool, int64_t now_ms)
{
	const struct record *rec;
	uint64_t n = 0;

	TAILQ_FOREACH_REVERSE(rec, &pool->records.released, record_list, released_link) {
		if (is_cool(pool, rec, now_ms))
			break;
		n++;
	}
	return n;
}

struct pool_stats pool_get_stats(const struct pool *pool, int64_t now_ms)
{
	return (struct pool_stats){
		.cidr = pool->cidr,
		.gateway = pool_gateway(pool),
		.size = pool->size,
		.used = pool->records.counts[POOL_USED],
		.releasing = pool->records.counts[POOL_RELEASING],
		.cooling = count_cooling(pool, now_ms),
		.records = pool->records.table.count,
		.reused_early = pool->reused_early,
		.exhausted = pool->exhausted,
		.steps = pool->steps,
	};
}

void pool_copy_counters(struct pool *to, const struct pool *from)
{
	to->reused_early = from->reused_early;
	to->exhausted = from->exhausted;
	to->steps = from->steps;
}

bool pool_change_next(struct pool *pool, struct pool_record *record)
{
	return records_change_next(&pool->records, record);
}

bool pool_cursor_get(struct pool *pool, struct pool_cursor *cursor)
{
	if (!pool->cursor_moved)
		return false;
	pool->cursor_moved = false;
	*cursor = pool->cursor;
	return true;
}

void pool_cursor_set(struct pool *pool, const struct pool_cursor *cursor)
{
	bool inside = cidr_contains(&pool->cidr, &cursor->addr);

	pool->cursor.wrapped = cursor->wrapped;
	pool->cursor.addr = inside ? cursor->addr : pool->never.pool.first;
	pool->cursor_moved = false;
}
