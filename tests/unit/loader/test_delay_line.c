// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The delay line's thread, with a socket pair in place of the TAP device: what goes in comes out,
 * not before its time, and at once when there is no reason to hold it.  Nothing here asserts how
 * late it is: that is for tests/bench.
 */
#include <errno.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "axoneme/delay.h"
#include "loader/delay_line.h"
#include "loader/delay_pool.h"
#include "loader/delay_queue.h"
#include "tests/lib/wait.h"

#define MS 1000000ull
#define LONG_NS (50000 * MS)
#define DEADLINE_MS 20000

/** struct frame - as a TAP device gives it, with a number for payload */
struct frame {
	struct virtio_net_hdr header;
	struct axo_delay_tag tag;
	uint16_t ethertype;
	uint32_t number;
	uint8_t rest[1000];
} __attribute__((packed));

struct world {
	struct delay_worker *worker;
	struct delay_line *line;
	int fd;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void start(struct world *w, size_t max_bytes)
{
	struct error e = {0};
	int fds[2], room = 1 << 22;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	w->fd = fds[0];
	assert_int_equal(delay_worker_start(&w->worker, &e), 0);
	assert_int_equal(delay_line_start(&w->line, w->worker, fds[1], max_bytes, &e), 0);
}

static void stop(struct world *w)
{
	delay_line_stop(w->line);
	delay_worker_stop(w->worker);
	close(w->fd);
}

static void send_frame(struct world *w, uint64_t release_ns, uint16_t experiment, uint32_t number)
{
	struct axo_delay_tag tag = {.mark = AXO_DELAY_MARK, .experiment = experiment};
	struct frame f = {.number = number};
	struct pollfd p = {.fd = w->fd, .events = POLLOUT};

	axo_delay_set_release(&tag, release_ns);
	f.tag = tag;
	assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
	assert_int_equal(send(w->fd, &f, sizeof(f), 0), sizeof(f));
}

static uint32_t receive(struct world *w)
{
	struct pollfd p = {.fd = w->fd, .events = POLLIN};
	struct frame f;

	assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
	assert_int_equal(recv(w->fd, &f, sizeof(f), 0), sizeof(f));
	return f.number;
}

static bool nothing_came(struct world *w)
{
	struct frame f;

	return recv(w->fd, &f, sizeof(f), 0) < 0 && errno == EAGAIN;
}

static struct delay_line_stats stats(struct world *w)
{
	struct delay_line_stats s;

