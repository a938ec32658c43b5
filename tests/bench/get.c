/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP GET on one kept connection, one request in flight: the smallest client and server there are,
 * so that what lies between them is most of what is measured.
 *
 *	get -l ADDRESS PORT		answer every request head with 200 and two bytes; until killed
 *	get [-n COUNT] ADDRESS PORT	print the median and the 99th percentile in nanoseconds
 *
 * The caller chooses network namespace and core (ip netns, taskset).  The head has 185 bytes.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/number.h"

#define WARM_UP 500
#define RECEIVE_TIMEOUT_S 5

static const char request[] = "GET /api/v1/svc120/users/42 HTTP/1.1\r\n"
			      "Host: svc120.default.svc.cluster.local\r\n"
			      "User-Agent: curl/7.88.1\r\n"
			      "Accept: */*\r\n"
			      "Accept-Encoding: gzip\r\n"
			      "X-Request-Id: 0123456789abcdef0123456789ab\r\n\r\n";
_Static_assert(sizeof(request) - 1 == 185, "the figure is about a head of 185 bytes");

static const char response[] = "HTTP/1.1 200 OK\r\n"
			       "Content-Type: text/plain\r\n"
			       "Content-Length: 2\r\n\r\nok";

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int socket_open(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		err(1, "socket");
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", strlen("cubic")))
		err(1, "TCP options");
	return fd;
}

/* Receive up to the blank line of a head, and @more bytes behind it; false = the end came first. */
static bool receive(int fd, size_t more)
{
	char bytes[4096];
	size_t len = 0;

	for (;;) {
		ssize_t n = recv(fd, bytes + len, sizeof(bytes) - 1 - len, 0);
		const char *end;

		if (n <= 0)
			return false;
		len += (size_t)n;
		bytes[len] = '\0';
		end = strstr(bytes, "\r\n\r\n");
		if (end && bytes + len >= end + 4 + more)
			return true;
		if (len == sizeof(bytes) - 1)
			errx(1, "a head of more than %zu bytes", len);
	}
}

/* A process for each connection: nothing but recv and send in the measured way. */
static void answer(int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (receive(fd, 0))
		if (send(fd, response, sizeof(response) - 1, MSG_NOSIGNAL) < 0)
			break;
	_exit(0);
}

static int serve(const struct sockaddr_in *to)
{
	int fd = socket_open(), one = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (const struct sockaddr *)to, sizeof(*to)) || listen(fd, 16))
		err(1, "cannot listen");
	for (;;) {
		int one_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (one_fd < 0)
			err(1, "accept");
		if (fork() == 0)
			answer(one_fd);
		close(one_fd);
	}
}

static void exchange(int fd)
{
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != sizeof(request) - 1)
		err(1, "send");
	if (!receive(fd, 2))
		err(1, "no response");
}

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int ask(const struct sockaddr_in *to, unsigned int count)
{
	const struct timeval limit = {.tv_sec = RECEIVE_TIMEOUT_S};
	_cleanup_free_ uint32_t *ns = calloc(count, sizeof(*ns));
	int fd = socket_open();
	uint64_t before, after;

	if (!ns)
		err(1, "calloc");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    connect(fd, (const struct sockaddr *)to, sizeof(*to)))
		err(1, "cannot connect");
	for (unsigned int i = 0; i < WARM_UP; i++)
		exchange(fd);
	before = now_ns();
	for (unsigned int i = 0; i < count; i++) {
		exchange(fd);
		after = now_ns();
		ns[i] = (uint32_t)(after - before);
		before = after;
	}
	qsort(ns, count, sizeof(*ns), compare);
	printf("%u %u\n", ns[count / 2], ns[count - 1 - count / 100]);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	uint64_t count = 10000, port;
	bool listens = false;
	int option;

	while ((option = getopt(argc, argv, "ln:")) != -1) {
		if (option == 'l')
			listens = true;
		else if (option != 'n' || number_parse(optarg, 1, 10000000, &count))
			return 2;
	}
	if (argc - optind != 2 || inet_pton(AF_INET, argv[optind], &to.sin_addr) != 1 ||
	    number_parse(argv[optind + 1], 1, 65535, &port)) {
		warnx("expected an IPv4 address and a port");
		return 2;
	}
	to.sin_port = htons((uint16_t)port);
	return listens ? serve(&to) : ask(&to, (unsigned int)count);
}
