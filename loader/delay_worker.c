/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The thread of the delay line; see delay_worker.h. */
#include "loader/delay_worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "lib/log.h"
#include "loader/privileges.h"

/**
 * struct delay_worker
 * @fn, @arg: what to do; NULL = nothing
 * @quit:     to end
 */
struct delay_worker {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	delay_worker_fn fn;
	void *arg;
	bool quit;
};

/* Before everybody else: it sleeps most of the time. */
static void prefer(void)
{
	const struct sched_param first = {.sched_priority = 1};
	int r;

	/* For who may raise limits, but not priorities. */
	setrlimit(RLIMIT_RTPRIO, &(struct rlimit){1, 1});
	r = pthread_setschedparam(pthread_self(), SCHED_RR, &first);
	if (r)
		log_debug("the delay line gets no priority", "err", strerror(r));
	/* The default of 50 us is as long as a wake-up itself. */
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	prctl(PR_SET_NAME, "delay-line", 0, 0, 0);
}

static void *worker(void *arg)
{
	struct delay_worker *w = arg;

	prefer();
	privileges_drop_all();
	pthread_mutex_lock(&w->mutex);
	while (!w->quit) {
		if (!w->fn) {
			pthread_cond_wait(&w->changed, &w->mutex);
			continue;
		}
		pthread_mutex_unlock(&w->mutex);
		w->fn(w->arg);
		pthread_mutex_lock(&w->mutex);
		w->fn = NULL;
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}

static void worker_free(struct delay_worker *w)
{
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

/* Signals are for the agent's thread. */
int delay_worker_start(struct delay_worker **out, struct error *e)
{
	struct delay_worker *w = calloc(1, sizeof(*w));
	sigset_t all, old;
	int r;

	if (!w)
		return error_set(e, ENOMEM, "no memory for the delay line");
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->changed, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = -pthread_create(&w->thread, NULL, worker, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r < 0) {
		worker_free(w);
		return error_set(e, r, "cannot start the delay line's thread: %s", strerror(-r));
	}
	*out = w;
	return 0;
}

void delay_worker_run(struct delay_worker *w, delay_worker_fn fn, void *arg)
{
	pthread_mutex_lock(&w->mutex);
	w->fn = fn;
	w->arg = arg;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->mutex);
}

void delay_worker_wait(struct delay_worker *w)
{
	pthread_mutex_lock(&w->mutex);
	while (w->fn)
		pthread_cond_wait(&w->changed, &w->mutex);
	pthread_mutex_unlock(&w->mutex);
}

void delay_worker_stop(struct delay_worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->mutex);
	w->quit = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->mutex);
	pthread_join(w->thread, NULL);
	worker_free(w);
}
