/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The host's own devices (--device): from_netdev on their ingress, and the prefixes that pods
 * reach past the host's stack (axo_route).
 *
 * With `routing: stack` neither is there, and every packet of a pod goes through the stack.  While a
 * policy is in force for the host, from_netdev is there in any case, and to_netdev on the egress.
 */
#ifndef LOADER_NETDEV_H
#define LOADER_NETDEV_H

#include "lib/error.h"
#include "loader/options.h"

struct agent;
struct cidr;

/**
 * netdev_apply - make hooks and axo_route what the options say; twice changes nothing
 *
 * A configured device that does not exist is no error here: it gets its program when it comes.
 */
int netdev_apply(struct agent *agent, struct error *e);

/** netdev_attach - the hooks alone; for a change of host policy, which decides on them */
int netdev_attach(struct agent *agent, struct error *e);

/** netdev_came - a device came up: attach if it is configured; @ifindex 0 = look for all */
void netdev_came(struct agent *agent, int ifindex);

#endif
