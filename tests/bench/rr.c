/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Request/response: 1-byte ping-pong between two namespaces, one request in flight.
 *
 *     rr [-u] [-n COUNT] [-w WARM_UP] [-c CPU] [-s SECONDS] [-p MS] [-r]
 *         CLIENT_NETNS SERVER_NETNS ADDRESS
 *
 * Prints the median and the 99th percentile of COUNT round trips in nanoseconds, after WARM_UP (500)
 * that do not count, and how many there were.  With -s it ends after SECONDS at the latest, however
 * long an answer takes; the one that is not there by then counts with the time it was waited for.
 * With -p the client sleeps for MS between round trips, so that it has to be woken up as one that
 * waits for a held answer has to.  With -r both ends run before everybody else, so that what is
 * measured is not how busy the machine is.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/number.h"
#include "tests/bench/ends.h"

#define WARM_UP 500

/** struct counts - of round trips; @seconds: 0 = until all are made; @pause_ms: before each */
struct counts {
	unsigned int measured;
	unsigned int warm_up;
	unsigned int seconds;
	unsigned int pause_ms;
};

/* One byte; false: there is none, because the other end is gone or because it is @until. */
static bool receive(int fd, char *byte, uint64_t until)
{
	ssize_t n;

	do {
		n = recv(fd, byte, 1, 0);
	} while (n < 0 && errno == EAGAIN && until && now_ns() < until);
	return n == 1;
}

/* 0, or 1 with a line on stderr; with an end in time it is no error that there is no answer. */
static int exchange(int fd, char *byte, uint64_t until)
{
	if (send(fd, byte, 1, 0) != 1) {
		warn("send");
		return 1;
	}
	if (receive(fd, byte, until) || (until && now_ns() >= until))
		return 0;
	warn("receive");
	return 1;
}

/*
 * The server does not know how many the client gets done in its time: it ends with the connection, or, if
 * a flood has taken the reset that would say so, some time after it.
 */
#define SERVER_GRACE_NS 3000000000ULL

static uint64_t deadline(const struct counts *n, uint64_t grace_ns)
{
	return n->seconds ? now_ns() + n->seconds * 1000000000ULL + grace_ns : 0;
}

static int echo(int fd, const void *arg)
{
	const struct counts *n = arg;
	unsigned int count = n->measured + n->warm_up;
	uint64_t until = deadline(n, SERVER_GRACE_NS);
	char byte;

	for (unsigned int i = 0; i < count; i++) {
		if (!receive(fd, &byte, until) || send(fd, &byte, 1, 0) != 1) {
			if (until)
				return 0;
			warn("server, request %u", i);
			return 1;
		}
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int ask(int fd, const void *arg)
{
	const struct counts *n = arg;
	unsigned int count = n->measured, done = 0;
	_cleanup_free_ uint64_t *ns = calloc(count, sizeof(*ns));
	uint64_t before, after, until = deadline(n, 0);
	char byte = 'x';

	if (!ns)
		err(1, "calloc");
	for (unsigned int i = 0; i < n->warm_up; i++)
		if (exchange(fd, &byte, 0))
			return 1;
	before = now_ns();
	while (done < count && (!until || before < until)) {
		if (exchange(fd, &byte, until))
			return 1;
		after = now_ns();
		ns[done++] = after - before;
		if (n->pause_ms)
			usleep(n->pause_ms * 1000);
		before = n->pause_ms ? now_ns() : after;
	}
	qsort(ns, done, sizeof(*ns), compare);
	printf("%llu %llu %u\n", (unsigned long long)ns[done / 2],
	       (unsigned long long)ns[done - 1 - done / 100], done);
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

	while ((option = getopt(argc, argv, "un:w:c:s:p:r")) != -1) {
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
		case 'r':
			ends.first = true;
			break;
		case 'p':
			count.pause_ms = (unsigned int)number(optarg, 0, 1000);
			break;
		case 's':
			count.seconds = (unsigned int)number(optarg, 1, 60);
			break;
		default:
			return 2;
		}
	}
	status = ends_parse(&ends, argc - optind, argv + optind);
	return status ? status : ends_run(&ends, echo, ask, &count);
}
