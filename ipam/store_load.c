/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses from disk at start: reboot, changed CIDR, or simply as they were; see store.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipam/store_internal.h"
#include "lib/cleanup.h"

/* Addresses outside of the configured CIDRs: their rows are deleted when all is read. */
struct outside {
	struct axo_addr *v;
	size_t len;
	size_t size;
};

static void outside_fini(struct outside *o)
{
	free(o->v);
}

static int outside_add(struct outside *o, const struct axo_addr *addr, struct error *e)
{
	if (o->len == o->size) {
		size_t size = o->size ? o->size * 2 : 64;
		struct axo_addr *bigger = reallocarray(o->v, size, sizeof(*bigger));

		if (!bigger)
			return error_set(e, ENOMEM, "address database: out of memory");
		o->v = bigger;
		o->size = size;
	}
	o->v[o->len++] = *addr;
	return 0;
}

static const struct cidr *config_cidr(const struct ipam_config *config, int family)
{
	return family == 4 ? &config->v4 : &config->v6;
}

static bool config_holds(const struct ipam_config *config, const struct axo_addr *addr)
{
	const struct cidr *cidr = config_cidr(config, addr_family(addr));

	return cidr->family && cidr_contains(cidr, addr);
}

static int row_bad(const char *text, const char *why, struct error *e)
{
	return error_set(e, EUCLEAN,
			 "address database: row %.64s of ipam_address is damaged: %.120s", text,
			 why);
}

/* The owner of a released address may be unknown: it was taken and released in one commit. */
static int row_owner(sqlite3_stmt *stmt, enum pool_state state, struct attachment *owner,
		     struct error *e)
{
	struct error why;

	memset(owner, 0, sizeof(*owner));
	if (state == POOL_RELEASED && !statement_text(stmt, 3)[0])
		return 0;
	if (attachment_set(owner, statement_text(stmt, 2), statement_text(stmt, 3),
			   statement_text(stmt, 4), &why) < 0)
		return row_bad(statement_text(stmt, 0), why.msg, e);
	return 0;
}

/* 1 = a row, 0 = no more, negative errno. */
static int row_next(sqlite3_stmt *stmt, struct pool_record *record, struct attachment *owner,
		    struct error *e)
{
	int64_t state;
	struct error why;
	int r = statement_row(stmt, e, "cannot read ipam_address");

	if (r <= 0)
		return r;
	memset(record, 0, sizeof(*record));
	state = sqlite3_column_int64(stmt, 1);
	if (state < POOL_USED || state > POOL_RELEASED)
		return row_bad(statement_text(stmt, 0), "unknown state", e);
	if (addr_parse(statement_text(stmt, 0), &record->addr, &why) < 0)
		return row_bad(statement_text(stmt, 0), why.msg, e);
	record->state = (enum pool_state)state;
	record->seq = (uint64_t)sqlite3_column_int64(stmt, 5);
	record->released_ms = sqlite3_column_int64(stmt, 6);
	r = row_owner(stmt, record->state, owner, e);
	return r < 0 ? r : 1;
}

/* What ipam_pool says of a family; @cidr is "" when there is no row. */
struct stored_pool {
	char cidr[CIDR_STR_MAX];
	struct pool_cursor cursor;
};

static int stored_pool_get(struct ipam_store *store, int family, struct stored_pool *out,
			   struct error *e)
{
	_cleanup_reset_ sqlite3_stmt *stmt = store->stmts[STATEMENT_POOL_GET];
	int r = statement_bind(stmt, e, "cannot read ipam_pool", "i", (int64_t)family);

	memset(out, 0, sizeof(*out));
	if (r == 0)
		r = statement_row(stmt, e, "cannot read ipam_pool");
	if (r <= 0)
		return r;
	snprintf(out->cidr, sizeof(out->cidr), "%s", statement_text(stmt, 0));
	/* A cursor that cannot be read is no reason to stay down: the lap starts again. */
	if (addr_parse(statement_text(stmt, 1), &out->cursor.addr, NULL) < 0)
		memset(&out->cursor.addr, 0, sizeof(out->cursor.addr));
	out->cursor.wrapped = sqlite3_column_int64(stmt, 2) != 0;
	return 0;
}

