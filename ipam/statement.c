/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Prepared SQL; see statement.h. */
#include "ipam/statement.h"

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
	return error_set(e, errno_of(sqlite3_errcode(db)), "address database: %s: %s", what,
			 sqlite3_errmsg(db));
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

	for (int i = 0; types[i] && r == SQLITE_OK; i++) {
		if (types[i] == 't')
			r = sqlite3_bind_text(stmt, i + 1, va_arg(ap, const char *), -1,
					      SQLITE_STATIC);
		else
			r = sqlite3_bind_int64(stmt, i + 1, va_arg(ap, int64_t));
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

int statement_run(sqlite3_stmt *stmt, struct error *e, const char *what, const char *types, ...)
{
	int result = 0;
	va_list ap;
	int r;

	va_start(ap, types);
	r = bind_args(stmt, types, ap);
	va_end(ap);
	if (r == SQLITE_OK)
		r = sqlite3_step(stmt);
	/* The message belongs to the last call: take it before the reset. */
	if (r != SQLITE_DONE && r != SQLITE_OK)
		result = statement_error(sqlite3_db_handle(stmt), e, what);
	sqlite3_reset(stmt);
	return result;
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
