/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a client of the API may send: the first line is method and path, the rest the body.  The
 * body's strings are tried as labels, too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "loader/api_request.h"
#include "loader/api_route.h"
#include "loader/labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_route(const char *line)
{
	const struct api_route *route = NULL;
	unsigned int allowed = 0;
	uint32_t id = 0;

	for (int method = API_GET; method <= API_OTHER; method++) {
		if (api_route_find(method, line, &route, &id, &allowed) == 0 && !route)
			abort();
	}
	api_route_nearest(line);
}

static void try_labels(json_t *body)
{
	struct label_set set = {0};
	const char *key;
	json_t *value;

	json_object_foreach(body, key, value) {
		struct error e = {0};

		if (!json_is_string(value))
			continue;
		if (label_set_put(&set, key, json_string_value(value), &e) < 0 && !e.msg[0])
			abort();
		label_set_drop(&set, key, &e);
	}
	label_set_fini(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t head = end ? (size_t)(end - data) : size;
	_cleanup_free_ char *line = calloc(1, head + 1);
	size_t skip = end ? head + 1 : head;
	enum api_code code = 0;
	struct error e = {0};
	json_t *body;

	if (head)
		memcpy(line, data, head);
	try_route(line);
	body = api_body_parse((const char *)data + skip, size - skip, &code, &e);
	if (!body && !e.msg[0])
		abort();
	try_labels(body);
	json_decref(body);
	return 0;
}
