/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two ends of one connection, each a process in its own network namespace, both pinned to one
 * core: what every packet benchmark needs.
 *
 * A wake-up on another core costs many times a packet's way through a veth pair, so unpinned ends
 * measure the scheduler (docs/benchmarks.md).  Sockets use cubic whatever the host's default is.
 */
#ifndef BENCH_ENDS_H
#define BENCH_ENDS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct ends - where the two ends are
 * @client_netns: path of the client's network namespace
 * @server_netns: path of the server's
 * @address:      the server's address, IPv4 or IPv6 text
 * @port:         the server's; 0 = as the kernel chooses
 * @udp:          datagrams instead of a stream
 * @cpu:          core of both ends; -1 = not pinned
 * @first:        both ends run before everybody else (SCHED_RR), if that is allowed
 * @buffer_bytes: of both sockets' queues; 0 = as the kernel tunes them
 */
struct ends {
	const char *client_netns;
	const char *server_netns;
	const char *address;
	uint16_t port;
	bool udp;
	int cpu;
	bool first;
	int buffer_bytes;
};

/** typedef ends_fn - one end: works on the connected socket @fd; 0, or the exit status */
typedef int (*ends_fn)(int fd, const void *arg);

/**
 * ends_parse - the positional arguments CLIENT_NETNS SERVER_NETNS ADDRESS at @argv
 * Return: 0, or 2 (usage) with a line on stderr when there are not exactly three.
 */
int ends_parse(struct ends *ends, int argc, char **argv);

/**
 * ends_run - start both ends, connect them, wait for both
 *
 * A receive that takes longer than two seconds fails, so a lost datagram ends the run.
 * Return: 0, or the exit status for the program; stderr then says why.
 */
int ends_run(const struct ends *ends, ends_fn server, ends_fn client, const void *arg);

/** now_ns - CLOCK_MONOTONIC in nanoseconds */
uint64_t now_ns(void);

#endif
