/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connect/request/close: every request on a connection of its own, one after the other.
 *
 *     crr [-n COUNT] [-c CPU] CLIENT_NETNS SERVER_NETNS ADDRESS
 *
 * Prints how many a second.  The client closes with a reset, so that ports do not run out however
 * many connections there are.  The ends of ends.h hold one connection, over which the server tells
 * its port.
 */
#include <err.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/number.h"
#include "tests/bench/ends.h"

#define WARM_UP 200

/* A socket of the family and address of the end @fd; port 0. */
static int socket_beside(int fd, bool peer, struct sockaddr_storage *addr, socklen_t *len)
{
	int s;

	*len = sizeof(*addr);
	if (peer ? getpeername(fd, (struct sockaddr *)addr, len)
		 : getsockname(fd, (struct sockaddr *)addr, len))
		err(1, "address of an end");
	s = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		err(1, "socket");
	return s;
}

/* sin_port and sin6_port are at the same place. */
static void set_port(struct sockaddr_storage *addr, uint16_t port)
{
	((struct sockaddr_in *)addr)->sin_port = port;
}

static int answer(int fd, const void *arg)
{
	unsigned int count = *(const unsigned int *)arg + WARM_UP;
	struct sockaddr_storage addr;
	socklen_t len;
	_cleanup_close_ int listener = socket_beside(fd, false, &addr, &len);
	char byte;

	set_port(&addr, 0);
	if (bind(listener, (struct sockaddr *)&addr, len) || listen(listener, 128) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len))
		err(1, "cannot listen");
	if (send(fd, &((struct sockaddr_in *)&addr)->sin_port, 2, 0) != 2)
		err(1, "cannot tell the port");
	for (unsigned int i = 0; i < count; i++) {
		_cleanup_close_ int s = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (s < 0 || recv(s, &byte, 1, 0) != 1 || send(s, &byte, 1, 0) != 1) {
			warn("server, connection %u", i);
			return 1;
		}
		/* Until the client has closed, so that the reset finds a connection. */
		recv(s, &byte, 1, 0);
	}
	return 0;
}

static int one_request(const struct sockaddr_storage *addr, socklen_t len)
{
	const struct linger reset = {.l_onoff = 1};
	_cleanup_close_ int s = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte = 'x';

	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) ||
	    connect(s, (const struct sockaddr *)addr, len) || send(s, &byte, 1, 0) != 1 ||
	    recv(s, &byte, 1, 0) != 1) {
		warn("client");
		return 1;
	}
	return 0;
}

static int ask(int fd, const void *arg)
{
	unsigned int count = *(const unsigned int *)arg;
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	uint64_t before = 0;
	uint16_t port;

	if (getpeername(fd, (struct sockaddr *)&addr, &len) ||
	    recv(fd, &port, sizeof(port), MSG_WAITALL) != sizeof(port))
		err(1, "the server told no port");
	set_port(&addr, port);
	for (unsigned int i = 0; i < count + WARM_UP; i++) {
		if (i == WARM_UP)
			before = now_ns();
		if (one_request(&addr, len))
			return 1;
	}
	printf("%.0f\n", count * 1e9 / (double)(now_ns() - before));
	return 0;
}

int main(int argc, char **argv)
{
	struct ends ends = {.cpu = -1};
	unsigned int count = 10000;
	uint64_t n;
	int option, status;

	while ((option = getopt(argc, argv, "n:c:")) != -1) {
		if (option == '?' || number_parse(optarg, 0, 10000000, &n))
			return 2;
		if (option == 'n')
			count = (unsigned int)n;
		else
			ends.cpu = (int)n;
	}
	status = ends_parse(&ends, argc - optind, argv + optind);
	return status ? status : ends_run(&ends, answer, ask, &count);
}
