/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The API server from a client's side: what it refuses, what it bounds, how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/file.h"
#include "lib/http.h"
#include "tests/unit/loader/fake_agent.h"

static int start(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));

	f->tcp = true;
	fake_start(f);
	*state = f;
	return 0;
}

static int start_early(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));

	f->starting = true;
	fake_start(f);
	*state = f;
	return 0;
}

static int stop(void **state)
{
	struct fake *f = *state;
	int status = f->pid ? fake_stop(f) : 0;

	free(f);
	return status;
}

/* One request; the answer's body, which must be JSON, and its status. */
static json_t *ask(const struct fake *f, const char *method, const char *path, const char *body,
		   int *status)
{
	_cleanup_http_ struct http *h = NULL;
	struct http_response res = {0};
	struct error e = {.msg = ""};
	json_t *json;

	if (http_open(f->socket, 5000, &h, &e) || http_request(h, method, path, body, &res, &e))
		fail_msg("%s %s: %s", method, path, e.msg);
	*status = res.status;
	json = json_loads(res.body, 0, NULL);
	if (!json)
		fail_msg("%s %s: not JSON: %s", method, path, res.body);
	free(res.body);
	return json;
}

static void expect_failure(const struct fake *f, const char *method, const char *path,
			   const char *body, int status, int code, const char *message)
{
	int got;
	json_t *json = ask(f, method, path, body, &got);
	const char *text = json_string_value(json_object_get(json, "message"));

	print_message("%s %s: %s\n", method, path, text ? text : "(none)");
	assert_int_equal(status, got);
	assert_int_equal(code, json_integer_value(json_object_get(json, "code")));
	assert_non_null(strstr(text, message));
	json_decref(json);
}

static void what_is_wrong_with_a_request_is_said(void **state)
{
	static const struct {
		const char *method;
		const char *path;
		const char *body;
		int status;
		int code;
		const char *message;
	} rows[] = {
		{"GET", "/v1/endpoint", NULL, 404, 104, "nearest: /v1/endpoints"},
		{"GET", "/nothing/like/it", NULL, 404, 104, "no path /nothing/like/it"},
		{"GET", "/v1/endpoints/3", NULL, 404, 104, "no endpoint 3"},
		{"GET", "/v1/attachments", NULL, 405, 4, "POST, PUT, DELETE"},
		{"BREW", "/v1/status", NULL, 405, 4, "GET"},
		{"GET", "/v1/status?verbose=1", NULL, 400, 7, "verbose"},
		{"GET", "/v1/events?type=drpo", NULL, 400, 4, "drpo"},
		{"GET", "/v1/flows?endpoint=web", NULL, 400, 4, "web"},
		{"GET", "/v1/flows?endpoint=77", NULL, 404, 104, "77"},
		{"GET", "/v1/status", "{}", 400, 7, "no request body"},
		{"POST", "/v1/attachments", "{\"network\":", 400, 6, "line 1, column 11"},
		{"POST", "/v1/attachments", "[1]", 400, 7, "object"},
		{"POST", "/v1/attachments", NULL, 400, 7, "missing"},
		{"POST", "/v1/attachments", "{\"netwrk\": \"x\"}", 400, 7, "nearest: network"},
		{"POST", "/v1/attachments", "{\"network\": 1}", 400, 7, "expected a string"},
		{"POST", "/v1/attachments", "{}", 400, 7, "\"network\" of the request is missing"},
		{"PUT", "/v1/attachments", "{}", 409, 103, "it exists ? already"},
		{"GET", "/v1/attachments/status", NULL, 503, 50, "not now"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_failure(*state, rows[i].method, rows[i].path, rows[i].body, rows[i].status,
			       rows[i].code, rows[i].message);
}

static void bodies_of_a_mebibyte_are_taken_larger_ones_refused(void **state)
{
	const char *head = "{\"network\":\"x\",\"ips\":[\"";
	const char *tail = "\"]}";
	size_t max = 1024 * 1024;
	char *body = malloc(max + 2);
	int status;

	memset(body, 'a', max + 1);
	memcpy(body, head, strlen(head));
	strcpy(body + max - strlen(tail), tail);
	json_decref(ask(*state, "POST", "/v1/attachments", body, &status));
	assert_int_equal(200, status);
	memset(body + max - strlen(tail), 'a', strlen(tail));
	strcpy(body + max + 1 - strlen(tail), tail);
	expect_failure(*state, "POST", "/v1/attachments", body, 413, 7, "expected at most 1048576");
	free(body);
}

static void a_body_of_delete_is_read(void **state)
{
	int status;
	json_t *json = ask(*state, "DELETE", "/v1/attachments", "{\"network\":\"x\"}", &status);

	assert_int_equal(200, status);
	assert_string_equal("x", json_string_value(json_object_get(json, "network")));
	json_decref(json);
}

static void one_connection_serves_many_requests(void **state)
{
	struct fake *f = *state;
	_cleanup_http_ struct http *h = NULL;
	struct error e = {.msg = ""};

	assert_int_equal(0, http_open(f->socket, 5000, &h, &e));
	for (int i = 0; i < 20; i++) {
		struct http_response res = {0};

		assert_int_equal(0, http_request(h, i % 2 ? "POST" : "GET",
						 i % 2 ? "/v1/attachments" : "/v1/none",
						 i % 2 ? "{\"network\":\"x\"}" : NULL, &res, &e));
		assert_int_equal(i % 2 ? 200 : 404, res.status);
		free(res.body);
	}
}

static int raw_connect(const struct fake *f)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, f->socket);
	assert_int_equal(0, connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	return fd;
}

static void raw_say(int fd, const char *text)
{
	assert_int_equal(strlen(text), send(fd, text, strlen(text), MSG_NOSIGNAL));
}

/* Everything until the server closes, or @until is in it; false = deadline */
static bool raw_hear(int fd, const char *until, char *buf, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t used = 0;

	*buf = '\0';
	while (used < size - 1 && poll(&p, 1, 5000) > 0) {
		ssize_t n = recv(fd, buf + used, size - 1 - used, 0);

		if (n <= 0)
			return !until;
		used += n;
		buf[used] = '\0';
		if (until && strstr(buf, until))
			return true;
	}
	return false;
}

static void slow_clients_block_nobody(void **state)
{
	struct fake *f = *state;
	int slow[50];
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(slow); i++) {
		slow[i] = raw_connect(f);
		raw_say(slow[i], i % 2 ? "GET /v1/sta"
				       : "POST /v1/attachments HTTP/1.1\r\n"
					 "Content-Length: 100\r\n\r\n{\"net");
	}
	json_decref(ask(f, "GET", "/v1/version", NULL, &status));
	assert_int_equal(200, status);
	for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
		close(slow[i]);
	json_decref(ask(f, "GET", "/v1/version", NULL, &status));
	assert_int_equal(200, status);
}

