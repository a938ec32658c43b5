/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Delay queue: the packets that the delay line holds, by release time; pure.
 *
 * Of equal release times the first in is the first out.  A frame is the queue's from put to take.
 */
#ifndef LOADER_DELAY_QUEUE_H
#define LOADER_DELAY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/delay_pool.h"

/** DELAY_NEVER - release time of an empty queue */
#define DELAY_NEVER UINT64_MAX

/** DELAY_ALL - every experiment */
#define DELAY_ALL UINT32_MAX

/**
 * struct delay_held - a packet
 * @release_ns: when it is due, CLOCK_MONOTONIC
 * @order:      by arrival, the queue's own
 * @frame:      from delay_pool_keep()
 * @len:        of what is in @frame, bytes
 * @size:       memory that @frame takes, bytes
 * @experiment: that holds it
 */
struct delay_held {
	uint64_t release_ns;
	uint64_t order;
	void *frame;
	uint32_t len;
	uint32_t size;
	uint32_t experiment;
};

/**
 * struct delay_queue - a binary heap
 * @bytes: what the packets take, with what malloc() and the heap add
 */
struct delay_queue {
	struct delay_held *heap;
	size_t count;
	size_t room;
	size_t bytes;
	uint64_t order;
};

/** delay_queue_fini - frees what is held; a zeroed struct is an empty queue */
void delay_queue_fini(struct delay_queue *q);

/** delay_queue_put - hold @held->frame, the queue's now, until @release_ns; 0 or -ENOMEM */
int delay_queue_put(struct delay_queue *q, const struct delay_held *held);

/** delay_queue_next_ns - when the first one is due; DELAY_NEVER = none is held */
uint64_t delay_queue_next_ns(const struct delay_queue *q);

/** delay_queue_take - the first one, due or not; its frame is the caller's.  false = empty */
bool delay_queue_take(struct delay_queue *q, struct delay_held *out);

/** delay_queue_hasten - what @experiment (or DELAY_ALL) holds is due at once, in the same order */
void delay_queue_hasten(struct delay_queue *q, uint32_t experiment);

#endif
