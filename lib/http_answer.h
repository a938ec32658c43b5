/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The bytes of an answer: status, headers, and the body as a source of pieces, whatever its
 * framing (RFC 9112, 6.3): chunked, else Content-Length, else all until the connection ends.
 *
 * Private to lib/http*.c.
 */
#ifndef LIB_HTTP_ANSWER_H
#define LIB_HTTP_ANSWER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

#include "lib/http.h"

#define HTTP_LINE_MAX 8192 /* status line, header, chunk size, and a line of a stream */
#define HTTP_HEADERS_MAX 100
#define HTTP_BODY_MAX (512UL << 20) /* the flow table of a busy host as JSON */

/**
 * struct http - a connection
 * @ended: the server closes, or closed, after the last answer
 * @at, @end: the unread bytes of @buf
 */
struct http {
	int fd;
	int timeout_ms;
	bool ended;
	struct sockaddr_un addr;
	size_t at, end;
	char buf[16384];
};

/**
 * struct http_body - how a body is framed
 * @left: bytes to come: of the body, or of the chunk
 * @first_chunk, @done: chunked: no chunk was begun yet; the last one was
 */
struct http_body {
	enum { BODY_LENGTH, BODY_CHUNKED, BODY_UNTIL_END } framing;
	bool first_chunk;
	bool done;
	uint64_t left;
};

/** http_fail - fill @e: @what, the socket's path, errno @err as text */
int http_fail(struct error *e, int err, const char *what, const struct http *h);

/** http_answer_begin - read status and headers; interim answers (100 Continue) are read over */
int http_answer_begin(struct http *h, int *status, struct http_body *body, struct error *e);

/** http_body_read - the next bytes, borrowed from the buffer: their number, 0 = the body's end */
int http_body_read(struct http *h, struct http_body *body, const char **data, struct error *e);

#endif
