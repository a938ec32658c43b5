/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Store: what is committed is there again, whatever happened in between. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ipam/store.h"
#include "lib/cleanup.h"
#include "tests/unit/ipam/text.h"

#define BOOT "11111111-2222-3333-4444-555555555555"
#define OTHER_BOOT "99999999-2222-3333-4444-555555555555"

/* One "machine": a database, and an agent that runs or not. */
struct machine {
	sqlite3 *db;
	struct ipam_store *store;
	struct ipam *ipam;
	struct ipam_config config;
	struct cidr reserved;
	struct error e;
};

static void sql(struct machine *m, const char *text)
{
	if (sqlite3_exec(m->db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(m->db));
}

static int64_t sql_number(struct machine *m, const char *text)
{
	sqlite3_stmt *stmt;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(m->db, text, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static void agent_stop(struct machine *m)
{
	ipam_free(m->ipam);
	ipam_store_close(m->store);
	m->ipam = NULL;
	m->store = NULL;
}

/* Start the agent: 0, or the error of open or load (then nothing was written). */
static int agent_start(struct machine *m, const char *boot_id, int64_t now_ms)
{
	int r;

	sql(m, "BEGIN");
	r = ipam_store_open(m->db, &m->store, &m->e);
	if (r == 0)
		r = ipam_store_load(m->store, &m->config, boot_id, now_ms, &m->ipam, &m->e);
	sql(m, r == 0 ? "COMMIT" : "ROLLBACK");
	if (r < 0)
		agent_stop(m);
	return r;
}

static void agent_restart(struct machine *m, const char *boot_id, int64_t now_ms)
{
	agent_stop(m);
	if (agent_start(m, boot_id, now_ms) < 0)
		fail_msg("%s", m->e.msg);
}

static void machine_fini(struct machine *m)
{
	agent_stop(m);
	assert_int_equal(sqlite3_close(m->db), SQLITE_OK);
}
#define _cleanup_machine_ _cleanup_(machine_fini)

/* A machine whose agent runs, with a cool-down of 1000 ms. */
static struct machine machine_of(const char *v4, const char *v6)
{
	struct machine m = {
		.config = {.v4 = cidr_of(v4), .v6 = cidr_of(v6), .cooldown_ms = 1000},
	};

	assert_int_equal(sqlite3_open(":memory:", &m.db), SQLITE_OK);
	if (agent_start(&m, BOOT, 0) < 0)
		fail_msg("%s", m.e.msg);
	return m;
}

static void save(struct machine *m)
{
	sql(m, "BEGIN");
	if (ipam_store_save(m->store, m->ipam, &m->e) < 0)
		fail_msg("%s", m->e.msg);
	sql(m, "COMMIT");
}

/* Take without saving: the text of the IPv4 address or, without one, the IPv6 address. */
static const char *take(struct machine *m, int n, int64_t now_ms)
{
	static char text[CIDR_STR_MAX];
	struct attachment owner = owner_of(n);
	struct ipam_lease lease;

	if (ipam_take(m->ipam, &owner, NULL, 0, now_ms, &lease, &m->e) < 0)
		return "";
	return addr_to_str(addr_is_zero(&lease.v4) ? &lease.v6 : &lease.v4, text);
}

static void release(struct machine *m, int n)
{
	struct attachment owner = owner_of(n);

	assert_int_equal(ipam_release(m->ipam, &owner), 0);
}

static void released(struct machine *m, int n, int64_t now_ms)
{
	struct attachment owner = owner_of(n);

	assert_int_equal(ipam_released(m->ipam, &owner, now_ms), 0);
}

static struct pool_stats stats_of(struct machine *m, int64_t now_ms)
{
	struct pool_stats stats;

	assert_true(ipam_stats(m->ipam, m->config.v4.family ? 4 : 6, now_ms, &stats));
	return stats;
}

static void leases_survive_a_restart(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "fd00::/64");
	struct attachment owner = owner_of(1);
	struct axo_addr v6 = addr_of("fd00::2");

	(void)state;
	take(&m, 1, 0);
	take(&m, 2, 0);
	release(&m, 2);
	save(&m);
	agent_restart(&m, BOOT, 0);
	assert_string_equal(take(&m, 1, 0), "10.0.0.2");
	assert_memory_equal(&ipam_find(m.ipam, &owner)->v6, &v6, sizeof(v6));
	owner = owner_of(2);
	assert_true(ipam_find(m.ipam, &owner)->releasing);
	assert_string_equal(take(&m, 3, 0), "10.0.0.4");
}

static void what_was_not_committed_is_not_there(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "");

	(void)state;
	take(&m, 1, 0);
	save(&m);
	take(&m, 2, 0);
	release(&m, 1);
	sql(&m, "BEGIN");
	assert_int_equal(ipam_store_save(m.store, m.ipam, &m.e), 0);
	sql(&m, "ROLLBACK");
	agent_restart(&m, BOOT, 0);
	assert_true(stats_of(&m, 0).used == 1);
	assert_true(stats_of(&m, 0).records == 1);
}

static void cool_down_survives_a_restart(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/30", "");
	struct attachment other = owner_of(2);
	struct axo_addr addr = addr_of("10.0.0.2");
	struct ipam_lease lease;

	(void)state;
	take(&m, 1, 5000);
	release(&m, 1);
	released(&m, 1, 6000);
	save(&m);
	agent_restart(&m, BOOT, 6500);
	assert_true(stats_of(&m, 6999).cooling == 1);
	assert_int_equal(ipam_take(m.ipam, &other, &addr, 1, 6999, &lease, &m.e), -EADDRNOTAVAIL);
	assert_true(stats_of(&m, 7000).cooling == 0);
	assert_int_equal(ipam_take(m.ipam, &other, &addr, 1, 7000, &lease, &m.e), 0);
}

static void last_owner_may_have_its_cooling_address_back_after_a_restart(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "");
	struct attachment owner = owner_of(1);
	struct axo_addr addr = addr_of("10.0.0.2");
	struct ipam_lease lease;

	(void)state;
	take(&m, 1, 0);
	save(&m);
	release(&m, 1);
	released(&m, 1, 0);
	save(&m);
	agent_restart(&m, BOOT, 1);
	assert_int_equal(ipam_take(m.ipam, &owner, &addr, 1, 1, &lease, &m.e), 0);
}

