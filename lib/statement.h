/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Statement: what the stores share of SQLite: prepared SQL, its parameters, rows and errors.
 *
 * Return: 0 or negative errno with "database: WHAT: what SQLite says"; @what is "cannot ...".
 * Parameters are bound by letters, one each:
 *      t  const char *, NULL is ""
 *      i  int64_t
 *      b  const void * and its size_t
 * Text and blobs are borrowed until the statement is reset or finalized.
 */
#ifndef LIB_STATEMENT_H
#define LIB_STATEMENT_H

#include <sqlite3.h>

#include "lib/error.h"

/** statement_error - what SQLite says about the last failure on @db */
int statement_error(sqlite3 *db, struct error *e, const char *what);

/** statement_exec - run @sql, which may be several statements without parameters */
int statement_exec(sqlite3 *db, const char *sql, struct error *e, const char *what);

/** statement_prepare - for many uses; *stmt is sqlite3_finalize()d by the caller */
int statement_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt, struct error *e);

/** statement_bind - all parameters of @stmt */
int statement_bind(sqlite3_stmt *stmt, struct error *e, const char *what, const char *types, ...);

/**
 * statement_run - bind, execute and reset what writes
 * Return: -EIO also without an open transaction: a full disk makes SQLite roll back by itself, and
 *         what follows must not be committed alone
 */
int statement_run(sqlite3_stmt *stmt, struct error *e, const char *what, const char *types, ...);

/** statement_run_once - prepare, run as above, finalize */
int statement_run_once(sqlite3 *db, const char *sql, struct error *e, const char *what,
		       const char *types, ...);

/**
 * statement_query - prepare and bind what reads, for one use
 * Return: *stmt is to be finalized, also on failure
 */
int statement_query(sqlite3 *db, const char *sql, sqlite3_stmt **stmt, struct error *e,
		    const char *types, ...);

/** statement_row - 1 = there is a row, 0 = no more, negative errno */
int statement_row(sqlite3_stmt *stmt, struct error *e, const char *what);

/** statement_text - column @i as text; never NULL; borrowed until the next step or reset */
const char *statement_text(sqlite3_stmt *stmt, int i);

/** statement_reset - done with the rows: without that a read transaction stays open */
void statement_reset(sqlite3_stmt **stmt);
#define _cleanup_reset_ __attribute__((cleanup(statement_reset)))

/** statement_finalize - of a statement for one use */
void statement_finalize(sqlite3_stmt **stmt);
#define _cleanup_finalize_ __attribute__((cleanup(statement_finalize)))

#endif
