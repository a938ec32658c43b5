/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reconcile: make the kernel what the tables say.  Starting, restarting, upgrading, and coming
 * back from a failed commit are this one path; running it twice changes nothing.
 *
 *      1. Every endpoint finds its device again, by name; one without device is LOST.
 *      2. Maps: what is missing or different is written, what nobody accounts for is removed.
 *      3. Programs are attached to every READY endpoint's device, replacing older ones.
 *      4. Devices that are named like a pod's and have no lease are removed.  One with a lease and
 *         without endpoint is left alone: its ADD is under way, or the runtime will send a DEL.
 *
 * Maps come before programs: a program never runs over maps that lack what it shall find.
 */
#ifndef LOADER_RECONCILE_H
#define LOADER_RECONCILE_H

#include "lib/error.h"

struct agent;

/** struct reconcile_report - what was found and done */
struct reconcile_report {
	unsigned int ready;
	unsigned int lost;
	unsigned int written; /* endpoints whose entries were wrong or missing */
	unsigned int pruned;  /* entries removed */
	unsigned int orphans; /* devices removed */
};

/** reconcile_run - agent->host_addresses and ->reaper must be there; 0 or negative errno with @e */
int reconcile_run(struct agent *agent, struct reconcile_report *report, struct error *e);

#endif
