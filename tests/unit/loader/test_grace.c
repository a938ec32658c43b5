/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Grace periods: who waits is called after a whole one.  The kernel's part, an update of a map of
 * maps, is played here: a period begins with the call and ends when the test says so.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include <cmocka.h>

#include "lib/log.h"
#include "loader/grace.h"

#define DEADLINE_S 10

/**
 * kernel - guarded by @mutex
 * @begun, @ended: how many periods
 * @allowed: so many may end
 * @fail:    so many updates fail at once
 * @no_maps: maps cannot be made
 */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned int begun, ended, allowed, fail;
	bool no_maps;
} kernel = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

int bpf_map_create(enum bpf_map_type type, const char *name, __u32 key, __u32 value, __u32 max,
		   const struct bpf_map_create_opts *opts)
{
	(void)type, (void)name, (void)key, (void)value, (void)max, (void)opts;
	return kernel.no_maps ? -EPERM : eventfd(0, EFD_CLOEXEC);
}

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	bool fails;

	(void)fd, (void)key, (void)value, (void)flags;
	pthread_mutex_lock(&kernel.mutex);
	fails = kernel.fail > 0;
	if (fails) {
		kernel.fail--;
	} else {
		kernel.begun++;
		pthread_cond_broadcast(&kernel.changed);
		while (kernel.ended >= kernel.allowed)
			pthread_cond_wait(&kernel.changed, &kernel.mutex);
		kernel.ended++;
	}
	pthread_mutex_unlock(&kernel.mutex);
	if (fails)
		errno = ENOMEM;
	return fails ? -1 : 0;
}

static void periods_allow(unsigned int n)
{
	pthread_mutex_lock(&kernel.mutex);
	kernel.allowed += n;
	pthread_cond_broadcast(&kernel.changed);
	pthread_mutex_unlock(&kernel.mutex);
}

/* Until the thread is inside period number @n. */
static void period_begins(unsigned int n)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE_S;
	pthread_mutex_lock(&kernel.mutex);
	while (kernel.begun < n && r == 0)
		r = pthread_cond_timedwait(&kernel.changed, &kernel.mutex, &until);
	pthread_mutex_unlock(&kernel.mutex);
	assert_int_equal(r, 0);
}

static struct event_base *base;
static struct grace *grace;

/* Who was called, in order: "a1 b0" = a with true, b with false. */
static char called[128];

static void done(void *arg, bool over)
{
	size_t len = strlen(called);

	snprintf(called + len, sizeof(called) - len, "%s%s%d", len ? " " : "", (const char *)arg,
		 over);
}

static void wait_as(const char *name)
{
	assert_int_equal(grace_wait(grace, done, (void *)name), 0);
}

/* Turn until so many bytes of text were called. */
static void turn_until(const char *expected)
{
	const struct timeval tick = {.tv_usec = 100000};
	time_t until = time(NULL) + DEADLINE_S;

	while (strlen(called) < strlen(expected) && time(NULL) < until) {
		event_base_loopexit(base, &tick);
		event_base_loop(base, EVLOOP_ONCE);
	}
	assert_string_equal(called, expected);
}

static int setup(void **state)
{
	struct error e;

	(void)state;
	log_set_level((enum log_level)(LOG_ERROR + 1));
	kernel.begun = kernel.ended = kernel.allowed = kernel.fail = 0;
	kernel.no_maps = false;
	*called = '\0';
	base = event_base_new();
	return grace_open(&grace, base, &e);
}

static int teardown(void **state)
{
	(void)state;
	periods_allow(100);
	grace_close(grace);
	event_base_free(base);
	return 0;
}

static void nobody_is_called_before_the_period_is_over(void **state)
{
	(void)state;
	wait_as("a");
	period_begins(1);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_string_equal(called, "");
	periods_allow(1);
	turn_until("a1");
	/* Nobody waits, so no other one begins. */
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(kernel.begun, 1);
}

/* A program that began before b asked may run on past the period that a waits for. */
static void who_comes_during_a_period_waits_for_the_next(void **state)
{
	(void)state;
	wait_as("a");
	period_begins(1);
	wait_as("b");
	wait_as("c");
	periods_allow(1);
	turn_until("a1");
	period_begins(2);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_string_equal(called, "a1");
	periods_allow(1);
	turn_until("a1 b1 c1");
	assert_int_equal(kernel.begun, 2);
}

static void again(void *arg, bool over)
{
	done(arg, over);
	wait_as("again");
}

static void who_is_called_may_wait_again(void **state)
{
	(void)state;
	periods_allow(2);
	assert_int_equal(grace_wait(grace, again, "first"), 0);
	turn_until("first1 again1");
	assert_int_equal(kernel.begun, 2);
}

static void an_update_that_fails_is_no_period(void **state)
{
	(void)state;
	kernel.fail = 1;
	periods_allow(1);
	wait_as("a");
	turn_until("a1");
	assert_int_equal(kernel.begun, 1);
	assert_int_equal(kernel.fail, 0);
}

static void who_still_waits_at_the_end_is_told_so(void **state)
{
	struct error e;

	(void)state;
	wait_as("a");
	period_begins(1);
	wait_as("b");
	periods_allow(1);
	/* The period may be over, but nobody was called. */
	grace_close(grace);
	assert_string_equal(called, "a0 b0");
	assert_int_equal(grace_open(&grace, base, &e), 0);
}

static void without_maps_it_says_why(void **state)
{
	struct grace *g = NULL;
	struct error e;

	(void)state;
	kernel.no_maps = true;
	assert_int_equal(grace_open(&g, base, &e), -EPERM);
	assert_null(g);
	assert_non_null(strstr(e.msg, "grace periods: Operation not permitted"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		ROW(nobody_is_called_before_the_period_is_over),
		ROW(who_comes_during_a_period_waits_for_the_next),
		ROW(who_is_called_may_wait_again),
		ROW(an_update_that_fails_is_no_period),
		ROW(who_still_waits_at_the_end_is_told_so),
		ROW(without_maps_it_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
