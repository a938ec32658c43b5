/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pair: a live TCP connection from pod A to pod B, both ends held by the test.
 */
#ifndef TESTS_BPF_PAIR_H
#define TESTS_BPF_PAIR_H

#include "tests/bpf/live.h"

/** struct pair - sockets, with a deadline for everything; the client sends without delay */
struct pair {
	int client;
	int server;
};

/** pair_listen - B listens at @addr (of either family), @port; a listener of before is closed */
void pair_listen(struct fixture *x, const char *addr, uint16_t port);

/** pair_open - to where pair_listen() listens; pair_close() ends it with resets */
struct pair pair_open(struct fixture *x);
void pair_close(const struct pair *p);

/** pair_send - all of it; false: the connection was reset meanwhile (that is told only once) */
bool pair_send(int fd, const void *bytes, size_t len);

/** assert_arrives - the next @len bytes at @fd are @bytes */
void assert_arrives(int fd, const void *bytes, size_t len);

/** assert_reset - the end of @fd is a reset; returns how many bytes came before it */
size_t assert_reset(int fd);

#endif