static void reused_address_belongs_to_its_new_owner_after_a_restart(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/30", "");
	struct attachment old = owner_of(1), new = owner_of(2);

	(void)state;
	take(&m, 1, 0);
	save(&m);
	release(&m, 1);
	released(&m, 1, 0);
	save(&m);
	take(&m, 2, 5000);
	save(&m);
	agent_restart(&m, BOOT, 5000);
	assert_null(ipam_find(m.ipam, &old));
	assert_non_null(ipam_find(m.ipam, &new));
}

static void order_of_release_survives_a_restart(void **state)
{
	static const int order[] = {3, 1, 5, 2, 4};
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/29", "");

	(void)state;
	for (int i = 1; i <= 5; i++)
		take(&m, i, 0);
	save(&m);
	for (int i = 0; i < 5; i++) {
		release(&m, order[i]);
		released(&m, order[i], 10); /* the same time: only seq knows the order */
		save(&m);
		agent_restart(&m, BOOT, 10);
	}
	for (int i = 0; i < 5; i++) {
		char expected[32];

		snprintf(expected, sizeof(expected), "10.0.0.%d", order[i] + 1);
		assert_string_equal(take(&m, 10 + i, 5000), expected);
	}
}

static void never_used_addresses_still_come_first_after_a_restart(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("", "fd00::/64");

	(void)state;
	m.config.tracked_max = 1;
	agent_restart(&m, BOOT, 0);
	for (int i = 1; i <= 3; i++) {
		take(&m, i, i * 10000);
		release(&m, i);
		released(&m, i, i * 10000);
	}
	save(&m);
	assert_int_equal(sql_number(&m, "SELECT count(*) FROM ipam_address"), 1);
	agent_restart(&m, BOOT, 50000);
	assert_string_equal(take(&m, 9, 50000), "fd00::5");
}

static void taken_and_released_in_one_commit_cools_down(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "");

	(void)state;
	take(&m, 1, 0);
	release(&m, 1);
	released(&m, 1, 0);
	save(&m);
	agent_restart(&m, BOOT, 1);
	assert_true(stats_of(&m, 1).cooling == 1);
	assert_string_equal(take(&m, 2, 1), "10.0.0.3");
}

static void save_writes_only_what_changed(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/16", "fd00::/64");
	int before;

	(void)state;
	for (int i = 0; i < 1000; i++)
		take(&m, i, 0);
	save(&m);
	before = sqlite3_total_changes(m.db);
	save(&m);
	assert_int_equal(sqlite3_total_changes(m.db) - before, 0);
	release(&m, 7);
	save(&m);
	assert_int_equal(sqlite3_total_changes(m.db) - before, 2);
	agent_stop(&m);
	assert_int_equal(agent_start(&m, BOOT, 0), 0);
	assert_int_equal(sqlite3_total_changes(m.db) - before, 2);
}

