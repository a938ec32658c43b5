/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The reaper; see reaper.h.
 *
 * The loop's thread owns the list of jobs.  The worker sees one batch at a time: an array of
 * names in, an array of results out, handed over under the mutex.  While `batch.busy` is set the
 * arrays are the worker's.
 */
#include "loader/reaper.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/netlink.h"
#include "loader/clock.h"

/* Group of devices that are about to go: "axo" and a one. */
#define DYING_GROUP 0x61786f01

struct job {
	struct job *next;
	char device[IFNAMSIZ];
	struct attachment owner;
	bool owned;
	bool told;
	uint64_t seq;
};

/** struct batch - what the worker does now; @error: per device, 0 = gone */
struct batch {
	char device[REAPER_BATCH_MAX][IFNAMSIZ];
	int error[REAPER_BATCH_MAX];
	size_t count;
	bool busy;
};

/**
 * struct reaper
 * @first, @last: jobs, oldest first
 * @in_flight: a batch was handed over and its results were not yet read
 * @mutex, @wake: guard @batch.busy and @stop
 * @done_fd: the worker tells the loop that a batch is over
 */
struct reaper {
	struct event *timer;
	struct event *done;
	reaper_gone gone;
	void *arg;
	struct job *first;
	struct job **last;
	size_t count;
	uint64_t seq;
	uint64_t add_seen_us;
	bool in_flight;
	struct netlink *nl;
	int done_fd;
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool stop;
	struct batch batch;
};

/* One by one, when the group could not be deleted as a whole. */
static void batch_single(struct netlink *nl, struct batch *b, const int *ifindex)
{
	for (size_t i = 0; i < b->count; i++) {
		int r = ifindex[i] ? link_del(nl, ifindex[i]) : 0;

		if (ifindex[i])
			b->error[i] = r == -ENODEV ? 0 : r;
	}
}

static void batch_work(struct netlink *nl, struct batch *b)
{
	struct link_opts dying = {.set_group = true, .group = DYING_GROUP};
	int ifindex[REAPER_BATCH_MAX] = {0};
	size_t found = 0;

	for (size_t i = 0; i < b->count; i++) {
		struct link link;
		int r = link_get(nl, b->device[i], 0, &link);

		if (r == 0)
			r = link_set(nl, link.ifindex, &dying);
		b->error[i] = r == -ENODEV ? 0 : r;
		if (r == 0) {
			ifindex[i] = link.ifindex;
			found++;
		}
	}
	/* -ENODEV: all of them went by themselves, with their pods' namespaces. */
	if (found) {
		int r = link_del_group(nl, DYING_GROUP);

		if (r < 0 && r != -ENODEV)
			batch_single(nl, b, ifindex);
	}
}

static void *worker(void *arg)
{
	struct reaper *r = arg;
	uint64_t one = 1;

	pthread_mutex_lock(&r->mutex);
	while (!r->stop) {
		if (!r->batch.busy) {
			pthread_cond_wait(&r->wake, &r->mutex);
			continue;
		}
		pthread_mutex_unlock(&r->mutex);
		batch_work(r->nl, &r->batch);
		pthread_mutex_lock(&r->mutex);
		r->batch.busy = false;
		if (write(r->done_fd, &one, sizeof(one)) < 0)
			log_err(errno, "reaper cannot tell the loop");
	}
	pthread_mutex_unlock(&r->mutex);
	return NULL;
}

static void timer_set(struct reaper *r, int ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

	event_add(r->timer, &tv);
}

static size_t batch_limit(const struct reaper *r)
{
	bool adds = clock_us() - r->add_seen_us < REAPER_ADD_MS * 1000;

	return adds ? REAPER_BATCH_SMALL : REAPER_BATCH_MAX;
}

/* Hand the oldest jobs to the worker, unless it has some; its end comes back here. */
static void dispatch(struct reaper *r)
{
	size_t limit = batch_limit(r);

	if (r->in_flight || !r->first)
		return;
	r->in_flight = true;
	pthread_mutex_lock(&r->mutex);
	r->batch.count = 0;
	for (struct job *j = r->first; j && r->batch.count < limit; j = j->next)
		memcpy(r->batch.device[r->batch.count++], j->device, IFNAMSIZ);
	r->batch.busy = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->mutex);
}

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	dispatch(arg);
}

static struct job *job_find(const struct reaper *r, const char *device)
{
	for (struct job *j = r->first; j; j = j->next) {
		if (!strcmp(j->device, device))
			return j;
	}
	return NULL;
}

/* Unlink @device's job; the caller frees it. */
static struct job *job_take(struct reaper *r, const char *device)
{
	struct job **link = &r->first, *j;

