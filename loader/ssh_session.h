/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Established ssh sessions: sockets of this network namespace with the local port 22, as
 * /proc/net/tcp and tcp6 list them (kernel: net/ipv4/tcp_ipv4.c, tcp4_seq_show()).
 */
#ifndef LOADER_SSH_SESSION_H
#define LOADER_SSH_SESSION_H

#include "axoneme/address.h"

#define SSH_PORT 22

/** ssh_session_parse - a line of that list: 1 = a session, and @peer is its other end; else 0 */
int ssh_session_parse(const char *line, struct axo_addr *peer);

/** ssh_sessions - call @fn for each; a list that cannot be read has none, and is logged */
void ssh_sessions(void (*fn)(const struct axo_addr *peer, void *arg), void *arg);

#endif
