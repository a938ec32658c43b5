/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A flow as the API shows it.  Pure.
 */
#ifndef LOADER_FLOW_JSON_H
#define LOADER_FLOW_JSON_H

#include <stdint.h>

#include "axoneme/flow.h"

struct evbuffer;

/**
 * flow_to_json - append the object of docs/api.md, "GET /v1/flows", without a newline
 * @now_s:      CLOCK_MONOTONIC
 * @generation: the present one
 *
 * Text and not json_t: there may be half a million, and nothing in it needs escaping.
 */
void flow_to_json(const struct axo_flow_key *key, const struct axo_flow *flow, uint32_t now_s,
		  uint32_t generation, struct evbuffer *out);

#endif
