/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reaper, with real devices in a network namespace of its own (root; else skipped). */
#include <errno.h>
#include <event2/event.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/cleanup.h"
#include "lib/netlink.h"
#include "loader/clock.h"
#include "loader/reaper.h"

#define DEADLINE_US 10000000

/** struct world - a reaper on a loop, and whom it told gone */
struct world {
	struct event_base *base;
	struct reaper *reaper;
	struct netlink *nl;
	unsigned int gone;
	unsigned int owned;
	char last[IFNAMSIZ];
};

static void gone(void *arg, const char *device, const struct attachment *owner)
{
	struct world *w = arg;

	w->gone++;
	w->owned += owner != NULL;
	snprintf(w->last, sizeof(w->last), "%s", device);
}

static int world_new(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct error e;

	*state = w;
	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	w->base = event_base_new();
	if (netlink_open(&w->nl) < 0 || reaper_open(&w->reaper, w->base, gone, w, &e) < 0)
		return -1;
	return 0;
}

static int world_free(void **state)
{
	struct world *w = *state;

	reaper_close(w->reaper);
	netlink_close(w->nl);
	if (w->base)
		event_base_free(w->base);
	free(w);
	return 0;
}

static struct world *world_of(void **state)
{
	struct world *w = *state;

	if (!w->reaper)
		skip(); /* no network namespace: not root */
	return w;
}

static void add_device(struct world *w, unsigned int n, char name[static IFNAMSIZ])
{
	char peer[IFNAMSIZ];
	struct veth_opts opts = {.name = name, .peer_name = peer, .peer_netns_fd = -1};

	snprintf(name, IFNAMSIZ, "axo%012x", n);
	snprintf(peer, IFNAMSIZ, "p%x", n);
	assert_int_equal(veth_add(w->nl, &opts), 0);
}

static bool exists(struct world *w, const char *name)
{
	struct link link;

	return link_get(w->nl, name, 0, &link) == 0;
}

static void run_until_gone(struct world *w, unsigned int count)
{
	uint64_t end = clock_us() + DEADLINE_US;

	while (w->gone < count && clock_us() < end)
		event_base_loop(w->base, EVLOOP_ONCE);
	assert_int_equal(w->gone, count);
}

static void devices_go_in_batches_and_each_is_told_once(void **state)
{
	struct world *w = world_of(state);
	char names[3 * REAPER_BATCH_SMALL][IFNAMSIZ], other[IFNAMSIZ];
	const unsigned int count = ARRAY_SIZE(names);

	add_device(w, 0xffff, other);
	for (unsigned int i = 0; i < count; i++)
		add_device(w, i, names[i]);
	reaper_add_seen(w->reaper); /* small batches: several of them */
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(reaper_add(w->reaper, names[i], NULL), 0);
	assert_int_equal(reaper_add(w->reaper, names[0], NULL), 0);
	assert_int_equal(reaper_pending(w->reaper), count);
	assert_true(reaper_has(w->reaper, names[count - 1]));
	run_until_gone(w, count);
	for (unsigned int i = 0; i < count; i++)
		assert_false(exists(w, names[i]));
	assert_true(exists(w, other));
	assert_int_equal(reaper_pending(w->reaper), 0);
	assert_false(reaper_has(w->reaper, names[0]));
}

static void device_that_is_not_there_is_gone_at_once(void **state)
{
	struct world *w = world_of(state);
	struct attachment owner;

	assert_int_equal(attachment_set(&owner, "n", "c", "eth0", NULL), 0);
	assert_int_equal(reaper_add(w->reaper, "axo000000000001", &owner), 0);
	reaper_hurry(w->reaper);
	run_until_gone(w, 1);
	assert_string_equal(w->last, "axo000000000001");
	assert_int_equal(w->owned, 1);
}

static void mark_is_passed_when_what_was_there_before_it_is_gone(void **state)
{
	struct world *w = world_of(state);
	char first[IFNAMSIZ], second[IFNAMSIZ];
	uint64_t mark;

	add_device(w, 1, first);
	add_device(w, 2, second);
	assert_true(reaper_passed(w->reaper, reaper_mark(w->reaper)));
	reaper_add(w->reaper, first, NULL);
	mark = reaper_mark(w->reaper);
	assert_false(reaper_passed(w->reaper, mark));
	reaper_hurry(w->reaper);
	reaper_add(w->reaper, second, NULL); /* behind the mark */
	run_until_gone(w, 1);
	assert_true(reaper_passed(w->reaper, mark));
	run_until_gone(w, 2);
	assert_false(exists(w, second));
}

static void close_in_the_middle_waits_for_the_batch(void **state)
{
	struct world *w = world_of(state);
	char names[REAPER_BATCH_MAX][IFNAMSIZ];

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		add_device(w, i, names[i]);
		reaper_add(w->reaper, names[i], NULL);
	}
	reaper_hurry(w->reaper);
	reaper_close(w->reaper);
	w->reaper = NULL;
	/* Either the worker had begun, or it had not: nothing is half removed. */
	for (unsigned int i = 1; i < ARRAY_SIZE(names); i++)
		assert_int_equal(exists(w, names[i]), exists(w, names[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, world_new, world_free)
		TEST(devices_go_in_batches_and_each_is_told_once),
		TEST(device_that_is_not_there_is_gone_at_once),
		TEST(mark_is_passed_when_what_was_there_before_it_is_gone),
		TEST(close_in_the_middle_waits_for_the_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