static void table_is_bounded_under_churn(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("", "fd00::/64");

	(void)state;
	m.config.tracked_max = 20;
	agent_restart(&m, BOOT, 0);
	for (int i = 0; i < 500; i++) {
		take(&m, i, i * 2000);
		if (i >= 5) {
			release(&m, i - 5);
			released(&m, i - 5, i * 2000);
		}
		save(&m);
	}
	assert_int_equal(sql_number(&m, "SELECT count(*) FROM ipam_address"), 25);
	agent_restart(&m, BOOT, 1000000);
	assert_true(stats_of(&m, 1000000).records == 25);
	assert_true(stats_of(&m, 1000000).used == 5);
}

static void reboot_releases_everything_into_cool_down(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/29", "fd00::/64");

	(void)state;
	take(&m, 1, 900000);
	take(&m, 2, 900000);
	take(&m, 3, 900000);
	take(&m, 4, 900000);
	release(&m, 2);
	release(&m, 3);
	released(&m, 3, 900000);
	save(&m);
	agent_restart(&m, OTHER_BOOT, 40);
	assert_null(ipam_next(m.ipam, NULL));
	assert_true(stats_of(&m, 40).used == 0);
	assert_true(stats_of(&m, 40).releasing == 0);
	assert_true(stats_of(&m, 1039).cooling == 4);
	assert_true(stats_of(&m, 1040).cooling == 0);
	agent_restart(&m, OTHER_BOOT, 50); /* the times are of this boot now, and durable */
	assert_true(stats_of(&m, 1039).cooling == 4);
	assert_string_equal(take(&m, 11, 2000), "10.0.0.6");
	assert_string_equal(take(&m, 12, 2000), "10.0.0.4");
}

static void restart_in_the_same_boot_releases_nothing(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "");

	(void)state;
	take(&m, 1, 0);
	save(&m);
	agent_restart(&m, BOOT, 86400000);
	assert_true(stats_of(&m, 86400000).used == 1);
}

static int stray_count(const struct axo_addr *addr, const struct attachment *owner, void *arg)
{
	char text[CIDR_STR_MAX];

	assert_string_equal(owner->network, "net");
	assert_non_null(strchr(addr_to_str(addr, text), '.'));
	return ++*(int *)arg == 3 ? -ECANCELED : 0;
}

static void changed_cidr_with_live_allocations_is_refused_and_names_them(void **state)
{
	static const char *const changed[] = {"10.1.0.0/24", "10.0.0.0/16", "10.0.0.0/25", ""};
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "fd00::/64");
	int n;

	(void)state;
	take(&m, 1, 0);
	take(&m, 2, 0);
	save(&m);
	for (size_t i = 0; i < ARRAY_SIZE(changed); i++) {
		agent_stop(&m);
		m.config.v4 = cidr_of(changed[i]);
		assert_int_equal(agent_start(&m, BOOT, 0), -EADDRINUSE);
		assert_string_equal(
			m.e.msg,
			"pod CIDR 10.0.0.0/24 was changed, but of its addresses are in use: "
			"10.0.0.2 (c1 eth0), 10.0.0.3 (c2 eth0)");
	}
	m.config.v4 = cidr_of("10.0.0.0/24");
	agent_restart(&m, BOOT, 0);
	m.config.v4 = cidr_of("10.1.0.0/24");
	n = 0;
	assert_int_equal(ipam_store_strays(m.store, &m.config, stray_count, &n, &m.e), 0);
	assert_int_equal(n, 2);
	n = 2;
	assert_int_equal(ipam_store_strays(m.store, &m.config, stray_count, &n, &m.e), -ECANCELED);
}

static void long_list_of_strays_is_cut_and_counted(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "");
	const char *more;
	int named = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		take(&m, i, 0);
	save(&m);
	agent_stop(&m);
	m.config.v4 = cidr_of("10.1.0.0/24");
	assert_int_equal(agent_start(&m, BOOT, 0), -EADDRINUSE);
	assert_non_null(strstr(m.e.msg, "10.0.0.2 (c0 eth0), 10.0.0.3 (c1 eth0)"));
	for (const char *p = m.e.msg; (p = strstr(p, " eth0)")); p++)
		named++;
	more = strstr(m.e.msg, " and ");
	assert_non_null(more);
	assert_int_equal(named + atoi(more + 5), 100);
	assert_string_equal(more + strlen(more) - 5, " more");
}

