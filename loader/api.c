/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The API server: two listeners, dispatch, orderly end; see api.h.
 *
 * Bounds: a body has at most API_BODY_MAX bytes (libevent itself refuses from BODY_HARD_MAX on,
 * without JSON), a head HEAD_MAX; a connection that neither sends nor takes anything for
 * IDLE_S seconds is closed.
 */
#include "loader/api.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/http.h>
#include <event2/listener.h>

#include "axoneme/names.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/api_internal.h"
#include "loader/api_read.h"
#include "loader/api_socket.h"

#define BODY_HARD_MAX (4 * API_BODY_MAX)
#define HEAD_MAX 16384
#define IDLE_S 60
#define ACCEPT_PAUSE_MS 100

static struct api_request *request_begin(struct api *api, struct evhttp_request *http)
{
	struct api_request *req = api_request_new(api->agent, http, &api->pending);

	if (!req) {
		evhttp_send_error(http, HTTP_SERVUNAVAIL, NULL);
		return NULL;
	}
	req->api = api;
	return req;
}

static void on_request(struct evhttp_request *http, void *arg)
{
	struct api *api = arg;
	struct api_request *req = request_begin(api, http);

	if (!req || !api_request_parse(req))
		return;
	if (!api->agent->ready && !req->route->early) {
		api_fail(req, API_TRY_LATER, "the agent is starting");
		return;
	}
	req->route->handler(api->agent, req);
}

/* The TCP port serves metrics and nothing else. */
static void on_tcp_request(struct evhttp_request *http, void *arg)
{
	struct api *api = arg;
	struct api_request *req = request_begin(api, http);

	if (!req || !api_request_parse(req))
		return;
	if (req->route->handler != api_metrics_get) {
		api_fail(req, API_NOT_FOUND, "%s is not served on this port (nearest: /metrics)",
			 req->route->path);
		return;
	}
	req->route->handler(api->agent, req);
}

static void on_resume(evutil_socket_t fd, short what, void *listener)
{
	(void)fd;
	(void)what;
	evconnlistener_enable(listener);
}

/*
 * Most likely too many open files.  The connection stays in the queue, so trying again at once
 * would spin.  (@arg is libevent's struct evhttp, whatever was given at first.)
 */
static void on_accept_failed(struct evconnlistener *listener, void *arg)
{
	const struct timeval pause = {.tv_usec = ACCEPT_PAUSE_MS * 1000};

	(void)arg;
	log_err(errno, "cannot accept a connection to the API");
	if (!event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, on_resume, listener,
			     &pause))
		evconnlistener_disable(listener);
}

static struct evhttp *http_make(struct api *api, void (*fn)(struct evhttp_request *, void *))
{
	struct evhttp *http = evhttp_new(api->agent->base);

	if (!http)
		return NULL;
	/* All methods reach the dispatcher, which knows what each path has. */
	evhttp_set_allowed_methods(http, 0xffff);
	evhttp_set_max_body_size(http, BODY_HARD_MAX);
	evhttp_set_max_headers_size(http, HEAD_MAX);
	evhttp_set_timeout(http, IDLE_S);
	evhttp_set_gencb(http, fn, api);
	return http;
}

/* Takes @fd. */
static int serve(struct api *api, int fd, void (*fn)(struct evhttp_request *, void *),
		 struct evhttp **out)
{
	struct evhttp *http = http_make(api, fn);
	struct evconnlistener *listener = evconnlistener_new(
		api->agent->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);

	if (!listener)
		close(fd);
	if (!http || !listener || !evhttp_bind_listener(http, listener)) {
		if (listener)
			evconnlistener_free(listener);
		if (http)
			evhttp_free(http);
		return -ENOMEM;
	}
	evconnlistener_set_error_cb(listener, on_accept_failed);
	*out = http;
	return 0;
}

static int serve_unix(struct api *api, struct error *e)
{
	const char *run_dir = api->agent->opt.run_dir;
	int fd;
	int r = dir_make(run_dir, 0755);

	if (r)
		return error_set(e, r, "cannot make run-dir %s: %s", run_dir, strerror(-r));
	if (asprintf(&api->path, "%s/%s", run_dir, AXO_SOCKET_NAME) < 0) {
		api->path = NULL;
		return error_set(e, ENOMEM, "no memory for the API");
	}
	fd = api_socket_unix(api->path, e);
	if (fd < 0) {
		/* Not ours: api_stop() must not remove it. */
		free(TAKE_PTR(api->path));
		return fd;
	}
	r = serve(api, fd, on_request, &api->socket);
	return r ? error_set(e, r, "no memory for the API") : 0;
}

static int serve_tcp(struct api *api, struct error *e)
{
	const char *address = api->agent->opt.metrics_listen;
	int fd;
	int r;

	if (!address || !*address || !strcmp(address, "off"))
		return 0;
	fd = api_socket_tcp(address, e);
	if (fd < 0)
		return fd;
	r = serve(api, fd, on_tcp_request, &api->tcp);
	return r ? error_set(e, r, "no memory for the API") : 0;
}

int api_start(struct api **out, struct agent *agent, struct error *e)
{
	struct api *api = calloc(1, sizeof(*api));
	int r;

	if (!api)
		return error_set(e, ENOMEM, "no memory for the API");
	api->agent = agent;
	TAILQ_INIT(&api->pending);
	TAILQ_INIT(&api->streams);
	/* libevent writes with writev(), which cannot say MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	r = serve_unix(api, e);
	if (!r)
		r = serve_tcp(api, e);
	if (r) {
		api_stop(api);
		return r;
	}
	*out = api;
	return 0;
}

static void answer_pending(struct api *api)
{
	struct api_request *req;

	while ((req = TAILQ_FIRST(&api->pending))) {
		struct evhttp_connection *con = evhttp_request_get_connection(req->http);

		api_fail(req, API_TRY_LATER, "the agent is stopping");
		api_connection_flush(con);
	}
}

void api_stop(struct api *api)
{
	struct api_stream *s;

	if (!api)
		return;
	/* The name goes first: who comes now sees that no agent is there. */
	if (api->path)
		unlink(api->path);
	answer_pending(api);
	while ((s = TAILQ_FIRST(&api->streams)))
		api_stream_end(s);
	if (api->socket)
		evhttp_free(api->socket);
	if (api->tcp)
		evhttp_free(api->tcp);
	free(api->path);
	free(api);
}
