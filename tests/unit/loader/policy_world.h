/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A policy directory for tests: the real watch, files, set and store; the engine's part
 * (policy_change) changes the set only, and refuses when it is told to.
 *
 * Included by one test program, once: it defines what it stands in for.
 */
#ifndef TESTS_UNIT_LOADER_POLICY_WORLD_H
#define TESTS_UNIT_LOADER_POLICY_WORLD_H

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/log.h"
#include "loader/agent.h"
#include "loader/db.h"
#include "loader/policy_dir.h"
#include "tests/unit/loader/fake_policy.h"

#define DEADLINE_MS 10000

/** struct world - one agent's directory; @root holds policies/ and state/ */
struct world {
	char root[64];
	char policies[80];
	char state[80];
	struct agent agent;
	struct policy_engine engine;
};

static struct world *world;

/* --- files --- */

static const char *path_of(const char *name)
{
	static char paths[4][160];
	static size_t next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", world->policies, name);
	return path;
}

/* At once, as `cat >` would: the file is truncated and written in place. */
static void put(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static const char *policy(const char *name)
{
	static char texts[4][256];
	static size_t next;
	char *text = texts[next++ % 4];

	snprintf(text, sizeof(texts[0]),
		 "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"
		 "metadata: {name: %s, namespace: a}\n"
		 "spec: {endpointSelector: {}, ingress: [{}]}\n---\n",
		 name);
	return text;
}

/* --- what is in force --- */

/* "a b c": names of all policies in the set, in the order of names */
static const char *in_force(void)
{
	static char text[512];
	const char *names[32];
	size_t count = 0;

	for (const struct policy *p = NULL; (p = policy_set_next(world->engine.set, p));) {
		size_t at = count++;

		for (; at && strcmp(names[at - 1], p->name) > 0; at--)
			names[at] = names[at - 1];
		names[at] = p->name;
	}
	*text = '\0';
	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 names[i]);
	return text;
}

/* What is wrong with a file; "" = nothing */
static const char *wrong(const char *name)
{
	const char *why;

	for (const char *f = NULL; (f = policy_dir_next(world->engine.dir, f, &why));)
		if (!strcmp(f, path_of(name)))
			return why;
	return "";
}

static void late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
}

/* Let the watch work until @is says so of @arg; false: it is too late. */
static bool turn_until(bool (*is)(const void *arg), const void *arg)
{
	const struct timeval tv = {.tv_sec = DEADLINE_MS / 1000};
	bool is_late = false;
	struct event *ev = event_new(world->agent.base, -1, 0, late, &is_late);

	event_add(ev, &tv);
	while (!is(arg) && !is_late) {
		event_base_loop(world->agent.base, EVLOOP_ONCE);
		assert_int_equal(db_commit(world->agent.db, NULL), 0);
	}
	event_free(ev);
	return is(arg);
}

/** struct wanted - names of what is in force, and how many files are broken */
struct wanted {
	const char *names;
	size_t broken;
};

static bool is_wanted(const void *arg)
{
	const struct wanted *w = arg;

	return !strcmp(in_force(), w->names) && policy_dir_broken(world->engine.dir) == w->broken;
}

static void wait_for(const char *names, size_t broken)
{
	const struct wanted w = {names, broken};

	turn_until(is_wanted, &w);
	assert_string_equal(in_force(), names);
	assert_int_equal(policy_dir_broken(world->engine.dir), broken);
}

static bool has_mark(const void *arg)
{
	(void)arg;
	return strstr(in_force(), "zz-mark");
}

static bool has_no_mark(const void *arg)
{
	return !has_mark(arg);
}

/* What has happened before is looked at, whatever it was. */
static void look(void)
{
	put("mark.yaml", policy("zz-mark"));
	assert_true(turn_until(has_mark, NULL));
	assert_int_equal(unlink(path_of("mark.yaml")), 0);
	assert_true(turn_until(has_no_mark, NULL));
}

/* --- an agent's life --- */

static void agent_begin(void)
{
	struct world *w = world;
	struct error e = {0};

	w->agent = (struct agent){.ready = true};
	w->engine = (struct policy_engine){.agent = &w->agent, .set = policy_set_new()};
	w->agent.opt.policy_dir = w->policies;
	w->agent.base = event_base_new();
	if (db_open(&w->agent.db, w->state, &e) || db_begin(w->agent.db, &e) ||
	    policy_store_open(db_handle(w->agent.db), &w->engine.store, &e) ||
	    policy_dir_open(&w->engine.dir, &w->engine, &w->agent, &e) ||
	    policy_dir_load(w->engine.dir, &e) || db_commit(w->agent.db, &e))
		fail_msg("%s", e.msg);
}

static void agent_end(void)
{
	policy_dir_close(world->engine.dir);
	policy_store_close(world->engine.store);
	db_close(world->agent.db);
	policy_set_free(world->engine.set);
	event_base_free(world->agent.base);
}

static void agent_again(void)
{
	agent_end();
	agent_begin();
}

static int setup(void **state)
{
	(void)state;
	log_set_level((enum log_level)(LOG_ERROR + 1));
	memset(&fake_policy, 0, sizeof(fake_policy));
	world = calloc(1, sizeof(*world));
	snprintf(world->root, sizeof(world->root), "/tmp/axo-policy-dir-XXXXXX");
	if (!mkdtemp(world->root))
		return -1;
	snprintf(world->policies, sizeof(world->policies), "%s/policies", world->root);
	snprintf(world->state, sizeof(world->state), "%s/state", world->root);
	if (mkdir(world->policies, 0700) || mkdir(world->state, 0700))
		return -1;
	agent_begin();
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	int r;

	(void)state;
	agent_end();
	r = nftw(world->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(world);
	return r;
}

#endif
