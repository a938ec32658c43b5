/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All pairs: every pod sends one datagram to every other, each must arrive with the right source.
 *
 *     mesh < LIST          lines "NETNS ADDRESS"
 *
 * One socket per line, made in that namespace; a socket keeps its namespace, so one process plays
 * all pods.  Prints "pairs lost nanoseconds"; exit 1 if a datagram was lost.  A datagram over veth
 * is delivered before sendto() returns, so a receive that finds nothing waits 100 ms once only.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/ends.h"

#define MAX_PODS 4096
#define PORT 7777

/** struct pod - one line of the list */
struct pod {
	int fd;
	socklen_t len;
	struct sockaddr_storage addr;
};

static struct pod pods[MAX_PODS];

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	return !memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
		       &((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr));
}

static void pod_address(struct pod *pod, const char *text)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&pod->addr;
	struct sockaddr_in *four = (struct sockaddr_in *)&pod->addr;

	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(PORT);
		pod->len = sizeof(*four);
	} else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(PORT);
		pod->len = sizeof(*six);
	} else {
		errx(2, "address '%s': expected IPv4 or IPv6", text);
	}
}

static void pod_open(struct pod *pod, const char *netns, const char *address)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "cannot enter %s", netns);
	close(fd);
	pod_address(pod, address);
	pod->fd = socket(pod->addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (pod->fd < 0 || bind(pod->fd, (struct sockaddr *)&pod->addr, pod->len))
		err(1, "cannot bind %s in %s", address, netns);
}

static unsigned int read_list(void)
{
	char netns[256], address[64];
	unsigned int n = 0;

	while (n < MAX_PODS && scanf("%255s %63s", netns, address) == 2)
		pod_open(&pods[n++], netns, address);
	if (n < 2 || !feof(stdin))
		errx(2, "expected 2 to %d lines NETNS ADDRESS, read %u", MAX_PODS, n);
	return n;
}

/* Did @to receive what @from sent (and nothing else)? */
static bool arrived(const struct pod *from, const struct pod *to, const uint32_t sent[2])
{
	struct pollfd wait = {.fd = to->fd, .events = POLLIN};
	struct sockaddr_storage source;
	socklen_t len = sizeof(source);
	uint32_t got[2];

	if (recvfrom(to->fd, got, sizeof(got), 0, (struct sockaddr *)&source, &len) < 0) {
		if (poll(&wait, 1, 100) != 1)
			return false;
		if (recvfrom(to->fd, got, sizeof(got), 0, (struct sockaddr *)&source, &len) < 0)
			return false;
	}
	return got[0] == sent[0] && got[1] == sent[1] && same_address(&source, &from->addr);
}

static unsigned int round_of(unsigned int from, unsigned int n)
{
	unsigned int lost = 0;

	for (uint32_t to = 0; to < n; to++) {
		const uint32_t sent[2] = {from, to};

		if (to == from)
			continue;
		if (sendto(pods[from].fd, sent, sizeof(sent), 0, (struct sockaddr *)&pods[to].addr,
			   pods[to].len) < 0)
			warn("send from %u to %u", from, to);
		if (!arrived(&pods[from], &pods[to], sent))
			lost++;
	}
	return lost;
}

int main(void)
{
	const struct rlimit files = {.rlim_cur = MAX_PODS + 64, .rlim_max = MAX_PODS + 64};
	uint64_t lost = 0, start;
	unsigned int n;

	if (setrlimit(RLIMIT_NOFILE, &files))
		warn("cannot raise the limit of open files");
	n = read_list();
	start = now_ns();
	for (unsigned int i = 0; i < n; i++)
		lost += round_of(i, n);
	printf("%u %" PRIu64 " %" PRIu64 "\n", n * (n - 1), lost, now_ns() - start);
	return lost != 0;
}
