/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Endpoints in the maps: publish, withdraw, and compare what is there with what shall be.
 *
 * Order (axoneme/endpoint.h): axo_endpoint, axo_ipcache, axo_address, then the generation;
 * withdrawn in the reverse order.  Functions that change something bump the generation once.
 */
#ifndef LOADER_ENDPOINT_MAP_H
#define LOADER_ENDPOINT_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "axoneme/address.h"
#include "axoneme/endpoint.h"
#include "lib/error.h"

struct datapath;
struct endpoint;
struct endpoint_table;

/** endpoint_publish - 0 or negative errno with @e; on failure nothing of @ep is left in the maps */
int endpoint_publish(struct datapath *dp, const struct endpoint *ep, struct error *e);

/**
 * endpoint_map_update - @ep is published; write it anew (with another policy).  Does not bump, and
 * leaves the ipcache alone; what a failure leaves is the old entry or the new one
 */
int endpoint_map_update(struct datapath *dp, const struct endpoint *ep, struct error *e);

/** endpoint_withdraw - what is not there is no error */
void endpoint_withdraw(struct datapath *dp, const struct endpoint *ep);

/** endpoint_map_check - are the maps what @ep says?  0, or -ENOENT with @e naming the difference */
int endpoint_map_check(struct datapath *dp, const struct endpoint *ep, struct error *e);

/**
 * endpoint_maps_prune - remove entries of axo_endpoint and axo_address that no READY endpoint of
 * @t accounts for; does not bump
 * Return: how many
 */
unsigned int endpoint_maps_prune(struct datapath *dp, const struct endpoint_table *t);

/* One address in the ipcache, as a whole prefix; does not bump.  0 or negative errno. */
int ipcache_put(struct datapath *dp, const struct axo_addr *addr, uint32_t identity);
int ipcache_remove(struct datapath *dp, const struct axo_addr *addr);

/**
 * ipcache_put_world - IPv4 as a whole is the world
 *
 * A miss says the same; but an IPv6 prefix that holds the mapped addresses (::/1) must not be what
 * an IPv4 address is found in.
 */
int ipcache_put_world(struct datapath *dp);

/** ipcache_is_world - is it the entry of ipcache_put_world()? */
bool ipcache_is_world(const struct axo_addr *addr, uint32_t bits);

/** ipcache_each - call @fn for each entry; a negative return value stops and is returned */
int ipcache_each(struct datapath *dp,
		 int (*fn)(const struct axo_addr *addr, uint32_t bits, uint32_t identity,
			   void *arg),
		 void *arg);

/** ipcache_prune - remove entries that @keep refuses; returns how many; does not bump */
unsigned int ipcache_prune(struct datapath *dp,
			   bool (*keep)(const struct axo_addr *addr, uint32_t bits, void *arg),
			   void *arg);

#endif
