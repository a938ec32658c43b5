/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside the API server: what one server holds.
 */
#ifndef LOADER_API_INTERNAL_H
#define LOADER_API_INTERNAL_H

#include "loader/api_request.h"
#include "loader/api_stream.h"

/**
 * struct api
 * @socket:  server on the Unix socket @path
 * @tcp:     server of /metrics; NULL = off
 * @path:    of the socket; owned
 * @pending: requests that a handler has to answer
 * @streams: answers under way
 */
struct api {
	struct agent *agent;
	struct evhttp *socket;
	struct evhttp *tcp;
	char *path;
	struct api_requests pending;
	struct api_streams streams;
};

#endif
