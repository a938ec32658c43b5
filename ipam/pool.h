/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pool: the addresses of one CIDR, and which one is taken next.
 *
 * Never handed out: the network address (in IPv6 that is the subnet-router anycast address,
 * RFC 4291, 2.6.1), the gateway (network + 1), the broadcast address (IPv4), reserved ranges.
 *
 * Which address is taken, in this order ("unused longest first"):
 *      1. one without a record, at the cursor, in address order: never used, or forgotten
 *      2. the one released longest ago, when its cool-down is over
 *      3. the one released longest ago, although it still cools down; counted as reused early
 * Otherwise the pool is exhausted: everything is in use or releasing.
 *
 * Cost.  A record exists for each address that is in use, releasing, or was released.  Records
 * are found by a hash table and the released ones lie in one list by release time, so take and
 * release are O(1), whatever the size of the CIDR.  The cursor steps over addresses that have a
 * record.  It passes a record once per lap, and the first lap is the only one in a pool that has
 * no more than @tracked_max addresses, so that is O(1) on average, too.  On later laps it takes at
 * most POOL_SCAN_MAX steps and then leaves the turn to rule 2, unless all that is released still
 * cools down.
 *
 * Memory.  Of the released addresses the @tracked_max newest are remembered exactly.  An older one
 * whose cool-down is over is forgotten: it loses its record, and when the cursor comes round (or
 * at once, if no other address is without a record) it is handed out by rule 1.  That is the right
 * place in the order: whatever has been forgotten was released before everything that has not.
 * Only the order among the forgotten ones is lost, and nothing is forgotten in a pool of up to
 * POOL_TRACKED_MAX addresses.  In a larger one the cursor needs that long for a lap that its order,
 * which is that of first use, serves as well.  An address that cools down is never forgotten.
 * So there are at most (in use + releasing + max(tracked_max, releases within one cool-down))
 * records, for a /64 under endless churn as for a /24; that is why the cool-down has a maximum.
 *
 * Pure: no I/O, no clock, no log; @now_ms is CLOCK_BOOTTIME and must not run backwards.  Not
 * thread-safe.
 */
#ifndef IPAM_POOL_H
#define IPAM_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attachment.h"
#include "lib/cidr.h"
#include "lib/error.h"

#define POOL_COOLDOWN_MAX_MS 3600000
#define POOL_TRACKED_MAX 65536	/* pools up to this size: all of them */
#define POOL_TRACKED_LARGE 4096 /* larger pools */
#define POOL_SCAN_MAX 256

struct pool;

/**
 * struct pool_config - what a pool is made from; all of it is copied
 * @cidr:         the addresses; IPv4 up to /30, IPv6 up to /126
 * @reserved:     ranges never handed out; those outside @cidr are ignored
 * @reserved_len: number of ranges
 * @cooldown_ms:  0 to POOL_COOLDOWN_MAX_MS
 * @tracked_max:  released addresses to remember; 0 = by size (POOL_TRACKED_*)
 */
struct pool_config {
	struct cidr cidr;
	const struct cidr *reserved;
	size_t reserved_len;
	int64_t cooldown_ms;
	uint32_t tracked_max;
};

/**
 * enum pool_state - of an address
 * @POOL_FREE:      has no record
 * @POOL_USED:      in use
 * @POOL_RELEASING: given up by its owner, whose device may still exist
 * @POOL_RELEASED:  released at some time: cooling, or free when the cool-down is over
 *
 * The numbers are stored: never renumber.
 */
enum pool_state { POOL_FREE = 0, POOL_USED = 1, POOL_RELEASING = 2, POOL_RELEASED = 3 };

/**
 * struct pool_record - an address as the store sees it
 * @addr:        the address
 * @state:       POOL_FREE = the address has lost its record
 * @owner:       of POOL_USED and POOL_RELEASING, else NULL; borrowed until the next change
 * @seq:         of POOL_RELEASED: order of release
 * @released_ms: of POOL_RELEASED: when
 * @owner_hash:  of POOL_RELEASED: attachment_hash() of the last owner
 */
struct pool_record {
	struct axo_addr addr;
	enum pool_state state;
	const struct attachment *owner;
	uint64_t seq;
	int64_t released_ms;
	uint64_t owner_hash;
};

/**
 * struct pool_cursor - how far rule 1 has come
 * @addr:    first address that it has not looked at on this lap
 * @wrapped: the first lap is over
 */
struct pool_cursor {
	struct axo_addr addr;
	bool wrapped;
};

