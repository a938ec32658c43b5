/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Store: a struct ipam on disk, in tables (ipam_*) of the agent's SQLite database.
 *
 * The caller owns the connection and the transactions: these functions never BEGIN, COMMIT or
 * ROLLBACK, and those that write refuse (-EINVAL) to do so without an open transaction.  So the
 * agent can put the work of several requests into one commit:
 *
 *      BEGIN
 *      ipam_take(), ipam_release(), ...     any number, in memory
 *      ipam_store_save()                    what changed, as rows
 *      COMMIT                               now the answers may leave
 *
 * When ipam_store_save() or COMMIT fails: ROLLBACK, ipam_free(), ipam_store_load() again, fail the
 * requests.  That reads one row per address known and needs no write.
 *
 * Tables (text where it helps a person with the sqlite3 shell):
 *      ipam_meta(key, value)       format; boot_id of the boot that released_ms belongs to
 *      ipam_pool(family, cidr, cursor, wrapped)
 *      ipam_address(address, state, network, container_id, ifname, seq, released_ms)
 *                                  state is enum pool_state; one row per record of the pool, so the
 *                                  table is bounded as ipam/pool.h says.  Of a released address the
 *                                  last owner stays.
 *
 * Every error here is the database's (or memory's), whatever its code: the message says what could
 * not be done and what SQLite says.  The exception is -EADDRINUSE of ipam_store_load().
 */
#ifndef IPAM_STORE_H
#define IPAM_STORE_H

#include <sqlite3.h>

#include "ipam/ipam.h"
#include "lib/error.h"

/** IPAM_BOOT_ID_MAX - bytes of a boot id with its final 0 (/proc/sys/kernel/random/boot_id has 36) */
#define IPAM_BOOT_ID_MAX 64

struct ipam_store;

/**
 * ipam_store_open - create the tables where they are missing, prepare statements
 * @db: borrowed until ipam_store_close(); needs an open transaction
 * Return: 0 and *store (ipam_store_close() it); -EPROTONOSUPPORT when the tables are of a newer format.
 */
int ipam_store_open(sqlite3 *db, struct ipam_store **store, struct error *e);
void ipam_store_close(struct ipam_store *store);
void ipam_store_cleanup(struct ipam_store **store);
#define _cleanup_ipam_store_ __attribute__((cleanup(ipam_store_cleanup)))

/**
 * ipam_store_load - a new struct ipam as the disk has it
 * @boot_id: of this boot, without newline
 * @now_ms:  CLOCK_BOOTTIME
 *
 *      1. The boot id is another one (reboot): no pod has survived.  Everything in use or releasing
 *         is released as of now.  An address that was cooling, or may have been, cools down again
 *         in full, because the time between the boots is not known.
 *      2. The CIDR of a family is not the stored one: fine as long as nothing in use has an address of
 *         the old one.  Otherwise -EADDRINUSE, and @e names them, as many as fit
 *         (ipam_store_strays() has them all).  What is only releasing or cooling outside the new
 *         CIDR is dropped.
 *      3. Otherwise everything is as it was at the last commit.
 *
 * Needs an open transaction, because 1 and 2 write; a plain reload writes nothing.
 * Return: 0 and *ipam (ipam_free() it), or negative errno and @e.
 */
int ipam_store_load(struct ipam_store *store, const struct ipam_config *config, const char *boot_id,
		    int64_t now_ms, struct ipam **ipam, struct error *e);

/**
 * ipam_store_strays - call @fn for each address in use that keeps the CIDR from being @config's
 *
 * A negative return value of @fn stops and is returned.
 */
int ipam_store_strays(struct ipam_store *store, const struct ipam_config *config,
		      int (*fn)(const struct axo_addr *addr, const struct attachment *owner,
				void *arg),
		      void *arg, struct error *e);

/**
 * ipam_store_save - write everything that changed in @ipam since the last save (or load)
 *
 * Needs an open transaction.  After a failure @ipam can only be thrown away.
 * Return: 0 or negative errno and @e (-ENOSPC: disk full).
 */
int ipam_store_save(struct ipam_store *store, struct ipam *ipam, struct error *e);

#endif
