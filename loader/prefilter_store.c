/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The prefilter on disk; see prefilter_store.h. */
#include "loader/prefilter_store.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/statement.h"

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

int pf_store_open(sqlite3 *db, struct pf_store **out, struct error *e)
{
	struct pf_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(e, ENOMEM, "no memory");
	s->db = db;
	r = statement_exec(db, schema, e, "cannot make the tables of the prefilter");
	if (r == 0)
		r = statement_prepare(db, "INSERT OR REPLACE INTO prefilter VALUES (?, ?, ?)",
				      &s->put, e);
	if (r == 0)
		r = statement_prepare(db, "DELETE FROM prefilter WHERE cidr = ?", &s->delete, e);
	if (r == 0)
		r = statement_prepare(db, "INSERT OR IGNORE INTO prefilter_group VALUES (?, ?)",
				      &s->put_group, e);
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

static const char write_what[] = "cannot write the prefilter";
static const char read_what[] = "cannot read the prefilter";

int pf_store_put(struct pf_store *s, const struct pf_rule *rule, struct error *e)
{
	struct cidr c = pf_rule_cidr(rule);
	char text[CIDR_STR_MAX];

	return statement_run(s->put, e, write_what, "tii", cidr_to_str(&c, text),
			     (int64_t)(rule->flags & PF_EXCEPT), (int64_t)rule->group);
}

int pf_store_delete(struct pf_store *s, const struct pf_rule *rule, struct error *e)
{
	struct cidr c = pf_rule_cidr(rule);
	char text[CIDR_STR_MAX];

	return statement_run(s->delete, e, write_what, "t", cidr_to_str(&c, text));
}

int pf_store_put_group(struct pf_store *s, size_t number, const char *name, struct error *e)
{
	return statement_run(s->put_group, e, write_what, "it", (int64_t)number, name);
}

static int load_groups(struct pf_store *s, struct pf_groups *groups, struct error *e)
{
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	int r = statement_prepare(s->db, "SELECT name FROM prefilter_group ORDER BY number", &stmt,
				  e);

	while (r == 0 && (r = statement_row(stmt, e, read_what)) > 0) {
		int number = pf_groups_number(groups, statement_text(stmt, 0), e);

		r = number < 0 ? number : 0;
	}
	return r;
}

static int load_rule(sqlite3_stmt *stmt, struct pf_rules *rules, struct error *e)
{
	struct error why = {0};
	struct pf_rule rule;
	int r = pf_rule_parse(statement_text(stmt, 0), &rule, &why);

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
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	int r = load_groups(s, groups, e);

	if (r == 0)
		r = statement_prepare(s->db, "SELECT cidr, flags, grp FROM prefilter", &stmt, e);
	while (r == 0 && (r = statement_row(stmt, e, read_what)) > 0)
		r = load_rule(stmt, rules, e);
	return r;
}