/**
 * struct pool_stats - for status and metrics
 * @cidr:         the pool
 * @gateway:      network + 1
 * @size:         addresses that can be handed out; UINT64_MAX = that or more
 * @used:         in use
 * @releasing:    given up, device not gone yet
 * @cooling:      released, cool-down not over
 * @records:      memory: all records
 * @reused_early: addresses handed out before their cool-down was over (counter)
 * @exhausted:    requests that found no address (counter)
 * @steps:        addresses that the cursor looked at (counter)
 */
struct pool_stats {
	struct cidr cidr;
	struct axo_addr gateway;
	uint64_t size;
	uint64_t used;
	uint64_t releasing;
	uint64_t cooling;
	uint64_t records;
	uint64_t reused_early;
	uint64_t exhausted;
	uint64_t steps;
};

/** struct pool_choice - an address to be claimed; @early: its cool-down is not over */
struct pool_choice {
	struct axo_addr addr;
	bool early;
};

/**
 * pool_check - can a pool be made from this?
 *
 * Return: 0; -EINVAL and @e: CIDR too small or for another purpose, cool-down out of range.
 */
int pool_check(const struct pool_config *config, struct error *e);

/**
 * pool_new - a pool with all addresses free
 * Return: 0 and *pool (pool_free() it); -EINVAL and @e: pool_check(), or nothing is left beside the
 * reserved ranges; -ENOMEM.
 */
int pool_new(const struct pool_config *config, struct pool **pool, struct error *e);
void pool_free(struct pool *pool);

/**
 * pool_choose - the address that is next by the rules on top
 *
 * Nothing is taken before pool_claim(), so that a caller that needs two addresses can get both
 * or none.
 * Return: 0 and *choice; -ENOSPC and @e, counted.
 */
int pool_choose(struct pool *pool, int64_t now_ms, struct pool_choice *choice, struct error *e);

/**
 * pool_choose_requested - this very address
 *
 * One that cools down is given only to its last owner (told by attachment_hash()).
 * Return: 0 and *choice; -EADDRINUSE or -EADDRNOTAVAIL and @e.
 */
int pool_choose_requested(struct pool *pool, const struct axo_addr *addr,
			  const struct attachment *owner, int64_t now_ms,
			  struct pool_choice *choice, struct error *e);

/**
 * pool_reserve_memory - make sure that the next pool_claim() cannot fail
 * Return: 0 or -ENOMEM.
 */
int pool_reserve_memory(struct pool *pool);

/**
 * pool_claim - take what was chosen (nothing may have changed since), after pool_reserve_memory()
 * @owner: borrowed until pool_released()
 */
void pool_claim(struct pool *pool, const struct pool_choice *choice,
		const struct attachment *owner);

/** pool_release - an address in use becomes releasing */
void pool_release(struct pool *pool, const struct axo_addr *addr);

/** pool_released - a releasing address starts to cool down; at most two old ones are forgotten */
void pool_released(struct pool *pool, const struct axo_addr *addr, int64_t now_ms);

/** pool_find - the record of @addr; @state POOL_FREE = there is none */
struct pool_record pool_find(const struct pool *pool, const struct axo_addr *addr);

/** pool_cidr - borrowed */
const struct cidr *pool_cidr(const struct pool *pool);

/** pool_gateway - network + 1 */
struct axo_addr pool_gateway(const struct pool *pool);

/** pool_get_stats - at @now_ms */
struct pool_stats pool_get_stats(const struct pool *pool, int64_t now_ms);

/** pool_copy_counters - let @to continue the counters of @from */
void pool_copy_counters(struct pool *to, const struct pool *from);

/**
 * pool_change_next - a record that changed since it was last handed out here, oldest change first
 *
 * Of an address that lost its record and got a new one, both are handed out, in this order.
 * Return: false when there is none.
 */
bool pool_change_next(struct pool *pool, struct pool_record *record);

/** pool_cursor_get - true when the cursor moved since the last call, and where it is */
bool pool_cursor_get(struct pool *pool, struct pool_cursor *cursor);

/** pool_cursor_set - continue where a stored cursor was; one outside the pool means its start */
void pool_cursor_set(struct pool *pool, const struct pool_cursor *cursor);

/**
 * pool_restore - put a stored record back; released ones in rising order of @seq
 *
 * A released address that may no longer be handed out (reserved since) is dropped: the change is
 * handed out by pool_change_next().
 * Return: 0; -EEXIST when the address has a record; -EINVAL when it is outside; -ENOMEM.
 */
int pool_restore(struct pool *pool, const struct pool_record *record);

/**
 * pool_rebase - the restored times of release belong to another boot: translate them
 *
 * What was cool when the newest was released has surely cooled down; everything else starts its
 * cool-down again at @now_ms.  The order stays.
 */
void pool_rebase(struct pool *pool, int64_t now_ms);

#endif
