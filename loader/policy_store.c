/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Policies on disk; see policy_store.h. */
#include "loader/policy_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/statement.h"

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

static const char read_what[] = "cannot read policies";
static const char write_what[] = "cannot write policies";

int policy_store_open(sqlite3 *db, struct policy_store **out, struct error *e)
{
	struct policy_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(e, ENOMEM, "no memory");
	s->db = db;
	r = statement_exec(db, schema, e, "cannot make the tables of policies");
	if (r < 0) {
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

int policy_store_put_file(struct policy_store *s, const struct policy_text *t, struct error *e)
{
	return statement_run_once(s->db, "INSERT OR REPLACE INTO policy_file VALUES (?, ?)", e,
				  write_what, "tb", t->file, t->text, t->len);
}

int policy_store_delete_file(struct policy_store *s, const char *file, struct error *e)
{
	return statement_run_once(s->db, "DELETE FROM policy_file WHERE file = ?", e, write_what,
				  "t", file);
}

static int each_text(struct policy_store *s, const char *sql, policy_text_fn fn, void *arg,
		     struct error *e)
{
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	int r = statement_query(s->db, sql, &stmt, e, "");

	while (r == 0 && (r = statement_row(stmt, e, read_what)) > 0) {
		struct policy_text t = {
			.id = sqlite3_column_int64(stmt, 0),
			.file = statement_text(stmt, 1),
			.text = sqlite3_column_blob(stmt, 2),
			.len = (size_t)sqlite3_column_bytes(stmt, 2),
		};

		if (!t.text)
			t.text = "";
		r = fn(&t, arg);
	}
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
	int r = statement_run_once(s->db, "INSERT INTO policy_document (file, text) VALUES (?, ?)",
				   e, write_what, "tb", t->file, t->text, t->len);

	if (r == 0)
		*id = sqlite3_last_insert_rowid(s->db);
	return r;
}

int policy_store_put_object(struct policy_store *s, const struct policy_name *n, int64_t document,
			    struct error *e)
{
	return statement_run_once(s->db, "INSERT OR REPLACE INTO policy_object VALUES (?, ?, ?, ?)",
				  e, write_what, "itti", (int64_t)n->kind, n->namespace_, n->name,
				  document);
}

int policy_store_delete_object(struct policy_store *s, const struct policy_name *n, struct error *e)
{
	return statement_run_once(
		s->db, "DELETE FROM policy_object WHERE kind = ? AND namespace = ? AND name = ?", e,
		write_what, "itt", (int64_t)n->kind, n->namespace_, n->name);
}

int policy_store_tidy(struct policy_store *s, int64_t id, struct error *e)
{
	return statement_run_once(
		s->db,
		"DELETE FROM policy_document WHERE id = ? AND NOT EXISTS"
		" (SELECT 1 FROM policy_object WHERE document = policy_document.id)",
		e, write_what, "i", id);
}

int64_t policy_store_document(struct policy_store *s, const struct policy_name *n)
{
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	struct error e;
	int r = statement_query(s->db,
				"SELECT document FROM policy_object"
				" WHERE kind = ? AND namespace = ? AND name = ?",
				&stmt, &e, "itt", (int64_t)n->kind, n->namespace_, n->name);

	if (r < 0 || statement_row(stmt, &e, read_what) <= 0)
		return 0;
	return sqlite3_column_int64(stmt, 0);
}

char *policy_store_text(struct policy_store *s, int64_t id, const char *file)
{
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	struct error e;
	const void *data;
	int r = id ? statement_query(s->db, "SELECT text FROM policy_document WHERE id = ?", &stmt,
				     &e, "i", id)
		   : statement_query(s->db, "SELECT text FROM policy_file WHERE file = ?", &stmt,
				     &e, "t", file);

	if (r < 0 || statement_row(stmt, &e, read_what) <= 0)
		return NULL;
	data = sqlite3_column_blob(stmt, 0);
	return strndup(data ? data : "", (size_t)sqlite3_column_bytes(stmt, 0));
}

int policy_store_put_prefix(struct policy_store *s, const char *prefix, uint32_t id,
			    struct error *e)
{
	return statement_run_once(s->db, "INSERT OR REPLACE INTO policy_prefix VALUES (?, ?)", e,
				  write_what, "ti", prefix, (int64_t)id);
}

int policy_store_delete_prefix(struct policy_store *s, const char *prefix, struct error *e)
{
	return statement_run_once(s->db, "DELETE FROM policy_prefix WHERE prefix = ?", e,
				  write_what, "t", prefix);
}

int policy_store_each_prefix(struct policy_store *s, policy_prefix_fn fn, void *arg,
			     struct error *e)
{
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	int r = statement_query(s->db, "SELECT prefix, id FROM policy_prefix", &stmt, e, "");

	while (r == 0 && (r = statement_row(stmt, e, read_what)) > 0)
		r = fn(statement_text(stmt, 0), (uint32_t)sqlite3_column_int64(stmt, 1), arg);
	return r;
}
