/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events of HTTP requests as the API shows them.  Pure. */
#ifndef LOADER_EVENT_L7_JSON_H
#define LOADER_EVENT_L7_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "axoneme/event_l7.h"

struct evbuffer;

/**
 * struct l7_head - where things stand in the beginning of a request's head; lengths may be 0
 *
 * Borrowed from the bytes, which are as the client sent them: anything.
 */
struct l7_head {
	const uint8_t *method;
	size_t method_len;
	const uint8_t *target;
	size_t target_len;
	const uint8_t *host;
	size_t host_len;
};

/** l7_head_parse - of the first @len bytes of a head; what is cut off is as long as it is there */
void l7_head_parse(const uint8_t *bytes, size_t len, struct l7_head *h);

/**
 * event_l7_to_json - append the object of docs/api.md, "GET /v1/events", and a newline
 * @wall_us: when it happened, CLOCK_REALTIME
 * @rule:    JSON members that name the rule, without braces, or NULL
 */
void event_l7_to_json(const struct axo_event_l7 *ev, uint64_t wall_us, const char *rule,
		      struct evbuffer *out);

#endif