	delay_line_read_stats(w->line, &s);
	return s;
}

/** wait_held - until the thread has taken in @n packets */
static void wait_held(struct world *w, uint64_t n)
{
	assert_true(wait_until(stats(w).held == n));
}

static void nothing_leaves_before_its_time(void **state)
{
	struct world w;
	uint64_t release;

	(void)state;
	start(&w, 1 << 20);
	release = now_ns() + 30 * MS;
	send_frame(&w, release + 20 * MS, 1, 2);
	send_frame(&w, release, 1, 1);
	assert_int_equal(receive(&w), 1);
	assert_true(now_ns() >= release);
	assert_int_equal(receive(&w), 2);
	assert_true(now_ns() >= release + 20 * MS);
	stop(&w);
}

static void what_is_due_already_leaves_at_once(void **state)
{
	struct world w;

	(void)state;
	start(&w, 1 << 20);
	for (uint32_t i = 0; i < 500; i++)
		send_frame(&w, now_ns() - MS, 1, i);
	for (uint32_t i = 0; i < 500; i++)
		assert_int_equal(receive(&w), i);
	stop(&w);
}

static void hasten_delivers_what_one_experiment_holds(void **state)
{
	struct world w;

	(void)state;
	start(&w, 1 << 20);
	for (uint32_t i = 0; i < 20; i++)
		send_frame(&w, now_ns() + LONG_NS, i % 2, i);
	wait_held(&w, 20);
	assert_int_equal(delay_line_holding(w.line, 1), 10);
	delay_line_hasten(w.line, 1);
	for (uint32_t i = 1; i < 20; i += 2)
		assert_int_equal(receive(&w), i);
	wait_held(&w, 10);
	assert_int_equal(delay_line_holding(w.line, 1), 0);
	assert_true(nothing_came(&w));
	delay_line_hasten(w.line, DELAY_ALL);
	for (uint32_t i = 0; i < 20; i += 2)
		assert_int_equal(receive(&w), i);
	stop(&w);
}

static void stop_delivers_everything(void **state)
{
	struct world w;

	(void)state;
	start(&w, 1 << 20);
	for (uint32_t i = 0; i < 100; i++)
		send_frame(&w, now_ns() + LONG_NS + i, 1, i);
	delay_line_stop(w.line);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(receive(&w), i);
	delay_worker_stop(w.worker);
	close(w.fd);
}

static void lease_that_ends_delivers_everything(void **state)
{
	struct world w;

	(void)state;
	start(&w, 1 << 20);
	send_frame(&w, now_ns() + LONG_NS, 1, 5);
	wait_held(&w, 1);
	assert_true(nothing_came(&w));
	delay_line_alive(w.line, now_ns() - 4000 * MS);
	assert_int_equal(receive(&w), 5);
	stop(&w);
}

static void bytes_beyond_the_bound_make_the_first_leave_early(void **state)
{
	struct world w;

	(void)state;
	start(&w, 20 * 1024);
	for (uint32_t i = 0; i < 100; i++)
		send_frame(&w, now_ns() + LONG_NS + i * MS, 1, i);
	/* What is due first makes room for what is due later. */
	for (uint32_t i = 0; i < 80; i++)
		assert_int_equal(receive(&w), i);
	assert_in_range(stats(&w).bytes_max, 10 * 1024, 22 * 1024);
	assert_in_range(stats(&w).early, 80, 100);
	stop(&w);
}

static void large_frames_come_out_as_they_went_in(void **state)
{
	static uint8_t frame[DELAY_FRAME_MAX], got[DELAY_FRAME_MAX + 1];
	struct axo_delay_tag tag = {.mark = AXO_DELAY_MARK, .experiment = 1};
	struct pollfd p = {.events = POLLIN};
	struct world w;

	(void)state;
	start(&w, 16 << 20);
	p.fd = w.fd;
	axo_delay_set_release(&tag, now_ns() + LONG_NS);
	memcpy(frame + DELAY_FRAME_HEADER, &tag, sizeof(tag));
	for (uint8_t i = 0; i < 40; i++) {
		memset(frame + DELAY_FRAME_HEADER + sizeof(tag), i, 30000 + i * 800);
		assert_int_equal(send(w.fd, frame, 30022 + i * 800, 0), 30022 + i * 800);
		wait_held(&w, i + 1);
	}
	delay_line_hasten(w.line, 1);
	for (uint8_t i = 0; i < 40; i++) {
		assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
		assert_int_equal(recv(w.fd, got, sizeof(got), 0), 30022 + i * 800);
		memset(frame + DELAY_FRAME_HEADER + sizeof(tag), i, 30000 + i * 800);
		assert_memory_equal(got, frame, 30022 + i * 800);
	}
	assert_int_equal(stats(&w).early + stats(&w).failed, 0);
	stop(&w);
}

static void frames_without_a_tag_are_not_held(void **state)
{
	struct frame f = {.tag = {.mark = 0x33}};
	struct world w;

	(void)state;
	start(&w, 1 << 20);
	assert_int_equal(send(w.fd, &f, sizeof(f), 0), sizeof(f));
	assert_int_equal(send(w.fd, "short", 5, 0), 5);
	send_frame(&w, now_ns(), 1, 9);
	assert_int_equal(receive(&w), 9);
	assert_int_equal(stats(&w).in, 1);
	assert_int_equal(stats(&w).failed, 0);
	assert_true(nothing_came(&w));
	stop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_leaves_before_its_time),
		cmocka_unit_test(what_is_due_already_leaves_at_once),
		cmocka_unit_test(hasten_delivers_what_one_experiment_holds),
		cmocka_unit_test(stop_delivers_everything),
		cmocka_unit_test(lease_that_ends_delivers_everything),
		cmocka_unit_test(bytes_beyond_the_bound_make_the_first_leave_early),
		cmocka_unit_test(large_frames_come_out_as_they_went_in),
		cmocka_unit_test(frames_without_a_tag_are_not_held),
	};

	return cmocka_run_group_tests_name("delay line", tests, NULL, NULL);
}
