/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP/1.1 client; see http.h.
 *
 * Bytes go through one buffer; above it stands the body as a source of pieces, whatever its
 * framing (RFC 9112, 6.3): chunked, else Content-Length, else all until the connection ends.
 */
#include "lib/http.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "lib/cleanup.h"
#include "lib/number.h"

#define HTTP_LINE_MAX 8192		/* status line, header, chunk size, and a line of a stream */
#define HTTP_HEADERS_MAX 100
#define HTTP_BODY_MAX (512UL << 20)	/* the flow table of a busy host as JSON */

struct http {
	int fd;
	int timeout_ms;
	bool ended; /* the server closes, or closed, after the last answer */
	struct sockaddr_un addr;
	size_t at, end; /* unread bytes of buf */
	char buf[16384];
};

/* How the body is framed, and what is left of it (of the chunk, when chunked). */
struct body {
	enum { BODY_LENGTH, BODY_CHUNKED, BODY_UNTIL_END } framing;
	bool first_chunk;
	bool done;
	uint64_t left;
};

static int fail(struct error *e, int err, const char *what, const struct http *h)
{
	if (err == EAGAIN || err == EWOULDBLOCK)
		err = ETIMEDOUT;
	if (err == ETIMEDOUT)
		return error_set(e, err, "%s %s: no answer within %d ms", what, h->addr.sun_path, h->timeout_ms);
	return error_set(e, err, "%s %s: %s", what, h->addr.sun_path, strerror(err));
}

static int bad_answer(struct error *e, const char *what)
{
	return error_set(e, EPROTO, "the agent's answer is not HTTP/1.1: %s", what);
}

