/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fed entries of the ipcache on disk; see ip_store.h. */
#include "loader/ip_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/statement.h"

struct ip_store {
	sqlite3 *db;
	sqlite3_stmt *put;
	sqlite3_stmt *delete;
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS ip (cidr TEXT NOT NULL, source INTEGER NOT NULL,"
	" identity INTEGER NOT NULL, labels TEXT NOT NULL, PRIMARY KEY (cidr, source))"
	" WITHOUT ROWID;";

int ip_store_open(sqlite3 *db, struct ip_store **out, struct error *e)
{
	struct ip_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(e, ENOMEM, "no memory");
	s->db = db;
	r = statement_exec(db, schema, e, "cannot make the table of fed addresses");
	if (r == 0)
		r = statement_prepare(db, "INSERT OR REPLACE INTO ip VALUES (?, ?, ?, ?)", &s->put,
				      e);
	if (r == 0)
		r = statement_prepare(db, "DELETE FROM ip WHERE cidr = ? AND source = ?",
				      &s->delete, e);
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
	return statement_run(s->put, e, "cannot write a fed address", "tiit",
			     cidr_to_str(&row->cidr, text), (int64_t)row->source,
			     (int64_t)row->identity, labels);
}

int ip_store_delete(struct ip_store *s, const struct cidr *cidr, int source, struct error *e)
{
	char text[CIDR_STR_MAX];

	return statement_run(s->delete, e, "cannot delete a fed address", "ti",
			     cidr_to_str(cidr, text), (int64_t)source);
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
	_cleanup_free_ char *text = strdup(statement_text(stmt, 3));
	struct ip_row row = {
		.source = sqlite3_column_int(stmt, 1),
		.identity = (uint32_t)sqlite3_column_int64(stmt, 2),
	};
	struct error why = {0};
	int r;

	r = cidr_parse(statement_text(stmt, 0), &row.cidr, &why);
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
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	int r = statement_prepare(s->db, "SELECT cidr, source, identity, labels FROM ip", &stmt, e);

	while (r == 0 && (r = statement_row(stmt, e, "cannot read fed addresses")) > 0)
		r = row_read(stmt, fn, arg, e);
	return r;
}
