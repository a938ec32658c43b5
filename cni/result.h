/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Result: the object that ADD prints (CNI specification, section 5), for the version that was asked
 * for, on top of what earlier plugins of the chain did.
 *
 * Built in the newest form; result_finish() brings it to the caller's version: before 1.0.0 an
 * address says its IP version, since 1.1.0 interfaces have mtu, socketPath and pciID, and routes
 * have more than dst and gw.
 */
#ifndef CNI_RESULT_H
#define CNI_RESULT_H

#include <jansson.h>
#include <stdint.h>

#include "cni/version.h"
#include "lib/cidr.h"

/** result_new - empty, or a deep copy of @prev (may be NULL).  A new reference; NULL = no memory or @prev is malformed */
json_t *result_new(const json_t *prev);

/**
 * result_add_interface - append one; returns its index
 * @sandbox: CNI_NETNS as it was given; NULL = of the host
 */
size_t result_add_interface(json_t *result, const char *name, const uint8_t mac[6], uint32_t mtu,
			    const char *sandbox);

void result_add_ip(json_t *result, const struct cidr *address, const struct axo_addr *gateway,
		   size_t interface);

/** result_add_route - default route of the gateway's family; @table 0 = main, others show from 1.1.0 on */
void result_add_default(json_t *result, const struct axo_addr *gateway, uint32_t table);

/** result_set_dns - @dns (borrowed, may be NULL) unless it is empty: then the earlier plugins' stays */
void result_set_dns(json_t *result, json_t *dns);

/** result_finish - bring @result to @version */
void result_finish(json_t *result, enum cni_version version);

#endif
