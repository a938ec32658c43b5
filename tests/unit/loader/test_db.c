/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Group commit: who shares one, who hears of a failure, and the lock. */
#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/cleanup.h"
#include "loader/db.h"

/** struct world - a database on a loop, and what its owner was asked */
struct world {
	char dir[64];
	struct event_base *base;
	struct db *db;
	int saves;
	int reloads;
	int save_result;
};

static int save(void *arg, struct error *e)
{
	struct world *w = arg;

	w->saves++;
	return w->save_result < 0 ? error_set(e, w->save_result, "save refused") : 0;
}

static int reload(void *arg, struct error *e)
{
	struct world *w = arg;

	(void)e;
	w->reloads++;
	return 0;
}

static void broken(void *arg, const struct error *e)
{
	(void)arg;
	fail_msg("broken: %s", e->msg);
}

static int world_new(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct db_owner owner = {save, reload, broken, w};
	struct error e;

	strcpy(w->dir, "/tmp/axo-db-XXXXXX");
	if (!mkdtemp(w->dir) || db_open(&w->db, w->dir, &e) < 0)
		return -1;
	w->base = event_base_new();
	*state = w;
	return db_attach(w->db, w->base, &owner, &e);
}

static int world_free(void **state)
{
	struct world *w = *state;
	char command[128];

	db_close(w->db);
	event_base_free(w->base);
	snprintf(command, sizeof(command), "rm -r %s", w->dir);
	free(w);
	return system(command);
}

/** struct heard - what a waiter was told */
struct heard {
	int calls;
	int code;
};

static void hear(void *arg, const struct error *e)
{
	struct heard *h = arg;

	h->calls++;
	h->code = e ? e->code : 0;
}

static int exec(struct world *w, const char *sql)
{
	return sqlite3_exec(db_handle(w->db), sql, NULL, NULL, NULL);
}

static int count_rows(struct world *w)
{
	sqlite3_stmt *stmt;
	int n = -1;

	if (sqlite3_prepare_v2(db_handle(w->db), "SELECT count(*) FROM t", -1, &stmt, NULL) ==
		    SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static void requests_of_one_turn_share_one_commit(void **state)
{
	struct world *w = *state;
	struct heard heard[3] = {0};
	struct error e;

	assert_int_equal(db_begin(w->db, &e), 0);
	assert_int_equal(exec(w, "CREATE TABLE t (n)"), SQLITE_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(db_wait(w->db, hear, &heard[i], &e), 0);
		assert_int_equal(exec(w, "INSERT INTO t VALUES (1)"), SQLITE_OK);
	}
	assert_int_equal(heard[0].calls, 0);
	event_base_loop(w->base, EVLOOP_ONCE);
	assert_int_equal(w->saves, 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(heard[i].calls, 1);
		assert_int_equal(heard[i].code, 0);
	}
	assert_int_equal(count_rows(w), 3);
	assert_int_equal(w->reloads, 0);
}

static void everybody_of_a_failed_turn_hears_it_and_nothing_stays(void **state)
{
	struct world *w = *state;
	struct heard heard[2] = {0};
	struct error e;

	assert_int_equal(exec(w, "CREATE TABLE t (n)"), SQLITE_OK);
	w->save_result = -ENOSPC;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(db_wait(w->db, hear, &heard[i], &e), 0);
		assert_int_equal(exec(w, "INSERT INTO t VALUES (1)"), SQLITE_OK);
	}
	event_base_loop(w->base, EVLOOP_ONCE);
	assert_int_equal(heard[0].code, -ENOSPC);
	assert_int_equal(heard[1].code, -ENOSPC);
	assert_int_equal(count_rows(w), 0);
	assert_int_equal(w->reloads, 1);
	w->save_result = 0;
	assert_int_equal(db_wait(w->db, hear, &heard[0], &e), 0);
	event_base_loop(w->base, EVLOOP_ONCE);
	assert_int_equal(heard[0].code, 0);
	assert_int_equal(heard[0].calls, 2);
}

static void spoilt_turn_is_not_committed(void **state)
{
	struct world *w = *state;
	struct error why = {.code = -EIO, .msg = "half done"}, e;
	struct heard heard = {0};

	assert_int_equal(exec(w, "CREATE TABLE t (n)"), SQLITE_OK);
	assert_int_equal(db_wait(w->db, hear, &heard, &e), 0);
	assert_int_equal(exec(w, "INSERT INTO t VALUES (1)"), SQLITE_OK);
	db_spoil(w->db, &why);
	assert_int_equal(db_commit(w->db, &e), -EIO);
	assert_string_equal(e.msg, "half done");
	assert_int_equal(heard.code, -EIO);
	assert_int_equal(w->saves, 0);
	assert_int_equal(count_rows(w), 0);
}

static void full_database_is_no_space_and_names_the_file(void **state)
{
	struct world *w = *state;
	struct heard heard = {0};
	struct error e;

	assert_int_equal(exec(w, "CREATE TABLE t (n)"), SQLITE_OK);
	assert_int_equal(exec(w, "PRAGMA max_page_count = 3"), SQLITE_OK);
	assert_int_equal(db_wait(w->db, hear, &heard, &e), 0);
	assert_int_equal(exec(w, "INSERT INTO t VALUES (zeroblob(100000))"), SQLITE_FULL);
	/* SQLite has rolled back by itself: the commit must fail, not pass for nothing. */
	assert_true(db_commit(w->db, &e) < 0);
	assert_non_null(strstr(e.msg, w->dir));
	assert_true(heard.code < 0);
	assert_int_equal(w->reloads, 1);
}

static void chain(void *arg, const struct error *e)
{
	struct world *w = arg;
	static struct heard heard;
	struct error why;

	assert_null(e);
	assert_int_equal(db_wait(w->db, hear, &heard, &why), 0);
}

static void waiter_may_begin_the_next_turn(void **state)
{
	struct world *w = *state;
	struct error e;

	assert_int_equal(db_wait(w->db, chain, w, &e), 0);
	event_base_loop(w->base, EVLOOP_ONCE);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	assert_int_equal(w->saves, 2);
	assert_int_equal(db_commit(w->db, &e), 0);
}

static void second_agent_is_refused_until_the_first_has_gone(void **state)
{
	struct world *w = *state;
	struct db *second = NULL;
	struct error e;

	assert_int_equal(db_lock_held(w->dir), 1);
	assert_int_equal(db_open(&second, w->dir, &e), -EBUSY);
	assert_null(second);
	assert_non_null(strstr(e.msg, "another agent runs with state directory /tmp/axo-db-"));
	db_close(w->db);
	w->db = NULL;
	assert_int_equal(db_lock_held(w->dir), 0);
	assert_int_equal(db_open(&w->db, w->dir, &e), 0);
}

static void file_in_place_of_the_directory_is_an_error(void **state)
{
	struct world *w = *state;
	struct db *db = NULL;
	struct error e;
	char path[128];

	snprintf(path, sizeof(path), "%s/axoneme.db/state", w->dir);
	assert_true(db_open(&db, path, &e) < 0);
	assert_null(db);
	assert_non_null(strstr(e.msg, path));
	assert_int_equal(db_lock_held("/nonexistent"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, world_new, world_free)
		TEST(requests_of_one_turn_share_one_commit),
		TEST(everybody_of_a_failed_turn_hears_it_and_nothing_stays),
		TEST(spoilt_turn_is_not_committed),
		TEST(full_database_is_no_space_and_names_the_file),
		TEST(waiter_may_begin_the_next_turn),
		TEST(second_agent_is_refused_until_the_first_has_gone),
		TEST(file_in_place_of_the_directory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
