/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests: route, query and body in; one answer out; see api_request.h.
 *
 * libevent does not read from a connection while its request is being handled, so a client that
 * goes away is noticed only when the answer is written: @http stays valid until then.
 */
#include "loader/api_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/bufferevent.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/api_ip.h"
#include "loader/api_policy.h"
#include "loader/api_prefilter.h"
#include "loader/clock.h"

struct api_request *api_request_new(struct agent *agent, struct evhttp_request *http,
				    struct api_requests *list)
{
	struct api_request *req = calloc(1, sizeof(*req));

	if (!req)
		return NULL;
	req->agent = agent;
	req->http = http;
	req->list = list;
	req->started_us = clock_us();
	TAILQ_INIT(&req->query);
	TAILQ_INSERT_TAIL(list, req, link);
	return req;
}

void api_request_free(struct api_request *req)
{
	TAILQ_REMOVE(req->list, req, link);
	json_decref(req->body);
	evhttp_clear_headers(&req->query);
	free(req);
}

static enum api_method method_of(struct evhttp_request *http)
{
	switch (evhttp_request_get_command(http)) {
	case EVHTTP_REQ_GET:
		return API_GET;
	case EVHTTP_REQ_POST:
		return API_POST;
	case EVHTTP_REQ_PUT:
		return API_PUT;
	case EVHTTP_REQ_DELETE:
		return API_DELETE;
	case EVHTTP_REQ_PATCH:
		return API_PATCH;
	default:
		return API_OTHER;
	}
}

static void fail_path(struct api_request *req, const char *path)
{
	const char *near = api_route_nearest(path);

	api_fail(req, API_NOT_FOUND, "no path %.64s%s%s%s", path, near ? " (nearest: " : "",
		 near ? near : "", near ? ")" : "");
}

/* api_fail() with an HTTP status that does not follow from @code. */
static void fail_status(struct api_request *req, int status, enum api_code code, const char *fmt,
			...) __attribute__((format(printf, 4, 5)));

/* Says in the message, and in the header Allow, which methods there are. */
static void fail_method(struct api_request *req, const char *path, unsigned int allowed)
{
	char text[64] = "";

	for (enum api_method m = 0; m < API_OTHER; m++) {
		if (!(allowed & 1U << m))
			continue;
		if (*text)
			strcat(text, ", ");
		strcat(text, api_method_to_str(m));
	}
	evhttp_add_header(evhttp_request_get_output_headers(req->http), "Allow", text);
	fail_status(req, HTTP_BADMETHOD, API_INVALID_NAME, "method of %.64s: expected one of %s",
		    path, text);
}

static bool parse_route(struct api_request *req, const char *path)
{
	unsigned int allowed;

	switch (api_route_find(method_of(req->http), path, &req->route, &req->id, &allowed)) {
	case 0:
		return true;
	case -EOPNOTSUPP:
		fail_method(req, path, allowed);
		return false;
	default:
		fail_path(req, path);
		return false;
	}
}

static bool parse_query(struct api_request *req, const char *text)
{
	struct evkeyval *pair;

	if (!text || !*text)
		return true;
	if (evhttp_parse_query_str(text, &req->query)) {
		api_fail(req, API_INVALID_NAME, "query: expected key=value&...");
		return false;
	}
	TAILQ_FOREACH(pair, &req->query, next) {
		if (req->route->query && !strcmp(pair->key, req->route->query))
			continue;
		api_fail(req, API_BAD_CONFIG, "query parameter '%.32s': expected %s%.32s",
			 pair->key, req->route->query ? "" : "none",
			 req->route->query ? req->route->query : "");
		return false;
	}
	return true;
}

/* What an operator gives as a whole may be long. */
static size_t body_max(api_handler handler)
{
	bool long_ = handler == api_policies_put || handler == api_policies_delete ||
		     handler == api_policies_dry_run || handler == api_ips_put ||
		     handler == api_ips_delete || handler == api_prefilter_put ||
		     handler == api_prefilter_delete;

	return long_ ? API_POLICY_MAX : API_BODY_MAX;
}

