/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* lib/http.c against a server thread that says what the row tells it to, byte for byte. */
#include "lib/http.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "lib/cleanup.h"

#define OK "HTTP/1.1 200 OK\r\n"

/* A server: for each connection, hear one request per answer of the row, then close. */
struct server {
	char dir[64], path[96];
	int listener;
	pthread_t thread;
	const char *const *answers; /* ends with NULL; "|" cuts a write in two */
	int connections;
	char heard[8192];
};

static void hear_request(int fd, struct server *s)
{
	size_t used = 0;

	while (used < sizeof(s->heard) - 1) {
		ssize_t n = recv(fd, s->heard + used, sizeof(s->heard) - 1 - used, 0);
		char *body, *length;

		if (n <= 0)
			return;
		used += (size_t)n;
		s->heard[used] = '\0';
		body = strstr(s->heard, "\r\n\r\n");
		length = strstr(s->heard, "Content-Length: ");
		if (body && strlen(body + 4) >= (length ? strtoul(length + 16, NULL, 10) : 0))
			return;
	}
}

static void say(int fd, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "|");

		if (send(fd, text, n, MSG_NOSIGNAL) < 0)
			return;
		text += n + (text[n] == '|');
	}
}

static void *serve(void *arg)
{
	struct server *s = arg;
	const char *const *answer = s->answers;

	while (*answer) {
		int fd = accept(s->listener, NULL, NULL);

		if (fd < 0)
			return NULL;
		s->connections++;
		for (; *answer; answer++) {
			hear_request(fd, s);
			say(fd, *answer);
			if (strstr(*answer, "close")) {
				answer++;
				break;
			}
		}
		close(fd);
	}
	return NULL;
}

static void server_start(struct server *s, const char *const *answers)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	*s = (struct server){.answers = answers};
	snprintf(s->dir, sizeof(s->dir), "/tmp/axo-http-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/s", s->dir);
	memcpy(addr.sun_path, s->path, strlen(s->path));
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(s->listener, 8), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
	unlink(s->path);
	rmdir(s->dir);
}

static void the_request_is_what_the_server_hears(void **state)
{
	static const char *const answers[] = {OK "Content-Length: 2\r\n\r\n{}", NULL};
	struct http_response res = {.status = 0};
	_cleanup_http_ struct http *h = NULL;
	struct server s;

	(void)state;
	server_start(&s, answers);
	assert_int_equal(http_open(s.path, 5000, &h, NULL), 0);
	assert_int_equal(http_request(h, "PUT", "/v1/x", "{\"a\":1}", &res, NULL), 0);
	server_stop(&s);
	assert_int_equal(res.status, 200);
	assert_string_equal(res.body, "{}");
	assert_int_equal(res.len, 2);
	free(res.body);
	assert_true(!strncmp(s.heard, "PUT /v1/x HTTP/1.1\r\n", 20));
	assert_non_null(strstr(s.heard, "\r\nHost: "));
	assert_non_null(strstr(s.heard, "\r\nContent-Length: 7\r\n"));
	assert_non_null(strstr(s.heard, "\r\n\r\n{\"a\":1}"));
}