static void what_is_no_http_hurts_nobody(void **state)
{
	static const char *const rows[] = {
		"\n",
		"\r\n\r\n",
		"GET\r\n\r\n",
		"GET  HTTP/1.1\r\n\r\n",
		"GET * HTTP/1.1\r\n\r\n",
		"GET http:// HTTP/1.1\r\n\r\n",
		"GET /v1/version HTTP/9.9\r\n\r\n",
		"GET ?x HTTP/1.1\r\n\r\n",
		"GET /%00%ff HTTP/1.1\r\n\r\n",
		"POST /v1/attachments HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		"POST /v1/attachments HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"POST /v1/attachments HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"CONNECT x:1 HTTP/1.1\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\n\r\n",
		"GET /v1/status HTTP/1.1\r\n: \r\n\r\n",
		"GET /v1/version HTTP/1.1\r\n\r\nGET /v1/version HTTP/1.1\r\n\r\n",
	};
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int fd = raw_connect(*state);
		char buf[4096];

		raw_say(fd, rows[i]);
		shutdown(fd, SHUT_WR);
		raw_hear(fd, NULL, buf, sizeof(buf));
		close(fd);
		json_decref(ask(*state, "GET", "/v1/version", NULL, &status));
		assert_int_equal(200, status);
	}
}

#define FEW_FILES 40

static void allow_few_files(struct agent *agent)
{
	const struct rlimit few = {FEW_FILES, FEW_FILES};
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/log", agent->opt.run_dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	dup2(fd, STDERR_FILENO);
	close(fd);
	setrlimit(RLIMIT_NOFILE, &few);
}

static unsigned int complaints(const char *log)
{
	_cleanup_free_ char *text = NULL;
	unsigned int n = 0;

	if (file_read(log, 1 << 20, &text, NULL))
		return 0;
	for (const char *p = text; (p = strstr(p, "cannot accept")); p++)
		n++;
	return n;
}

static bool complained_twice(void *log)
{
	return complaints(log) >= 2;
}

