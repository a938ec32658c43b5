/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fed entries of the ipcache on disk; see ip_store.h. */
#include "loader/ip_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

struct ip_store {
	sqlite3 *db;
	sqlite3_stmt *put;
	sqlite3_stmt *delete;
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS ip (cidr TEXT NOT NULL, source INTEGER NOT NULL,"
	" identity INTEGER NOT NULL, labels TEXT NOT NULL, PRIMARY KEY (cidr, source))"
	" WITHOUT ROWID;";

static int fail(const struct ip_store *s, struct error *e)
{
	int full = (sqlite3_errcode(s->db) & 0xff) == SQLITE_FULL;

	return error_set(e, full ? ENOSPC : EIO, "database: addresses: %s", sqlite3_errmsg(s->db));
}

static int prepare(struct ip_store *s, const char *sql, sqlite3_stmt **stmt, struct error *e)
{
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) == SQLITE_OK)
		return 0;
	return fail(s, e);
}

int ip_store_open(sqlite3 *db, struct ip_store **out, struct error *e)
{
	struct ip_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(e, ENOMEM, "no memory");
	s->db = db;
	r = sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(s, e);
	if (r == 0)
		r = prepare(s, "INSERT OR REPLACE INTO ip VALUES (?, ?, ?, ?)", &s->put, e);
	if (r == 0)
		r = prepare(s, "DELETE FROM ip WHERE cidr = ? AND source = ?", &s->delete, e);
	if (r < 0) {
		ip_store_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void ip_store_close(struct ip_store *s)
{
	if (!s)
		return;
	sqlite3_finalize(s->put);
	sqlite3_finalize(s->delete);
	free(s);
}

/* A full disk makes SQLite roll back by itself: what follows must not be committed alone. */
static int step(struct ip_store *s, sqlite3_stmt *stmt, struct error *e)
{
	int r = 0;

	if (sqlite3_get_autocommit(s->db))
		r = error_set(e, EIO, "database: no transaction is open");
	else if (sqlite3_step(stmt) != SQLITE_DONE)
		r = fail(s, e);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return r;
}

/* One label a line: none has a control character in it. */
static char *labels_join(const struct ip_row *row)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; i < row->label_count; i++)
		fprintf(f, "%s%s", i ? "\n" : "", row->labels[i]);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

int ip_store_put(struct ip_store *s, const struct ip_row *row, struct error *e)
{
	_cleanup_free_ char *labels = labels_join(row);
	char text[CIDR_STR_MAX];

	if (!labels)
		return error_set(e, ENOMEM, "no memory");
	sqlite3_bind_text(s->put, 1, cidr_to_str(&row->cidr, text), -1, SQLITE_STATIC);
	sqlite3_bind_int(s->put, 2, row->source);
	sqlite3_bind_int64(s->put, 3, row->identity);
	sqlite3_bind_text(s->put, 4, labels, -1, SQLITE_STATIC);
	return step(s, s->put, e);
}

int ip_store_delete(struct ip_store *s, const struct cidr *cidr, int source, struct error *e)
{
	char text[CIDR_STR_MAX];

	sqlite3_bind_text(s->delete, 1, cidr_to_str(cidr, text), -1, SQLITE_STATIC);
	sqlite3_bind_int(s->delete, 2, source);
	return step(s, s->delete, e);
}

static const char *column_text(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? text : "";
}

/* @text is cut up; the array is the caller's, its items lie in @text. */
static int labels_split(char *text, struct ip_row *row)
{
	size_t lines = 1;
	char *label;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	row->labels = calloc(lines, sizeof(char *));
	if (!row->labels)
		return -ENOMEM;
	while (*text && (label = strsep(&text, "\n"))) {
		row->labels[row->label_count++] = label;
		if (!text)
			break;
	}
	return 0;
}

static int row_read(sqlite3_stmt *stmt, ip_row_fn fn, void *arg, struct error *e)
{
	_cleanup_free_ char *text = strdup(column_text(stmt, 3));
	struct ip_row row = {
		.source = sqlite3_column_int(stmt, 1),
		.identity = (uint32_t)sqlite3_column_int64(stmt, 2),
	};
	struct error why = {0};
	int r;

	r = cidr_parse(column_text(stmt, 0), &row.cidr, &why);
	if (r < 0)
		return error_set(e, r, "database: addresses: %.180s", why.msg);
	if (!text || labels_split(text, &row) < 0)
		return error_set(e, ENOMEM, "no memory");
	r = fn(&row, arg, e);
	free(row.labels);
	return r;
}

int ip_store_each(struct ip_store *s, ip_row_fn fn, void *arg, struct error *e)
{
	sqlite3_stmt *stmt = NULL;
	int rc = SQLITE_DONE;
	int r = prepare(s, "SELECT cidr, source, identity, labels FROM ip", &stmt, e);

	while (r == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		r = row_read(stmt, fn, arg, e);
	if (r == 0 && rc != SQLITE_DONE)
		r = fail(s, e);
	sqlite3_finalize(stmt);
	return r;
}
