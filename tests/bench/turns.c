/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Large responses, one after the other, over one connection between two namespaces.
 *
 *     turns [-k KILOBYTES] [-t MILLISECONDS] CLIENT_NETNS SERVER_NETNS ADDRESS
 *
 * Asks for responses of KILOBYTES (256, of 1024 bytes) for MILLISECONDS (1000) and prints the rate
 * in bits per second.  Run several at once: one connection waits for each response.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/number.h"
#include "tests/bench/ends.h"

#define MAX_KILOBYTES 4096
#define QUEUE (256 * 1024) /* as that of stream.c */
#define NS_PER_MS 1000000

/** struct turns - bytes of a response, and how long to ask for them */
struct turns {
	size_t bytes;
	uint64_t ns;
};

static char buffer[MAX_KILOBYTES * 1024];

static int serve(int fd, const void *arg)
{
	const struct turns *t = arg;
	char byte;

	while (recv(fd, &byte, 1, 0) == 1) {
		for (size_t sent = 0; sent < t->bytes;) {
			ssize_t n = send(fd, buffer + sent, t->bytes - sent, MSG_NOSIGNAL);

			if (n <= 0) {
				warn("send");
				return 1;
			}
			sent += (size_t)n;
		}
	}
	return 0;
}

static int ask(int fd, const void *arg)
{
	const struct turns *t = arg;
	uint64_t start = now_ns(), bytes = 0, spent;

	do {
		if (send(fd, "x", 1, 0) != 1 ||
		    recv(fd, buffer, t->bytes, MSG_WAITALL) != (ssize_t)t->bytes) {
			warn("after %llu bytes", (unsigned long long)bytes);
			return 1;
		}
		bytes += t->bytes;
		spent = now_ns() - start;
	} while (spent < t->ns);
	printf("%.0f\n", (double)bytes * 8e9 / (double)spent);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	struct ends ends = {.cpu = -1, .buffer_bytes = QUEUE};
	uint64_t kilobytes = 256, ms = 1000;
	struct turns turns;
	int option, status;

	while ((option = getopt(argc, argv, "k:t:")) != -1) {
		if (option == 'k' && number_parse(optarg, 1, MAX_KILOBYTES, &kilobytes))
			errx(2, "-k '%s': expected kilobytes, 1 to %d", optarg, MAX_KILOBYTES);
		if (option == 't' && number_parse(optarg, 1, 60000, &ms))
			errx(2, "-t '%s': expected milliseconds, 1 to 60000", optarg);
		if (option == '?')
			return 2;
	}
	turns = (struct turns){.bytes = kilobytes * 1024, .ns = ms * NS_PER_MS};
	status = ends_parse(&ends, argc - optind, argv + optind);
	return status ? status : ends_run(&ends, serve, ask, &turns);
}
