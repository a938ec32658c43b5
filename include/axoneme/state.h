/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * State: the few words that the agent changes while programs run (map axo_state, one entry).
 *
 * The agent is the only writer; read-only to programs.  The map is pinned, so the generation
 * never goes back over a restart of the agent.
 *
 * The generation covers everything that the slow path reads (policy, endpoints, ipcache, host
 * addresses).  Agent: change the data first, then bump.  Program: read the generation first,
 * then look up, and store the generation as read.  So an entry that was made from old data
 * carries an old generation and is judged again.
 */
#ifndef AXONEME_STATE_H
#define AXONEME_STATE_H

#include <linux/types.h>

/** enum axo_event_type - also the bit of the type in axo_state.events */
enum axo_event_type {
	AXO_EVENT_DROP = 0,
	AXO_EVENT_VERDICT = 1, /* a policy judged a new flow */
	AXO_EVENT_L7 = 2,      /* an HTTP request (event_l7.h) */
	AXO_EVENT_CHAOS = 3,   /* a fault was made (event_chaos.h) */
};

/**
 * struct axo_state - the only entry of axo_state
 * @generation: see above; never 0
 * @events:     bits of the event types that somebody listens to; others are not produced
 */
struct axo_state {
	__u32 generation;
	__u32 events;
};

#endif
