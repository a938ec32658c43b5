/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The handlers of /v1/prefilter (docs/api.md), and what status and metrics say of it.
 */
#ifndef LOADER_API_PREFILTER_H
#define LOADER_API_PREFILTER_H

#include "axoneme/drop.h"
#include "loader/api.h"

struct evbuffer;

void api_prefilter_get(struct agent *agent, struct api_request *req);
void api_prefilter_put(struct agent *agent, struct api_request *req);
void api_prefilter_delete(struct agent *agent, struct api_request *req);
void api_pf_entries_get(struct agent *agent, struct api_request *req);

/** api_prefilter_status, api_xdp_status - new references */
json_t *api_prefilter_status(const struct agent *agent);
json_t *api_xdp_status(const struct agent *agent);

/** prefilter_drops - all that it dropped; 0 or negative errno */
int prefilter_drops(const struct agent *agent, struct axo_drop_count *sum);

/** prefilter_metrics - prefixes, memory, and drops by group */
void prefilter_metrics(const struct agent *agent, struct evbuffer *out);

#endif