	while (*link && strcmp((*link)->device, device) != 0)
		link = &(*link)->next;
	j = *link;
	if (!j)
		return NULL;
	*link = j->next;
	if (r->last == &j->next)
		r->last = link;
	r->count--;
	return j;
}

static void job_append(struct reaper *r, struct job *j)
{
	j->next = NULL;
	*r->last = j;
	r->last = &j->next;
	r->count++;
}

/* A device that cannot be removed goes to the end of the list and is tried again later. */
static bool batch_results(struct reaper *r, const struct batch *b)
{
	bool failed = false;

	for (size_t i = 0; i < b->count; i++) {
		struct job *j = job_take(r, b->device[i]);

		if (!j)
			continue;
		if (b->error[i] == 0) {
			r->gone(r->arg, j->device, j->owned ? &j->owner : NULL);
			free(j);
			continue;
		}
		if (!j->told)
			log_err(b->error[i], "cannot remove device %s, will try again", j->device);
		j->told = true;
		job_append(r, j);
		failed = true;
	}
	return failed;
}

static void batch_done(evutil_socket_t fd, short what, void *arg)
{
	struct reaper *r = arg;
	struct batch copy;
	uint64_t n;
	bool failed;

	(void)what;
	if (read(fd, &n, sizeof(n)) < 0)
		return;
	/* The worker is idle until dispatch(); callbacks may add jobs, and hurry, meanwhile. */
	copy = r->batch;
	r->in_flight = false;
	failed = batch_results(r, &copy);
	if (failed)
		timer_set(r, REAPER_RETRY_MS);
	else if (r->first)
		dispatch(r);
}

static int reaper_start(struct reaper *r, struct event_base *base)
{
	sigset_t all, old;
	int err = netlink_open(&r->nl);

	if (err < 0)
		return err;
	r->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->done_fd < 0)
		return -errno;
	r->timer = event_new(base, -1, 0, timer_fired, r);
	r->done = event_new(base, r->done_fd, EV_READ | EV_PERSIST, batch_done, r);
	if (!r->timer || !r->done || event_add(r->done, NULL) < 0)
		return -ENOMEM;
	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&r->thread, NULL, worker, r);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	r->started = err == 0;
	return -err;
}

int reaper_open(struct reaper **out, struct event_base *base, reaper_gone gone, void *arg,
		struct error *e)
{
	struct reaper *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return error_set(e, ENOMEM, "no memory");
	r->gone = gone;
	r->arg = arg;
	r->last = &r->first;
	r->done_fd = -1;
	pthread_mutex_init(&r->mutex, NULL);
	pthread_cond_init(&r->wake, NULL);
	err = reaper_start(r, base);
	if (err < 0) {
		reaper_close(r);
		return error_set(e, err, "cannot start the reaper: %s", strerror(-err));
	}
	*out = r;
	return 0;
}

static void thread_stop(struct reaper *r)
{
	pthread_mutex_lock(&r->mutex);
	r->stop = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->mutex);
	pthread_join(r->thread, NULL);
}

void reaper_close(struct reaper *r)
{
	if (!r)
		return;
	if (r->started)
		thread_stop(r);
	while (r->first) {
		struct job *j = r->first;

		r->first = j->next;
		free(j);
	}
	if (r->timer)
		event_free(r->timer);
	if (r->done)
		event_free(r->done);
	if (r->done_fd >= 0)
		close(r->done_fd);
	netlink_close(r->nl);
	pthread_mutex_destroy(&r->mutex);
	pthread_cond_destroy(&r->wake);
	free(r);
}

int reaper_add(struct reaper *r, const char *device, const struct attachment *owner)
{
	struct job *j = job_find(r, device);

	if (!j) {
		j = calloc(1, sizeof(*j));
		if (!j)
			return -ENOMEM;
		snprintf(j->device, sizeof(j->device), "%s", device);
		j->seq = ++r->seq;
		job_append(r, j);
	}
	if (owner) {
		j->owner = *owner;
		j->owned = true;
	}
	if (!evtimer_pending(r->timer, NULL))
		timer_set(r, REAPER_GATHER_MS);
	return 0;
}

bool reaper_has(const struct reaper *r, const char *device)
{
	return job_find(r, device) != NULL;
}

void reaper_add_seen(struct reaper *r)
{
	r->add_seen_us = clock_us();
}

void reaper_hurry(struct reaper *r)
{
	dispatch(r);
}

uint64_t reaper_mark(const struct reaper *r)
{
	return r->seq;
}

bool reaper_passed(const struct reaper *r, uint64_t mark)
{
	for (const struct job *j = r->first; j; j = j->next) {
		if (j->seq <= mark)
			return false;
	}
	return true;
}

size_t reaper_pending(const struct reaper *r)
{
	return r->count;
}
