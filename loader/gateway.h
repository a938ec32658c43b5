/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Gateway: the pair axo_host <-> axo_net, where pods meet the host's stack.
 *
 * axo_host carries the first address of each pod CIDR with the CIDR's length, so the kernel
 * routes the CIDR to it; it is NOARP, so frames to pods carry its own MAC.  axo_net, axo_host and
 * every pod's host-side device share that MAC (struct axo_config).  A pair that exists is
 * adopted with its MAC, and one that is made anew takes that of the pods' devices, because pods
 * have it in their neighbour tables.
 *
 * Forwarding is switched on for axo_host and for the host's devices only (IPv4); IPv6 has no
 * such switch that works per device, so there it is conf/all, and devices that take router
 * advertisements are told to go on doing so (accept_ra=2).
 */
#ifndef LOADER_GATEWAY_H
#define LOADER_GATEWAY_H

#include "axoneme/config.h"
#include "lib/error.h"
#include "lib/netlink.h"
#include "loader/options.h"

/**
 * struct gateway - what gateway_apply() found and made
 * @config: for the programs
 * @mtu:    of pod devices
 */
struct gateway {
	struct axo_config config;
	uint32_t mtu;
};

/**
 * gateway_apply - make the pair, its addresses and its sysctls what @opt says
 * @opt: its devices are completed by those of default routes when it names none
 * Return: 0 or negative errno with @e.  Twice changes nothing.
 */
int gateway_apply(struct netlink *nl, struct options *opt, struct gateway *out, struct error *e);

/** gateway_device - sysctls of one of the host's devices; 0 also when there is no such device */
int gateway_device(const struct options *opt, const char *device, struct error *e);

/**
 * gateway_restore - add the gateway's addresses that somebody removed from axo_host
 *
 * For the running agent: it needs CAP_NET_ADMIN and nothing else.
 *
 * Return: 0 or negative errno.
 */
int gateway_restore(struct netlink *nl, const struct axo_config *config);

/** gateway_mac - a locally administered unicast MAC from a node's name: the same every time */
void gateway_mac(const char *node_name, uint8_t mac[static 6]);

/** gateway_remove - 0 also when there is none */
int gateway_remove(struct netlink *nl);

#endif
