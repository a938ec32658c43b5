/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Orphans of flows: what programs of features keep of a flow (axo_chaos_flow, axo_http_flow) goes
 * when the flow is no more.
 *
 * A slice at a time, so that no walk holds the loop up; an empty map costs one system call.  While
 * a slice finds many, the next one comes soon: 40,000 entries a second.
 */
#ifndef LOADER_FLOW_ORPHANS_H
#define LOADER_FLOW_ORPHANS_H

#include "lib/error.h"

#define FLOW_ORPHANS_PERIOD_S 2
#define FLOW_ORPHANS_SLICE 2048
#define FLOW_ORPHANS_SOON_US 50000
/* Silence after which a connection that is closing or half open has no entry in axo_http_flow. */
#define FLOW_ORPHANS_IDLE_S 5

struct agent;
struct flow_orphans;

int flow_orphans_open(struct flow_orphans **o, struct agent *agent, struct error *e);
void flow_orphans_close(struct flow_orphans *o);

#endif
