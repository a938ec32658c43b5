/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Endpoints on disk; see endpoint_store.h. */
#include "loader/endpoint_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "lib/statement.h"
#include "loader/endpoint_text.h"
#include "loader/labels.h"

#define FORMAT 1

struct endpoint_store {
	sqlite3 *db;
	sqlite3_stmt *save;
	sqlite3_stmt *save_cursor;
	sqlite3_stmt *delete;
	sqlite3_stmt *audit[2];
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS endpoint ("
	" id INTEGER PRIMARY KEY, network TEXT NOT NULL, container_id TEXT NOT NULL,"
	" ifname TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, netns TEXT NOT NULL,"
	" device TEXT NOT NULL, mac TEXT NOT NULL, mtu INTEGER NOT NULL, ipv4 TEXT NOT NULL,"
	" ipv6 TEXT NOT NULL, identity INTEGER NOT NULL, labels TEXT NOT NULL, ports TEXT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS endpoint_audit (id INTEGER PRIMARY KEY);"
	"CREATE TRIGGER IF NOT EXISTS endpoint_audit_end AFTER DELETE ON endpoint"
	" BEGIN DELETE FROM endpoint_audit WHERE id = OLD.id; END;"
	"CREATE TABLE IF NOT EXISTS endpoint_meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL);"
	"INSERT OR IGNORE INTO endpoint_meta VALUES ('format', 1), ('identity_cursor', 256);";

static const char read_what[] = "cannot read endpoints";
static const char write_what[] = "cannot write an endpoint";

static int meta_get(struct endpoint_store *s, const char *key, int64_t *value, struct error *e)
{
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	int r = statement_query(s->db, "SELECT value FROM endpoint_meta WHERE key = ?", &stmt, e,
				"t", key);

	if (r == 0)
		r = statement_row(stmt, e, read_what);
	if (r < 0)
		return r;
	if (r == 0)
		return error_set(e, EIO, "database: %s: endpoint_meta has no %s", read_what, key);
	*value = sqlite3_column_int64(stmt, 0);
	return 0;
}

/* Audit has a table of its own: what an older agent wrote stays readable, and the other way round. */
static int store_prepare(struct endpoint_store *s, struct error *e)
{
	const struct {
		sqlite3_stmt **stmt;
		const char *sql;
	} statements[] = {
		{&s->save,
		 "INSERT OR REPLACE INTO endpoint VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
		{&s->save_cursor,
		 "UPDATE endpoint_meta SET value = ? WHERE key = 'identity_cursor'"},
		{&s->delete, "DELETE FROM endpoint WHERE id = ?"},
		{&s->audit[0], "DELETE FROM endpoint_audit WHERE id = ?"},
		{&s->audit[1], "INSERT OR IGNORE INTO endpoint_audit VALUES (?)"},
	};
	int64_t format = 0;
	int r = statement_exec(s->db, schema, e, "cannot make the tables of endpoints");

	if (r == 0)
		r = meta_get(s, "format", &format, e);
	if (r == 0 && format != FORMAT)
		return error_set(e, EPROTONOSUPPORT,
				 "database has endpoints in format %lld: expected %d",
				 (long long)format, FORMAT);
	for (size_t i = 0; r == 0 && i < sizeof(statements) / sizeof(statements[0]); i++)
		r = statement_prepare(s->db, statements[i].sql, statements[i].stmt, e);
	return r;
}

int endpoint_store_open(sqlite3 *db, struct endpoint_store **store, struct error *e)
{
	struct endpoint_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(e, ENOMEM, "no memory");
	s->db = db;
	r = store_prepare(s, e);
	if (r < 0) {
		endpoint_store_close(s);
		return r;
	}
	*store = s;
	return 0;
}

void endpoint_store_close(struct endpoint_store *s)
{
	if (!s)
		return;
	sqlite3_finalize(s->save);
	sqlite3_finalize(s->save_cursor);
	sqlite3_finalize(s->delete);
	sqlite3_finalize(s->audit[0]);
	sqlite3_finalize(s->audit[1]);
	free(s);
}

/* "" for none. */
static const char *address_text(const struct axo_addr *addr, char text[static CIDR_STR_MAX])
{
	return addr_is_zero(addr) ? "" : addr_to_str(addr, text);
}

int endpoint_store_save(struct endpoint_store *s, const struct endpoint *ep,
			const struct identity_table *identities, struct error *e)
{
	_cleanup_free_ char *labels = endpoint_labels_to_text(ep);
	_cleanup_free_ char *ports = endpoint_ports_to_text(ep);
	const struct attachment *at = &ep->attachment;
	char mac[MAC_STR_MAX], ipv4[CIDR_STR_MAX], ipv6[CIDR_STR_MAX];
	int r;

	if (!labels || !ports)
		return error_set(e, ENOMEM, "no memory");
	r = statement_run(s->save, e, write_what, "ittttttttittitt", (int64_t)ep->id, at->network,
			  at->container_id, at->ifname, ep->namespace_, ep->name, ep->netns,
			  ep->device, mac_to_str(ep->mac, mac), (int64_t)ep->mtu,
			  address_text(&ep->ipv4, ipv4), address_text(&ep->ipv6, ipv6),
			  (int64_t)ep->identity, labels, ports);
	if (r == 0)
		r = statement_run(s->audit[ep->audit], e, write_what, "i", (int64_t)ep->id);
	return r < 0 ? r : endpoint_store_save_cursor(s, identities, e);
}

int endpoint_store_save_cursor(struct endpoint_store *s, const struct identity_table *identities,
			       struct error *e)
{
	return statement_run(s->save_cursor, e, "cannot write where identities go on", "i",
			     (int64_t)identity_cursor(identities));
}

int endpoint_store_delete(struct endpoint_store *s, uint32_t id, struct error *e)
{
	return statement_run(s->delete, e, "cannot delete an endpoint", "i", (int64_t)id);
}

static int read_address(sqlite3_stmt *stmt, int column, struct axo_addr *addr, struct error *e)
{
	const char *text = statement_text(stmt, column);

	return *text ? addr_parse(text, addr, e) : 0;
}

static int read_texts(sqlite3_stmt *stmt, struct endpoint *ep, struct error *e)
{
	ep->namespace_ = strdup(statement_text(stmt, 4));
	ep->name = strdup(statement_text(stmt, 5));
	ep->netns = strdup(statement_text(stmt, 6));
	if (!ep->namespace_ || !ep->name || !ep->netns)
		return error_set(e, ENOMEM, "no memory");
	return endpoint_labels_from_text(ep, statement_text(stmt, 13), e) < 0 ||
			       endpoint_ports_from_text(ep, statement_text(stmt, 14), e) < 0
		       ? e->code
		       : 0;
}

static int read_row(sqlite3_stmt *stmt, struct endpoint *ep, struct error *e)
{
	int r;

	ep->state = ENDPOINT_LOST;
	ep->id = (uint32_t)sqlite3_column_int64(stmt, 0);
	r = attachment_set(&ep->attachment, statement_text(stmt, 1), statement_text(stmt, 2),
			   statement_text(stmt, 3), e);
	if (r < 0)
		return r;
	attachment_device(&ep->attachment, ep->device);
	if (mac_from_str(statement_text(stmt, 8), ep->mac) < 0)
		return error_set(e, EINVAL, "MAC \"%.40s\"", statement_text(stmt, 8));
	ep->mtu = (uint32_t)sqlite3_column_int64(stmt, 9);
	r = read_address(stmt, 10, &ep->ipv4, e);
	if (r == 0)
		r = read_address(stmt, 11, &ep->ipv6, e);
	ep->identity = (uint32_t)sqlite3_column_int64(stmt, 12);
	ep->audit = sqlite3_column_int64(stmt, 15);
	return r < 0 ? r : read_texts(stmt, ep, e);
}

static int load_row(sqlite3_stmt *stmt, struct endpoint_table *endpoints,
		    struct identity_table *identities, struct error *e)
{
	_cleanup_endpoint_ struct endpoint *ep = calloc(1, sizeof(*ep));
	struct error why = {0};
	int r;

	if (!ep)
		return error_set(e, ENOMEM, "no memory");
	r = read_row(stmt, ep, &why);
	if (r == 0)
		r = identity_restore(identities, ep->identity, ep->labels, ep->label_count, &why);
	if (r < 0)
		return error_set(e, r, "database: endpoint %u: %.180s", ep->id, why.msg);
	r = endpoint_insert(endpoints, ep);
	if (r < 0)
		return error_set(e, r, "database: endpoint %u: %s", ep->id, strerror(-r));
	TAKE_PTR(ep);
	return 0;
}

int endpoint_store_load(struct endpoint_store *s, struct endpoint_table *endpoints,
			struct identity_table *identities, struct error *e)
{
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	int64_t cursor = 0;
	int r = meta_get(s, "identity_cursor", &cursor, e);

	if (r == 0)
		r = statement_prepare(
			s->db,
			"SELECT endpoint.*, endpoint_audit.id IS NOT NULL FROM endpoint"
			" LEFT JOIN endpoint_audit USING (id) ORDER BY endpoint.id",
			&stmt, e);
	if (r < 0)
		return r;
	identity_set_cursor(identities, (uint32_t)cursor);
	while (r == 0 && (r = statement_row(stmt, e, read_what)) > 0)
		r = load_row(stmt, endpoints, identities, e);
	return r;
}
