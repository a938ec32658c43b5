/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The bytes of an HTTP answer; see http_answer.h. */
#include "lib/http_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "lib/number.h"

int http_fail(struct error *e, int err, const char *what, const struct http *h)
{
	if (err == EAGAIN || err == EWOULDBLOCK)
		err = ETIMEDOUT;
	if (err == ETIMEDOUT)
		return error_set(e, err, "%s %s: no answer within %d ms", what, h->addr.sun_path,
				 h->timeout_ms);
	return error_set(e, err, "%s %s: %s", what, h->addr.sun_path, strerror(err));
}

static int bad_answer(struct error *e, const char *what)
{
	return error_set(e, EPROTO, "the agent's answer is not HTTP/1.1: %s", what);
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
		return http_fail(e, errno, "cannot read from the agent at", h);
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
			return error_set(e, ECONNRESET,
					 "the agent at %s closed the connection without an answer",
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

static int header_apply(struct http *h, struct http_body *body, char *line, struct error *e)
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

static int head_read(struct http *h, int *status, struct http_body *body, struct error *e)
{
	char line[HTTP_LINE_MAX];
	bool http10 = false;
	int r;

	*body = (struct http_body){.framing = BODY_UNTIL_END, .first_chunk = true};
	r = status_read(h, status, &http10, e);
	for (int i = 0; r == 0; i++) {
		r = i < HTTP_HEADERS_MAX ? line_read(h, line, e)
					 : bad_answer(e, "too many headers");
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

int http_answer_begin(struct http *h, int *status, struct http_body *body, struct error *e)
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

	if (digits == 0 || digits > 15 ||
	    (line[digits] && line[digits] != ';' && line[digits] != ' '))
		return bad_answer(e, "bad chunk size");
	*size = strtoull(line, NULL, 16);
	return 0;
}

static int trailer_skip(struct http *h, struct error *e)
{
	char line[HTTP_LINE_MAX];
	int r = 0;

	for (int i = 0; r == 0; i++) {
		r = i < HTTP_HEADERS_MAX ? line_read(h, line, e)
					 : bad_answer(e, "too many trailers");
		if (r == 0 && !*line)
			break;
	}
	return r;
}

static int chunk_begin(struct http *h, struct http_body *body, struct error *e)
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

int http_body_read(struct http *h, struct http_body *body, const char **data, struct error *e)
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
			return error_set(e, ECONNRESET,
					 "the agent at %s closed the connection within its answer",
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