static void changed_cidr_without_live_allocations_starts_afresh(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "fd00::/64");

	(void)state;
	take(&m, 1, 0);
	take(&m, 2, 0);
	release(&m, 1);
	release(&m, 2);
	released(&m, 2, 0);
	save(&m);
	m.config.v4 = cidr_of("10.1.0.0/24");
	agent_restart(&m, BOOT, 0);
	assert_true(stats_of(&m, 0).records == 0);
	assert_int_equal(
		sql_number(&m, "SELECT count(*) FROM ipam_address WHERE address LIKE '10.%'"), 0);
	assert_string_equal(take(&m, 3, 0), "10.1.0.2");
	save(&m);
	agent_restart(&m, BOOT, 0);
	assert_true(stats_of(&m, 0).used == 1);
}

static void reboot_makes_a_changed_cidr_acceptable(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "");

	(void)state;
	take(&m, 1, 0);
	save(&m);
	m.config.v4 = cidr_of("10.1.0.0/24");
	agent_restart(&m, OTHER_BOOT, 0);
	assert_true(stats_of(&m, 0).records == 0);
}

static void family_can_be_added_and_an_unused_one_removed(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "");
	struct attachment owner = owner_of(1);

	(void)state;
	take(&m, 1, 0);
	save(&m);
	m.config.v6 = cidr_of("fd00::/64");
	agent_restart(&m, BOOT, 0);
	assert_string_equal(take(&m, 1, 0), "10.0.0.2");
	assert_true(addr_is_zero(&ipam_find(m.ipam, &owner)->v6));
	m.config.v6 = cidr_of("");
	agent_restart(&m, BOOT, 0);
	assert_int_equal(sql_number(&m, "SELECT count(*) FROM ipam_pool"), 1);
	agent_stop(&m);
	m.config = (struct ipam_config){.v6 = cidr_of("fd00::/64")};
	assert_int_equal(agent_start(&m, BOOT, 0), -EADDRINUSE);
}

static void newly_reserved_range_keeps_live_ones_and_drops_cooling_ones(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "");

	(void)state;
	take(&m, 1, 0);
	take(&m, 2, 0);
	release(&m, 2);
	released(&m, 2, 0);
	save(&m);
	m.reserved = cidr_of("10.0.0.0/28");
	m.config.reserved = &m.reserved;
	m.config.reserved_len = 1;
	agent_restart(&m, BOOT, 0);
	assert_true(stats_of(&m, 0).used == 1);
	assert_int_equal(sql_number(&m, "SELECT count(*) FROM ipam_address"), 1);
	assert_string_equal(take(&m, 3, 0), "10.0.0.16");
}

static void full_disk_is_an_error_and_a_reload_gives_the_committed_state(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/16", "");
	char pragma[64];
	int saved = 0, r = 0;

	(void)state;
	snprintf(pragma, sizeof(pragma), "PRAGMA max_page_count = %d",
		 (int)sql_number(&m, "PRAGMA page_count") + 4);
	sql(&m, pragma);
	while (r == 0) {
		sql(&m, "BEGIN");
		take(&m, saved, 0);
		r = ipam_store_save(m.store, m.ipam, &m.e);
		/* SQLite may have rolled back by itself. */
		if (r == 0 || !sqlite3_get_autocommit(m.db))
			sql(&m, r == 0 ? "COMMIT" : "ROLLBACK");
		saved += r == 0;
		assert_true(saved < 100000);
	}
	assert_int_equal(r, -ENOSPC);
	assert_non_null(strstr(m.e.msg, "cannot write 10.0."));
	assert_non_null(strstr(m.e.msg, "full"));
	ipam_free(m.ipam);
	m.ipam = NULL;
	sql(&m, "BEGIN");
	r = ipam_store_load(m.store, &m.config, BOOT, 0, &m.ipam, &m.e);
	sql(&m, "COMMIT");
	assert_int_equal(r, 0);
	assert_true(saved > 0 && stats_of(&m, 0).used == (uint64_t)saved);
	sql(&m, "PRAGMA max_page_count = 100000");
	assert_string_not_equal(take(&m, saved, 0), "");
	save(&m);
	agent_restart(&m, BOOT, 0);
	assert_true(stats_of(&m, 0).used == (uint64_t)saved + 1);
}

