/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The database and its group commit; see db.h. */
#include "loader/db.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "axoneme/names.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"

struct waiter {
	struct waiter *next;
	db_done done;
	void *arg;
};

/**
 * struct db
 * @path:    of the file, for messages
 * @lock_fd: flock of STATE_DIR/lock, for the life of the process
 * @turn:    event that decides the open transaction at the end of the loop's turn
 * @open:    a transaction is open
 * @spoilt:  code is not 0: it cannot be committed
 * @first, @last: who waits for it, in order
 */
struct db {
	sqlite3 *sql;
	char path[PATH_MAX];
	int lock_fd;
	struct event *turn;
	struct db_owner owner;
	bool open;
	struct error spoilt;
	struct waiter *first;
	struct waiter **last;
};

static int lock_take(const char *state_dir, int *out, struct error *e)
{
	char path[PATH_MAX];
	_cleanup_close_ int fd = -1;

	snprintf(path, sizeof(path), "%s/" DB_LOCK_NAME, state_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(e, errno, "cannot write in state directory %.150s: %s", state_dir,
				 strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_set(e, errno == EWOULDBLOCK ? EBUSY : errno,
				 errno == EWOULDBLOCK
					 ? "another agent runs with state directory %.150s"
					 : "cannot lock state directory %.150s",
				 state_dir);
	*out = TAKE_FD(fd);
	return 0;
}

int db_lock_held(const char *state_dir)
{
	char path[PATH_MAX];
	_cleanup_close_ int fd = -1;

	snprintf(path, sizeof(path), "%s/" DB_LOCK_NAME, state_dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 1 : -errno;
	return 0;
}

static int sql_exec(struct db *db, const char *sql, struct error *e)
{
	int rc = sqlite3_exec(db->sql, sql, NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		return 0;
	return error_set(e, (rc & 0xff) == SQLITE_FULL ? ENOSPC : EIO,
			 "database %.120s cannot be written (%.20s): %s", db->path, sql,
			 sqlite3_errmsg(db->sql));
}

/* A small cache holds this database whole; people may read it with the sqlite3 shell meanwhile. */
static int sql_open(struct db *db, const char *state_dir, struct error *e)
{
	int r;

	snprintf(db->path, sizeof(db->path), "%s/" AXO_DB_NAME, state_dir);
	if (sqlite3_open_v2(db->path, &db->sql,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		return error_set(e, EIO, "cannot open database %.150s: %s", db->path,
				 db->sql ? sqlite3_errmsg(db->sql) : "no memory");
	sqlite3_busy_timeout(db->sql, 250);
	r = sql_exec(db, "PRAGMA journal_mode=WAL", e);
	if (r == 0)
		r = sql_exec(db, "PRAGMA synchronous=FULL", e);
	if (r == 0)
		r = sql_exec(db, "PRAGMA cache_size=-512", e);
	if (r == 0)
		r = sql_exec(db, "PRAGMA journal_size_limit=4194304", e);
	return r;
}

int db_open(struct db **out, const char *state_dir, struct error *e)
{
	struct db *db = calloc(1, sizeof(*db));
	int r;

	if (!db)
		return error_set(e, ENOMEM, "no memory");
	db->lock_fd = -1;
	db->last = &db->first;
	r = dir_make(state_dir, 0700);
	if (r < 0)
		r = error_set(e, r, "cannot make state directory %.150s: %s", state_dir,
			      strerror(-r));
	if (r == 0)
		r = lock_take(state_dir, &db->lock_fd, e);
	if (r == 0)
		r = sql_open(db, state_dir, e);
	if (r < 0) {
		db_close(db);
		return r;
	}
	*out = db;
	return 0;
}

static void waiters_drop(struct db *db)
{
	while (db->first) {
		struct waiter *w = db->first;

		db->first = w->next;
		free(w);
	}
	db->last = &db->first;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	waiters_drop(db);
	if (db->turn)
		event_free(db->turn);
	if (db->open)
		sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db->sql);
	if (db->lock_fd >= 0)
		close(db->lock_fd);
	free(db);
}

static void turn_end(evutil_socket_t fd, short what, void *arg)
{
	struct error e;

	(void)fd;
	(void)what;
	db_commit(arg, &e);
}

int db_attach(struct db *db, struct event_base *base, const struct db_owner *owner, struct error *e)
{
	db->owner = *owner;
	db->turn = event_new(base, -1, 0, turn_end, db);
	return db->turn ? 0 : error_set(e, ENOMEM, "no memory");
}

sqlite3 *db_handle(struct db *db)
{
	return db->sql;
}

/* SQLite would go on in the file without a name, and nothing of that were durable. */
static int check_unmoved(struct db *db, struct error *e)
{
	int moved = 0;

	sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (!moved)
		return 0;
	return error_set(
		e, ESTALE,
		"database %.120s was removed or replaced under the running agent: expected "
		"the file that it opened",
		db->path);
}

int db_begin(struct db *db, struct error *e)
{
	int r;

	if (db->open)
		return 0;
	r = check_unmoved(db, e);
	if (r == 0)
		r = sql_exec(db, "BEGIN IMMEDIATE", e);
	if (r < 0)
		return r;
	db->open = true;
	db->spoilt.code = 0;
	/* Activated events run in order, so this one is behind all that are ready now. */
	if (db->turn)
		event_active(db->turn, EV_TIMEOUT, 0);
	return 0;
}

void db_spoil(struct db *db, const struct error *e)
{
	if (!db->spoilt.code)
		db->spoilt = *e;
}

int db_wait(struct db *db, db_done done, void *arg, struct error *e)
{
	struct waiter *w;
	int r = db_begin(db, e);

	if (r < 0)
		return r;
	w = malloc(sizeof(*w));
	if (!w)
		return error_set(e, ENOMEM, "no memory");
	*w = (struct waiter){.done = done, .arg = arg};
	*db->last = w;
	db->last = &w->next;
	return 0;
}

/* Roll back and load again; if even that fails, say so to the owner. */
static void turn_undo(struct db *db, const struct error *why)
{
	struct error e = {0};

	log_error("changes are undone", "err", why->msg);
	sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	if (db->owner.reload && db->owner.reload(db->owner.arg, &e) < 0)
		db->owner.broken(db->owner.arg, &e);
}

static int turn_decide(struct db *db, struct error *e)
{
	int r = 0;

	if (db->spoilt.code) {
		*e = db->spoilt;
		return e->code;
	}
	if (db->owner.save)
		r = db->owner.save(db->owner.arg, e);
	return r < 0 ? r : sql_exec(db, "COMMIT", e);
}

int db_commit(struct db *db, struct error *e)
{
	struct waiter *w;
	int r;

	if (!db->open)
		return 0;
	r = turn_decide(db, e);
	/* Waiters may begin the next turn's transaction. */
	db->open = false;
	w = db->first;
	db->first = NULL;
	db->last = &db->first;
	if (r < 0)
		turn_undo(db, e);
	while (w) {
		struct waiter *next = w->next;

		w->done(w->arg, r < 0 ? e : NULL);
		free(w);
		w = next;
	}
	return r;
}
