/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS request/response: one query for www.example, type A, with EDNS, one answer with one address,
 * over and over between two namespaces; a new id each time.
 *
 *     dns_rr [-n COUNT] [-c CPU] CLIENT_NETNS SERVER_NETNS ADDRESS
 *
 * Prints the median of COUNT round trips in nanoseconds, after WARM_UP that do not count.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/number.h"
#include "tests/bench/ends.h"

#define WARM_UP 500
#define MESSAGE_MAX 512

#define QUESTION "\3www\7example\0\0\1\0\1"
#define EDNS "\0\0\x29\4\xd0\0\0\0\0\0\0"
#define ADDRESS "\xc0\x0c\0\1\0\1\0\0\x01\x2c\0\4\xc0\0\2\1"

static const char query[] = "\0\0\1\0\0\1\0\0\0\0\0\1" QUESTION EDNS;
static const char answer[] = "\0\0\x81\x80\0\1\0\1\0\0\0\1" QUESTION ADDRESS EDNS;

static int serve(int fd, const void *arg)
{
	unsigned int count = *(const unsigned int *)arg + WARM_UP;
	char asked[MESSAGE_MAX], said[sizeof(answer) - 1];

	memcpy(said, answer, sizeof(said));
	for (unsigned int i = 0; i < count; i++) {
		if (recv(fd, asked, sizeof(asked), 0) != sizeof(query) - 1) {
			warn("server, query %u", i);
			return 1;
		}
		memcpy(said, asked, 2);
		if (send(fd, said, sizeof(said), 0) != sizeof(said)) {
			warn("server");
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
	unsigned int count = *(const unsigned int *)arg;
	_cleanup_free_ uint64_t *ns = calloc(count, sizeof(*ns));
	char asked[sizeof(query) - 1], said[MESSAGE_MAX];

	if (!ns)
		err(1, "calloc");
	memcpy(asked, query, sizeof(asked));
	for (unsigned int i = 0; i < count + WARM_UP; i++) {
		uint64_t before = now_ns();

		asked[0] = (char)(i >> 8);
		asked[1] = (char)i;
		if (send(fd, asked, sizeof(asked), 0) != sizeof(asked) ||
		    recv(fd, said, sizeof(said), 0) != sizeof(answer) - 1 ||
		    memcmp(said, asked, 2) != 0) {
			warn("client, query %u", i);
			return 1;
		}
		if (i >= WARM_UP)
			ns[i - WARM_UP] = now_ns() - before;
	}
	qsort(ns, count, sizeof(*ns), compare);
	printf("%llu\n", (unsigned long long)ns[count / 2]);
	return 0;
}

int main(int argc, char **argv)
{
	struct ends ends = {.cpu = -1, .udp = true, .port = 53};
	unsigned int count = 8000;
	int option, status;
	uint64_t n;

	while ((option = getopt(argc, argv, "n:c:")) != -1) {
		if (option == '?' || number_parse(optarg, option == 'n', 1000000, &n))
			return 2;
		if (option == 'n')
			count = (unsigned int)n;
		else
			ends.cpu = (int)n;
	}
	status = ends_parse(&ends, argc - optind, argv + optind);
	return status ? status : ends_run(&ends, serve, ask, &count);
}
