/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reaper: removes host-side devices in batches, on a thread of its own, because the kernel takes
 * 15 ms for it (RCU grace periods), whether it is one device or a few.
 *
 * The thread moves the devices of a batch to a group and deletes the group in one request.  Of
 * that time the kernel holds the RTNL lock for about 0.25 ms per device, and ADDs need that lock.
 * So a batch waits a moment for company, and is small while ADDs are about.
 *
 * All functions are called by the loop's thread, and so are the callbacks.
 */
#ifndef LOADER_REAPER_H
#define LOADER_REAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attachment.h"
#include "lib/error.h"

#define REAPER_GATHER_MS 5
#define REAPER_RETRY_MS 1000
#define REAPER_BATCH_SMALL 8 /* about 2 ms of RTNL */
#define REAPER_BATCH_MAX 64
#define REAPER_ADD_MS 100 /* "ADDs are about" for so long after reaper_add_seen() */

struct event_base;
struct reaper;

/**
 * reaper_gone - @device is no more (or never was); once for each device
 * @owner: as given to reaper_add(), or NULL
 */
typedef void (*reaper_gone)(void *arg, const char *device, const struct attachment *owner);

/** reaper_open - starts the thread, which inherits the caller's namespace and capabilities */
int reaper_open(struct reaper **r, struct event_base *base, reaper_gone gone, void *arg,
		struct error *e);

/** reaper_close - ends the thread after the batch that it works on; the rest stays undone */
void reaper_close(struct reaper *r);

/**
 * reaper_add - remove @device; twice is the same as once
 * @owner: whose device it was; NULL = nobody's
 * Return: 0 or -ENOMEM
 */
int reaper_add(struct reaper *r, const char *device, const struct attachment *owner);

/** reaper_has - is @device waiting for its removal, or being removed? */
bool reaper_has(const struct reaper *r, const char *device);

/** reaper_add_seen - an ADD is under way: keep batches small for a while */
void reaper_add_seen(struct reaper *r);

/** reaper_hurry - somebody waits: begin at once */
void reaper_hurry(struct reaper *r);

/** reaper_mark - a mark behind everything that is there now, for reaper_passed() */
uint64_t reaper_mark(const struct reaper *r);

/** reaper_passed - is everything gone that was there when @mark was made? */
bool reaper_passed(const struct reaper *r, uint64_t mark);

/** reaper_pending - devices waiting or being removed */
size_t reaper_pending(const struct reaper *r);

#endif
