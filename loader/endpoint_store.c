/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Endpoints on disk; see endpoint_store.h. */
#include "loader/endpoint_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cidr.h"
#include "lib/cleanup.h"
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

static int fail(const struct endpoint_store *s, const char *what, struct error *e)
{
	int full = (sqlite3_errcode(s->db) & 0xff) == SQLITE_FULL;

	return error_set(e, full ? ENOSPC : EIO, "database: %s: %s", what, sqlite3_errmsg(s->db));
}

static int prepare(struct endpoint_store *s, const char *sql, sqlite3_stmt **stmt, struct error *e)
{
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) == SQLITE_OK)
		return 0;
	return fail(s, "endpoints cannot be prepared", e);
}

static int meta_get(struct endpoint_store *s, const char *key, long long *value, struct error *e)
{
	sqlite3_stmt *stmt = NULL;
	int r = prepare(s, "SELECT value FROM endpoint_meta WHERE key = ?", &stmt, e);

	if (r < 0)
		return r;
	sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*value = sqlite3_column_int64(stmt, 0);
	else
		r = fail(s, "endpoints cannot be read", e);
	sqlite3_finalize(stmt);
	return r;
}

static int store_prepare(struct endpoint_store *s, struct error *e)
{
	long long format = 0;
	int r;

	if (sqlite3_exec(s->db, schema, NULL, NULL, NULL) != SQLITE_OK)
		return fail(s, "tables of endpoints cannot be made", e);
	r = meta_get(s, "format", &format, e);
	if (r == 0 && format != FORMAT)
		return error_set(e, EPROTONOSUPPORT,
				 "database has endpoints in format %lld: expected %d", format,
				 FORMAT);
	if (r == 0)
		r = prepare(
			s, "INSERT OR REPLACE INTO endpoint VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
			&s->save, e);
	if (r == 0)
		r = prepare(s, "UPDATE endpoint_meta SET value = ? WHERE key = 'identity_cursor'",
			    &s->save_cursor, e);
	if (r == 0)
		r = prepare(s, "DELETE FROM endpoint WHERE id = ?", &s->delete, e);
	/* A table of its own: what an older agent wrote stays readable, and the other way round. */
	if (r == 0)
		r = prepare(s, "DELETE FROM endpoint_audit WHERE id = ?", &s->audit[0], e);
	if (r == 0)
		r = prepare(s, "INSERT OR IGNORE INTO endpoint_audit VALUES (?)", &s->audit[1], e);
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

static int step(const struct endpoint_store *s, sqlite3_stmt *stmt, struct error *e)
{
	int rc = sqlite3_step(stmt);
	int r = rc == SQLITE_DONE ? 0 : fail(s, "endpoint cannot be written", e);

	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return r;
}

static void bind_address(sqlite3_stmt *stmt, int column, const struct axo_addr *addr)
{
	char text[CIDR_STR_MAX] = "";

	if (!addr_is_zero(addr))
		addr_to_str(addr, text);
	sqlite3_bind_text(stmt, column, text, -1, SQLITE_TRANSIENT);
}

static void bind_text(sqlite3_stmt *stmt, int column, const char *text)
{
	sqlite3_bind_text(stmt, column, text, -1, SQLITE_STATIC);
}

int endpoint_store_save(struct endpoint_store *s, const struct endpoint *ep,
			const struct identity_table *identities, struct error *e)
{
	_cleanup_free_ char *labels = endpoint_labels_to_text(ep);
	_cleanup_free_ char *ports = endpoint_ports_to_text(ep);
	char mac[MAC_STR_MAX];
	int r;

	if (!labels || !ports)
		return error_set(e, ENOMEM, "no memory");
	sqlite3_bind_int64(s->save, 1, ep->id);
	bind_text(s->save, 2, ep->attachment.network);
	bind_text(s->save, 3, ep->attachment.container_id);
	bind_text(s->save, 4, ep->attachment.ifname);
	bind_text(s->save, 5, ep->namespace_);
	bind_text(s->save, 6, ep->name);
	bind_text(s->save, 7, ep->netns);
	bind_text(s->save, 8, ep->device);
	bind_text(s->save, 9, mac_to_str(ep->mac, mac));
	sqlite3_bind_int64(s->save, 10, ep->mtu);
	bind_address(s->save, 11, &ep->ipv4);
	bind_address(s->save, 12, &ep->ipv6);
	sqlite3_bind_int64(s->save, 13, ep->identity);
	bind_text(s->save, 14, labels);
	bind_text(s->save, 15, ports);
	r = step(s, s->save, e);
	if (r == 0) {
		sqlite3_bind_int64(s->audit[ep->audit], 1, ep->id);
		r = step(s, s->audit[ep->audit], e);
	}
	return r < 0 ? r : endpoint_store_save_cursor(s, identities, e);
}

int endpoint_store_save_cursor(struct endpoint_store *s, const struct identity_table *identities,
			       struct error *e)
{
	sqlite3_bind_int64(s->save_cursor, 1, identity_cursor(identities));
	return step(s, s->save_cursor, e);
}

int endpoint_store_delete(struct endpoint_store *s, uint32_t id, struct error *e)
{
	sqlite3_bind_int64(s->delete, 1, id);
	return step(s, s->delete, e);
}

static const char *column_text(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? text : "";
}

static int read_address(sqlite3_stmt *stmt, int column, struct axo_addr *addr, struct error *e)
{
	const char *text = column_text(stmt, column);

	return *text ? addr_parse(text, addr, e) : 0;
}

static int read_texts(sqlite3_stmt *stmt, struct endpoint *ep, struct error *e)
{
	ep->namespace_ = strdup(column_text(stmt, 4));
	ep->name = strdup(column_text(stmt, 5));
	ep->netns = strdup(column_text(stmt, 6));
	if (!ep->namespace_ || !ep->name || !ep->netns)
		return error_set(e, ENOMEM, "no memory");
	return endpoint_labels_from_text(ep, column_text(stmt, 13), e) < 0 ||
			       endpoint_ports_from_text(ep, column_text(stmt, 14), e) < 0
		       ? e->code
		       : 0;
}

static int read_row(sqlite3_stmt *stmt, struct endpoint *ep, struct error *e)
{
	int r;

	ep->state = ENDPOINT_LOST;
	ep->id = (uint32_t)sqlite3_column_int64(stmt, 0);
	r = attachment_set(&ep->attachment, column_text(stmt, 1), column_text(stmt, 2),
			   column_text(stmt, 3), e);
	if (r < 0)
		return r;
	attachment_device(&ep->attachment, ep->device);
	if (mac_from_str(column_text(stmt, 8), ep->mac) < 0)
		return error_set(e, EINVAL, "MAC \"%.40s\"", column_text(stmt, 8));
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
	sqlite3_stmt *stmt = NULL;
	long long cursor = 0;
	int r, rc = SQLITE_DONE;

	r = meta_get(s, "identity_cursor", &cursor, e);
	if (r == 0)
		r = prepare(s,
			    "SELECT endpoint.*, endpoint_audit.id IS NOT NULL FROM endpoint"
			    " LEFT JOIN endpoint_audit USING (id) ORDER BY endpoint.id",
			    &stmt, e);
	if (r < 0)
		return r;
	identity_set_cursor(identities, (uint32_t)cursor);
	while (r == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		r = load_row(stmt, endpoints, identities, e);
	if (r == 0 && rc != SQLITE_DONE)
		r = fail(s, "endpoints cannot be read", e);
	sqlite3_finalize(stmt);
	return r;
}
