/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses on disk: tables and what is written while the agent runs; see store.h. */
#include "ipam/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipam/store_internal.h"
#include "lib/cleanup.h"

#define STORE_FORMAT "1"

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS ipam_meta ("
	" key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS ipam_pool ("
	" family INTEGER PRIMARY KEY, cidr TEXT NOT NULL, cursor TEXT NOT NULL,"
	" wrapped INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS ipam_address ("
	" address TEXT PRIMARY KEY, state INTEGER NOT NULL, network TEXT NOT NULL,"
	" container_id TEXT NOT NULL, ifname TEXT NOT NULL, seq INTEGER NOT NULL,"
	" released_ms INTEGER NOT NULL);";

static const char *const sql[STATEMENT_COUNT] = {
#define X(symbol, text) [STATEMENT_##symbol] = text,
	IPAM_STATEMENTS(X)
#undef X
};

int store_in_transaction(const struct ipam_store *store, struct error *e)
{
	if (sqlite3_get_autocommit(store->db))
		return error_set(e, EINVAL, "address database: no transaction is open");
	return 0;
}

int store_meta_get(struct ipam_store *store, const char *key, char *value, size_t size,
		   struct error *e)
{
	_cleanup_reset_ sqlite3_stmt *stmt = store->stmts[STATEMENT_META_GET];
	int r = statement_bind(stmt, e, "cannot read ipam_meta", "t", key);

	if (r == 0)
		r = statement_row(stmt, e, "cannot read ipam_meta");
	if (r < 0)
		return r;
	snprintf(value, size, "%s", r ? statement_text(stmt, 0) : "");
	return 0;
}

int store_meta_set(struct ipam_store *store, const char *key, const char *value, struct error *e)
{
	return statement_run(store->stmts[STATEMENT_META_SET], e, "cannot write ipam_meta", "tt",
			     key, value);
}

/* A format that is newer than this program is left alone: a downgrade must not damage it. */
static int format_check(struct ipam_store *store, struct error *e)
{
	char format[16];
	int r = store_meta_get(store, "format", format, sizeof(format), e);

	if (r < 0 || !strcmp(format, STORE_FORMAT))
		return r;
	if (format[0])
		return error_set(e, EPROTONOSUPPORT, "address database has format %s: expected %s",
				 format, STORE_FORMAT);
	return store_meta_set(store, "format", STORE_FORMAT, e);
}

int ipam_store_open(sqlite3 *db, struct ipam_store **out, struct error *e)
{
	_cleanup_ipam_store_ struct ipam_store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return error_set(e, ENOMEM, "address database: out of memory");
	store->db = db;
	r = store_in_transaction(store, e);
	if (r < 0)
		return r;
	r = statement_exec(db, schema, e, "cannot make the tables of addresses");
	for (int i = 0; r == 0 && i < STATEMENT_COUNT; i++)
		r = statement_prepare(db, sql[i], &store->stmts[i], e);
	if (r == 0)
		r = format_check(store, e);
	if (r < 0)
		return r;
	*out = TAKE_PTR(store);
	return 0;
}

void ipam_store_close(struct ipam_store *store)
{
	if (!store)
		return;
	for (int i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(store->stmts[i]);
	free(store);
}

void ipam_store_cleanup(struct ipam_store **store)
{
	ipam_store_close(*store);
}

static int save_record(struct ipam_store *store, const struct pool_record *record, struct error *e)
{
	const struct attachment *owner = record->owner;
	char what[CIDR_STR_MAX + 16], addr[CIDR_STR_MAX];
	int64_t state = record->state;

	addr_to_str(&record->addr, addr);
	snprintf(what, sizeof(what), "cannot write %s", addr);
	switch (record->state) {
	case POOL_FREE:
		return statement_run(store->stmts[STATEMENT_ADDRESS_DELETE], e, what, "t", addr);
	case POOL_RELEASED:
		return statement_run(store->stmts[STATEMENT_ADDRESS_RELEASED], e, what, "tiii",
				     addr, state, (int64_t)record->seq, record->released_ms);
	default:
		return statement_run(store->stmts[STATEMENT_ADDRESS_HOLD], e, what, "tittt", addr,
				     state, owner->network, owner->container_id, owner->ifname);
	}
}

static int save_pool(struct ipam_store *store, struct pool *pool, struct error *e)
{
	struct pool_record record;
	struct pool_cursor cursor;
	char cidr[CIDR_STR_MAX], at[CIDR_STR_MAX];
	int r = 0;

	while (r == 0 && pool_change_next(pool, &record))
		r = save_record(store, &record, e);
	if (r < 0 || !pool_cursor_get(pool, &cursor))
		return r;
	return statement_run(store->stmts[STATEMENT_POOL_SET], e, "cannot write ipam_pool", "itti",
			     (int64_t)pool_cidr(pool)->family, cidr_to_str(pool_cidr(pool), cidr),
			     addr_to_str(&cursor.addr, at), (int64_t)cursor.wrapped);
}

int ipam_store_save(struct ipam_store *store, struct ipam *ipam, struct error *e)
{
	int r = store_in_transaction(store, e);

	for (int family = 4; r == 0 && family <= 6; family += 2) {
		if (ipam_pool(ipam, family))
			r = save_pool(store, ipam_pool(ipam, family), e);
	}
	return r;
}
