/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Request/response: 1-byte ping-pong between two namespaces, one request in flight.
 *
 *     rr [-u] [-n COUNT] [-w WARM_UP] [-c CPU] CLIENT_NETNS SERVER_NETNS ADDRESS
 *
 * Prints the median and the 99th percentile of COUNT round trips in nanoseconds, after WARM_UP (500)
 * that do not count.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/number.h"
#include "tests/bench/ends.h"

#define WARM_UP 500

/** struct counts - of round trips */
struct counts {
	unsigned int measured;
	unsigned int warm_up;
};

static int exchange(int fd, char *byte)
{
	if (send(fd, byte, 1, 0) != 1) {
		warn("send");
		return 1;
	}
	if (recv(fd, byte, 1, 0) != 1) {
		warn("receive");
		return 1;
	}
	return 0;
}

static int echo(int fd, const void *arg)
{
	const struct counts *n = arg;
	unsigned int count = n->measured + n->warm_up;
	char byte;

	for (unsigned int i = 0; i < count; i++) {
		if (recv(fd, &byte, 1, 0) != 1 || send(fd, &byte, 1, 0) != 1) {
			warn("server, request %u", i);
			return 1;
		}
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int ask(int fd, const void *arg)
{
	const struct counts *n = arg;
	unsigned int count = n->measured;
	_cleanup_free_ uint32_t *ns = calloc(count, sizeof(*ns));
	uint64_t before, after;
	char byte = 'x';

	if (!ns)
		err(1, "calloc");
	for (unsigned int i = 0; i < n->warm_up; i++)
		if (exchange(fd, &byte))
			return 1;
	before = now_ns();
	for (unsigned int i = 0; i < count; i++) {
		if (exchange(fd, &byte))
			return 1;
		after = now_ns();
		ns[i] = (uint32_t)(after - before);
		before = after;
	}
	qsort(ns, count, sizeof(*ns), compare);
	printf("%u %u\n", ns[count / 2], ns[count - 1 - count / 100]);
	return 0;
}

static uint64_t number(const char *text, uint64_t min, uint64_t max)
{
	uint64_t n;

	if (number_parse(text, min, max, &n))
		errx(2, "'%s': expected a number from %llu to %llu", text, (unsigned long long)min,
		     (unsigned long long)max);
	return n;
}

int main(int argc, char **argv)
{
	struct ends ends = {.cpu = -1};
	struct counts count = {.measured = 10000, .warm_up = WARM_UP};
	int option, status;

	while ((option = getopt(argc, argv, "un:w:c:")) != -1) {
		switch (option) {
		case 'u':
			ends.udp = true;
			break;
		case 'n':
			count.measured = (unsigned int)number(optarg, 1, 10000000);
			break;
		case 'w':
			count.warm_up = (unsigned int)number(optarg, 0, 10000000);
			break;
		case 'c':
			ends.cpu = (int)number(optarg, 0, 1023);
			break;
		default:
			return 2;
		}
	}
	status = ends_parse(&ends, argc - optind, argv + optind);
	return status ? status : ends_run(&ends, echo, ask, &count);
}
