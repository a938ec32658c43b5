/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Policies on disk; see policy_store.h. */
#include "loader/policy_store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

struct policy_store {
	sqlite3 *db;
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS policy_file (file TEXT PRIMARY KEY, text BLOB NOT NULL);"
	"CREATE TABLE IF NOT EXISTS policy_document (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" file TEXT NOT NULL, text BLOB NOT NULL);"
	"CREATE TABLE IF NOT EXISTS policy_object (kind INTEGER NOT NULL, namespace TEXT NOT NULL,"
	" name TEXT NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (kind, namespace, name));"
	"CREATE INDEX IF NOT EXISTS policy_object_document ON policy_object (document);"
	"CREATE TABLE IF NOT EXISTS policy_prefix (prefix TEXT PRIMARY KEY, id INTEGER NOT NULL);";

static int fail(const struct policy_store *s, struct error *e)
{
	int full = (sqlite3_errcode(s->db) & 0xff) == SQLITE_FULL;

	return error_set(e, full ? ENOSPC : EIO, "database: policies: %s", sqlite3_errmsg(s->db));
}

int policy_store_open(sqlite3 *db, struct policy_store **out, struct error *e)
{
	struct policy_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(e, ENOMEM, "no memory");
	s->db = db;
	if (sqlite3_exec(db, schema, NULL, NULL, NULL) != SQLITE_OK) {
		r = fail(s, e);
		policy_store_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void policy_store_close(struct policy_store *s)
{
	free(s);
}

/* Prepare @sql; the letters of @types say what follows: t(ext), i(nt64), b(lob and its size_t). */
static sqlite3_stmt *prepare_va(const struct policy_store *s, const char *sql, const char *types,
				va_list ap)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return NULL;
	for (int i = 1; *types; types++, i++) {
		if (*types == 't') {
			const char *text = va_arg(ap, const char *);

			sqlite3_bind_text(stmt, i, text ? text : "", -1, SQLITE_STATIC);
		} else if (*types == 'i') {
			sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
		} else {
			const void *data = va_arg(ap, const void *);

			sqlite3_bind_blob64(stmt, i, data, va_arg(ap, size_t), SQLITE_STATIC);
		}
	}
	return stmt;
}

static sqlite3_stmt *prepare(const struct policy_store *s, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;

	va_start(ap, types);
	stmt = prepare_va(s, sql, types, ap);
	va_end(ap);
	return stmt;
}

/* A full disk makes SQLite roll back by itself: what follows must not be committed alone. */
static int run(struct policy_store *s, struct error *e, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int r = 0;

	if (sqlite3_get_autocommit(s->db))
		return error_set(e, EIO, "database: no transaction is open");
	va_start(ap, types);
	stmt = prepare_va(s, sql, types, ap);
	va_end(ap);
	if (!stmt || sqlite3_step(stmt) != SQLITE_DONE)
		r = fail(s, e);
	sqlite3_finalize(stmt);
	return r;
}

int policy_store_put_file(struct policy_store *s, const struct policy_text *t, struct error *e)
{
	return run(s, e, "INSERT OR REPLACE INTO policy_file VALUES (?, ?)", "tb", t->file, t->text,
		   t->len);
}

int policy_store_delete_file(struct policy_store *s, const char *file, struct error *e)
{
	return run(s, e, "DELETE FROM policy_file WHERE file = ?", "t", file);
}

static int each_text(struct policy_store *s, const char *sql, policy_text_fn fn, void *arg,
		     struct error *e)
{
	sqlite3_stmt *stmt = prepare(s, sql, "");
	int r = 0, rc = SQLITE_DONE;

	while (stmt && r == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct policy_text t = {
			.id = sqlite3_column_int64(stmt, 0),
			.file = (const char *)sqlite3_column_text(stmt, 1),
			.text = sqlite3_column_blob(stmt, 2),
			.len = (size_t)sqlite3_column_bytes(stmt, 2),
		};

		if (!t.text)
			t.text = "";
		r = fn(&t, arg);
	}
	if (!stmt || (r == 0 && rc != SQLITE_DONE))
		r = fail(s, e);
	sqlite3_finalize(stmt);
	return r;
}

int policy_store_each_file(struct policy_store *s, policy_text_fn fn, void *arg, struct error *e)
{
	return each_text(s, "SELECT 0, file, text FROM policy_file ORDER BY file", fn, arg, e);
}

int policy_store_each_document(struct policy_store *s, policy_text_fn fn, void *arg,
			       struct error *e)
{
	return each_text(s, "SELECT id, file, text FROM policy_document ORDER BY id", fn, arg, e);
}

int policy_store_put_document(struct policy_store *s, const struct policy_text *t, int64_t *id,
			      struct error *e)
{
	int r = run(s, e, "INSERT INTO policy_document (file, text) VALUES (?, ?)", "tb", t->file,
		    t->text, t->len);

	if (r == 0)
		*id = sqlite3_last_insert_rowid(s->db);
	return r;
}

int policy_store_put_object(struct policy_store *s, const struct policy_name *n, int64_t document,
			    struct error *e)
{
	return run(s, e, "INSERT OR REPLACE INTO policy_object VALUES (?, ?, ?, ?)", "itti",
		   (int64_t)n->kind, n->namespace_, n->name, document);
}

int policy_store_delete_object(struct policy_store *s, const struct policy_name *n, struct error *e)
{
	return run(s, e, "DELETE FROM policy_object WHERE kind = ? AND namespace = ? AND name = ?",
		   "itt", (int64_t)n->kind, n->namespace_, n->name);
}

int policy_store_tidy(struct policy_store *s, int64_t id, struct error *e)
{
	return run(s, e,
		   "DELETE FROM policy_document WHERE id = ? AND NOT EXISTS"
		   " (SELECT 1 FROM policy_object WHERE document = policy_document.id)",
		   "i", id);
}

int64_t policy_store_document(struct policy_store *s, const struct policy_name *n)
{
	sqlite3_stmt *stmt = prepare(s,
				     "SELECT document FROM policy_object"
				     " WHERE kind = ? AND namespace = ? AND name = ?",
				     "itt", (int64_t)n->kind, n->namespace_, n->name);
	int64_t id = 0;

	if (stmt && sqlite3_step(stmt) == SQLITE_ROW)
		id = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return id;
}

char *policy_store_text(struct policy_store *s, int64_t id, const char *file)
{
	sqlite3_stmt *stmt =
		id ? prepare(s, "SELECT text FROM policy_document WHERE id = ?", "i", id)
		   : prepare(s, "SELECT text FROM policy_file WHERE file = ?", "t", file);
	char *text = NULL;

	if (stmt && sqlite3_step(stmt) == SQLITE_ROW) {
		const void *data = sqlite3_column_blob(stmt, 0);

		text = strndup(data ? data : "", (size_t)sqlite3_column_bytes(stmt, 0));
	}
	sqlite3_finalize(stmt);
	return text;
}

int policy_store_put_prefix(struct policy_store *s, const char *prefix, uint32_t id,
			    struct error *e)
{
	return run(s, e, "INSERT OR REPLACE INTO policy_prefix VALUES (?, ?)", "ti", prefix,
		   (int64_t)id);
}

int policy_store_delete_prefix(struct policy_store *s, const char *prefix, struct error *e)
{
	return run(s, e, "DELETE FROM policy_prefix WHERE prefix = ?", "t", prefix);
}

int policy_store_each_prefix(struct policy_store *s, policy_prefix_fn fn, void *arg,
			     struct error *e)
{
	sqlite3_stmt *stmt = prepare(s, "SELECT prefix, id FROM policy_prefix", "");
	int r = 0, rc = SQLITE_DONE;

	while (stmt && r == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		r = fn((const char *)sqlite3_column_text(stmt, 0),
		       (uint32_t)sqlite3_column_int64(stmt, 1), arg);
	if (!stmt || (r == 0 && rc != SQLITE_DONE))
		r = fail(s, e);
	sqlite3_finalize(stmt);
	return r;
}
