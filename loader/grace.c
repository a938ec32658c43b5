/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Grace periods; see grace.h.
 *
 * The kernel waits for all running programs when a map is put into a map of maps
 * (kernel/bpf/syscall.c, maybe_wait_bpf_programs()): that is what is asked for here.  membarrier()
 * would do as well, but not on hosts with nohz_full.
 */
#include "loader/grace.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "lib/cleanup.h"
#include "lib/log.h"

struct waiter {
	struct waiter *next;
	grace_done done;
	void *arg;
};

/**
 * struct grace
 * @waiting: came since the period under way began
 * @served:  wait for the one under way
 * @inner, @outer: the maps
 * @mutex, @wake:  guard @asked and @stop
 */
struct grace {
	struct waiter *waiting;
	struct waiter *served;
	bool in_flight;
	int inner;
	int outer;
	int done_fd;
	struct event *done;
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool asked;
	bool stop;
};

/* Wait for one here: an update of a map in a map returns behind it. */
static int period_wait(struct grace *g)
{
	uint32_t key = 0;

	return bpf_map_update_elem(g->outer, &key, &g->inner, BPF_ANY) < 0 ? -errno : 0;
}

/* What was not waited for must not be freed: try until it works, it has no reason not to. */
static void wait_here(struct grace *g)
{
	int r;

	while ((r = period_wait(g)) < 0) {
		struct timespec second = {.tv_sec = 1};

		log_err(r, "cannot wait for a grace period");
		nanosleep(&second, NULL);
		pthread_mutex_lock(&g->mutex);
		bool stop = g->stop;
		pthread_mutex_unlock(&g->mutex);
		if (stop)
			return;
	}
}

static void *worker(void *arg)
{
	struct grace *g = arg;
	uint64_t one = 1;

	pthread_mutex_lock(&g->mutex);
	while (!g->stop) {
		if (!g->asked) {
			pthread_cond_wait(&g->wake, &g->mutex);
			continue;
		}
		g->asked = false;
		pthread_mutex_unlock(&g->mutex);
		wait_here(g);
		if (write(g->done_fd, &one, sizeof(one)) < 0)
			log_err(errno, "cannot tell of a grace period");
		pthread_mutex_lock(&g->mutex);
	}
	pthread_mutex_unlock(&g->mutex);
	return NULL;
}

static void ask(struct grace *g)
{
	if (g->in_flight || !g->waiting)
		return;
	g->in_flight = true;
	g->served = g->waiting;
	g->waiting = NULL;
	pthread_mutex_lock(&g->mutex);
	g->asked = true;
	pthread_cond_signal(&g->wake);
	pthread_mutex_unlock(&g->mutex);
}

/* Called in the order in which they asked. */
static void call_all(struct waiter *list, bool over)
{
	struct waiter *order = NULL;

	while (list) {
		struct waiter *next = list->next;

		list->next = order;
		order = list;
		list = next;
	}
	while (order) {
		struct waiter *w = order;

		order = w->next;
		w->done(w->arg, over);
		free(w);
	}
}

static void period_over(evutil_socket_t fd, short what, void *arg)
{
	struct grace *g = arg;
	struct waiter *served = g->served;
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) < 0)
		return;
	g->served = NULL;
	g->in_flight = false;
	call_all(served, true);
	ask(g);
}

static int maps_make(struct grace *g)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);

	g->inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "axo_grace_in", 4, 4, 1, NULL);
	if (g->inner < 0)
		return g->inner;
	opts.inner_map_fd = (uint32_t)g->inner;
	g->outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "axo_grace", 4, 4, 1, &opts);
	return g->outer < 0 ? g->outer : 0;
}

static int thread_start(struct grace *g)
{
	sigset_t all, old;
	int err;

	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&g->thread, NULL, worker, g);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	g->started = err == 0;
	return -err;
}

static int grace_start(struct grace *g, struct event_base *base)
{
	int r = maps_make(g);

	if (r < 0)
		return r;
	g->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (g->done_fd < 0)
		return -errno;
	g->done = event_new(base, g->done_fd, EV_READ | EV_PERSIST, period_over, g);
	if (!g->done || event_add(g->done, NULL) < 0)
		return -ENOMEM;
	return thread_start(g);
}

int grace_open(struct grace **out, struct event_base *base, struct error *e)
{
	struct grace *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return error_set(e, ENOMEM, "no memory");
	g->inner = g->outer = g->done_fd = -1;
	pthread_mutex_init(&g->mutex, NULL);
	pthread_cond_init(&g->wake, NULL);
	r = grace_start(g, base);
	if (r < 0) {
		grace_close(g);
		return error_set(e, r, "cannot wait for grace periods: %s", strerror(-r));
	}
	*out = g;
	return 0;
}

static void thread_stop(struct grace *g)
{
	pthread_mutex_lock(&g->mutex);
	g->stop = true;
	pthread_cond_signal(&g->wake);
	pthread_mutex_unlock(&g->mutex);
	pthread_join(g->thread, NULL);
}

void grace_close(struct grace *g)
{
	if (!g)
		return;
	if (g->started)
		thread_stop(g);
	call_all(g->served, false);
	call_all(g->waiting, false);
	if (g->done)
		event_free(g->done);
	cleanup_close(&g->done_fd);
	cleanup_close(&g->outer);
	cleanup_close(&g->inner);
	pthread_mutex_destroy(&g->mutex);
	pthread_cond_destroy(&g->wake);
	free(g);
}

int grace_wait(struct grace *g, grace_done done, void *arg)
{
	struct waiter *w = malloc(sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct waiter){.next = g->waiting, .done = done, .arg = arg};
	g->waiting = w;
	ask(g);
	return 0;
}
