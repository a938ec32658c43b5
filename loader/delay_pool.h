/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory of the frames that the delay line holds.
 *
 * A large frame stays in the buffer that it was read into, and another takes its place; a small one
 * is copied, so that what is held takes little more than it is long.  Buffers that are given back
 * are used again, the last one first: their pages are there and in the cache.
 */
#ifndef LOADER_DELAY_POOL_H
#define LOADER_DELAY_POOL_H

#include <linux/virtio_net.h>
#include <stddef.h>
#include <stdint.h>

/** DELAY_FRAME_HEADER - before each frame */
#define DELAY_FRAME_HEADER sizeof(struct virtio_net_hdr)

/** DELAY_FRAME_MAX - the longest packet of a device, with Ethernet's and the header before it */
#define DELAY_FRAME_MAX (DELAY_FRAME_HEADER + 14 + 65536)

/** DELAY_FRAME_LARGE - a frame of this length or more stays where it is */
#define DELAY_FRAME_LARGE (DELAY_FRAME_MAX / 2)

/** DELAY_POOL_SPARE - buffers that are kept for use: 4 MB */
#define DELAY_POOL_SPARE 64

/**
 * struct delay_pool
 * @hand: DELAY_FRAME_MAX bytes to read the next frame into
 * @spare, @count: buffers that nobody uses
 */
struct delay_pool {
	uint8_t *hand;
	size_t count;
	uint8_t *spare[DELAY_POOL_SPARE];
};

/** delay_pool_init - 0 or -ENOMEM */
int delay_pool_init(struct delay_pool *pool);

/** delay_pool_fini - frames that are kept stay their owners' */
void delay_pool_fini(struct delay_pool *pool);

/**
 * delay_pool_keep - the frame of @len bytes in @pool->hand is to be held
 * @size: set to the memory that it takes
 * Return: the frame, for delay_pool_release() or free(); NULL: no memory, it is still in @pool->hand
 */
void *delay_pool_keep(struct delay_pool *pool, size_t len, uint32_t *size);

/** delay_pool_release - @frame, which takes @size, is held no more; NULL is fine */
void delay_pool_release(struct delay_pool *pool, void *frame, uint32_t size);

#endif