static void writing_outside_of_a_transaction_is_refused(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "");
	struct ipam_store *store = NULL;
	struct ipam *ipam = NULL;

	(void)state;
	assert_int_equal(ipam_store_open(m.db, &store, &m.e), -EINVAL);
	assert_null(store);
	assert_int_equal(ipam_store_save(m.store, m.ipam, &m.e), -EINVAL);
	assert_int_equal(ipam_store_load(m.store, &m.config, BOOT, 0, &ipam, &m.e), -EINVAL);
	assert_null(ipam);
}

static void database_of_a_newer_format_is_left_alone(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "");

	(void)state;
	sql(&m, "UPDATE ipam_meta SET value = '2' WHERE key = 'format'");
	agent_stop(&m);
	assert_int_equal(agent_start(&m, BOOT, 0), -EPROTONOSUPPORT);
	assert_string_equal(m.e.msg, "address database has format 2: expected 1");
	assert_int_equal(sql_number(&m, "SELECT value FROM ipam_meta WHERE key = 'format'"), 2);
}

static void damaged_rows_are_refused_by_name(void **state)
{
	static const struct {
		const char *sql, *says;
	} rows[] = {
		{"UPDATE ipam_address SET state = 9",
		 "row 10.0.0.2 of ipam_address is damaged: unknown state"},
		{"UPDATE ipam_address SET address = '10.0.0.'",
		 "row 10.0.0. of ipam_address is damaged"},
		{"UPDATE ipam_address SET container_id = '../x'", "container id"},
		{"UPDATE ipam_address SET ifname = ''", "interface name"},
		{"INSERT INTO ipam_address VALUES ('10.0.0.3', 1, 'net', 'c1', 'eth0', 0, 0)",
		 "two IPv4 addresses"},
		{"DROP TABLE ipam_address; CREATE TABLE ipam_address (address TEXT)",
		 "cannot prepare"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "");

		take(&m, 1, 0);
		save(&m);
		agent_stop(&m);
		sql(&m, rows[i].sql);
		assert_true(agent_start(&m, BOOT, 0) < 0);
		if (!strstr(m.e.msg, rows[i].says))
			fail_msg("\"%s\" does not say \"%s\"", m.e.msg, rows[i].says);
	}
}

static void unreadable_cursor_starts_the_lap_again(void **state)
{
	_cleanup_machine_ struct machine m = machine_of("10.0.0.0/24", "");

	(void)state;
	take(&m, 1, 0);
	save(&m);
	sql(&m, "UPDATE ipam_pool SET cursor = 'x'");
	agent_restart(&m, BOOT, 0);
	assert_string_equal(take(&m, 2, 0), "10.0.0.3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leases_survive_a_restart),
		cmocka_unit_test(what_was_not_committed_is_not_there),
		cmocka_unit_test(cool_down_survives_a_restart),
		cmocka_unit_test(last_owner_may_have_its_cooling_address_back_after_a_restart),
		cmocka_unit_test(reused_address_belongs_to_its_new_owner_after_a_restart),
		cmocka_unit_test(order_of_release_survives_a_restart),
		cmocka_unit_test(never_used_addresses_still_come_first_after_a_restart),
		cmocka_unit_test(taken_and_released_in_one_commit_cools_down),
		cmocka_unit_test(save_writes_only_what_changed),
		cmocka_unit_test(table_is_bounded_under_churn),
		cmocka_unit_test(reboot_releases_everything_into_cool_down),
		cmocka_unit_test(restart_in_the_same_boot_releases_nothing),
		cmocka_unit_test(changed_cidr_with_live_allocations_is_refused_and_names_them),
		cmocka_unit_test(long_list_of_strays_is_cut_and_counted),
		cmocka_unit_test(changed_cidr_without_live_allocations_starts_afresh),
		cmocka_unit_test(reboot_makes_a_changed_cidr_acceptable),
		cmocka_unit_test(family_can_be_added_and_an_unused_one_removed),
		cmocka_unit_test(newly_reserved_range_keeps_live_ones_and_drops_cooling_ones),
		cmocka_unit_test(full_disk_is_an_error_and_a_reload_gives_the_committed_state),
		cmocka_unit_test(writing_outside_of_a_transaction_is_refused),
		cmocka_unit_test(database_of_a_newer_format_is_left_alone),
		cmocka_unit_test(damaged_rows_are_refused_by_name),
		cmocka_unit_test(unreadable_cursor_starts_the_lap_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
