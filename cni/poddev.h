/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The pod's device: made, addressed and routed inside the pod's namespace.
 *
 * The first interface of a pod has the default routes in the main table.  A further one (another
 * device has an address already) has a routing table of its own, POD_TABLE + its ifindex, with a
 * default route, and a rule "from ADDRESS" that leads there, so that what came in through it is
 * answered through it.  It gets a default route in the main table only where there is none.
 */
#ifndef CNI_PODDEV_H
#define CNI_PODDEV_H

#include "cni/agent.h"
#include "cni/podns.h"

/** POD_TABLE, POD_RULE_PRIORITY - of further interfaces */
#define POD_TABLE 1000
#define POD_RULE_PRIORITY 1000

/**
 * struct poddev - what was made
 * @ifindex, @mac, @mtu: of the pod's side
 * @table:      its own routing table; 0 = none, it is the pod's first interface
 * @is_default: per address of the reservation: the main table's default route is ours
 */
struct poddev {
	int ifindex;
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t table;
	bool is_default[2];
};

/** poddev_exists - is there a device @name in the pod? */
int poddev_exists(struct netlink *nl, const char *name, bool *exists, struct failure *f);

/**
 * poddev_create - make the pair: @name up in the pod, r->host_device down at home
 * @mac: of the pod's side; all zero = the kernel chooses
 * Return: besides the usual, -EEXIST when one of the two names is taken.
 */
int poddev_create(const struct podns *ns, const char *name, const uint8_t mac[6],
		  const struct reservation *r, struct failure *f);

/** poddev_configure - read the device back into *dev, and give it sysctls, addresses, routes, rules */
int poddev_configure(const struct podns *ns, const char *name, const struct reservation *r,
		     struct poddev *dev, struct failure *f);

/** poddev_delete - undo poddev_create(); it may be gone already */
void poddev_delete(struct netlink *nl, const char *name);

/** poddev_forget_rules - remove the rules of @name's addresses, which would outlive it (best effort) */
void poddev_forget_rules(struct netlink *nl, const char *name);

#endif
