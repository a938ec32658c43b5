/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The handlers that only read; docs/api.md says what each answers.  api_status.c, api_read.c,
 * api_read_flow.c, api_read_fqdn.c, api_read_event.c.
 */
#ifndef LOADER_API_READ_H
#define LOADER_API_READ_H

#include "loader/api.h"

void api_status_get(struct agent *agent, struct api_request *req);
void api_version_get(struct agent *agent, struct api_request *req);
void api_metrics_get(struct agent *agent, struct api_request *req);
void api_endpoints_get(struct agent *agent, struct api_request *req);
void api_endpoint_get(struct agent *agent, struct api_request *req);
void api_identities_get(struct agent *agent, struct api_request *req);
void api_flows_get(struct agent *agent, struct api_request *req);
void api_fqdns_get(struct agent *agent, struct api_request *req);
void api_events_get(struct agent *agent, struct api_request *req);

/** api_devices_status - the host's devices, for GET /v1/status; a new reference */
json_t *api_devices_status(const struct agent *agent);

#endif
