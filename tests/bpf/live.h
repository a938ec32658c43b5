/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Live: the fixture's programs on their hooks, addresses on the devices, and sockets inside the
 * pods, all held by one process: a socket stays in the namespace that it was made in.
 */
#ifndef TESTS_BPF_LIVE_H
#define TESTS_BPF_LIVE_H

#include <sys/socket.h>

#include "tests/bpf/fixture.h"

/** live_group_setup - as fixture_group_setup(), then attach and set addresses and routes */
int live_group_setup(void **state);

/** live_socket - in pod @where, or in the host if it is PODS; non-zero deadline for everything */
int live_socket(struct fixture *x, int where, int family, int type);

/** live_addr - @text and @port as a socket address; returns its length */
socklen_t live_addr(const char *text, uint16_t port, struct sockaddr_storage *sa);

/** live_listen - TCP listener in @where; live_connect - client; both assert */
int live_listen(struct fixture *x, int where, const char *addr, uint16_t port);
int live_connect(struct fixture *x, int where, const char *addr, uint16_t port);

/** live_udp - a bound UDP socket in @where */
int live_udp(struct fixture *x, int where, const char *addr, uint16_t port);

#endif
