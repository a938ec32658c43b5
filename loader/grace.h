/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Grace periods: when what programs may still look at can go.
 *
 * A program that runs has looked up what was there when it began.  A grace period is over when
 * every program that ran at its beginning has ended.  That takes some 10 ms, so a thread of its
 * own waits; everybody who asks meanwhile shares the next one.
 */
#ifndef LOADER_GRACE_H
#define LOADER_GRACE_H

#include <stdbool.h>

#include "lib/error.h"

struct event_base;
struct grace;

/** grace_done - a whole grace period has passed since grace_wait(); @over false: grace_close() */
typedef void (*grace_done)(void *arg, bool over);

/** grace_open - start the thread; callbacks are made by @base's thread */
int grace_open(struct grace **g, struct event_base *base, struct error *e);

/** grace_close - end the thread; who still waits is called with false */
void grace_close(struct grace *g);

/** grace_wait - call @done after a grace period that begins now or later; 0 or -ENOMEM */
int grace_wait(struct grace *g, grace_done done, void *arg);

#endif
