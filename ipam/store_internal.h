/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What ipam/store.c (open, save) and ipam/store_load.c share; nobody else's.
 */
#ifndef IPAM_STORE_INTERNAL_H
#define IPAM_STORE_INTERNAL_H

#include "lib/statement.h"
#include "ipam/store.h"

/* X(symbol, SQL): each is prepared once and cached. */
#define IPAM_STATEMENTS(X)                                                                        \
	X(META_GET, "SELECT value FROM ipam_meta WHERE key = ?1")                                 \
	X(META_SET, "INSERT INTO ipam_meta VALUES (?1, ?2)"                                       \
		    " ON CONFLICT DO UPDATE SET value = ?2")                                      \
	X(POOL_GET, "SELECT cidr, cursor, wrapped FROM ipam_pool WHERE family = ?1")              \
	X(POOL_SET, "INSERT INTO ipam_pool VALUES (?1, ?2, ?3, ?4)"                               \
		    " ON CONFLICT DO UPDATE SET cidr = ?2, cursor = ?3, wrapped = ?4")            \
	X(POOL_DELETE, "DELETE FROM ipam_pool WHERE family = ?1")                                 \
	X(ADDRESS_LIST, "SELECT address, state, network, container_id, ifname, seq, released_ms"  \
			" FROM ipam_address ORDER BY seq, rowid")                                 \
	X(ADDRESS_HOLD, "INSERT INTO ipam_address VALUES (?1, ?2, ?3, ?4, ?5, 0, 0)"              \
			" ON CONFLICT DO UPDATE SET state = ?2, network = ?3, container_id = ?4," \
			" ifname = ?5, seq = 0, released_ms = 0")                                 \
	X(ADDRESS_RELEASED, "INSERT INTO ipam_address VALUES (?1, ?2, '', '', '', ?3, ?4)"        \
			    " ON CONFLICT DO UPDATE SET state = ?2, seq = ?3, released_ms = ?4")  \
	X(ADDRESS_DELETE, "DELETE FROM ipam_address WHERE address = ?1")

enum statement_id {
#define X(symbol, sql) STATEMENT_##symbol,
	IPAM_STATEMENTS(X)
#undef X
		STATEMENT_COUNT
};

struct ipam_store {
	sqlite3 *db;
	sqlite3_stmt *stmts[STATEMENT_COUNT];
};

/** store_in_transaction - 0, or -EINVAL and @e: writing outside of a transaction is a caller's bug */
int store_in_transaction(const struct ipam_store *store, struct error *e);

/** store_meta_get - value of @key into @value of @size bytes; "" = there is none */
int store_meta_get(struct ipam_store *store, const char *key, char *value, size_t size,
		   struct error *e);
int store_meta_set(struct ipam_store *store, const char *key, const char *value, struct error *e);

#endif
