/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The host's own addresses, kept in the ipcache as identity "host".
 *
 * Every address of every device of the agent's namespace counts, the gateway's included, loopback
 * excluded.  A change in the kernel is followed by a new listing, so a lost notification costs
 * nothing but the next one.  A second after a change the gateway's addresses are put back if they
 * are missing: without them no pod reaches its host.
 */
#ifndef LOADER_HOST_ADDRESS_H
#define LOADER_HOST_ADDRESS_H

#include <stddef.h>

#include "axoneme/address.h"
#include "lib/error.h"

struct agent;
struct host_addresses;

/** host_addresses_open - list them and watch for changes; 0 or error */
int host_addresses_open(struct host_addresses **h, struct agent *agent, struct error *e);
void host_addresses_close(struct host_addresses *h);

/** host_addresses_get - sorted, unique; borrowed until the loop's next turn */
const struct axo_addr *host_addresses_get(const struct host_addresses *h, size_t *count);

#endif
