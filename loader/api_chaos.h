/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Handlers of /v1/chaos (docs/api.md).
 */
#ifndef LOADER_API_CHAOS_H
#define LOADER_API_CHAOS_H

#include "loader/api.h"

void api_chaos_get(struct agent *agent, struct api_request *req);
void api_chaos_stop(struct agent *agent, struct api_request *req);

#endif
