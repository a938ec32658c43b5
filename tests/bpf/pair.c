/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A live TCP connection between the pods; see pair.h. */
#include "tests/bpf/pair.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

static int listener = -1;
static const char *server_addr;
static uint16_t server_port;

void pair_listen(struct fixture *x, const char *addr, uint16_t port)
{
	if (listener >= 0)
		close(listener);
	listener = live_listen(x, POD_B, addr, port);
	server_addr = addr;
	server_port = port;
}

struct pair pair_open(struct fixture *x)
{
	struct pair p = {.client = live_connect(x, POD_A, server_addr, server_port)};
	struct timeval deadline = {.tv_sec = 10};

	p.server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(p.server >= 0);
	setsockopt(p.server, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
	setsockopt(p.server, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
	setsockopt(p.client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	setsockopt(p.server, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return p;
}

void pair_close(const struct pair *p)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(p->client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(p->client);
	close(p->server);
}

bool pair_send(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && (errno == ECONNRESET || errno == EPIPE))
			return false;
		assert_true(n > 0);
		at += n;
		len -= (size_t)n;
	}
	return true;
}

void assert_arrives(int fd, const void *bytes, size_t len)
{
	char got[65536];

	assert_true(len <= sizeof(got));
	for (size_t have = 0; have < len;) {
		ssize_t n = recv(fd, got + have, len - have, 0);

		if (n <= 0)
			fail_msg("%s after %zu of %zu bytes", n ? strerror(errno) : "end", have,
				 len);
		have += (size_t)n;
	}
	assert_memory_equal(got, bytes, len);
}

size_t assert_reset(int fd)
{
	char got[4096];
	size_t have = 0;
	ssize_t n;

	while ((n = recv(fd, got, sizeof(got), 0)) > 0)
		have += (size_t)n;
	if (!n || errno != ECONNRESET)
		fail_msg("%s after %zu bytes, expected a reset", n ? strerror(errno) : "end", have);
	return have;
}