static bool parse_body(struct api_request *req)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(req->http);
	size_t len = evbuffer_get_length(in);
	size_t max = body_max(req->route->handler);
	enum api_code code;
	struct error e;

	if (!len)
		return true;
	if (!req->route->body) {
		api_fail(req, API_BAD_CONFIG, "%s takes no request body", req->route->path);
		return false;
	}
	if (len > max) {
		fail_status(req, 413, API_BAD_CONFIG,
			    "request body has %zu bytes, expected at most %zu", len, max);
		return false;
	}
	req->body = api_body_parse((const char *)evbuffer_pullup(in, -1), len, &code, &e);
	if (!req->body) {
		api_fail(req, code, "%s", e.msg);
		return false;
	}
	evbuffer_drain(in, len);
	return true;
}

bool api_request_parse(struct api_request *req)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req->http);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;

	return parse_route(req, path ? path : "") && parse_query(req, evhttp_uri_get_query(uri)) &&
	       parse_body(req);
}

json_t *api_body(const struct api_request *req)
{
	return req->body;
}

uint32_t api_id(const struct api_request *req)
{
	return req->id;
}

const char *api_path(const struct api_request *req)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req->http));

	return path ? path : "";
}

const char *api_query(const struct api_request *req, const char *key)
{
	return evhttp_find_header(&req->query, key);
}

void api_counted(const struct api_request *req, unsigned int code)
{
	if (req->route && req->route->command != METRIC_NONE)
		metrics_request(req->agent->metrics, req->route->command, code,
				clock_us() - req->started_us);
}

static const char *reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 413:
		return "Content Too Large";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

int api_status_of(enum api_code code)
{
	switch (code) {
	case API_INVALID_NAME:
	case API_NOT_JSON:
	case API_BAD_CONFIG:
	case API_ADDRESS_OUTSIDE:
		return 400;
	case API_NOT_FOUND:
		return 404;
	case API_ADDRESS_TAKEN:
	case API_EXISTS:
	case API_DIFFERENT:
		return 409;
	case API_TRY_LATER:
	case API_NOT_AVAILABLE:
	case API_EXHAUSTED:
	case API_DATABASE:
		return 503;
	case API_KERNEL:
		return 500;
	}
	return 500;
}

static void send_out(struct api_request *req, int status, struct evbuffer *out, const char *type)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req->http);

	evhttp_add_header(headers, "Content-Type", type);
	evhttp_send_reply(req->http, status, reason_of(status), out);
	api_request_free(req);
}

void api_send(struct api_request *req, struct evbuffer *out, const char *type)
{
	api_counted(req, 0);
	send_out(req, 200, out, type);
}

static int dump_to_evbuffer(const char *text, size_t len, void *out)
{
	return evbuffer_add(out, text, len);
}

/* Takes the reference.  Without memory for the body the client gets an empty one. */
static void send_json(struct api_request *req, int status, json_t *body)
{
	struct evbuffer *out = evbuffer_new();

	if (out && body && !json_dump_callback(body, dump_to_evbuffer, out, JSON_COMPACT))
		evbuffer_add(out, "\n", 1);
	json_decref(body);
	send_out(req, status, out, API_JSON);
	if (out)
		evbuffer_free(out);
}

void api_reply(struct api_request *req, json_t *body)
{
	api_counted(req, 0);
	send_json(req, 200, body ? body : json_object());
}

/* What a client sent may stand in a message, and need not be UTF-8. */
static json_t *message_json(char *msg)
{
	json_t *text = json_string(msg);

	if (text)
		return text;
	for (char *p = msg; *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	return json_string(msg);
}

static void fail_va(struct api_request *req, int status, enum api_code code, const char *fmt,
		    va_list ap)
{
	char msg[512];

	vsnprintf(msg, sizeof(msg), fmt, ap);
	api_counted(req, code);
	send_json(req, status,
		  json_pack("{s:i, s:o}", "code", (int)code, "message", message_json(msg)));
}

void api_fail(struct api_request *req, enum api_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_va(req, api_status_of(code), code, fmt, ap);
	va_end(ap);
}

static void fail_status(struct api_request *req, int status, enum api_code code, const char *fmt,
			...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_va(req, status, code, fmt, ap);
	va_end(ap);
}

void api_connection_flush(struct evhttp_connection *con)
{
	struct bufferevent *bev = con ? evhttp_connection_get_bufferevent(con) : NULL;
	struct evbuffer *out = bev ? bufferevent_get_output(bev) : NULL;

	if (!out || bufferevent_getfd(bev) < 0)
		return;
	/* A socket bufferevent keeps its output frozen but while it writes. */
	evbuffer_unfreeze(out, 1);
	while (evbuffer_get_length(out) && evbuffer_write(out, bufferevent_getfd(bev)) > 0)
		;
	evbuffer_freeze(out, 1);
}
