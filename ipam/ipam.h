/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IPAM: which attachment holds which addresses on this host.
 *
 * One pool per family (IPv4, IPv6, or both).  An attachment gets one address of every family or
 * none at all.  Which free address it gets is ipam/pool.h's business.
 *
 * The life of an allocation:
 *
 *      ipam_take()      -> in use       the attachment's own; asked again it gets the same
 *      ipam_release()   -> releasing    nobody's, but the pod's device may still carry it
 *      ipam_released()  -> cooling      the device is gone; nobody gets it before the cool-down
 *      (time)           -> free         the one released longest ago is the next to be taken
 *
 * Everything here is pure: no I/O, no clock, no log.  Times are milliseconds of CLOCK_BOOTTIME
 * and come in as parameters.  The pools remember what changed; the store (ipam/store.h) writes that
 * to disk, and an answer may leave only when it is committed.
 * If the commit fails, memory is ahead of the disk: throw the struct ipam away and load it again.
 *
 * Not thread-safe.  Errors are sentences for people in struct error; programs read the code:
 *
 *      -ENOSPC         the pool is exhausted (stats tell whether removals are under way)
 *      -EADDRINUSE     a requested address belongs to another attachment
 *      -EADDRNOTAVAIL  a requested address is outside, never handed out, or cools down
 *      -EEXIST         the attachment has addresses already, other ones than it requests now
 *      -EBUSY          the attachment's last removal has not reached the kernel yet
 *      -EINVAL         bad configuration; two requested addresses of one family
 *      -ENOMEM
 */
#ifndef IPAM_IPAM_H
#define IPAM_IPAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipam/pool.h"
#include "lib/attachment.h"
#include "lib/cidr.h"
#include "lib/error.h"

struct ipam;

/**
 * struct ipam_config - what the operator says; all of it is copied
 * @v4, @v6:      pod CIDR of the family; @family 0 = none; at least one
 * @reserved:     ranges that are never handed out, of any family that has a pool, each inside it
 * @reserved_len: number of ranges
 * @cooldown_ms:  0 to POOL_COOLDOWN_MAX_MS
 * @tracked_max:  see struct pool_config; 0 = default
 */
struct ipam_config {
	struct cidr v4;
	struct cidr v6;
	const struct cidr *reserved;
	size_t reserved_len;
	int64_t cooldown_ms;
	uint32_t tracked_max;
};

/**
 * struct ipam_lease - the addresses of one attachment
 * @owner:     the attachment
 * @v4, @v6:   its addresses; all zero (addr_is_zero()) = none of that family
 * @releasing: the owner is gone, its device may not be
 */
struct ipam_lease {
	struct attachment owner;
	struct axo_addr v4;
	struct axo_addr v6;
	bool releasing;
};

/**
 * ipam_new - empty pools
 * Return: 0 and *ipam (ipam_free() it), or negative errno and @e.
 */
int ipam_new(const struct ipam_config *config, struct ipam **ipam, struct error *e);
void ipam_free(struct ipam *ipam);
void ipam_cleanup(struct ipam **ipam);
#define _cleanup_ipam_ __attribute__((cleanup(ipam_cleanup)))

/**
 * ipam_take - addresses for @owner
 * @wanted:     requested addresses, at most one per family; a family not named gets any
 * @wanted_len: 0 to 2
 *
 * All or nothing: on failure nothing has changed but the exhaustion counter.  Asked again for a
 * live @owner, it returns what @owner has (if that does not contradict @wanted) and changes
 * nothing.
 * Return: 0 and *lease (a copy), or an error of the list on top.
 */
int ipam_take(struct ipam *ipam, const struct attachment *owner, const struct axo_addr *wanted,
	      size_t wanted_len, int64_t now_ms, struct ipam_lease *lease, struct error *e);

/**
 * ipam_release - @owner is gone; its addresses stay blocked until ipam_released()
 * Return: 0, also when that was known; -ENOENT when @owner has nothing (which is no error for DEL).
 */
int ipam_release(struct ipam *ipam, const struct attachment *owner);

/**
 * ipam_released - the device of @owner is gone: its addresses cool down from @now_ms on
 * Return: 0; -ENOENT when @owner has nothing; -EBUSY when @owner is live (ipam_release() first).
 */
int ipam_released(struct ipam *ipam, const struct attachment *owner, int64_t now_ms);

/** ipam_find - the lease of @owner, live or releasing, or NULL; borrowed until the next change */
const struct ipam_lease *ipam_find(const struct ipam *ipam, const struct attachment *owner);

/** ipam_find_address - the lease that holds @addr, live or releasing, or NULL; borrowed likewise */
const struct ipam_lease *ipam_find_address(const struct ipam *ipam, const struct axo_addr *addr);

/**
 * ipam_next - iterate over all leases, oldest first: start with NULL, ends with NULL
 *
 * @lease and those after it must not be released (ipam_released()) meanwhile; ipam_release() is fine.
 */
const struct ipam_lease *ipam_next(const struct ipam *ipam, const struct ipam_lease *lease);

/** ipam_stats - the pool of @family (4 or 6) as it is at @now_ms; false = there is no such pool */
bool ipam_stats(const struct ipam *ipam, int family, int64_t now_ms, struct pool_stats *stats);

/** ipam_gateway - first address of the pool of @family (4 or 6); false = there is no such pool */
bool ipam_gateway(const struct ipam *ipam, int family, struct axo_addr *gateway);

/** ipam_copy_counters - let @to continue the event counters of @from (after a reload) */
void ipam_copy_counters(struct ipam *to, const struct ipam *from);

/* What follows is for the store. */

/**
 * ipam_restore - put one stored address back, in rising order of @record->seq among those released
 * @owner: who holds it, or (POOL_RELEASED) who held it last
 *
 * Addresses of one owner join into one lease.  An address that is nobody's and may not be handed
 * out any more is dropped, which is a change for the next ipam_store_save().
 * Return: 0, or -EINVAL with @e when the row contradicts an earlier one, -ENOMEM.
 */
int ipam_restore(struct ipam *ipam, const struct pool_record *record,
		 const struct attachment *owner, struct error *e);

/** ipam_pool - the pool of @family (4 or 6) or NULL; borrowed */
struct pool *ipam_pool(const struct ipam *ipam, int family);

#endif