static int http_connect(struct http *h, struct error *e)
{
	struct timeval limit = {.tv_sec = h->timeout_ms / 1000, .tv_usec = h->timeout_ms % 1000 * 1000};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return fail(e, errno, "cannot make a socket for", h);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return fail(e, errno, "cannot set the time limit of", h);
	do {
		r = connect(fd, (struct sockaddr *)&h->addr, sizeof(h->addr));
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return fail(e, errno, "cannot connect to the agent at", h);
	h->fd = TAKE_FD(fd);
	h->at = h->end = 0;
	h->ended = false;
	return 0;
}

int http_open(const char *socket_path, int timeout_ms, struct http **out, struct error *e)
{
	size_t len = strlen(socket_path);
	_cleanup_http_ struct http *h = NULL;
	int r;

	if (len == 0 || len >= sizeof(h->addr.sun_path))
		return error_set(e, len ? ENAMETOOLONG : EINVAL,
				 "socket path of %zu characters: expected 1 to %zu", len,
				 sizeof(h->addr.sun_path) - 1);
	h = malloc(sizeof(*h));
	if (!h)
		return error_set(e, ENOMEM, "out of memory");
	h->fd = -1;
	h->timeout_ms = timeout_ms;
	h->addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(h->addr.sun_path, socket_path, len);
	r = http_connect(h, e);
	if (r < 0)
		return r;
	*out = TAKE_PTR(h);
	return 0;
}

void http_close(struct http *h)
{
	if (!h)
		return;
	if (h->fd >= 0)
		close(h->fd);
	free(h);
}

void http_cleanup(struct http **h)
{
	http_close(*h);
}

static int send_all(struct http *h, const char *data, size_t len, struct error *e)
{
	while (len) {
		ssize_t n = send(h->fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(e, errno, "cannot send to the agent at", h);
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int http_reconnect(struct http *h, struct error *e)
{
	close(h->fd);
	h->fd = -1;
	return http_connect(h, e);
}

int http_send(struct http *h, const char *method, const char *path, const char *body, struct error *e)
{
	_cleanup_free_ char *request = NULL;
	int len, r = 0;

	if (h->ended || h->fd < 0)
		r = h->fd < 0 ? http_connect(h, e) : http_reconnect(h, e);
	if (r < 0)
		return r;
	if (body)
		len = asprintf(&request,
			       "%s %s HTTP/1.1\r\nHost: axoneme\r\nContent-Type: application/json\r\n"
			       "Content-Length: %zu\r\n\r\n%s",
			       method, path, strlen(body), body);
	else
		len = asprintf(&request, "%s %s HTTP/1.1\r\nHost: axoneme\r\n\r\n", method, path);
	if (len < 0) {
		request = NULL;
		return error_set(e, ENOMEM, "out of memory");
	}
	return send_all(h, request, (size_t)len, e);
}

/* More bytes into the buffer: how many, 0 = the connection ended. */
static int fill(struct http *h, struct error *e)
{
	ssize_t n;

	if (h->at == h->end)
		h->at = h->end = 0;
	if (h->at) {
		memmove(h->buf, h->buf + h->at, h->end - h->at);
		h->end -= h->at;
		h->at = 0;
	}
	do {
		n = recv(h->fd, h->buf + h->end, sizeof(h->buf) - h->end, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(e, errno, "cannot read from the agent at", h);
	if (n == 0)
		h->ended = true;
	h->end += (size_t)n;
	return (int)n;
}

/* One line without its CRLF or LF into @line. */
static int line_read(struct http *h, char line[static HTTP_LINE_MAX], struct error *e)
{
	for (;;) {
		char *start = h->buf + h->at;
		char *nl = memchr(start, '\n', h->end - h->at);
		size_t len = nl ? (size_t)(nl - start) : h->end - h->at;
		int r;

		if (len >= HTTP_LINE_MAX)
			return bad_answer(e, "a line is too long");
		if (nl) {
			h->at += len + 1;
			if (len && start[len - 1] == '\r')
				len--;
			memcpy(line, start, len);
			line[len] = '\0';
			return 0;
		}
		r = fill(h, e);
		if (r < 0)
			return r;
		if (r == 0)
			return error_set(e, ECONNRESET, "the agent at %s closed the connection without an answer",
					 h->addr.sun_path);
	}
}

static int status_read(struct http *h, int *status, bool *http10, struct error *e)
{
	char line[HTTP_LINE_MAX];
	uint64_t code;
	int r = line_read(h, line, e);

	if (r < 0)
		return r;
	if (strncmp(line, "HTTP/1.", 7) || strlen(line) < 12 || line[8] != ' ' ||
	    (line[12] != ' ' && line[12] != '\0'))
		return bad_answer(e, "bad status line");
	*http10 = line[7] == '0';
	line[12] = '\0';
	if (number_parse(line + 9, 100, 599, &code) < 0)
		return bad_answer(e, "bad status");
	*status = (int)code;
	return 0;
}

/* The value when @line is header @name, without white space around it. */
static char *header_value(char *line, const char *name)
{
	size_t len = strlen(name);
	char *v, *end;

	if (strncasecmp(line, name, len) || line[len] != ':')
		return NULL;
	v = line + len + 1 + strspn(line + len + 1, " \t");
	end = v + strlen(v);
	while (end > v && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return v;
}

static int header_apply(struct http *h, struct body *body, char *line, struct error *e)
{
	char *v;

	v = header_value(line, "Content-Length");
	if (v && number_parse(v, 0, HTTP_BODY_MAX, &body->left) < 0)
		return bad_answer(e, "bad Content-Length");
	if (v && body->framing == BODY_UNTIL_END)
		body->framing = BODY_LENGTH;
	v = header_value(line, "Transfer-Encoding");
	if (v && strcasecmp(v, "chunked"))
		return bad_answer(e, "unknown Transfer-Encoding");
	if (v)
		body->framing = BODY_CHUNKED;
	v = header_value(line, "Connection");
	if (v && !strcasecmp(v, "close"))
		h->ended = true;
	return 0;
}

static int head_read(struct http *h, int *status, struct body *body, struct error *e)
{
	char line[HTTP_LINE_MAX];
	bool http10 = false;
	int r;

	*body = (struct body){.framing = BODY_UNTIL_END, .first_chunk = true};
	r = status_read(h, status, &http10, e);
	for (int i = 0; r == 0; i++) {
		r = i < HTTP_HEADERS_MAX ? line_read(h, line, e) : bad_answer(e, "too many headers");
		if (r == 0 && !*line)
			break;
		if (r == 0)
			r = header_apply(h, body, line, e);
	}
	if (r < 0)
		return r;
	if (*status == 204 || *status == 304) {
		body->framing = BODY_LENGTH;
		body->left = 0;
	}
	if (body->framing == BODY_CHUNKED)
		body->left = 0;
	if (http10 || body->framing == BODY_UNTIL_END)
		h->ended = true;
	return 0;
}

/* Interim answers (100 Continue) are read over. */
static int answer_begin(struct http *h, int *status, struct body *body, struct error *e)
{
	int r;

	do {
		r = head_read(h, status, body, e);
	} while (r == 0 && *status < 200);
	return r;
}

static int chunk_size_parse(char *line, uint64_t *size, struct error *e)
{
	size_t digits = strspn(line, "0123456789abcdefABCDEF");

	if (digits == 0 || digits > 15 || (line[digits] && line[digits] != ';' && line[digits] != ' '))
		return bad_answer(e, "bad chunk size");
	*size = strtoull(line, NULL, 16);
	return 0;
}

static int trailer_skip(struct http *h, struct error *e)
{
	char line[HTTP_LINE_MAX];
	int r = 0;

	for (int i = 0; r == 0; i++) {
		r = i < HTTP_HEADERS_MAX ? line_read(h, line, e) : bad_answer(e, "too many trailers");
		if (r == 0 && !*line)
			break;
	}
	return r;
}

static int chunk_begin(struct http *h, struct body *body, struct error *e)
{
	char line[HTTP_LINE_MAX];
	int r = 0;

	if (!body->first_chunk)
		r = line_read(h, line, e);
	if (r == 0 && !body->first_chunk && *line)
		return bad_answer(e, "a chunk is longer than its size");
	body->first_chunk = false;
	if (r == 0)
		r = line_read(h, line, e);
	if (r == 0)
		r = chunk_size_parse(line, &body->left, e);
	if (r < 0 || body->left)
		return r;
	body->done = true;
	return trailer_skip(h, e);
}

/* The next bytes of the body, borrowed from the buffer: their number, 0 at the body's end. */
static int body_read(struct http *h, struct body *body, const char **data, struct error *e)
{
	size_t n;
	int r = 0;

	if (body->framing == BODY_CHUNKED && !body->left && !body->done)
		r = chunk_begin(h, body, e);
	if (r < 0)
		return r;
	if (body->framing != BODY_UNTIL_END && !body->left)
		return 0;
	if (h->at == h->end) {
		r = fill(h, e);
		if (r < 0)
			return r;
		if (r == 0 && body->framing == BODY_UNTIL_END)
			return 0;
		if (r == 0)
			return error_set(e, ECONNRESET, "the agent at %s closed the connection within its answer",
					 h->addr.sun_path);
	}
	n = h->end - h->at;
	if (body->framing != BODY_UNTIL_END && n > body->left)
		n = body->left;
	*data = h->buf + h->at;
	h->at += n;
	body->left -= body->framing != BODY_UNTIL_END ? n : 0;
	return (int)n;
}

static int body_collect(struct http *h, struct body *body, char **out, size_t *len, struct error *e)
{
	_cleanup_free_ char *text = malloc(4096);
	size_t size = 4096, used = 0;
	const char *data;
	int n;

	while (text && (n = body_read(h, body, &data, e)) > 0) {
		if (used + (size_t)n > HTTP_BODY_MAX)
			return bad_answer(e, "its body is too long");
		if (used + (size_t)n >= size) {
			char *bigger = realloc(text, size * 2 + (size_t)n);

			if (!bigger)
				return error_set(e, ENOMEM, "out of memory");
			text = bigger;
			size = size * 2 + (size_t)n;
		}
		memcpy(text + used, data, (size_t)n);
		used += (size_t)n;
	}
	if (!text)
		return error_set(e, ENOMEM, "out of memory");
	if (n < 0)
		return n;
	text[used] = '\0';
	*out = TAKE_PTR(text);
	*len = used;
	return 0;
}

int http_receive(struct http *h, struct http_response *res, struct error *e)
{
	struct http_response got = {.status = 0};
	struct body body;
	int r = answer_begin(h, &got.status, &body, e);

	if (r == 0)
		r = body_collect(h, &body, &got.body, &got.len, e);
	if (r < 0) {
		h->ended = true;
		return r;
	}
	*res = got;
	return 0;
}

int http_request(struct http *h, const char *method, const char *path, const char *body,
		 struct http_response *res, struct error *e)
{
	int r = http_send(h, method, path, body, e);

	return r < 0 ? r : http_receive(h, res, e);
}

static int status_error(struct http *h, int status, struct body *body, struct error *e)
{
	_cleanup_free_ char *text = NULL;
	const char *message = NULL;
	json_t *answer;
	size_t len;
	int r = body_collect(h, body, &text, &len, e);

	if (r < 0)
		return r;
	answer = json_loadb(text, len, 0, NULL);
	message = json_string_value(json_object_get(answer, "message"));
	if (message)
		r = error_set(e, EREMOTEIO, "%s", message);
	else
		r = error_set(e, EREMOTEIO, "the agent answered with status %d", status);
	json_decref(answer);
	return r;
}

struct stream_line {
	char text[HTTP_LINE_MAX];
	size_t len;
};

static int stream_feed(struct stream_line *l, const char *data, size_t n,
		       int (*fn)(const char *text, void *arg), void *arg)
{
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		if (data[i] != '\n') {
			if (l->len == sizeof(l->text) - 1)
				return -EMSGSIZE;
			l->text[l->len++] = data[i];
			continue;
		}
		if (l->len && l->text[l->len - 1] == '\r')
			l->len--;
		l->text[l->len] = '\0';
		l->len = 0;
		r = fn(l->text, arg);
	}
	return r;
}

int http_stream(struct http *h, int (*line)(const char *text, void *arg), void *arg, struct error *e)
{
	struct stream_line l = {.len = 0};
	struct body body;
	const char *data;
	int status, n, r = answer_begin(h, &status, &body, e);

	if (r < 0)
		return r;
	if (status != 200)
		return status_error(h, status, &body, e);
	while ((n = body_read(h, &body, &data, e)) > 0) {
		r = stream_feed(&l, data, (size_t)n, line, arg);
		if (r == -EMSGSIZE)
			error_set(e, EMSGSIZE, "a line of the agent's stream is longer than %d", HTTP_LINE_MAX - 1);
		if (r < 0)
			return r;
	}
	if (n == 0 && l.len)
		r = stream_feed(&l, "\n", 1, line, arg);
	return n < 0 ? n : r < 0 ? r : 0;
}
