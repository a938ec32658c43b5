/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The DEL queue: what plugins left while no agent answered (docs/api.md, "The DEL queue").
 * Drained at start and whenever a file appears; a file goes when its removal is durable.
 */
#ifndef LOADER_QUEUE_H
#define LOADER_QUEUE_H

#include <stdint.h>

#include "lib/attachment.h"
#include "lib/error.h"

struct agent;
struct queue;

/** queue_open - make the directory if it is not there, watch it, drain it; 0 or error */
int queue_open(struct queue **q, struct agent *agent, struct error *e);
void queue_close(struct queue *q);

/** queue_drain_one - apply the DEL of @a now, if one is queued: an ADD is about to begin */
void queue_drain_one(struct queue *q, const struct attachment *a);

/** queue_drained - files applied since the agent started */
uint64_t queue_drained(const struct queue *q);

#endif
