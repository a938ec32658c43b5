/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One TCP stream between two namespaces.
 *
 *     stream [-m MEGABYTES] [-c CPU] CLIENT_NETNS SERVER_NETNS ADDRESS
 *
 * Sends MEGABYTES (10^6 bytes) and prints the rate in bits per second, by the median time that
 * the receiver needs for 4 MB: what else runs on the machine disturbs some of them, not most.
 * Queues have a fixed size: tuned ones differ from run to run by what fits into the caches.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/number.h"
#include "tests/bench/ends.h"

#define CHUNK (128 * 1024)
#define SPAN 4000000
#define QUEUE (256 * 1024) /* the kernel doubles it */

static char buffer[CHUNK];

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Read @bytes; 0, or 1 with a line on stderr. */
static int read_span(int fd, uint64_t bytes)
{
	while (bytes) {
		size_t want = bytes < sizeof(buffer) ? bytes : sizeof(buffer);
		ssize_t n = recv(fd, buffer, want, 0);

		if (n <= 0) {
			warn("%" PRIu64 " bytes missing", bytes);
			return 1;
		}
		bytes -= (uint64_t)n;
	}
	return 0;
}

/* Reads all, prints the rate, then says so with one byte. */
static int sink(int fd, const void *arg)
{
	const size_t spans = *(const uint64_t *)arg / SPAN;
	_cleanup_free_ uint64_t *ns = calloc(spans, sizeof(*ns));
	uint64_t before = now_ns(), after;

	if (!ns)
		err(1, "calloc");
	for (size_t i = 0; i < spans; i++) {
		if (read_span(fd, SPAN))
			return 1;
		after = now_ns();
		ns[i] = after - before;
		before = after;
	}
	qsort(ns, spans, sizeof(*ns), compare);
	printf("%.0f\n", SPAN * 8e9 / (double)ns[spans / 2]);
	return send(fd, "x", 1, 0) == 1 ? 0 : 1;
}

static int source(int fd, const void *arg)
{
	uint64_t left = *(const uint64_t *)arg;

	while (left) {
		size_t want = left < sizeof(buffer) ? left : sizeof(buffer);
		ssize_t n = send(fd, buffer, want, 0);

		if (n <= 0) {
			warn("send");
			return 1;
		}
		left -= (uint64_t)n;
	}
	if (recv(fd, buffer, 1, 0) != 1) {
		warn("no acknowledgement from the receiver");
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct ends ends = {.cpu = -1, .buffer_bytes = QUEUE};
	uint64_t megabytes = 1000, total, cpu;
	int option, status;

	while ((option = getopt(argc, argv, "m:c:")) != -1) {
		if (option == 'm' && number_parse(optarg, 4, 1000000, &megabytes))
			errx(2, "-m '%s': expected megabytes, at least 4", optarg);
		if (option == 'c' && number_parse(optarg, 0, 1023, &cpu))
			errx(2, "-c '%s': expected a core", optarg);
		if (option == 'c')
			ends.cpu = (int)cpu;
		if (option == '?')
			return 2;
	}
	total = megabytes * 1000000 / SPAN * SPAN;
	status = ends_parse(&ends, argc - optind, argv + optind);
	return status ? status : ends_run(&ends, sink, source, &total);
}