static bool pool_changed(const struct stored_pool *stored, const struct cidr *cidr)
{
	char text[CIDR_STR_MAX] = "";

	if (cidr->family)
		cidr_to_str(cidr, text);
	return strcmp(stored->cidr, text) != 0;
}

int ipam_store_strays(struct ipam_store *store, const struct ipam_config *config,
		      int (*fn)(const struct axo_addr *addr, const struct attachment *owner,
				void *arg),
		      void *arg, struct error *e)
{
	_cleanup_reset_ sqlite3_stmt *stmt = store->stmts[STATEMENT_ADDRESS_LIST];
	struct stored_pool stored[2];
	struct pool_record record;
	struct attachment owner;
	int r;

	for (int i = 0; i < 2; i++) {
		r = stored_pool_get(store, i ? 6 : 4, &stored[i], e);
		if (r < 0)
			return r;
	}
	while ((r = row_next(stmt, &record, &owner, e)) > 0) {
		int family = addr_family(&record.addr);

		if (record.state != POOL_USED)
			continue;
		if (!pool_changed(&stored[family == 6], config_cidr(config, family)) &&
		    config_holds(config, &record.addr))
			continue;
		r = fn(&record.addr, &owner, arg);
		if (r < 0)
			return r;
	}
	return r;
}

/* The names of strays, as many as fit into a struct error beside the sentence, and how many there are. */
struct stray_list {
	char text[128];
	size_t len;
	int shown;
	int count;
	int family;
};

static int stray_note(const struct axo_addr *addr, const struct attachment *owner, void *arg)
{
	struct stray_list *list = arg;
	char text[CIDR_STR_MAX], entry[ATTACHMENT_CONTAINER_MAX + CIDR_STR_MAX + IFNAMSIZ];
	size_t len;

	if (!list->count++)
		list->family = addr_family(addr);
	len = (size_t)snprintf(entry, sizeof(entry), "%s%s (%.24s %s)", list->shown ? ", " : "",
			       addr_to_str(addr, text), owner->container_id, owner->ifname);
	if (list->shown + 1 == list->count && list->len + len < sizeof(list->text)) {
		memcpy(list->text + list->len, entry, len + 1);
		list->len += len;
		list->shown++;
	}
	return 0;
}

static int strays_check(struct ipam_store *store, const struct ipam_config *config, struct error *e)
{
	struct stray_list list = {.count = 0};
	struct stored_pool stored;
	char more[32] = "";
	int r;

	r = ipam_store_strays(store, config, stray_note, &list, e);
	if (r < 0 || !list.count)
		return r;
	r = stored_pool_get(store, list.family, &stored, e);
	if (r < 0)
		return r;
	if (list.count > list.shown)
		snprintf(more, sizeof(more), " and %d more", list.count - list.shown);
	return error_set(e, EADDRINUSE,
			 "pod CIDR %.44s was changed, but of its addresses are in use: %s%s",
			 stored.cidr, list.text, more);
}

static int load_addresses(struct ipam_store *store, const struct ipam_config *config,
			  struct ipam *ipam, struct outside *outside, struct error *e)
{
	_cleanup_reset_ sqlite3_stmt *stmt = store->stmts[STATEMENT_ADDRESS_LIST];
	struct pool_record record;
	struct attachment owner;
	struct error why;
	int r;

	while ((r = row_next(stmt, &record, &owner, e)) > 0) {
		if (!config_holds(config, &record.addr)) {
			r = outside_add(outside, &record.addr, e);
			if (r < 0)
				return r;
			continue;
		}
		r = ipam_restore(ipam, &record, &owner, &why);
		if (r == -ENOMEM)
			return error_set(e, ENOMEM, "address database: %.200s", why.msg);
		if (r < 0)
			return row_bad(statement_text(stmt, 0), why.msg, e);
	}
	return r;
}

