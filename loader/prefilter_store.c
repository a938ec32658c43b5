/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The prefilter on disk; see prefilter_store.h. */
#include "loader/prefilter_store.h"

#include <errno.h>
#include <stdlib.h>

struct pf_store {
	sqlite3 *db;
	sqlite3_stmt *put;
	sqlite3_stmt *delete;
	sqlite3_stmt *put_group;
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS prefilter (cidr TEXT PRIMARY KEY, flags INTEGER NOT NULL,"
	" grp INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS prefilter_group (number INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE);";

static int fail(const struct pf_store *s, struct error *e)
{
	int full = (sqlite3_errcode(s->db) & 0xff) == SQLITE_FULL;

	return error_set(e, full ? ENOSPC : EIO, "database: prefilter: %s", sqlite3_errmsg(s->db));
}

static int prepare(struct pf_store *s, const char *sql, sqlite3_stmt **stmt, struct error *e)
{
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) == SQLITE_OK)
		return 0;
	return fail(s, e);
}

int pf_store_open(sqlite3 *db, struct pf_store **out, struct error *e)
{
	struct pf_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(e, ENOMEM, "no memory");
	s->db = db;
	r = sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(s, e);
	if (r == 0)
		r = prepare(s, "INSERT OR REPLACE INTO prefilter VALUES (?, ?, ?)", &s->put, e);
	if (r == 0)
		r = prepare(s, "DELETE FROM prefilter WHERE cidr = ?", &s->delete, e);
	if (r == 0)
		r = prepare(s, "INSERT OR IGNORE INTO prefilter_group VALUES (?, ?)", &s->put_group,
			    e);
	if (r < 0) {
		pf_store_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void pf_store_close(struct pf_store *s)
{
	if (!s)
		return;
	sqlite3_finalize(s->put);
	sqlite3_finalize(s->delete);
	sqlite3_finalize(s->put_group);
	free(s);
}

/* A full disk makes SQLite roll back by itself: what follows must not be committed alone. */
static int step(struct pf_store *s, sqlite3_stmt *stmt, struct error *e)
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

int pf_store_put(struct pf_store *s, const struct pf_rule *rule, struct error *e)
{
	struct cidr c = pf_rule_cidr(rule);
	char text[CIDR_STR_MAX];

	sqlite3_bind_text(s->put, 1, cidr_to_str(&c, text), -1, SQLITE_STATIC);
	sqlite3_bind_int(s->put, 2, rule->flags & PF_EXCEPT);
	sqlite3_bind_int(s->put, 3, rule->group);
	return step(s, s->put, e);
}

int pf_store_delete(struct pf_store *s, const struct pf_rule *rule, struct error *e)
{
	struct cidr c = pf_rule_cidr(rule);
	char text[CIDR_STR_MAX];

	sqlite3_bind_text(s->delete, 1, cidr_to_str(&c, text), -1, SQLITE_STATIC);
	return step(s, s->delete, e);
}

int pf_store_put_group(struct pf_store *s, size_t number, const char *name, struct error *e)
{
	sqlite3_bind_int64(s->put_group, 1, (sqlite3_int64)number);
	sqlite3_bind_text(s->put_group, 2, name, -1, SQLITE_STATIC);
	return step(s, s->put_group, e);
}

static const char *column_text(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? text : "";
}

static int load_groups(struct pf_store *s, struct pf_groups *groups, struct error *e)
{
	sqlite3_stmt *stmt = NULL;
	int rc = SQLITE_DONE;
	int r = prepare(s, "SELECT name FROM prefilter_group ORDER BY number", &stmt, e);

	while (r == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		int number = pf_groups_number(groups, column_text(stmt, 0), e);

		r = number < 0 ? number : 0;
	}
	if (r == 0 && rc != SQLITE_DONE)
		r = fail(s, e);
	sqlite3_finalize(stmt);
	return r;
}

static int load_rule(sqlite3_stmt *stmt, struct pf_rules *rules, struct error *e)
{
	struct error why = {0};
	struct pf_rule rule;
	int r = pf_rule_parse(column_text(stmt, 0), &rule, &why);

	if (r < 0)
		return error_set(e, r, "database: prefilter: %.180s", why.msg);
	rule.flags |= (uint8_t)(sqlite3_column_int(stmt, 1) & PF_EXCEPT);
	rule.group = (uint16_t)(sqlite3_column_int(stmt, 2) % AXO_PF_GROUPS_MAX);
	r = pf_rules_add(rules, &rule);
	return r < 0 ? error_set(e, r, "no memory") : 0;
}

int pf_store_load(struct pf_store *s, struct pf_rules *rules, struct pf_groups *groups,
		  struct error *e)
{
	sqlite3_stmt *stmt = NULL;
	int rc = SQLITE_DONE, r = load_groups(s, groups, e);

	if (r == 0)
		r = prepare(s, "SELECT cidr, flags, grp FROM prefilter", &stmt, e);
	while (r == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		r = load_rule(stmt, rules, e);
	if (r == 0 && rc != SQLITE_DONE)
		r = fail(s, e);
	sqlite3_finalize(stmt);
	return r;
}
