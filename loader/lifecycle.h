/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The end of an attachment, and those who wait for one.
 *
 *      lifecycle_remove()      no packet passes any more; lease releasing, endpoint deleted
 *      (commit)                the answer leaves; the device goes to the reaper
 *      (device gone)           the lease's addresses cool down; waiters are asked again
 *
 * Killed at any point, the next agent finds the lease releasing and goes on from there.
 */
#ifndef LOADER_LIFECYCLE_H
#define LOADER_LIFECYCLE_H

#include <stdbool.h>

#include "lib/attachment.h"
#include "lib/error.h"

struct agent;
struct lifecycle;

/** lifecycle_open - after the database; the reaper's callbacks come here */
int lifecycle_open(struct lifecycle **l, struct agent *agent, struct error *e);

/** lifecycle_close - waiters are dropped (their memory freed), not asked */
void lifecycle_close(struct lifecycle *l);

/**
 * lifecycle_remove - begin the removal of @a in the turn's transaction
 * Return: 1; 0: there is no such attachment (should its device be there, it is removed all the
 * same); negative errno with @e: the database cannot be written
 */
int lifecycle_remove(struct agent *agent, const struct attachment *a, struct error *e);

/** lifecycle_removing - is a removal of @a under way? */
bool lifecycle_removing(const struct agent *agent, const struct attachment *a);

/** lifecycle_resume - hand the devices of all releasing leases to the reaper (again) */
void lifecycle_resume(struct agent *agent);

/** lifecycle_lost - the device of the endpoint with @ifindex is gone, not by us */
void lifecycle_lost(struct agent *agent, int ifindex);

/**
 * lifecycle_try - asked after every change, and once a second
 * @late: the waiter's time is over: it must come to an end now
 * Return: true: done, @arg can be freed
 */
typedef bool (*lifecycle_try)(void *arg, bool late);

/** lifecycle_wait - ask @try again and again until it is done; @arg (malloc) is taken; 0 or -ENOMEM */
int lifecycle_wait(struct agent *agent, lifecycle_try try, void *arg);

/** lifecycle_gone - the reaper's callback (loader/reaper.h); @arg is the agent */
void lifecycle_gone(void *arg, const char *device, const struct attachment *owner);

#endif
