/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory of the delay line's frames; see delay_pool.h. */
#include "loader/delay_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int delay_pool_init(struct delay_pool *pool)
{
	*pool = (struct delay_pool){.hand = malloc(DELAY_FRAME_MAX)};
	return pool->hand ? 0 : -ENOMEM;
}

void delay_pool_fini(struct delay_pool *pool)
{
	while (pool->count)
		free(pool->spare[--pool->count]);
	free(pool->hand);
	pool->hand = NULL;
}

static void *keep_hand(struct delay_pool *pool)
{
	uint8_t *frame = pool->hand;
	uint8_t *next = pool->count ? pool->spare[--pool->count] : malloc(DELAY_FRAME_MAX);

	if (!next)
		return NULL;
	pool->hand = next;
	return frame;
}

void *delay_pool_keep(struct delay_pool *pool, size_t len, uint32_t *size)
{
	void *frame;

	if (len >= DELAY_FRAME_LARGE) {
		*size = DELAY_FRAME_MAX;
		return keep_hand(pool);
	}
	*size = len ? (uint32_t)len : 1;
	frame = malloc(*size);
	if (frame)
		memcpy(frame, pool->hand, len);
	return frame;
}

void delay_pool_release(struct delay_pool *pool, void *frame, uint32_t size)
{
	if (frame && size == DELAY_FRAME_MAX && pool->count < DELAY_POOL_SPARE)
		pool->spare[pool->count++] = frame;
	else
		free(frame);
}
