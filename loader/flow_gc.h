/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Removal of flows: those that timed out, now and then, and all or an endpoint's, when asked.
 *
 * The tables are walked in slices, one per turn of the loop.  Accepted race: a flow that a packet
 * refreshes between the look and the removal is removed all the same; its next packet is judged
 * anew, as after a restart of the pod.
 */
#ifndef LOADER_FLOW_GC_H
#define LOADER_FLOW_GC_H

#include <stdint.h>

#include "lib/error.h"

#define FLOW_GC_PERIOD_S 10
#define FLOW_GC_SLICE_MS 2 /* between two slices of a walk */

struct agent;
struct flow_gc;

/** flow_gc_open - begin to walk every FLOW_GC_PERIOD_S seconds; 0 or error */
int flow_gc_open(struct flow_gc **gc, struct agent *agent, struct error *e);
void flow_gc_close(struct flow_gc *gc);

/** flow_gc_count - flows that the last walk left in axo_flow (@map 0) or axo_flow_lru (1) */
uint64_t flow_gc_count(const struct flow_gc *gc, unsigned int map);

#endif
