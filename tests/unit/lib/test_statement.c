/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SQL as the stores use it: parameters, transactions, rows, and SQLite's errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "lib/statement.h"

static const char insert[] = "INSERT INTO t VALUES (?, ?, ?)";

static int setup(void **state)
{
	struct error e;
	sqlite3 *db;

	if (sqlite3_open(":memory:", &db) != SQLITE_OK ||
	    statement_exec(db, "CREATE TABLE t (n INTEGER PRIMARY KEY, name TEXT, data BLOB)", &e,
			   "cannot make the table") < 0)
		return -1;
	*state = db;
	return 0;
}

/* A statement that is not finalized keeps the database open. */
static int teardown(void **state)
{
	return sqlite3_close(*state) == SQLITE_OK ? 0 : -1;
}

static void begin(sqlite3 *db)
{
	assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
}

static void every_kind_of_parameter_comes_back(void **state)
{
	static const struct {
		int64_t n;
		const char *name;
		size_t len;
	} rows[] = {
		{INT64_MIN, "web", 3},
		{-1, NULL, 0},
		{INT64_MAX, "", 4},
	};
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	struct error e;

	begin(*state);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(statement_run_once(*state, insert, &e, "cannot write", "itb",
						    rows[i].n, rows[i].name, "\0\1\2\3",
						    rows[i].len),
				 0);
	assert_int_equal(statement_query(*state, "SELECT * FROM t WHERE n < ? ORDER BY n", &stmt,
					 &e, "i", INT64_MAX),
			 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(statement_row(stmt, &e, "cannot read"), 1);
		assert_true(sqlite3_column_int64(stmt, 0) == rows[i].n);
		assert_string_equal(statement_text(stmt, 1), rows[i].name ? rows[i].name : "");
		assert_int_equal(sqlite3_column_bytes(stmt, 2), rows[i].len);
	}
	assert_int_equal(statement_row(stmt, &e, "cannot read"), 0);
}

static void a_prepared_statement_runs_again_after_a_failure(void **state)
{
	_cleanup_finalize_ sqlite3_stmt *stmt = NULL;
	struct error e;

	begin(*state);
	assert_int_equal(statement_prepare(*state, insert, &stmt, &e), 0);
	assert_int_equal(statement_run(stmt, &e, "cannot write 7", "itt", (int64_t)7, "", ""), 0);
	assert_int_equal(statement_run(stmt, &e, "cannot write 7", "itt", (int64_t)7, "", ""),
			 -EIO);
	assert_non_null(strstr(e.msg, "database: cannot write 7: UNIQUE constraint failed"));
	assert_int_equal(statement_run(stmt, &e, "cannot write 8", "itt", (int64_t)8, "", ""), 0);
}

static void nothing_is_written_without_a_transaction(void **state)
{
	_cleanup_finalize_ sqlite3_stmt *count = NULL;
	struct error e;

	assert_int_equal(statement_run_once(*state, insert, &e, "cannot write", "itt", (int64_t)7,
					    "", ""),
			 -EIO);
	assert_non_null(strstr(e.msg, "cannot write: no transaction is open"));
	assert_int_equal(statement_query(*state, "SELECT count(*) FROM t", &count, &e, ""), 0);
	assert_int_equal(statement_row(count, &e, "cannot read"), 1);
	assert_int_equal(sqlite3_column_int64(count, 0), 0);
}

static void a_full_disk_has_its_own_error(void **state)
{
	static char data[1 << 16];
	struct error e;
	int r;

	assert_int_equal(sqlite3_exec(*state, "PRAGMA max_page_count = 4", NULL, NULL, NULL),
			 SQLITE_OK);
	begin(*state);
	r = statement_run_once(*state, insert, &e, "cannot write", "itb", (int64_t)7, "", data,
			       sizeof(data));
	assert_int_equal(r, -ENOSPC);
	assert_non_null(strstr(e.msg, "full"));
}

static void what_is_no_sql_is_refused(void **state)
{
	sqlite3_stmt *stmt = NULL;
	struct error e;

	assert_int_equal(statement_prepare(*state, "SELECT * FROM nowhere", &stmt, &e), -EIO);
	assert_non_null(strstr(e.msg, "no such table: nowhere"));
	assert_int_equal(statement_exec(*state, "nonsense", &e, "cannot make the tables"), -EIO);
	assert_non_null(strstr(e.msg, "database: cannot make the tables: near \"nonsense\""));
	assert_int_equal(statement_query(*state, "SELECT 1", &stmt, &e, "t", "one too many"), -EIO);
	statement_finalize(&stmt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_kind_of_parameter_comes_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_prepared_statement_runs_again_after_a_failure,
						setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_written_without_a_transaction, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_full_disk_has_its_own_error, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_sql_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
