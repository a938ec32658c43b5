/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two connected processes in two network namespaces on one core: see ends.h.
 */
#include "tests/bench/ends.h"

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RECEIVE_TIMEOUT_S 2

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int ends_parse(struct ends *ends, int argc, char **argv)
{
	if (argc != 3) {
		warnx("expected CLIENT_NETNS SERVER_NETNS ADDRESS");
		return 2;
	}
	ends->client_netns = argv[0];
	ends->server_netns = argv[1];
	ends->address = argv[2];
	return 0;
}

static socklen_t make_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	struct sockaddr_in *four = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return sizeof(*four);
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1)
		errx(2, "address '%s': expected IPv4 or IPv6", text);
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	return sizeof(*six);
}

static void enter(const struct ends *ends, const char *netns)
{
	const struct sched_param one = {.sched_priority = 1};
	int fd = open(netns, O_RDONLY | O_CLOEXEC);
	cpu_set_t set;

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "cannot enter network namespace %s", netns);
	close(fd);
	if (ends->first && sched_setscheduler(0, SCHED_RR, &one))
		warn("no priority over others");
	if (ends->cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)ends->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "cannot pin to core %d", ends->cpu);
}

/* Before connecting: the window is scaled by it. */
static void set_buffers(int fd, int bytes)
{
	if (bytes && (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)) ||
		      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes))))
		err(1, "buffers of %d bytes", bytes);
}

static int open_socket(const struct ends *ends, int family)
{
	const struct timeval limit = {.tv_sec = RECEIVE_TIMEOUT_S};
	int fd = socket(family, (ends->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		err(1, "socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
		err(1, "SO_RCVTIMEO");
	set_buffers(fd, ends->buffer_bytes);
	if (ends->udp)
		return fd;
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		err(1, "TCP_NODELAY");
	if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", strlen("cubic")))
		err(1, "TCP_CONGESTION");
	return fd;
}

/* A datagram server learns its peer from the first datagram, which stays in the queue. */
static int accept_peer(int fd, bool udp)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	char byte;

	if (!udp) {
		fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			err(1, "accept");
		return fd;
	}
	if (recvfrom(fd, &byte, 1, MSG_PEEK, (struct sockaddr *)&peer, &len) < 0)
		err(1, "no datagram within %d s", RECEIVE_TIMEOUT_S);
	if (connect(fd, (struct sockaddr *)&peer, len))
		err(1, "connect back");
	return fd;
}

static int serve(const struct ends *ends, int port_pipe, ends_fn server, const void *arg)
{
	struct sockaddr_storage addr;
	socklen_t len = make_address(ends->address, ends->port, &addr);
	uint16_t port;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	enter(ends, ends->server_netns);
	fd = open_socket(ends, addr.ss_family);
	if (bind(fd, (struct sockaddr *)&addr, len) || (!ends->udp && listen(fd, 1)) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		err(1, "cannot listen on %s", ends->address);
	port = ntohs(addr.ss_family == AF_INET ? ((struct sockaddr_in *)&addr)->sin_port
					       : ((struct sockaddr_in6 *)&addr)->sin6_port);
	if (write(port_pipe, &port, sizeof(port)) != sizeof(port))
		err(1, "pipe");
	close(port_pipe);
	return server(accept_peer(fd, ends->udp), arg);
}

static int connect_to(const struct ends *ends, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = make_address(ends->address, port, &addr);
	int fd;

	enter(ends, ends->client_netns);
	fd = open_socket(ends, addr.ss_family);
	if (connect(fd, (struct sockaddr *)&addr, len))
		err(1, "cannot connect to %s", ends->address);
	return fd;
}

int ends_run(const struct ends *ends, ends_fn server, ends_fn client, const void *arg)
{
	int pipe_fds[2], status, result;
	uint16_t port;
	pid_t pid;

	if (pipe(pipe_fds))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		close(pipe_fds[0]);
		exit(serve(ends, pipe_fds[1], server, arg));
	}
	close(pipe_fds[1]);
	if (read(pipe_fds[0], &port, sizeof(port)) != sizeof(port))
		errx(1, "the server did not start");
	close(pipe_fds[0]);
	result = client(connect_to(ends, port), arg);
	if (result) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return result;
	}
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
