/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A fake agent for the plugin's tests: a thread that serves the API on a Unix socket, remembers
 * what it heard and answers what docs/api.md says, unless the test scripted something else.
 */
#ifndef TESTS_UNIT_CNI_FAKE_AGENT_H
#define TESTS_UNIT_CNI_FAKE_AGENT_H

#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/attachment.h"
#include "lib/error.h"

#define FAKE_MAX_CONNECTIONS 8
#define FAKE_HOST_MAC "02:61:78:6f:00:01"

/**
 * struct fake_answer - in place of the usual answer
 * @request: "PUT /v1/attachments"; NULL ends the table
 * @status:  0 = close the connection without an answer
 */
struct fake_answer {
	const char *request;
	int status;
	const char *body;
};

struct fake_agent {
	char dir[64], socket[96], queue[96];
	const struct fake_answer *script;
	void (*at_flush)(void *arg); /* called when a flush is asked for */
	void *arg;
	char heard[16384]; /* "PUT /v1/attachments {...}\n" each; read it after fake_stop() */
	int listener, wake[2];
	pthread_t thread;
	sem_t quiet; /* 1 while the thread only waits; see fake_fork() */
};

static json_t *fake_reservation(const json_t *body)
{
	char device[IFNAMSIZ] = "";
	struct attachment a;

	if (attachment_set(&a, json_string_value(json_object_get(body, "network")),
			   json_string_value(json_object_get(body, "containerId")),
			   json_string_value(json_object_get(body, "ifname")), NULL) == 0)
		attachment_device(&a, device);
	return json_pack("{s:s, s:s, s:i, s:[{s:s, s:s}, {s:s, s:s}]}", "hostDevice", device,
			 "hostMac", FAKE_HOST_MAC, "mtu", 1450, "addresses", "address",
			 "10.7.0.9/32", "gateway", "10.7.0.1", "address", "fd07::9/128", "gateway",
			 "fd07::1");
}

static void fake_respond(int fd, int status, const char *body)
{
	char head[160];

	snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n", status,
		 strlen(body));
	if (send(fd, head, strlen(head), MSG_NOSIGNAL) > 0 && *body)
		send(fd, body, strlen(body), MSG_NOSIGNAL);
}

/* Answer one request; false = close. */
static bool fake_answer(struct fake_agent *agent, int fd, const char *request, const char *body)
{
	json_t *in = json_loads(body, 0, NULL), *out = NULL;
	size_t used = strlen(agent->heard);
	char *text;

	snprintf(agent->heard + used, sizeof(agent->heard) - used, "%s %s\n", request, body);
	for (const struct fake_answer *a = agent->script; a && a->request; a++) {
		if (strcmp(a->request, request))
			continue;
		json_decref(in);
		if (a->status)
			fake_respond(fd, a->status, a->body);
		return a->status != 0;
	}
	if (!strcmp(request, "POST /v1/attachments/flush") && agent->at_flush)
		agent->at_flush(agent->arg);
	if (!strcmp(request, "POST /v1/attachments"))
		out = fake_reservation(in);
	text = json_dumps(out ? out : in, JSON_ENCODE_ANY);
	fake_respond(fd, 200, out ? text : "{}");
	free(text);
	json_decref(in);
	json_decref(out);
	return true;
}

/* Requests of the plugin are small: one comes in one or two pieces. */
static bool fake_serve(struct fake_agent *agent, int fd)
{
	char buf[8192], request[128], *end, *length;
	size_t used = 0;

	for (;;) {
		ssize_t n = recv(fd, buf + used, sizeof(buf) - 1 - used, 0);

		if (n <= 0)
			return false;
		used += (size_t)n;
		buf[used] = '\0';
		end = strstr(buf, "\r\n\r\n");
		length = strstr(buf, "Content-Length: ");
		if (end && strlen(end + 4) >= (length ? strtoul(length + 16, NULL, 10) : 0))
			break;
	}
	if (!strstr(buf, " HTTP/1.1\r\n") || strstr(buf, " HTTP/1.1\r\n") - buf >= 128)
		return false;
	snprintf(request, sizeof(request), "%.*s", (int)(strstr(buf, " HTTP/1.1\r\n") - buf), buf);
	return fake_answer(agent, fd, request, end + 4);
}

static void *fake_run(void *arg)
{
	struct pollfd fds[2 + FAKE_MAX_CONNECTIONS];
	struct fake_agent *agent = arg;
	nfds_t n = 2;

	fds[0] = (struct pollfd){.fd = agent->wake[0], .events = POLLIN};
	fds[1] = (struct pollfd){.fd = agent->listener, .events = POLLIN};
	sem_post(&agent->quiet);
	while (poll(fds, n, -1) >= 0 && !fds[0].revents) {
		sem_wait(&agent->quiet);
		for (nfds_t i = 2; i < n; i++) {
			if (!fds[i].revents || fake_serve(agent, fds[i].fd))
				continue;
			close(fds[i].fd);
			fds[i--] = fds[--n];
		}
		if (fds[1].revents && n < 2 + FAKE_MAX_CONNECTIONS)
			fds[n++] = (struct pollfd){.fd = accept(agent->listener, NULL, NULL),
						   .events = POLLIN};
		sem_post(&agent->quiet);
	}
	while (n > 2)
		close(fds[--n].fd);
	return NULL;
}

/* The directory of an agent that is not there (yet). */
static void fake_init(struct fake_agent *agent)
{
	*agent = (struct fake_agent){.listener = -1};
	snprintf(agent->dir, sizeof(agent->dir), "/tmp/axo-cni-XXXXXX");
	if (!mkdtemp(agent->dir))
		abort();
	snprintf(agent->socket, sizeof(agent->socket), "%s/sock", agent->dir);
	snprintf(agent->queue, sizeof(agent->queue), "%s/state/queue", agent->dir);
}

static void fake_start(struct fake_agent *agent, const struct fake_answer *script)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	agent->script = script;
	agent->heard[0] = '\0';
	memcpy(addr.sun_path, agent->socket, strlen(agent->socket));
	agent->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(agent->listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(agent->listener, 8) < 0 || pipe(agent->wake) < 0 ||
	    sem_init(&agent->quiet, 0, 0) < 0 ||
	    pthread_create(&agent->thread, NULL, fake_run, agent) != 0)
		abort();
}

/*
 * fork() while the thread holds no lock of the allocator: ASan's has no fork handlers, and the child
 * would wait for it without end.
 */
static inline pid_t fake_fork(struct fake_agent *agent)
{
	bool runs = agent->listener >= 0;
	pid_t pid;

	if (runs)
		sem_wait(&agent->quiet);
	pid = fork();
	if (runs && pid != 0)
		sem_post(&agent->quiet);
	return pid;
}

static void fake_stop(struct fake_agent *agent)
{
	if (agent->listener < 0)
		return;
	if (write(agent->wake[1], "x", 1) != 1)
		abort();
	pthread_join(agent->thread, NULL);
	close(agent->wake[0]);
	close(agent->wake[1]);
	close(agent->listener);
	unlink(agent->socket);
	agent->listener = -1;
}

#endif
