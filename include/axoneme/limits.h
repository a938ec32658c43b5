/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Limits: sizes that programs, agent and documents share.  Map sizes are defaults of the object;
 * the agent may change those marked (flag) before it loads.
 */
#ifndef AXONEME_LIMITS_H
#define AXONEME_LIMITS_H

#define AXO_MAX_ENDPOINTS 65536	     /* entries of axo_endpoint */
#define AXO_MAX_ADDRESSES 131072     /* entries of axo_address: two families */
#define AXO_MAX_IPCACHE 524288	     /* prefixes of axo_ipcache */
#define AXO_MAX_FLOWS 524288	     /* entries of axo_flow (flag --flow-max) */
#define AXO_MAX_FLOWS_LRU 65536	     /* entries of axo_flow_lru (flag --flow-lru-max) */
#define AXO_MAX_FRAGS 8192	     /* datagrams in flight in axo_frag */
#define AXO_MAX_DROP_KEYS 512	     /* (reason, direction) pairs */
#define AXO_EVENT_RING_BYTES 1048576 /* axo_events */

#endif