static const struct {
	const char *answer;
	int result;
	int status;
	const char *body;
} rows[] = {
	{OK "Content-Length: 5\r\n\r\nhello", 0, 200, "hello"},
	{OK "content-length:5  \r\n\r\nhe|llo", 0, 200, "hello"},
	{"HT|TP/1.1 200 OK\r|\nContent-Le|ngth: 0\r\n\r\n", 0, 200, ""},
	{"HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx", 0, 404, "x"},
	{"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", 0, 200, "x"},
	{"HTTP/1.1 204 No Content\r\n\r\n", 0, 204, ""},
	{"HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\ny", 0, 200, "y"},
	{OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", 0, 200,
	 "hello world"},
	{OK
	 "Transfer-Encoding: chunked\r\n\r\n|5|\r\n|he|llo\r|\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n",
	 0, 200, "hello0123456789"},
	{OK "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, 200, ""},
	{"HTTP/1.0 200 OK\r\n\r\nall until close", 0, 200, "all until close"},
	{OK "Connection: close\r\n\r\nall", 0, 200, "all"},
	{OK "Content-Length: 9\r\nX: close\r\n\r\nhello", -ECONNRESET, 0, NULL},
	{OK "Transfer-Encoding: chunked\r\nX: close\r\n\r\n5\r\nhel", -ECONNRESET, 0, NULL},
	{OK "X: close\r\nConte", -ECONNRESET, 0, NULL},
	{OK "Content-Length: -1\r\n\r\n", -EPROTO, 0, NULL},
	{OK "Content-Length: 99999999999999999999\r\n\r\n", -EPROTO, 0, NULL},
	{OK "Transfer-Encoding: gzip\r\n\r\n", -EPROTO, 0, NULL},
	{OK "Transfer-Encoding: chunked\r\n\r\nzz\r\n", -EPROTO, 0, NULL},
	{OK "Transfer-Encoding: chunked\r\n\r\n-5\r\n", -EPROTO, 0, NULL},
	{OK "Transfer-Encoding: chunked\r\n\r\n1\r\nhello\r\n", -EPROTO, 0, NULL},
	{"SSH-2.0-OpenSSH_9.2\r\n", -EPROTO, 0, NULL},
	{"HTTP/1.1 2x0 OK\r\n\r\n", -EPROTO, 0, NULL},
	{"HTTP/1.1 20\r\n\r\n", -EPROTO, 0, NULL},
};

static void answers_are_read_by_their_framing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *const answers[] = {rows[i].answer, NULL};
		struct http_response res = {.status = 0};
		_cleanup_http_ struct http *h = NULL;
		struct error e = {.code = 0};
		struct server s;
		int r;

		server_start(&s, answers);
		assert_int_equal(http_open(s.path, 5000, &h, &e), 0);
		r = http_request(h, "GET", "/", NULL, &res, &e);
		server_stop(&s);
		if (r != rows[i].result)
			fail_msg("row %zu: %d (%s)", i, r, e.msg);
		assert_int_equal(res.status, rows[i].status);
		if (rows[i].body)
			assert_string_equal(res.body, rows[i].body);
		else
			assert_true(strlen(e.msg) > 0);
		free(res.body);
	}
}

static void endless_headers_are_refused(void **state)
{
	struct http_response res = {.status = 0};
	_cleanup_free_ char *answer = calloc(1, 40000);
	const char *const answers[] = {answer, NULL};
	_cleanup_http_ struct http *h = NULL;
	struct server s;

	(void)state;
	strcpy(answer, OK);
	memset(answer + strlen(answer), 'a', 30000);
	server_start(&s, answers);
	assert_int_equal(http_open(s.path, 5000, &h, NULL), 0);
	assert_int_equal(http_request(h, "GET", "/", NULL, &res, NULL), -EPROTO);
	server_stop(&s);
}

static void one_connection_carries_many_requests_and_comes_back_after_close(void **state)
{
	static const char *const answers[] = {
		OK "Content-Length: 1\r\n\r\n1",
		OK "Transfer-Encoding: chunked\r\n\r\n1\r\n2\r\n0\r\n\r\n",
		OK "Connection: close\r\nContent-Length: 1\r\n\r\n3",
		OK "Content-Length: 1\r\n\r\n4",
		NULL,
	};
	_cleanup_http_ struct http *h = NULL;
	struct server s;

	(void)state;
	server_start(&s, answers);
	assert_int_equal(http_open(s.path, 5000, &h, NULL), 0);
	for (int i = 0; answers[i]; i++) {
		struct http_response res = {.status = 0};

		assert_int_equal(http_request(h, "POST", "/", "{}", &res, NULL), 0);
		assert_int_equal(res.body[0], '1' + i);
		free(res.body);
	}
	server_stop(&s);
	assert_int_equal(s.connections, 2);
}

