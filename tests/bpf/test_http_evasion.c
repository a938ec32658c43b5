// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attacks on HTTP rules (tests/lib/http_evasion.py) against a real nginx.  What counts is what the
 * server served, by its own log: nothing that is forbidden, and everything that is allowed, for an
 * attack whose control fails proves nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "axoneme/http_flow.h"
#include "tests/bpf/http_table.h"
#include "tests/bpf/live.h"
#include "tests/lib/wait.h"

#define SET 1
#define SCRIPT "tests/lib/http_evasion.py"
#define LOG_MAX (1 << 20)

static const char config[] = "daemon off; master_process off; pid %1$s/pid; error_log %1$s/error;\n"
			     "events { worker_connections 256; }\n"
			     "http {\n"
			     "  log_format served '$uri|$request_method|$request_uri|$status';\n"
			     "  access_log %1$s/log served; keepalive_requests 100000;\n"
			     "  client_body_temp_path %1$s/b; proxy_temp_path %1$s/p;\n"
			     "  fastcgi_temp_path %1$s/f; uwsgi_temp_path %1$s/u;\n"
			     "  scgi_temp_path %1$s/s; underscores_in_headers on;\n"
			     "  server { listen 80; location / { return 200 ok; } }\n"
			     "}\n";

/** in_pod - run @argv inside @pod; its pid */
static pid_t in_pod(struct fixture *x, enum pod pod, char *const argv[])
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	if (setns(x->netns_pod[pod], CLONE_NEWNET))
		_exit(126);
	execvp(argv[0], argv);
	_exit(127);
}

static int exit_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static char *path_in(const char *dir, const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%s", dir, name);
	return buf;
}

static bool listens(struct fixture *x, enum pod pod, const char *address)
{
	int fd = live_socket(x, pod, AF_INET, SOCK_STREAM);
	struct sockaddr_storage sa;
	socklen_t len = live_addr(address, 80, &sa);
	int r = connect(fd, (struct sockaddr *)&sa, len);

	close(fd);
	return r == 0;
}

/** nginx_start - in pod B; it listens when this returns */
static pid_t nginx_start(struct fixture *x, const char *dir)
{
	char conf[128], errors[128];
	char *const argv[] = {"nginx",
			      "-c",
			      path_in(dir, "conf", conf, sizeof(conf)),
			      "-e",
			      path_in(dir, "error", errors, sizeof(errors)),
			      NULL};
	FILE *f = fopen(conf, "we");
	pid_t pid;

	assert_non_null(f);
	fprintf(f, config, dir);
	assert_int_equal(fclose(f), 0);
	pid = in_pod(x, POD_B, argv);
	if (!wait_until(listens(x, POD_B, B4)))
		fail_msg("nginx does not listen");
	return pid;
}

static char *log_read(const char *dir)
{
	char *text = calloc(1, LOG_MAX), path[128];
	int fd = open(path_in(dir, "log", path, sizeof(path)), O_RDONLY | O_CLOEXEC);

	assert_non_null(text);
	assert_true(fd >= 0);
	assert_in_range(read(fd, text, LOG_MAX - 1), 1, LOG_MAX - 2);
	close(fd);
	return text;
}

/** served - does a line start with @uri, and has it status 200? */
static bool served(const char *log, const char *uri)
{
	for (const char *line = log; line && *line; line = strchr(line, '\n')) {
		const char *end;

		line += *line == '\n';
		end = strchr(line, '\n');
		if (end && !strncmp(line, uri, strlen(uri)) && !strncmp(end - 4, "|200", 4))
			return true;
	}
	return false;
}

static void no_attack_is_served(void **state)
{
	static const char *const controls[] = {"plain",	 "split", "bytes",   "reordered",
					       "pipe",	 "body",  "chunked", "dots",
					       "window", "wrap",  "wrapped"};
	char *const attack[] = {
		"/usr/bin/python3", "-B", SCRIPT, "eth0", A4, GW_MAC, B4, "hosts", NULL};
	char *const flush[] = {"ip", "addr", "flush", "dev", "eth0", NULL};
	struct fixture *x = *state;
	char dir[] = "/tmp/http-evasion-XXXXXX", uri[64];
	char *const clean[] = {"rm", "-rf", dir, NULL};
	char *log;
	pid_t nginx;

	if (access(SCRIPT, R_OK))
		skip();
	assert_non_null(mkdtemp(dir));
	nginx = nginx_start(x, dir);
	assert_int_equal(exit_of(in_pod(x, POD_A, flush)), 0);
	assert_int_equal(exit_of(in_pod(x, POD_A, attack)), 0);
	kill(nginx, SIGQUIT);
	exit_of(nginx);
	log = log_read(dir);
	assert_int_equal(exit_of(in_pod(x, POD_A, clean)), 0);
	/* A head that was cut off is in the log, too: with 400. */
	if (served(log, "/secret"))
		fail_msg("served: %s", strstr(log, "/secret"));
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		snprintf(uri, sizeof(uri), "/public-%s|", controls[i]);
		if (!served(log, uri))
			fail_msg("not served: %s", uri);
	}
	free(log);
}

static int setup(void **state)
{
	static const char *const targets[] = {"GET /public*", "POST /public*", NULL};
	struct fixture *x;

	if (live_group_setup(state))
		return -1;
	x = *state;
	fixture_reset(state);
	http_rules(x, SET, targets);
	http_policy(x, SET);
	return 0;
}

static int setup_locked_down(void **state)
{
	fixture_kernel_reads = false;
	return setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_attack_is_served, setup, fixture_group_teardown),
		{"no_attack_is_served_where_programs_may_not_read_the_kernel", no_attack_is_served,
		 setup_locked_down, fixture_group_teardown, NULL},
	};

	return cmocka_run_group_tests_name("http_evasion", tests, NULL, NULL);
}
