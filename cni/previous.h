/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * prevResult as CHECK and DEL get it: what of it is about our interface.
 */
#ifndef CNI_PREVIOUS_H
#define CNI_PREVIOUS_H

#include <stdbool.h>

#include "cni/netconf.h"
#include "lib/cidr.h"

#define PREVIOUS_MAX_IPS 8

/**
 * struct previous - our interface and its addresses
 * @interface: its object; borrowed
 * @index:     in prevResult.interfaces
 * @ips:       @count addresses of the interface
 */
struct previous {
	const json_t *interface;
	size_t index;
	int count;
	struct previous_ip {
		struct cidr address;
		bool has_gateway;
		struct axo_addr gateway;
	} ips[PREVIOUS_MAX_IPS];
};

/** previous_read - find interface @name of a pod in @conf's prevResult, which must be there */
int previous_read(const struct netconf *conf, const char *name, struct previous *prev,
		  struct failure *f);

/** previous_is_gateway - is @gateway that of one of our addresses? */
bool previous_is_gateway(const struct previous *prev, const struct axo_addr *gateway);

/**
 * previous_is_further - may the interface have routing rules of its own (cni/poddev.h)?
 *
 * It has when ADD gave it no default route for one of its addresses, or one in another table.
 */
bool previous_is_further(const struct netconf *conf, const char *name);

#endif
