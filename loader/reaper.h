/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reaper: removes host-side devices in batches, on a thread of its own, because the kernel takes
 * tens of milliseconds for it (RCU grace periods), whatever the number of devices.
 *
 * The thread moves the devices of a batch to a group and deletes the group in one request.  A
 * batch waits a moment for company, and while ADDs are in flight (they need the same kernel
 * lock), but never longer than REAPER_DELAY_MAX_MS, nor when somebody waits for its end.
 *
 * All functions are called by the loop's thread, and so are the callbacks.
 */
#ifndef LOADER_REAPER_H
#define LOADER_REAPER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

#define REAPER_GATHER_MS 10
#define REAPER_DELAY_MAX_MS 400
#define REAPER_BATCH_MAX 64

struct event_base;
struct reaper;

/**
 * reaper_gone - @device is no more (or never was)
 * Called once for each reaper_add().
 */
typedef void (*reaper_gone)(void *arg, const char *device);

/** reaper_open - starts the thread, which inherits the caller's namespace and capabilities */
int reaper_open(struct reaper **r, struct event_base *base, reaper_gone gone, void *arg,
		struct error *e);

/** reaper_close - ends the thread after the batch that it works on; the rest stays undone */
void reaper_close(struct reaper *r);

/** reaper_add - remove @device; twice is the same as once */
int reaper_add(struct reaper *r, const char *device);

/** reaper_has - is @device waiting for its removal, or being removed? */
bool reaper_has(const struct reaper *r, const char *device);

/** reaper_hold - an ADD began (+1) or ended (-1) */
void reaper_hold(struct reaper *r, int change);

/** reaper_hurry - somebody waits: do not delay what is there now */
void reaper_hurry(struct reaper *r);

/** reaper_pending - devices waiting or being removed */
size_t reaper_pending(const struct reaper *r);

#endif
