/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Streams; see api_stream.h.
 *
 * libevent stops reading from a connection while its request is answered, so the end of the
 * client would be seen only by the next write.  An event of our own for EV_CLOSED (EPOLLRDHUP) on
 * the same descriptor sees it at once.
 */
#include "loader/api_stream.h"

#include <stdlib.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "loader/agent.h"
#include "loader/api_internal.h"

/**
 * struct api_stream
 * @http:    libevent's side; lives until evhttp_send_reply_end()
 * @closed:  fires when the client has closed its side
 * @piece:   being filled by the source
 * @sending: a piece is on its way; sent() follows
 */
struct api_stream {
	TAILQ_ENTRY(api_stream) link;
	struct api_streams *list;
	struct api_request *req;
	const struct api_source *source;
	void *arg;
	struct evhttp_request *http;
	struct event *closed;
	struct evbuffer *piece;
	bool sending;
};

static void stream_finish(struct api_stream *s)
{
	struct evhttp_connection *con = evhttp_request_get_connection(s->http);

	TAILQ_REMOVE(s->list, s, link);
	if (con)
		evhttp_connection_set_closecb(con, NULL, NULL);
	s->source->close(s->arg);
	evhttp_send_reply_end(s->http);
	api_stream_free(s);
}

static void pump(struct api_stream *s);

static void sent(struct evhttp_connection *con, void *arg)
{
	struct api_stream *s = arg;

	(void)con;
	s->sending = false;
	pump(s);
}

static void pump(struct api_stream *s)
{
	bool more;

	if (s->sending)
		return;
	more = s->source->more(s->arg, s->piece);
	if (evbuffer_get_length(s->piece)) {
		s->sending = more;
		evhttp_send_reply_chunk_with_cb(s->http, s->piece, more ? sent : NULL, s);
	}
	if (!more)
		stream_finish(s);
}

/* The connection failed: libevent has let go of the request already. */
static void on_failed(struct evhttp_connection *con, void *arg)
{
	(void)con;
	stream_finish(arg);
}

static void on_closed(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	stream_finish(arg);
}

struct api_stream *api_stream_new(struct api_request *req, const struct api_source *source,
				  void *arg)
{
	struct evhttp_connection *con = evhttp_request_get_connection(req->http);
	struct api_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->req = req;
	s->http = req->http;
	s->list = &req->api->streams;
	s->source = source;
	s->arg = arg;
	s->piece = evbuffer_new();
	s->closed = event_new(req->agent->base,
			      bufferevent_getfd(evhttp_connection_get_bufferevent(con)), EV_CLOSED,
			      on_closed, s);
	if (!s->piece || !s->closed || event_add(s->closed, NULL)) {
		api_stream_free(s);
		return NULL;
	}
	return s;
}

void api_stream_free(struct api_stream *s)
{
	if (s->closed)
		event_free(s->closed);
	if (s->piece)
		evbuffer_free(s->piece);
	free(s);
}

void api_stream_start(struct api_stream *s, const char *type)
{
	evhttp_add_header(evhttp_request_get_output_headers(s->http), "Content-Type", type);
	TAILQ_INSERT_TAIL(s->list, s, link);
	api_counted(s->req, 0);
	api_request_free(s->req);
	s->req = NULL;
	evhttp_connection_set_closecb(evhttp_request_get_connection(s->http), on_failed, s);
	evhttp_send_reply_start(s->http, HTTP_OK, "OK");
	pump(s);
}

void api_stream_wake(struct api_stream *s)
{
	pump(s);
}

void api_stream_end(struct api_stream *s)
{
	struct evhttp_connection *con = evhttp_request_get_connection(s->http);

	stream_finish(s);
	api_connection_flush(con);
}
