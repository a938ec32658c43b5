/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP/1.1 client on the agent's Unix socket: blocking, one connection, for the plugin and the
 * command line.  Small on purpose: the plugin's start-up time counts, and the server is ours.
 *
 * It understands Content-Length and chunked answers, and answers ended by the connection's end.
 */
#ifndef LIB_HTTP_H
#define LIB_HTTP_H

#include <stddef.h>

#include "lib/error.h"

/** struct http - one connection */
struct http;

/**
 * struct http_response - an answer
 * @status: 200 and so on
 * @body:   whole body with a final 0; owned by the caller (free)
 * @len:    without the final 0
 */
struct http_response {
	int status;
	char *body;
	size_t len;
};

/**
 * http_open - connect to @socket_path
 * @timeout_ms: for each of connect, send and every receive; 0 = no limit
 * Return: 0 and *h (http_close() it), or negative errno with @e: -ENOENT, -ECONNREFUSED and the
 * like mean that no agent is there.
 */
int http_open(const char *socket_path, int timeout_ms, struct http **h, struct error *e);
void http_close(struct http *h);
void http_cleanup(struct http **h);
#define _cleanup_http_ __attribute__((cleanup(http_cleanup)))

/**
 * http_send, http_receive - the halves of http_request(), for a caller that has work to do
 * while the agent answers
 * @body: JSON text, or NULL
 */
int http_send(struct http *h, const char *method, const char *path, const char *body,
	      struct error *e);
int http_receive(struct http *h, struct http_response *res, struct error *e);

/** http_request - send and receive; the connection can be used again afterwards */
int http_request(struct http *h, const char *method, const char *path, const char *body,
		 struct http_response *res, struct error *e);

/**
 * http_stream - receive an answer of status 200 line by line, as it arrives (monitor)
 * @line: called for each line without its newline; a negative return value ends the stream and
 *        is returned
 * Return: 0 at the stream's end; another status is an error whose @e holds the server's message.
 */
int http_stream(struct http *h, int (*line)(const char *text, void *arg), void *arg,
		struct error *e);

#endif
