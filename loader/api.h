/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * API server: HTTP on the Unix socket (libevent), a table of routes, JSON in and out.
 *
 * A handler gets a request whose body, if any, is a parsed JSON object, and answers it exactly
 * once, now or later (after a commit): api_reply() or api_fail().  Whatever has not been answered
 * by api_stop() is answered 503, code 11, by the server, and must not be touched afterwards.
 *
 * The server refuses by itself: unknown paths (404), methods that a path does not have (405),
 * unknown query parameters, bodies that are no JSON (400, code 6) or no object (400, code 7) or
 * too large (413), and, until agent->ready, everything but status, version and metrics (503,
 * code 11).
 */
#ifndef LOADER_API_H
#define LOADER_API_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

struct agent;
struct api;
struct api_request;
struct endpoint;

/** enum api_code - the `code` of an error answer; docs/api.md has the table */
enum api_code {
	API_INVALID_NAME = 4,
	API_NOT_JSON = 6,
	API_BAD_CONFIG = 7,
	API_TRY_LATER = 11,
	API_NOT_AVAILABLE = 50,
	API_EXHAUSTED = 100,
	API_ADDRESS_TAKEN = 101,
	API_ADDRESS_OUTSIDE = 102,
	API_EXISTS = 103,
	API_NOT_FOUND = 104,
	API_DATABASE = 105,
	API_KERNEL = 106,
	API_DIFFERENT = 107,
};

typedef void (*api_handler)(struct agent *agent, struct api_request *req);

/** api_body - the request's JSON object, borrowed; NULL when there was none */
json_t *api_body(const struct api_request *req);

/** api_id - the number in a path like /v1/endpoints/7; 0 = none */
uint32_t api_id(const struct api_request *req);

/** api_path - the path of the request, as it came; borrowed */
const char *api_path(const struct api_request *req);

/** api_query - value of a query parameter, borrowed, or NULL */
const char *api_query(const struct api_request *req, const char *key);

/** api_reply - answer 200 with @body, whose reference is taken (NULL = `{}`) */
void api_reply(struct api_request *req, json_t *body);

/** api_fail - answer {"code", "message"}; the HTTP status follows from @code */
void api_fail(struct api_request *req, enum api_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * api_keys_check - does the request have a body, and are all its keys among @key, ...?
 * @key, ...: the known keys, then NULL
 * Return: true; false = the request was answered (code 7, the key and the nearest known one)
 */
bool api_keys_check(struct api_request *req, const char *key, ...) __attribute__((sentinel));

/**
 * api_text - the string of @key in the request's body, borrowed
 * @required: when false, an absent key gives *out = NULL
 * Return: true; false = the request was answered (code 7: missing, or not a string)
 */
bool api_text(struct api_request *req, const char *key, bool required, const char **out);

/** api_endpoint_json - @ep as docs/api.md shows it; a new reference, NULL = no memory */
json_t *api_endpoint_json(const struct endpoint *ep);

/**
 * api_start - serve @agent on its run_dir's socket (mode 0660) and /metrics on metrics_listen
 * Return: 0, or negative errno with @e.  The socket file of a dead agent is replaced; one that a
 * living process listens on is refused with -EADDRINUSE.  Ignores SIGPIPE for the process.
 */
int api_start(struct api **api, struct agent *agent, struct error *e);

/**
 * api_stop - answer what is pending, close everything; NULL is fine
 *
 * What is sent is sent before it returns; the event loop must not run any more afterwards.
 */
void api_stop(struct api *api);

/* The handlers that change state: loader/api_attachment.c, loader/api_audit.c, loader/api_label.c */
void api_attachment_post(struct agent *agent, struct api_request *req);
void api_attachment_put(struct agent *agent, struct api_request *req);
void api_attachment_delete(struct agent *agent, struct api_request *req);
void api_attachment_flush(struct agent *agent, struct api_request *req);
void api_attachment_check(struct agent *agent, struct api_request *req);
void api_attachment_gc(struct agent *agent, struct api_request *req);
void api_attachment_status(struct agent *agent, struct api_request *req);
void api_audit_patch(struct agent *agent, struct api_request *req);
void api_label_patch(struct agent *agent, struct api_request *req);
void api_flows_delete(struct agent *agent, struct api_request *req);

#endif
