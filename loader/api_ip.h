/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The handlers of /v1/ips (docs/api.md), and what status says of them.
 */
#ifndef LOADER_API_IP_H
#define LOADER_API_IP_H

#include "loader/api.h"

void api_ips_get(struct agent *agent, struct api_request *req);
void api_ips_put(struct agent *agent, struct api_request *req);
void api_ips_delete(struct agent *agent, struct api_request *req);

/** api_ip_status - a new reference */
json_t *api_ip_status(const struct agent *agent);

#endif
