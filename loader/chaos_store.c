/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Experiments on disk; see chaos_store.h. */
#include "loader/chaos_store.h"

#include <errno.h>
#include <stddef.h>

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS chaos_experiment (kind INTEGER NOT NULL,"
	" namespace TEXT NOT NULL, name TEXT NOT NULL, part INTEGER NOT NULL,"
	" hash INTEGER NOT NULL, number INTEGER NOT NULL, seed INTEGER NOT NULL,"
	" start_wall_us INTEGER NOT NULL, end_wall_us INTEGER NOT NULL,"
	" start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, boot_id TEXT NOT NULL,"
	" ended INTEGER NOT NULL, PRIMARY KEY (kind, namespace, name, part));";

static int fail(sqlite3 *db, struct error *e)
{
	int full = (sqlite3_errcode(db) & 0xff) == SQLITE_FULL;

	return error_set(e, full ? ENOSPC : EIO, "database: chaos: %s", sqlite3_errmsg(db));
}

int chaos_store_open(sqlite3 *db, struct error *e)
{
	return sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(db, e);
}

static void bind_key(sqlite3_stmt *stmt, const struct chaos_row *row)
{
	sqlite3_bind_int(stmt, 1, row->kind);
	sqlite3_bind_text(stmt, 2, row->namespace_, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, row->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 4, row->part);
}

static int finish(sqlite3 *db, sqlite3_stmt *stmt, struct error *e)
{
	int r = stmt && sqlite3_step(stmt) == SQLITE_DONE ? 0 : fail(db, e);

	sqlite3_finalize(stmt);
	return r;
}

int chaos_store_put(sqlite3 *db, const struct chaos_row *row, struct error *e)
{
	const int64_t numbers[] = {(int64_t)row->hash, row->number,	 (int64_t)row->seed,
				   row->start_wall_us, row->end_wall_us, row->start_ns,
				   row->end_ns};
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_get_autocommit(db))
		return error_set(e, EIO, "database: no transaction is open");
	sqlite3_prepare_v2(db,
			   "INSERT OR REPLACE INTO chaos_experiment"
			   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			   -1, &stmt, NULL);
	if (stmt) {
		bind_key(stmt, row);
		for (int i = 0; i < 7; i++)
			sqlite3_bind_int64(stmt, 5 + i, numbers[i]);
		sqlite3_bind_text(stmt, 12, row->boot_id, -1, SQLITE_STATIC);
		sqlite3_bind_int(stmt, 13, row->ended);
	}
	return finish(db, stmt, e);
}

int chaos_store_delete(sqlite3 *db, const struct chaos_row *row, struct error *e)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_get_autocommit(db))
		return error_set(e, EIO, "database: no transaction is open");
	sqlite3_prepare_v2(db,
			   "DELETE FROM chaos_experiment"
			   " WHERE kind = ? AND namespace = ? AND name = ? AND part = ?",
			   -1, &stmt, NULL);
	if (stmt)
		bind_key(stmt, row);
	return finish(db, stmt, e);
}

static struct chaos_row row_of(sqlite3_stmt *stmt)
{
	return (struct chaos_row){
		.kind = sqlite3_column_int(stmt, 0),
		.namespace_ = (const char *)sqlite3_column_text(stmt, 1),
		.name = (const char *)sqlite3_column_text(stmt, 2),
		.part = (uint32_t)sqlite3_column_int64(stmt, 3),
		.hash = (uint64_t)sqlite3_column_int64(stmt, 4),
		.number = (uint32_t)sqlite3_column_int64(stmt, 5),
		.seed = (uint64_t)sqlite3_column_int64(stmt, 6),
		.start_wall_us = sqlite3_column_int64(stmt, 7),
		.end_wall_us = sqlite3_column_int64(stmt, 8),
		.start_ns = sqlite3_column_int64(stmt, 9),
		.end_ns = sqlite3_column_int64(stmt, 10),
		.boot_id = (const char *)sqlite3_column_text(stmt, 11),
		.ended = sqlite3_column_int(stmt, 12),
	};
}

int chaos_store_each(sqlite3 *db, chaos_row_fn fn, void *arg, struct error *e)
{
	sqlite3_stmt *stmt = NULL;
	int r = 0, step = SQLITE_ERROR;

	sqlite3_prepare_v2(db, "SELECT * FROM chaos_experiment", -1, &stmt, NULL);
	while (stmt && r == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct chaos_row row = row_of(stmt);

		r = fn(&row, arg);
	}
	if (r == 0 && step != SQLITE_DONE)
		r = fail(db, e);
	sqlite3_finalize(stmt);
	return r;
}
