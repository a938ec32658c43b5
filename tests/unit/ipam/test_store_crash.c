/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Store under kill -9: a child works on the database and tells each commit through a pipe; it is
 * killed at some point that it does not know; what it told must be there, and be consistent.
 *
 * A commit of which the child could not tell any more may be there or not: at most one.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "ipam/store.h"
#include "lib/cleanup.h"
#include "tests/unit/ipam/text.h"

#define BOOT "11111111-2222-3333-4444-555555555555"
#define OWNERS 40
#define ROUNDS 60

/* What the child tells: owner @owner now has @v4 and @v6 (@taken), or has nothing. */
struct told {
	int owner;
	int taken;
	struct axo_addr v4, v6;
};

struct agent {
	sqlite3 *db;
	struct ipam_store *store;
	struct ipam *ipam;
};

static int sql(sqlite3 *db, const char *text)
{
	return sqlite3_exec(db, text, NULL, NULL, NULL);
}

/* 0, or the line that failed: the child has no test framework to fail in. */
static int agent_open(struct agent *a, const char *path)
{
	struct ipam_config config = {.cooldown_ms = 20, .tracked_max = 10};

	if (cidr_parse("10.0.0.0/26", &config.v4, NULL) < 0 ||
	    cidr_parse("fd00::/64", &config.v6, NULL) < 0)
		return __LINE__;
	if (sqlite3_open(path, &a->db) != SQLITE_OK)
		return __LINE__;
	if (sql(a->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN") != SQLITE_OK)
		return __LINE__;
	if (ipam_store_open(a->db, &a->store, NULL) < 0)
		return __LINE__;
	if (ipam_store_load(a->store, &config, BOOT, 0, &a->ipam, NULL) < 0)
		return __LINE__;
	return sql(a->db, "COMMIT") == SQLITE_OK ? 0 : __LINE__;
}

static void agent_close(struct agent *a)
{
	ipam_free(a->ipam);
	ipam_store_close(a->store);
	assert_int_equal(sqlite3_close(a->db), SQLITE_OK);
}

/* One operation in memory; time is a count of operations. */
static int work(struct agent *a, int n, struct told *told)
{
	struct attachment owner;
	struct ipam_lease lease;

	*told = (struct told){.owner = n * 7 % OWNERS};
	owner = owner_of(told->owner);
	if (ipam_find(a->ipam, &owner)) {
		ipam_release(a->ipam, &owner);
		ipam_released(a->ipam, &owner, n);
		return 0;
	}
	if (ipam_take(a->ipam, &owner, NULL, 0, n, &lease, NULL) < 0)
		return __LINE__;
	told->taken = 1;
	told->v4 = lease.v4;
	told->v6 = lease.v6;
	return 0;
}

/* Never returns: works until it is killed. */
static void child_run(const char *path, int start, int fd)
{
	struct agent a = {.db = NULL};
	struct told told;
	int line = agent_open(&a, path);

	for (int n = start; line == 0; n++) {
		line = work(&a, n, &told);
		if (line == 0 && (sql(a.db, "BEGIN") != SQLITE_OK ||
				  ipam_store_save(a.store, a.ipam, NULL) < 0 ||
				  sql(a.db, "COMMIT") != SQLITE_OK))
			line = __LINE__;
		if (line == 0 && write(fd, &told, sizeof(told)) != sizeof(told))
			line = __LINE__;
	}
	dprintf(STDERR_FILENO, "child failed at line %d\n", line);
	_exit(1);
}

/* Remember what is told until the child is dead; it dies after @kill_after messages. */
static int listen_and_kill(pid_t child, int fd, int kill_after, struct told model[OWNERS])
{
	struct told told;
	int n = 0, status;

	for (; read(fd, &told, sizeof(told)) == sizeof(told); n++) {
		model[told.owner] = told;
		if (n == kill_after)
			assert_int_equal(kill(child, SIGKILL), 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return n;
}

/* The file against what was told: number of owners that differ; updates the model. */
static int compare(const struct agent *a, struct told model[OWNERS])
{
	int different = 0;

	for (int i = 0; i < OWNERS; i++) {
		struct attachment owner = owner_of(i);
		const struct ipam_lease *lease = ipam_find(a->ipam, &owner);
		struct told there = {.owner = i, .taken = lease != NULL};

		if (lease) {
			there.v4 = lease->v4;
			there.v6 = lease->v6;
		}
		if (there.taken != model[i].taken || addr_cmp(&there.v4, &model[i].v4) ||
		    addr_cmp(&there.v6, &model[i].v6))
			different++;
		model[i] = there;
	}
	return different;
}

static void assert_no_address_twice(const struct agent *a)
{
	for (const struct ipam_lease *l = NULL; (l = ipam_next(a->ipam, l));) {
		for (const struct ipam_lease *o = l; (o = ipam_next(a->ipam, o));)
			assert_true(addr_cmp(&l->v4, &o->v4) && addr_cmp(&l->v6, &o->v6));
	}
}

static void commits_told_before_a_kill_are_there(void **state)
{
	char dir[] = "/tmp/ipam-crash-XXXXXX", path[64], command[96];
	struct told model[OWNERS] = {0};
	unsigned int seed = 1;
	int done = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/test.db", dir);
	for (int i = 0; i < OWNERS; i++)
		model[i].owner = i;
	for (int round = 0; round < ROUNDS; round++) {
		struct agent a = {.db = NULL};
		int fds[2];
		pid_t child;

		assert_int_equal(pipe(fds), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			child_run(path, done, fds[1]);
		close(fds[1]);
		done += listen_and_kill(child, fds[0], rand_r(&seed) % 40, model);
		close(fds[0]);
		assert_int_equal(agent_open(&a, path), 0);
		assert_true(compare(&a, model) <= 1);
		assert_no_address_twice(&a);
		agent_close(&a);
	}
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	assert_true(done >= ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commits_told_before_a_kill_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
