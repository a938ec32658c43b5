/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The delay line; see delay_line.h.
 *
 * The worker reads in batches, so that a flood of new packets does not make those late that are
 * due.  Numbers that the agent's thread reads are written by this thread alone, relaxed: each is
 * right by itself.
 */
#include "loader/delay_line.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "axoneme/chaos.h"
#include "axoneme/delay.h"
#include "lib/cleanup.h"
#include "loader/delay_pool.h"
#include "loader/delay_queue.h"

#define ETH_HEADER 14
#define BATCH 64
#define NS_PER_S 1000000000ull

/**
 * struct delay_line
 * @fd:      the TAP device
 * @wake_fd: eventfd: there is something below @mutex to look at, or @stop
 * @hasten, @hasten_all: asked for and not yet done
 * @queue, @pool: the thread's own
 */
struct delay_line {
	int fd;
	int wake_fd;
	size_t max_bytes;
	struct delay_worker *worker;
	pthread_mutex_t mutex;
	bool hasten_all;
	bool hasten[AXO_MAX_CHAOS];
	atomic_bool stop, broken;
	_Atomic uint64_t alive_ns;
	struct delay_queue queue;
	struct delay_pool pool;
	_Atomic uint64_t in, out, early, failed, held, bytes, bytes_max;
	_Atomic uint32_t holding[AXO_MAX_CHAOS];
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static void note_holding(struct delay_line *l, uint32_t experiment, int change)
{
	if (experiment < AXO_MAX_CHAOS)
		atomic_fetch_add_explicit(&l->holding[experiment], (uint32_t)change,
					  memory_order_relaxed);
}

static void note_size(struct delay_line *l)
{
	atomic_store_explicit(&l->held, l->queue.count, memory_order_relaxed);
	atomic_store_explicit(&l->bytes, l->queue.bytes, memory_order_relaxed);
	if (l->queue.bytes > atomic_load_explicit(&l->bytes_max, memory_order_relaxed))
		atomic_store_explicit(&l->bytes_max, l->queue.bytes, memory_order_relaxed);
}

static void write_back(struct delay_line *l, const void *frame, size_t len)
{
	ssize_t n;

	do
		n = write(l->fd, frame, len);
	while (n < 0 && errno == EINTR);
	add(n == (ssize_t)len ? &l->out : &l->failed, 1);
}

/* Those that are due by @until; DELAY_NEVER: all. */
static void release_until(struct delay_line *l, uint64_t until)
{
	struct delay_held held;

	while (l->queue.count && delay_queue_next_ns(&l->queue) <= until &&
	       delay_queue_take(&l->queue, &held)) {
		write_back(l, held.frame, held.len);
		note_holding(l, held.experiment, -1);
		delay_pool_release(&l->pool, held.frame, held.size);
	}
}

/* Rule 3. */
static void make_room(struct delay_line *l)
{
	struct delay_held held;

	while (l->queue.bytes > l->max_bytes && delay_queue_take(&l->queue, &held)) {
		write_back(l, held.frame, held.len);
		add(&l->early, 1);
		note_holding(l, held.experiment, -1);
		delay_pool_release(&l->pool, held.frame, held.size);
	}
}

/* Without memory the packet goes at once. */
static int hold(struct delay_line *l, struct delay_held *held)
{
	held->frame = delay_pool_keep(&l->pool, held->len, &held->size);
	if (held->frame && delay_queue_put(&l->queue, held) == 0)
		return 0;
	write_back(l, held->frame ? held->frame : l->pool.hand, held->len);
	add(&l->early, 1);
	delay_pool_release(&l->pool, held->frame, held->size);
	return -ENOMEM;
}

static void frame_came(struct delay_line *l, size_t len, uint64_t now)
{
	struct delay_held held = {.len = (uint32_t)len};
	struct axo_delay_tag tag;

	if (len < DELAY_FRAME_HEADER + ETH_HEADER)
		return;
	memcpy(&tag, l->pool.hand + DELAY_FRAME_HEADER, sizeof(tag));
	/* What the kernel itself sends out of the device (multicast listener reports) ends here. */
	if (tag.mark != AXO_DELAY_MARK)
		return;
	add(&l->in, 1);
	held.release_ns = axo_delay_release(&tag, now);
	held.experiment = tag.experiment;
	if (hold(l, &held) < 0)
		return;
	note_holding(l, held.experiment, 1);
	note_size(l);
	make_room(l);
}

/* true: there may be more */
static bool read_batch(struct delay_line *l, uint64_t now)
{
	for (int i = 0; i < BATCH; i++) {
		ssize_t n = read(l->fd, l->pool.hand, DELAY_FRAME_MAX);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		frame_came(l, (size_t)n, now);
	}
	return true;
}

static void do_hasten(struct delay_line *l)
{
	bool all, one[AXO_MAX_CHAOS];

	pthread_mutex_lock(&l->mutex);
	all = l->hasten_all;
	memcpy(one, l->hasten, sizeof(one));
	l->hasten_all = false;
	memset(l->hasten, 0, sizeof(l->hasten));
	pthread_mutex_unlock(&l->mutex);
	if (all)
		delay_queue_hasten(&l->queue, DELAY_ALL);
	for (uint32_t i = 0; !all && i < AXO_MAX_CHAOS; i++)
		if (one[i])
			delay_queue_hasten(&l->queue, i);
}

static void check_lease(struct delay_line *l, uint64_t now)
{
	uint64_t alive = atomic_load_explicit(&l->alive_ns, memory_order_relaxed);

	if (now > alive && now - alive > AXO_CHAOS_LEASE_NS)
		delay_queue_hasten(&l->queue, DELAY_ALL);
}

/* Until the next packet is due, comes, or somebody asks; at most a second, for the lease. */
static void wait_next(struct delay_line *l, uint64_t now)
{
	/* A device that somebody removed is an error for ever: poll() would return at once. */
	struct pollfd fds[] = {{.fd = atomic_load(&l->broken) ? -1 : l->fd, .events = POLLIN},
			       {.fd = l->wake_fd, .events = POLLIN}};
	uint64_t next = delay_queue_next_ns(&l->queue), wait = next > now ? next - now : 0, count;
	struct timespec timeout;

	if (wait > NS_PER_S)
		wait = NS_PER_S;
	timeout = (struct timespec){(time_t)(wait / NS_PER_S), (long)(wait % NS_PER_S)};
	if (ppoll(fds, ARRAY_SIZE(fds), l->queue.count ? &timeout : NULL, NULL) <= 0)
		return;
	if (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL))
		atomic_store(&l->broken, true);
	if (!(fds[1].revents & POLLIN))
		return;
	if (read(l->wake_fd, &count, sizeof(count)) == sizeof(count))
		do_hasten(l);
}

