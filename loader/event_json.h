/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events as the API shows them, one line each.  Pure.
 */
#ifndef LOADER_EVENT_JSON_H
#define LOADER_EVENT_JSON_H

#include <stdint.h>

#include "axoneme/event.h"
#include "axoneme/event_chaos.h"

struct evbuffer;

/**
 * event_drop_to_json - append the object of docs/api.md, "GET /v1/events", and a newline
 * @wall_us: when it happened, CLOCK_REALTIME
 * @rule:    JSON members that name the rule, without braces, or NULL
 */
void event_drop_to_json(const struct axo_event_drop *ev, uint64_t wall_us, const char *rule,
			struct evbuffer *out);
void event_verdict_to_json(const struct axo_event_verdict *ev, uint64_t wall_us, const char *rule,
			   struct evbuffer *out);

void event_chaos_to_json(const struct axo_event_chaos *ev, uint64_t wall_us, const char *rule,
			 struct evbuffer *out);

/** event_time_to_json - the member "time" and a comma */
void event_time_to_json(uint64_t wall_us, struct evbuffer *out);

/** drop_reason_name - "spoofed_ip", or "reason_N" (in @buf) for a number that is not in the list */
const char *drop_reason_name(unsigned int reason, char buf[static 16]);

/** drop_reason_text - the sentence of the reason, or "" */
const char *drop_reason_text(unsigned int reason);

/** drop_dir_name - "egress" or "ingress" */
const char *drop_dir_name(unsigned int dir);

#endif
