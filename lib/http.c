/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP/1.1 client: the connection, requests and whole answers; see http.h. */
#include "lib/http.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "lib/cleanup.h"
#include "lib/http_answer.h"

static int http_connect(struct http *h, struct error *e)
{
	struct timeval limit = {.tv_sec = h->timeout_ms / 1000,
				.tv_usec = h->timeout_ms % 1000 * 1000};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return http_fail(e, errno, "cannot make a socket for", h);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return http_fail(e, errno, "cannot set the time limit of", h);
	do {
		r = connect(fd, (struct sockaddr *)&h->addr, sizeof(h->addr));
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return http_fail(e, errno, "cannot connect to the agent at", h);
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
			return http_fail(e, errno, "cannot send to the agent at", h);
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

int http_send(struct http *h, const char *method, const char *path, const char *body,
	      struct error *e)
{
	_cleanup_free_ char *request = NULL;
	int len, r = 0;

	if (h->ended || h->fd < 0)
		r = h->fd < 0 ? http_connect(h, e) : http_reconnect(h, e);
	if (r < 0)
		return r;
	if (body)
		len = asprintf(
			&request,
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

static int body_collect(struct http *h, struct http_body *body, char **out, size_t *len,
			struct error *e)
{
	_cleanup_free_ char *text = malloc(4096);
	size_t size = 4096, used = 0;
	const char *data;
	int n;

	while (text && (n = http_body_read(h, body, &data, e)) > 0) {
		if (used + (size_t)n > HTTP_BODY_MAX)
			return error_set(e, EPROTO, "the agent's answer is longer than %lu bytes",
					 HTTP_BODY_MAX);
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
	struct http_body body;
	int r = http_answer_begin(h, &got.status, &body, e);

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

static int status_error(struct http *h, int status, struct http_body *body, struct error *e)
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

int http_stream(struct http *h, int (*line)(const char *text, void *arg), void *arg,
		struct error *e)
{
	struct stream_line l = {.len = 0};
	struct http_body body;
	const char *data;
	int status, n, r = http_answer_begin(h, &status, &body, e);

	if (r < 0)
		return r;
	if (status != 200)
		return status_error(h, status, &body, e);
	while ((n = http_body_read(h, &body, &data, e)) > 0) {
		r = stream_feed(&l, data, (size_t)n, line, arg);
		if (r == -EMSGSIZE)
			error_set(e, EMSGSIZE, "a line of the agent's stream is longer than %d",
				  HTTP_LINE_MAX - 1);
		if (r < 0)
			return r;
	}
	if (n == 0 && l.len)
		r = stream_feed(&l, "\n", 1, line, arg);
	return n < 0 ? n : r < 0 ? r : 0;
}
