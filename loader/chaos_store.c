/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Experiments on disk; see chaos_store.h. */
#include "loader/chaos_store.h"

#include <stddef.h>

#include "lib/statement.h"

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS chaos_experiment (kind INTEGER NOT NULL,"
	" namespace TEXT NOT NULL, name TEXT NOT NULL, part INTEGER NOT NULL,"
	" hash INTEGER NOT NULL, number INTEGER NOT NULL, seed INTEGER NOT NULL,"
	" start_wall_us INTEGER NOT NULL, end_wall_us INTEGER NOT NULL,"
	" start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, boot_id TEXT NOT NULL,"
	" ended INTEGER NOT NULL, PRIMARY KEY (kind, namespace, name, part));";

int chaos_store_open(sqlite3 *db, struct error *e)
{
	return statement_exec(db, schema, e, "cannot make the table of experiments");
}

int chaos_store_put(sqlite3 *db, const struct chaos_row *row, struct error *e)
{
	return statement_run_once(db,
				  "INSERT OR REPLACE INTO chaos_experiment"
				  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
				  e, "cannot write an experiment", "ittiiiiiiiiti",
				  (int64_t)row->kind, row->namespace_, row->name,
				  (int64_t)row->part, (int64_t)row->hash, (int64_t)row->number,
				  (int64_t)row->seed, row->start_wall_us, row->end_wall_us,
				  row->start_ns, row->end_ns, row->boot_id, (int64_t)row->ended);
}

int chaos_store_delete(sqlite3 *db, const struct chaos_row *row, struct error *e)
{
	return statement_run_once(db,
				  "DELETE FROM chaos_experiment"
				  " WHERE kind = ? AND namespace = ? AND name = ? AND part = ?",
				  e, "cannot delete an experiment", "itti", (int64_t)row->kind,
				  row->namespace_, row->name, (int64_t)row->part);
}

static struct chaos_row row_of(sqlite3_stmt *stmt)
{
	return (struct chaos_row){
		.kind = sqlite3_column_int(stmt, 0),
		.namespace_ = statement_text(stmt, 1),
		.name = statement_text(stmt, 2),
		.part = (uint32_t)sqlite3_column_int64(stmt, 3),
		.hash = (uint64_t)sqlite3_column_int64(stmt, 4),
		.number = (uint32_t)sqlite3_column_int64(stmt, 5),
		.seed = (uint64_t)sqlite3_column_int64(stmt, 6),
		.start_wall_us = sqlite3_column_int64(stmt, 7),
		.end_wall_us = sqlite3_column_int64(stmt, 8),
		.start_ns = sqlite3_column_int64(stmt, 9),
		.end_ns = sqlite3_column_int64(stmt, 10),
		.boot_id = statement_text(stmt, 11),
		.ended = sqlite3_column_int(stmt, 12),
	};
}

int chaos_store_each(sqlite3 *db, chaos_row_fn fn, void *arg, struct error *e)
{
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	int r = statement_query(db, "SELECT * FROM chaos_experiment", &stmt, e, "");

	while (r == 0 && (r = statement_row(stmt, e, "cannot read experiments")) > 0) {
		struct chaos_row row = row_of(stmt);

		r = fn(&row, arg);
	}
	return r;
}
