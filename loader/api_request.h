/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside the API server: a request, from its last byte to its answer.  Handlers see api.h.
 */
#ifndef LOADER_API_REQUEST_H
#define LOADER_API_REQUEST_H

#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "loader/api.h"
#include "loader/api_route.h"

#define API_BODY_MAX (1024 * 1024)
#define API_POLICY_MAX (4 * API_BODY_MAX) /* of PUT and DELETE of long lists */
#define API_JSON "application/json"

TAILQ_HEAD(api_requests, api_request);

/**
 * struct api_request
 * @list:       where it is linked until it is answered or becomes a stream
 * @http:       libevent's side; gone once answered
 * @route:      NULL until found
 * @body:       owned; NULL = none
 * @query:      parsed parameters
 * @id:         number in the path; 0 = none
 * @started_us: CLOCK_MONOTONIC
 */
struct api_request {
	struct agent *agent;
	struct api *api;
	struct api_requests *list;
	TAILQ_ENTRY(api_request) link;
	struct evhttp_request *http;
	const struct api_route *route;
	json_t *body;
	struct evkeyvalq query;
	uint32_t id;
	uint64_t started_us;
};

/** api_request_new - linked into @list; NULL = no memory */
struct api_request *api_request_new(struct agent *agent, struct evhttp_request *http,
				    struct api_requests *list);

/** api_request_free - unlinks and frees; does not answer */
void api_request_free(struct api_request *req);

/**
 * api_request_parse - find the route, parse query and body
 * Return: true; false = the request was answered with what is wrong with it
 */
bool api_request_parse(struct api_request *req);

/** api_send - answer 200 with the text @out, which is drained, and free @req */
void api_send(struct api_request *req, struct evbuffer *out, const char *type);

/** api_counted - tell metrics that @req is answered with @code (0 = success) */
void api_counted(const struct api_request *req, unsigned int code);

/** api_status_of - the HTTP status of @code */
int api_status_of(enum api_code code);

/**
 * api_body_parse - the JSON object in @len bytes at @text; pure
 * @code: API_NOT_JSON or API_BAD_CONFIG on failure
 * Return: a new reference, or NULL with @e naming line and column
 */
json_t *api_body_parse(const char *text, size_t len, enum api_code *code, struct error *e);

/** api_connection_flush - write what is pending now, without the event loop, as far as it goes */
void api_connection_flush(struct evhttp_connection *con);

#endif
