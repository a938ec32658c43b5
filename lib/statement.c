/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Prepared SQL; see statement.h. */
#include "lib/statement.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

static int errno_of(int sqlite_code)
{
	switch (sqlite_code & 0xff) {
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_NOMEM:
		return ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EBUSY;
	case SQLITE_READONLY:
		return EROFS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return EUCLEAN;
	default:
		return EIO;
	}
}

int statement_error(sqlite3 *db, struct error *e, const char *what)
{
	return error_set(e, errno_of(sqlite3_errcode(db)), "database: %s: %s", what,
			 sqlite3_errmsg(db));
}

int statement_exec(sqlite3 *db, const char *sql, struct error *e, const char *what)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return statement_error(db, e, what);
}

int statement_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt, struct error *e)
{
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) == SQLITE_OK)
		return 0;
	return statement_error(db, e, "cannot prepare a statement");
}

static int bind_args(sqlite3_stmt *stmt, const char *types, va_list ap)
{
	int r = SQLITE_OK;

	for (int i = 1; *types && r == SQLITE_OK; types++, i++) {
		if (*types == 't') {
			const char *text = va_arg(ap, const char *);

			r = sqlite3_bind_text(stmt, i, text ? text : "", -1, SQLITE_STATIC);
		} else if (*types == 'i') {
			r = sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
		} else {
			const void *data = va_arg(ap, const void *);

			r = sqlite3_bind_blob64(stmt, i, data, va_arg(ap, size_t), SQLITE_STATIC);
		}
	}
	return r;
}

int statement_bind(sqlite3_stmt *stmt, struct error *e, const char *what, const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = bind_args(stmt, types, ap);
	va_end(ap);
	return r == SQLITE_OK ? 0 : statement_error(sqlite3_db_handle(stmt), e, what);
}

static int run_args(sqlite3_stmt *stmt, struct error *e, const char *what, const char *types,
		    va_list ap)
{
	sqlite3 *db = sqlite3_db_handle(stmt);
	int result = 0;

	if (sqlite3_get_autocommit(db))
		return error_set(e, EIO, "database: %s: no transaction is open", what);
	/* The message belongs to the last call: take it before the reset. */
	if (bind_args(stmt, types, ap) != SQLITE_OK || sqlite3_step(stmt) != SQLITE_DONE)
		result = statement_error(db, e, what);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return result;
}

int statement_run(sqlite3_stmt *stmt, struct error *e, const char *what, const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = run_args(stmt, e, what, types, ap);
	va_end(ap);
	return r;
}

int statement_run_once(sqlite3 *db, const char *sql, struct error *e, const char *what,
		       const char *types, ...)
{
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	va_list ap;
	int r = statement_prepare(db, sql, &stmt, e);

	if (r < 0)
		return r;
	va_start(ap, types);
	r = run_args(stmt, e, what, types, ap);
	va_end(ap);
	return r;
}

int statement_query(sqlite3 *db, const char *sql, sqlite3_stmt **stmt, struct error *e,
		    const char *types, ...)
{
	va_list ap;
	int r = statement_prepare(db, sql, stmt, e);

	if (r < 0)
		return r;
	va_start(ap, types);
	r = bind_args(*stmt, types, ap);
	va_end(ap);
	return r == SQLITE_OK ? 0 : statement_error(db, e, "cannot bind a parameter");
}

int statement_row(sqlite3_stmt *stmt, struct error *e, const char *what)
{
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return statement_error(sqlite3_db_handle(stmt), e, what);
	}
}

const char *statement_text(sqlite3_stmt *stmt, int i)
{
	const unsigned char *text = sqlite3_column_text(stmt, i);

	return text ? (const char *)text : "";
}

void statement_reset(sqlite3_stmt **stmt)
{
	if (*stmt)
		sqlite3_reset(*stmt);
}

void statement_finalize(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
}
