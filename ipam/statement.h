/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Statement: the store's prepared SQL, and SQLite's errors as struct error.  Inside of the store.
 */
#ifndef IPAM_STATEMENT_H
#define IPAM_STATEMENT_H

#include <sqlite3.h>

#include "lib/error.h"

/** statement_error - what SQLite says about the last failure on @db, behind @what ("cannot ...") */
int statement_error(sqlite3 *db, struct error *e, const char *what);

/** statement_prepare - 0 and *stmt (sqlite3_finalize() it) */
int statement_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt, struct error *e);

/**
 * statement_bind - bind all parameters
 * @what:  for the error: what cannot be done
 * @types: one letter per parameter: 't' const char * (borrowed until the statement is reset), 'i'
 *         int64_t
 */
int statement_bind(sqlite3_stmt *stmt, struct error *e, const char *what, const char *types, ...);

/** statement_run - bind as above, execute, reset */
int statement_run(sqlite3_stmt *stmt, struct error *e, const char *what, const char *types, ...);

/** statement_row - 1 = there is a row, 0 = no more, negative errno; @what is for the error */
int statement_row(sqlite3_stmt *stmt, struct error *e, const char *what);

/** statement_text - column @i as text; never NULL; borrowed until the next step or reset */
const char *statement_text(sqlite3_stmt *stmt, int i);

/** statement_reset - done with the rows: without that a read transaction stays open */
void statement_reset(sqlite3_stmt **stmt);
#define _cleanup_reset_ __attribute__((cleanup(statement_reset)))

#endif
