// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The delay line's thread: one job after the other, before everybody else, without privileges. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/capability.h>

#include <cmocka.h>

#include "loader/delay_worker.h"

/** struct job - what the thread found out about itself */
struct job {
	unsigned int done;
	int policy;
	cap_flag_value_t net_admin;
};

static void look(void *arg)
{
	cap_t caps = cap_get_proc();
	struct job *job = arg;

	job->policy = sched_getscheduler(0);
	if (cap_get_flag(caps, CAP_NET_ADMIN, CAP_PERMITTED, &job->net_admin))
		job->net_admin = CAP_SET;
	cap_free(caps);
	job->done++;
}

static void jobs_are_done_one_after_the_other(void **state)
{
	struct delay_worker *w;
	struct job job = {0};
	struct error e;

	(void)state;
	assert_int_equal(delay_worker_start(&w, &e), 0);
	for (unsigned int i = 1; i <= 100; i++) {
		delay_worker_run(w, look, &job);
		delay_worker_wait(w);
		assert_int_equal(job.done, i);
	}
	delay_worker_wait(w);
	assert_int_equal(job.net_admin, CAP_CLEAR);
	delay_worker_stop(w);
	delay_worker_stop(NULL);
}

static void it_has_priority_where_that_is_allowed(void **state)
{
	const struct sched_param one = {.sched_priority = 1}, zero = {0};
	struct delay_worker *w;
	struct job job = {0};
	struct error e;

	(void)state;
	if (sched_setscheduler(0, SCHED_RR, &one))
		skip();
	assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &zero), 0);
	assert_int_equal(delay_worker_start(&w, &e), 0);
	delay_worker_run(w, look, &job);
	delay_worker_wait(w);
	assert_int_equal(job.policy, SCHED_RR);
	delay_worker_stop(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_are_done_one_after_the_other),
		cmocka_unit_test(it_has_priority_where_that_is_allowed),
	};

	return cmocka_run_group_tests_name("delay worker", tests, NULL, NULL);
}