static void work(void *arg)
{
	struct delay_line *l = arg;
	bool more = false;

	while (!atomic_load(&l->stop)) {
		if (!more)
			wait_next(l, now_ns());
		more = read_batch(l, now_ns());
		check_lease(l, now_ns());
		release_until(l, now_ns());
		note_size(l);
	}
	while (read_batch(l, now_ns()))
		release_until(l, DELAY_NEVER);
	release_until(l, DELAY_NEVER);
	note_size(l);
}

static void wake(struct delay_line *l)
{
	uint64_t one = 1;

	/* It fails only when the counter is full: then the thread is awake. */
	if (write(l->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static void line_free(struct delay_line *l)
{
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	close(l->fd);
	delay_queue_fini(&l->queue);
	delay_pool_fini(&l->pool);
	pthread_mutex_destroy(&l->mutex);
	free(l);
}

int delay_line_start(struct delay_line **out, struct delay_worker *worker, int fd, size_t max_bytes,
		     struct error *e)
{
	struct delay_line *l = calloc(1, sizeof(*l));
	int r;

	if (!l) {
		close(fd);
		return error_set(e, ENOMEM, "no memory for the delay line");
	}
	l->worker = worker;
	l->fd = fd;
	l->max_bytes = max_bytes;
	l->alive_ns = now_ns();
	pthread_mutex_init(&l->mutex, NULL);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = delay_pool_init(&l->pool);
	if (l->wake_fd < 0 || r < 0) {
		r = r < 0 ? r : -EMFILE;
		line_free(l);
		return error_set(e, r, "cannot start the delay line: %s", strerror(-r));
	}
	delay_worker_run(worker, work, l);
	*out = l;
	return 0;
}

void delay_line_stop(struct delay_line *l)
{
	if (!l)
		return;
	atomic_store(&l->stop, true);
	wake(l);
	delay_worker_wait(l->worker);
	line_free(l);
}

void delay_line_alive(struct delay_line *l, uint64_t now)
{
	atomic_store_explicit(&l->alive_ns, now, memory_order_relaxed);
}

void delay_line_hasten(struct delay_line *l, uint32_t experiment)
{
	pthread_mutex_lock(&l->mutex);
	if (experiment == DELAY_ALL)
		l->hasten_all = true;
	else if (experiment < AXO_MAX_CHAOS)
		l->hasten[experiment] = true;
	pthread_mutex_unlock(&l->mutex);
	wake(l);
}

bool delay_line_is_broken(const struct delay_line *l)
{
	return atomic_load(&l->broken);
}

uint32_t delay_line_holding(const struct delay_line *l, uint32_t experiment)
{
	return experiment < AXO_MAX_CHAOS
		       ? atomic_load_explicit(&l->holding[experiment], memory_order_relaxed)
		       : 0;
}

void delay_line_read_stats(const struct delay_line *l, struct delay_line_stats *out)
{
	*out = (struct delay_line_stats){
		.in = atomic_load_explicit(&l->in, memory_order_relaxed),
		.out = atomic_load_explicit(&l->out, memory_order_relaxed),
		.early = atomic_load_explicit(&l->early, memory_order_relaxed),
		.failed = atomic_load_explicit(&l->failed, memory_order_relaxed),
		.held = atomic_load_explicit(&l->held, memory_order_relaxed),
		.bytes = atomic_load_explicit(&l->bytes, memory_order_relaxed),
		.bytes_max = atomic_load_explicit(&l->bytes_max, memory_order_relaxed),
	};
}
