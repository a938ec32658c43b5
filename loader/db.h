/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Database: one SQLite file (WAL, synchronous=FULL) below the state directory, locked against a
 * second agent, and group commit.
 *
 * The first write of a loop turn opens a transaction; the loop commits it once, after everything
 * else that was ready in that turn, and then calls those who wait for it.  So requests that come
 * together share one fsync, and a lone one waits for nobody.
 *
 * When the commit fails, everything of the turn fails: the transaction is rolled back, memory is
 * loaded again from the file (struct db_owner), and every waiter hears the error.
 */
#ifndef LOADER_DB_H
#define LOADER_DB_H

#include <sqlite3.h>
#include <stdbool.h>

#include "lib/error.h"

#define DB_LOCK_NAME "lock"

struct db;
struct event_base;

/**
 * struct db_owner - whose memory the file mirrors
 * @save:   write what is still only in memory; called just before the commit
 * @reload: the transaction was rolled back: make memory what the file says.  A negative return
 *          value means that the process cannot go on
 * @broken: called when @reload failed
 */
struct db_owner {
	int (*save)(void *arg, struct error *e);
	int (*reload)(void *arg, struct error *e);
	void (*broken)(void *arg, const struct error *e);
	void *arg;
};

/** db_done - the transaction that held the caller's writes: committed (@e NULL) or not */
typedef void (*db_done)(void *arg, const struct error *e);

/**
 * db_open - take the lock of @state_dir (made if it is not there), open the file
 * Return: 0; -EBUSY: another agent has the lock; other errors with @e.
 */
int db_open(struct db **db, const char *state_dir, struct error *e);

/** db_close - without commit: what is open is rolled back; waiters are dropped, not called */
void db_close(struct db *db);

/** db_attach - commit by @base's turns from now on; before that only db_commit() commits */
int db_attach(struct db *db, struct event_base *base, const struct db_owner *owner,
	      struct error *e);

sqlite3 *db_handle(struct db *db);

/** db_begin - open the transaction, if none is */
int db_begin(struct db *db, struct error *e);

/** db_spoil - a write of this turn failed half-way: let the commit fail with @e */
void db_spoil(struct db *db, const struct error *e);

/** db_wait - call @done when the turn's transaction is decided (opens one if none is) */
int db_wait(struct db *db, db_done done, void *arg, struct error *e);

/** db_commit - decide the open transaction now, and call its waiters; 0 if none is open */
int db_commit(struct db *db, struct error *e);

/** db_lock_held - is an agent running on @state_dir?  1, 0 or negative errno */
int db_lock_held(const char *state_dir);

#endif
