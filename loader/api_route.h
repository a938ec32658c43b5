/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Routes: which handler answers which method and path.  Pure, but for the handlers it names.
 */
#ifndef LOADER_API_ROUTE_H
#define LOADER_API_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/api.h"
#include "loader/metrics.h"

/** enum api_method - those that some route has; API_OTHER is never routed */
enum api_method { API_GET, API_POST, API_PUT, API_DELETE, API_PATCH, API_OTHER };

/**
 * struct api_route - one line of the table
 * @path:    a segment "ID" stands for a number from 1 on, "NAME" for any text
 * @query:   the only query parameter it takes, or NULL
 * @body:    it may have a JSON object as its body; others refuse one
 * @early:   it is served before the agent is ready
 * @command: how metrics call it; METRIC_NONE = not counted
 */
struct api_route {
	enum api_method method;
	const char *path;
	api_handler handler;
	const char *query;
	bool body;
	bool early;
	enum metric_command command;
};

/**
 * api_route_find - the route of @method and @path
 * @id: the number where the route has "ID", else 0
 * Return: 0; -ENOENT = no such path; -EOPNOTSUPP = the path exists, *allowed (bits of
 * enum api_method) says with which methods
 */
int api_route_find(enum api_method method, const char *path, const struct api_route **route,
		   uint32_t *id, unsigned int *allowed);

/** api_route_nearest - the known path that looks most like @path, or NULL */
const char *api_route_nearest(const char *path);

/** api_method_to_str - "GET" and so on */
const char *api_method_to_str(enum api_method method);

#endif
