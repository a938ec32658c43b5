/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Removal of chaos flows (axo_chaos_flow): of those whose flow is no more.
 *
 * A slice at a time, so that no walk holds the loop up; an empty map costs one system call.
 */
#ifndef LOADER_CHAOS_FLOW_GC_H
#define LOADER_CHAOS_FLOW_GC_H

#include "lib/error.h"

#define CHAOS_FLOW_GC_PERIOD_S 2
#define CHAOS_FLOW_GC_SLICE 2048

struct agent;
struct chaos_flow_gc;

int chaos_flow_gc_open(struct chaos_flow_gc **gc, struct agent *agent, struct error *e);
void chaos_flow_gc_close(struct chaos_flow_gc *gc);

#endif
