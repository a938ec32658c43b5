/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An endpoint as the API shows it (docs/api.md, "Endpoints").
 */
#ifndef LOADER_ENDPOINT_JSON_H
#define LOADER_ENDPOINT_JSON_H

#include <jansson.h>

struct endpoint;

/** endpoint_to_json - a new reference, owned by the caller; NULL = no memory */
json_t *endpoint_to_json(const struct endpoint *ep);

#endif