static int delete_outside(struct ipam_store *store, const struct outside *outside, struct error *e)
{
	char text[CIDR_STR_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < outside->len; i++)
		r = statement_run(store->stmts[STATEMENT_ADDRESS_DELETE], e,
				  "cannot delete an address", "t",
				  addr_to_str(&outside->v[i], text));
	return r;
}

/* The cursor of an unchanged pool; the row of one that is new, changed or gone. */
static int load_pool(struct ipam_store *store, const struct ipam_config *config, struct ipam *ipam,
		     int family, struct error *e)
{
	const struct cidr *cidr = config_cidr(config, family);
	char text[CIDR_STR_MAX], start[CIDR_STR_MAX];
	struct stored_pool stored;
	int r = stored_pool_get(store, family, &stored, e);

	if (r < 0)
		return r;
	if (!pool_changed(&stored, cidr)) {
		if (cidr->family)
			pool_cursor_set(ipam_pool(ipam, family), &stored.cursor);
		return 0;
	}
	if (!cidr->family)
		return statement_run(store->stmts[STATEMENT_POOL_DELETE], e,
				     "cannot write ipam_pool", "i", (int64_t)family);
	return statement_run(store->stmts[STATEMENT_POOL_SET], e, "cannot write ipam_pool", "itti",
			     (int64_t)family, cidr_to_str(cidr, text),
			     addr_to_str(&cidr->addr, start), (int64_t)0);
}

/* Case 1: what was held is released now, behind everything that was released before. */
static int after_reboot(struct ipam_store *store, struct ipam *ipam, const char *boot_id,
			int64_t now_ms, struct error *e)
{
	const struct ipam_lease *lease;

	for (int family = 4; family <= 6; family += 2) {
		if (ipam_pool(ipam, family))
			pool_rebase(ipam_pool(ipam, family), now_ms);
	}
	while ((lease = ipam_next(ipam, NULL))) {
		struct attachment owner = lease->owner;

		ipam_release(ipam, &owner);
		ipam_released(ipam, &owner, now_ms);
	}
	return store_meta_set(store, "boot_id", boot_id, e);
}

/* 1 = all allocations are of another boot, 0 = of this one. */
static int is_other_boot(struct ipam_store *store, const char *boot_id, struct error *e)
{
	char stored[IPAM_BOOT_ID_MAX];
	int r = store_meta_get(store, "boot_id", stored, sizeof(stored), e);

	if (r < 0)
		return r;
	return strncmp(stored, boot_id, sizeof(stored) - 1) != 0;
}

int ipam_store_load(struct ipam_store *store, const struct ipam_config *config, const char *boot_id,
		    int64_t now_ms, struct ipam **out, struct error *e)
{
	__attribute__((cleanup(outside_fini))) struct outside outside = {.v = NULL};
	_cleanup_ipam_ struct ipam *ipam = NULL;
	int other_boot = is_other_boot(store, boot_id, e);
	int r = other_boot < 0 ? other_boot : store_in_transaction(store, e);

	if (r == 0 && !other_boot)
		r = strays_check(store, config, e);
	if (r == 0)
		r = ipam_new(config, &ipam, e);
	if (r == 0)
		r = load_addresses(store, config, ipam, &outside, e);
	if (r == 0)
		r = delete_outside(store, &outside, e);
	for (int family = 4; r == 0 && family <= 6; family += 2)
		r = load_pool(store, config, ipam, family, e);
	if (r == 0 && other_boot)
		r = after_reboot(store, ipam, boot_id, now_ms, e);
	if (r == 0)
		r = ipam_store_save(store, ipam, e);
	if (r < 0)
		return r;
	*out = TAKE_PTR(ipam);
	return 0;
}
