/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The handlers of /v1/policies; docs/api.md says what each answers.  api_policy.c,
 * api_policy_read.c, api_policy_trace.c.
 */
#ifndef LOADER_API_POLICY_H
#define LOADER_API_POLICY_H

#include "loader/api.h"

void api_policies_get(struct agent *agent, struct api_request *req);
void api_policies_put(struct agent *agent, struct api_request *req);
void api_policies_delete(struct agent *agent, struct api_request *req);
void api_policies_dry_run(struct agent *agent, struct api_request *req);
void api_policy_get(struct agent *agent, struct api_request *req);
void api_policy_delete(struct agent *agent, struct api_request *req);
void api_policy_trace(struct agent *agent, struct api_request *req);
void api_endpoint_policy_get(struct agent *agent, struct api_request *req);
void api_host_policy_get(struct agent *agent, struct api_request *req);

/** api_policy_status - for GET /v1/status; a new reference */
json_t *api_policy_status(const struct agent *agent);

#endif
