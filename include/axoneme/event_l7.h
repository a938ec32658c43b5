/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is told of HTTP requests: an event each, while somebody listens, and sums.
 *
 * A request that passes is told of when its response begins, one that is denied at once.  Of
 * requests that are pipelined only the last of each turn is told.
 */
#ifndef AXONEME_EVENT_L7_H
#define AXONEME_EVENT_L7_H

#include "axoneme/event.h"

#define AXO_EVENT_L7_HEAD 256

/**
 * struct axo_event_l7 - record of axo_events: one request
 * @type:     AXO_EVENT_L7
 * @verdict:  AXO_POL_ALLOW or AXO_POL_DENY
 * @reason:   denied: enum axo_http_reason (http.h); else 0
 * @family:   4 or 6
 * @status:   allowed: status code of the response, 0 = it is none; denied: 403, 0 = it was reset
 * @head_len: bytes in @head
 * @time_ns:  CLOCK_MONOTONIC, now
 * @latency_ns: allowed: from the end of the request's head to the first byte of the response
 * @http_rule: by enum axo_dir: number of the HTTP rule among those of the feature set, or
 *            AXO_HTTP_NO_RULE
 * @rule:     by enum axo_dir: of the flow (struct axo_flow)
 * @set:      by enum axo_dir: feature sets of the flow
 * @pad:      zero
 * @saddr:    client
 * @daddr:    server
 * @sport:    network order
 * @dport:    network order
 * @src_identity: of the client
 * @dst_identity: of the server
 * @pad2:     zero
 * @head:     how the request's head begins, as it was received; method and target are in it, Host
 *            if it comes early
 */
struct axo_event_l7 {
	__u8 type;
	__u8 verdict;
	__u8 reason;
	__u8 family;
	__u16 status;
	__u16 head_len;
	__u64 time_ns;
	__u64 latency_ns;
	__u32 http_rule[2];
	__u32 rule[2];
	__u16 set[2];
	__u32 pad;
	struct axo_addr saddr;
	struct axo_addr daddr;
	__be16 sport;
	__be16 dport;
	__u32 src_identity;
	__u32 dst_identity;
	__u32 pad2;
	__u8 head[AXO_EVENT_L7_HEAD];
};
_Static_assert(sizeof(struct axo_event_l7) == 352, "event has padding");

/** enum axo_http_sum - counters of struct axo_http_sums; 1 to 5 are classes of status codes */
enum axo_http_sum {
	AXO_HTTP_SUM_DENIED = 0,
	AXO_HTTP_SUM_1XX = 1,
	AXO_HTTP_SUM_5XX = 5,
	AXO_HTTP_SUM_OTHER = 6, /* no status code where one must stand */
	AXO_HTTP_SUM_RESET = 7, /* of those denied: reset, not answered */
	AXO_HTTP_SUMS = 8,
};

#define AXO_HTTP_LATENCIES 20
#define AXO_HTTP_LATENCY_SHIFT 13

/**
 * struct axo_http_sums - value of axo_http_sums (per-CPU array, one entry)
 * @n:          by enum axo_http_sum
 * @latency_ns: sum, of allowed requests
 * @latency:    requests by latency: bucket b below 2^(AXO_HTTP_LATENCY_SHIFT + b) ns and not in
 *              one before; the last has no end
 */
struct axo_http_sums {
	__u64 n[AXO_HTTP_SUMS];
	__u64 latency_ns;
	__u64 latency[AXO_HTTP_LATENCIES];
};

#endif