static void no_agent_is_an_error_that_says_so(void **state)
{
	char dir[] = "/tmp/axo-http-XXXXXX", path[64], longpath[200];
	struct http *h = NULL;
	struct error e = {.code = 0};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	assert_int_equal(http_open(path, 100, &h, &e), -ENOENT);
	assert_non_null(strstr(e.msg, path));
	memcpy(addr.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(http_open(path, 100, &h, &e), -ECONNREFUSED);
	close(fd);
	unlink(path);
	rmdir(dir);
	memset(longpath, 'a', sizeof(longpath) - 1);
	longpath[sizeof(longpath) - 1] = '\0';
	assert_int_equal(http_open(longpath, 100, &h, &e), -ENAMETOOLONG);
	assert_int_equal(http_open("", 100, &h, &e), -EINVAL);
	assert_null(h);
}

static void a_silent_server_is_a_timeout(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char dir[] = "/tmp/axo-http-XXXXXX", path[64];
	struct http_response res = {.status = 0};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_http_ struct http *h = NULL;
	struct error e = {.code = 0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	memcpy(addr.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(http_open(path, 50, &h, &e), 0);
	assert_int_equal(http_request(h, "GET", "/", NULL, &res, &e), -ETIMEDOUT);
	assert_non_null(strstr(e.msg, "50 ms"));
	unlink(path);
	rmdir(dir);
}

struct lines {
	char text[256];
	int count, stop_after;
};

static int line_append(const char *text, void *arg)
{
	struct lines *l = arg;

	strcat(l->text, text);
	strcat(l->text, "/");
	return ++l->count == l->stop_after ? -ECANCELED : 0;
}

static void a_stream_comes_line_by_line(void **state)
{
	static const struct {
		const char *answer;
		int stop_after, result;
		const char *lines;
	} streams[] = {
		{OK "Transfer-Encoding: chunked\r\n\r\n4\r\nab\nc\r\n4\r\nd\ne\n\r\n0\r\n\r\n", 0,
		 0, "ab/cd/e/"},
		{OK "X: close\r\n\r\none\ntwo\nthree", 0, 0, "one/two/three/"},
		{OK "Transfer-Encoding: chunked\r\n\r\n4\r\na\nb\n\r\n0\r\n\r\n", 1, -ECANCELED,
		 "a/"},
		{OK "Transfer-Encoding: chunked\r\nX: close\r\n\r\n4\r\na\nb\n\r\n", 0, -ECONNRESET,
		 "a/b/"},
		{"HTTP/1.1 400 Bad Request\r\nContent-Length: 29\r\n\r\n{\"code\":7,\"message\":\"no sir\"}",
		 0, -EREMOTEIO, ""},
		{"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}", 0, -EREMOTEIO, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		const char *const answers[] = {streams[i].answer, NULL};
		struct lines l = {.stop_after = streams[i].stop_after};
		_cleanup_http_ struct http *h = NULL;
		struct error e = {.code = 0};
		struct server s;

		server_start(&s, answers);
		assert_int_equal(http_open(s.path, 5000, &h, &e), 0);
		assert_int_equal(http_send(h, "GET", "/", NULL, &e), 0);
		assert_int_equal(http_stream(h, line_append, &l, &e), streams[i].result);
		server_stop(&s);
		assert_string_equal(l.text, streams[i].lines);
		if (i == 4)
			assert_string_equal(e.msg, "no sir");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_is_what_the_server_hears),
		cmocka_unit_test(answers_are_read_by_their_framing),
		cmocka_unit_test(endless_headers_are_refused),
		cmocka_unit_test(one_connection_carries_many_requests_and_comes_back_after_close),
		cmocka_unit_test(no_agent_is_an_error_that_says_so),
		cmocka_unit_test(a_silent_server_is_a_timeout),
		cmocka_unit_test(a_stream_comes_line_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