/* More connections than files: the server waits for some to go, without spinning meanwhile. */
static void too_many_connections_are_sat_out(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));
	char log[128];
	int fd[FEW_FILES];
	int status;

	*state = f;
	f->prepare = allow_few_files;
	fake_start(f);
	snprintf(log, sizeof(log), "%s/log", f->dir);
	for (int i = 0; i < FEW_FILES; i++)
		fd[i] = raw_connect(f);
	assert_true(wait_until(complained_twice(log)));
	assert_in_range(complaints(log), 2, 10);
	for (int i = 0; i < FEW_FILES; i++)
		close(fd[i]);
	json_decref(ask(f, "GET", "/v1/version", NULL, &status));
	assert_int_equal(200, status);
	unlink(log);
}

static void chunked_bodies_are_read(void **state)
{
	int fd = raw_connect(*state);
	char buf[4096];

	raw_say(fd, "POST /v1/attachments HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "b\r\n{\"network\":\r\n4\r\n\"x\"}\r\n0\r\n\r\n");
	assert_true(raw_hear(fd, "\"x\"}", buf, sizeof(buf)));
	assert_non_null(strstr(buf, "200 OK"));
	close(fd);
}

static void a_client_that_leaves_before_the_answer_is_no_loss(void **state)
{
	struct fake *f = *state;
	int status;

	for (int i = 0; i < 20; i++) {
		int fd = raw_connect(f);

		raw_say(fd, "GET /v1/endpoints HTTP/1.1\r\n\r\n");
		close(fd);
	}
	json_decref(ask(f, "GET", "/v1/version", NULL, &status));
	assert_int_equal(200, status);
}

static void an_agent_that_starts_says_so(void **state)
{
	int status;
	json_t *json = ask(*state, "GET", "/v1/status", NULL, &status);

	assert_int_equal(200, status);
	assert_string_equal("starting", json_string_value(json_object_get(json, "state")));
	json_decref(json);
	expect_failure(*state, "GET", "/v1/endpoints", NULL, 503, 11, "starting");
	expect_failure(*state, "POST", "/v1/attachments", "{\"network\":\"x\"}", 503, 11,
		       "starting");
	json_decref(ask(*state, "GET", "/v1/version", NULL, &status));
	assert_int_equal(200, status);
}

static void what_is_pending_at_the_end_is_answered(void **state)
{
	struct fake *f = *state;
	int fd = raw_connect(f);
	char buf[4096];
	int status;

	raw_say(fd, "POST /v1/attachments HTTP/1.1\r\nContent-Length: 18\r\n\r\n"
		    "{\"network\":\"hold\"}");
	/* A second connection's answer means that the first one's request was read. */
	json_decref(ask(f, "GET", "/v1/version", NULL, &status));
	assert_int_equal(0, fake_stop(f));
	assert_true(raw_hear(fd, "stopping", buf, sizeof(buf)));
	assert_non_null(strstr(buf, "503 Service Unavailable"));
	assert_non_null(strstr(buf, "\"code\":11"));
	close(fd);
}

static void the_socket_is_for_root_and_goes_with_the_agent(void **state)
{
	struct fake *f = *state;
	char path[96];
	struct stat st;

	strcpy(path, f->socket);
	assert_int_equal(0, stat(path, &st));
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(0660, st.st_mode & 07777);
	assert_int_equal(0, fake_stop(f));
	assert_int_equal(-1, stat(path, &st));
}

/* What a second server on @f's run-dir says; it must not start. */
static int second_server(const struct fake *f, struct error *e)
{
	struct agent agent = {.opt.run_dir = (char *)f->dir, .base = event_base_new()};
	struct api *api = NULL;
	int r = api_start(&api, &agent, e);

	assert_null(api);
	event_base_free(agent.base);
	return r;
}

static void a_living_socket_is_refused_and_left_alone(void **state)
{
	struct fake *f = *state;
	struct error e;
	int status;

	assert_int_equal(-EADDRINUSE, second_server(f, &e));
	assert_non_null(strstr(e.msg, f->socket));
	json_decref(ask(f, "GET", "/v1/version", NULL, &status));
	assert_int_equal(200, status);
}

static void a_dead_socket_is_replaced(void **state)
{
	struct fake *f = *state;
	char path[96];
	int status;

	strcpy(path, f->socket);
	assert_int_equal(0, kill(f->pid, SIGKILL));
	waitpid(f->pid, NULL, 0);
	assert_int_equal(0, access(path, F_OK));
	fake_start(f);
	json_decref(ask(f, "GET", "/v1/version", NULL, &status));
	assert_int_equal(200, status);
}

/* From the moment that the name is there, connections are taken. */
static void the_socket_is_never_there_but_deaf(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct sockaddr_un addr = {.sun_family = AF_UNIX};
		struct fake f = {0};
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		uint64_t end_us = clock_us() + 5000000;

		fake_dir(&f);
		strcpy(addr.sun_path, f.socket);
		f.pid = fork();
		if (f.pid == 0)
			_exit(fake_serve(&f));
		while (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
			assert_int_equal(ENOENT, errno);
			assert_true(clock_us() < end_us);
		}
		close(fd);
		assert_int_equal(0, fake_stop(&f));
	}
}

