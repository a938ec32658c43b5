/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One TCP stream between two namespaces.
 *
 *     stream [-m MEGABYTES] [-c CPU] CLIENT_NETNS SERVER_NETNS ADDRESS
 *
 * Sends MEGABYTES (10^6 bytes), waits until the receiver has read the last one, and prints the
 * rate in bits per second.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/number.h"
#include "tests/bench/ends.h"

#define CHUNK (128 * 1024)

static char buffer[CHUNK];

/* Reads all, then says so with one byte. */
static int sink(int fd, const void *arg)
{
	uint64_t left = *(const uint64_t *)arg;

	while (left) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		if (n <= 0) {
			warn("%" PRIu64 " bytes missing", left);
			return 1;
		}
		left -= (uint64_t)n;
	}
	return send(fd, "x", 1, 0) == 1 ? 0 : 1;
}

static int source(int fd, const void *arg)
{
	const uint64_t total = *(const uint64_t *)arg;
	const uint64_t start = now_ns();
	uint64_t left = total;

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
	printf("%.0f\n", (double)total * 8e9 / (double)(now_ns() - start));
	return 0;
}

int main(int argc, char **argv)
{
	struct ends ends = {.cpu = -1};
	uint64_t megabytes = 1000, total, cpu;
	int option, status;

	while ((option = getopt(argc, argv, "m:c:")) != -1) {
		if (option == 'm' && number_parse(optarg, 1, 1000000, &megabytes))
			errx(2, "-m '%s': expected megabytes", optarg);
		if (option == 'c' && number_parse(optarg, 0, 1023, &cpu))
			errx(2, "-c '%s': expected a core", optarg);
		if (option == 'c')
			ends.cpu = (int)cpu;
		if (option == '?')
			return 2;
	}
	total = megabytes * 1000000;
	status = ends_parse(&ends, argc - optind, argv + optind);
	return status ? status : ends_run(&ends, sink, source, &total);
}
