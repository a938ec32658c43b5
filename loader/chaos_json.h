/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Experiments as the API shows them (docs/api.md, GET /v1/chaos), and their lateness.
 */
#ifndef LOADER_CHAOS_JSON_H
#define LOADER_CHAOS_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "axoneme/chaos_stat.h"

struct agent;
struct experiment;

/** chaos_json - a new reference */
json_t *chaos_json(const struct agent *agent, const struct experiment *x);

/** chaos_status_json - for GET /v1/status: a new reference */
json_t *chaos_status_json(const struct agent *agent);

/**
 * chaos_late_us - the lateness that @share (0 to 1) of the deliveries do not exceed
 * Return: microseconds, the end of its class, at most @late_max_ns; 0 = nothing was delivered.
 */
uint64_t chaos_late_us(const struct axo_chaos_stat *s, double share);

#endif