static void what_is_no_socket_is_never_removed(void **state)
{
	struct fake f = {0};
	struct error e;
	FILE *file;

	(void)state;
	fake_dir(&f);
	file = fopen(f.socket, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(-EEXIST, second_server(&f, &e));
	assert_non_null(strstr(e.msg, "no socket"));
	assert_int_equal(0, unlink(f.socket));
	rmdir(f.dir);
}

static void a_path_that_is_too_long_is_said(void **state)
{
	char dir[200];
	struct agent agent = {.opt.run_dir = dir};
	struct api *api = NULL;
	struct error e;

	(void)state;
	memset(dir, 'x', sizeof(dir) - 1);
	memcpy(dir, "/tmp/axoneme-test-", 18);
	dir[sizeof(dir) - 1] = '\0';
	agent.base = event_base_new();
	assert_int_equal(-ENAMETOOLONG, api_start(&api, &agent, &e));
	assert_non_null(strstr(e.msg, "expected at most 103"));
	event_base_free(agent.base);
	rmdir(dir);
}

static void a_metrics_address_that_is_none_is_said(void **state)
{
	static const char *const rows[] = {"9964",	  "localhost:80", "127.0.0.1",
					   "127.0.0.1:0", "127.0.0.1:x",  ":9964",
					   "[::1]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fake f = {0};
		struct agent agent = {.opt.metrics_listen = (char *)rows[i]};
		struct api *api = NULL;
		struct error e = {0};

		fake_dir(&f);
		agent.opt.run_dir = f.dir;
		agent.base = event_base_new();
		print_message("%s\n", rows[i]);
		assert_int_equal(-EINVAL, api_start(&api, &agent, &e));
		assert_non_null(strstr(e.msg, "expected ADDRESS:PORT"));
		/* Nothing of the half-started server stays. */
		assert_int_equal(0, rmdir(f.dir));
		event_base_free(agent.base);
	}
}

static int tcp_connect(const struct fake *f)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_port = htons(atoi(strchr(f->metrics, ':') + 1));
	assert_int_equal(0, connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	return fd;
}

static void the_tcp_port_serves_metrics_only(void **state)
{
	static const struct {
		const char *request;
		const char *answer;
	} rows[] = {
		{"GET /metrics HTTP/1.0\r\n\r\n", "axoneme_build_info{version="},
		{"GET /v1/status HTTP/1.0\r\n\r\n", "404 Not Found"},
		{"DELETE /v1/attachments HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", "404 Not Found"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int fd = tcp_connect(*state);
		char buf[65536];

		raw_say(fd, rows[i].request);
		assert_true(raw_hear(fd, NULL, buf, sizeof(buf)));
		assert_non_null(strstr(buf, rows[i].answer));
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_AGENT(test) cmocka_unit_test_setup_teardown(test, start, stop)
		WITH_AGENT(what_is_wrong_with_a_request_is_said),
		WITH_AGENT(bodies_of_a_mebibyte_are_taken_larger_ones_refused),
		WITH_AGENT(a_body_of_delete_is_read),
		WITH_AGENT(one_connection_serves_many_requests),
		WITH_AGENT(slow_clients_block_nobody),
		WITH_AGENT(what_is_no_http_hurts_nobody),
		WITH_AGENT(chunked_bodies_are_read),
		WITH_AGENT(a_client_that_leaves_before_the_answer_is_no_loss),
		WITH_AGENT(what_is_pending_at_the_end_is_answered),
		WITH_AGENT(the_socket_is_for_root_and_goes_with_the_agent),
		WITH_AGENT(a_living_socket_is_refused_and_left_alone),
		WITH_AGENT(a_dead_socket_is_replaced),
		WITH_AGENT(the_tcp_port_serves_metrics_only),
		cmocka_unit_test_setup_teardown(an_agent_that_starts_says_so, start_early, stop),
		cmocka_unit_test_teardown(too_many_connections_are_sat_out, stop),
		cmocka_unit_test(the_socket_is_never_there_but_deaf),
		cmocka_unit_test(what_is_no_socket_is_never_removed),
		cmocka_unit_test(a_path_that_is_too_long_is_said),
		cmocka_unit_test(a_metrics_address_that_is_none_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
