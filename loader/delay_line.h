/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Delay line in user space: a thread that reads packets from a TAP device, holds each until its
 * release time (axoneme/delay.h) and writes it back, where the program from_delay delivers it.
 *
 * A packet is a struct virtio_net_hdr and a frame, read and written in one piece, so super-packets
 * stay whole and offloaded checksums stay offloaded.
 *
 * Nothing is held longer than its time, and less long when
 *      1. the experiment that holds it has ended: delay_line_hasten();
 *      2. nobody renewed the lease for AXO_CHAOS_LEASE_NS: delay_line_alive();
 *      3. more than the asked-for bytes are held: the first ones go early, and are counted;
 *      4. the line is stopped: it ends when nothing is held.
 *
 * One thread calls these functions; what the line's worker does is its own affair.
 */
#ifndef LOADER_DELAY_LINE_H
#define LOADER_DELAY_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "loader/delay_worker.h"

struct delay_line;

/**
 * struct delay_line_stats
 * @in:        packets that came, without those that have no tag
 * @out:       packets that were written back
 * @early:     of them, those that made room for others (3)
 * @failed:    packets that the kernel did not take back
 * @held:      packets in the line now
 * @bytes:     memory that they take
 * @bytes_max: the most that it was
 */
struct delay_line_stats {
	uint64_t in;
	uint64_t out;
	uint64_t early;
	uint64_t failed;
	uint64_t held;
	uint64_t bytes;
	uint64_t bytes_max;
};

/**
 * delay_line_start - hold what comes from @fd
 * @worker: idle; it works for the line until delay_line_stop()
 * @fd: taken over, also on failure; non-blocking; every read() is one packet
 * @max_bytes: see 3
 */
int delay_line_start(struct delay_line **line, struct delay_worker *worker, int fd,
		     size_t max_bytes, struct error *e);

/** delay_line_stop - deliver all, let the worker go, close the descriptor; NULL is fine */
void delay_line_stop(struct delay_line *line);

/** delay_line_alive - renew the lease (2) until @now_ns + AXO_CHAOS_LEASE_NS, CLOCK_MONOTONIC */
void delay_line_alive(struct delay_line *line, uint64_t now_ns);

/** delay_line_hasten - deliver what @experiment (or DELAY_ALL) holds */
void delay_line_hasten(struct delay_line *line, uint32_t experiment);

/** delay_line_is_broken - the device is gone; what was held is lost, and a new line is needed */
bool delay_line_is_broken(const struct delay_line *line);

/** delay_line_holding - packets that @experiment has in the line; a moment old */
uint32_t delay_line_holding(const struct delay_line *line, uint32_t experiment);

void delay_line_read_stats(const struct delay_line *line, struct delay_line_stats *out);

#endif
