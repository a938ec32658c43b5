/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The delay queue; see delay_queue.h. */
#include "loader/delay_queue.h"

#include <errno.h>
#include <stdlib.h>

#define ROOM_FIRST 64
/* What malloc() adds to a block (glibc: a size word, and rounding up to 16), and a place in the heap. */
#define OVERHEAD (16 + sizeof(struct delay_held))

static bool before(const struct delay_held *a, const struct delay_held *b)
{
	if (a->release_ns != b->release_ns)
		return a->release_ns < b->release_ns;
	return a->order < b->order;
}

static void swap(struct delay_held *a, struct delay_held *b)
{
	struct delay_held t = *a;

	*a = *b;
	*b = t;
}

static void sift_up(struct delay_queue *q, size_t i)
{
	while (i && before(&q->heap[i], &q->heap[(i - 1) / 2])) {
		swap(&q->heap[i], &q->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

static void sift_down(struct delay_queue *q, size_t i)
{
	for (;;) {
		size_t first = i, left = 2 * i + 1, right = left + 1;

		if (left < q->count && before(&q->heap[left], &q->heap[first]))
			first = left;
		if (right < q->count && before(&q->heap[right], &q->heap[first]))
			first = right;
		if (first == i)
			return;
		swap(&q->heap[i], &q->heap[first]);
		i = first;
	}
}

void delay_queue_fini(struct delay_queue *q)
{
	for (size_t i = 0; i < q->count; i++)
		free(q->heap[i].frame);
	free(q->heap);
	*q = (struct delay_queue){0};
}

static int grow(struct delay_queue *q)
{
	size_t room = q->room ? q->room * 2 : ROOM_FIRST;
	struct delay_held *heap = realloc(q->heap, room * sizeof(*heap));

	if (!heap)
		return -ENOMEM;
	q->heap = heap;
	q->room = room;
	return 0;
}

int delay_queue_put(struct delay_queue *q, const struct delay_held *held)
{
	if (q->count == q->room && grow(q) < 0)
		return -ENOMEM;
	q->heap[q->count] = *held;
	q->heap[q->count].order = q->order++;
	q->bytes += held->size + OVERHEAD;
	sift_up(q, q->count++);
	return 0;
}

uint64_t delay_queue_next_ns(const struct delay_queue *q)
{
	return q->count ? q->heap[0].release_ns : DELAY_NEVER;
}

bool delay_queue_take(struct delay_queue *q, struct delay_held *out)
{
	if (!q->count)
		return false;
	*out = q->heap[0];
	q->bytes -= out->size + OVERHEAD;
	q->heap[0] = q->heap[--q->count];
	sift_down(q, 0);
	return true;
}

void delay_queue_hasten(struct delay_queue *q, uint32_t experiment)
{
	for (size_t i = 0; i < q->count; i++) {
		if (experiment != DELAY_ALL && q->heap[i].experiment != experiment)
			continue;
		q->heap[i].release_ns = 0;
	}
	for (size_t i = q->count / 2; i-- > 0;)
		sift_down(q, i);
}
