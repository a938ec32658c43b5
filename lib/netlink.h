/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rtnetlink: the few requests that plugin and agent need, one function each.
 *
 * A struct netlink belongs to the network namespace that its thread was in when it was opened,
 * whatever the thread does later.  Functions return 0 or negative errno from the kernel; the
 * kernel's own extended-ack sentence, if any, is in netlink_message().  MACs are 6 bytes,
 * addresses struct axo_addr (lib/cidr.h).  Not thread-safe: one per thread.
 */
#ifndef LIB_NETLINK_H
#define LIB_NETLINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/cidr.h"

struct netlink;

int netlink_open(struct netlink **nl);
void netlink_close(struct netlink *nl);
void netlink_cleanup(struct netlink **nl);
#define _cleanup_netlink_ __attribute__((cleanup(netlink_cleanup)))

/** netlink_message - the kernel's sentence for the last failed request, or "" */
const char *netlink_message(const struct netlink *nl);

/**
 * struct link - what is known of a device
 * @ifindex: in the namespace of the struct netlink
 * @peer_ifindex: IFLA_LINK: of the veth peer in its own namespace; 0 = none
 * @mtu:     bytes
 * @flags:   IFF_*
 * @group:   IFLA_GROUP
 * @mac:     hardware address
 * @name:    current name
 * @kind:    "veth", ... or ""
 */
struct link {
	int ifindex;
	int peer_ifindex;
	uint32_t mtu;
	uint32_t flags;
	uint32_t group;
	uint8_t mac[6];
	char name[IFNAMSIZ];
	char kind[16];
};

/** link_get - by @name, or by @ifindex when @name is NULL; -ENODEV = there is none */
int link_get(struct netlink *nl, const char *name, int ifindex, struct link *out);

/**
 * link_identify - index and MAC of @name, which must exist
 *
 * Without the kernel's RTNL lock, which link_get() waits for while devices are removed.
 */
int link_identify(struct netlink *nl, const char *name, int *ifindex, uint8_t mac[6]);

/** link_list - call @fn for each device; a negative return value of @fn stops and is returned */
int link_list(struct netlink *nl, int (*fn)(const struct link *link, void *arg), void *arg);

/**
 * struct veth_opts - how to create a veth pair in one request
 * @name, @mac, @mtu, @up: this end, in the namespace of the struct netlink.  @mac of all zero
 *         lets the kernel choose; @mtu 0 = default
 * @peer_name, @peer_mac: the other end, which stays down: the kernel brings none up before the
 *         pair exists
 * @peer_netns_fd: namespace of the other end; -1 = the same
 */
struct veth_opts {
	const char *name;
	uint8_t mac[6];
	uint32_t mtu;
	bool up;
	const char *peer_name;
	uint8_t peer_mac[6];
	int peer_netns_fd;
};

int veth_add(struct netlink *nl, const struct veth_opts *opts);

/**
 * struct link_opts - changes to a device in one request; what is 0 (or false) stays
 * @up:         set IFF_UP
 * @down:       clear IFF_UP
 * @noarp:      set IFF_NOARP
 * @no_ipv6_ll: addr_gen_mode none: the kernel makes no link-local address (a request of its own,
 *              before the others)
 * @mac:        NULL = stays
 * @mtu:        bytes
 * @group:      IFLA_GROUP, if @set_group
 */
struct link_opts {
	bool up;
	bool down;
	bool noarp;
	bool no_ipv6_ll;
	bool set_group;
	uint32_t group;
	uint32_t mtu;
	const uint8_t *mac;
};

int link_set(struct netlink *nl, int ifindex, const struct link_opts *opts);

int link_del(struct netlink *nl, int ifindex);

/** link_del_group - every device of @group in one request (one RCU grace period for all) */
int link_del_group(struct netlink *nl, uint32_t group);

/** address_add - @addr/@bits of its family; IPv6 with IFA_F_NODAD; -EEXIST if it is there */
int address_add(struct netlink *nl, int ifindex, const struct cidr *addr);
int address_del(struct netlink *nl, int ifindex, const struct cidr *addr);

/** address_list - call @fn for each address of @ifindex (0 = all devices); negative stops */
int address_list(struct netlink *nl, int ifindex,
		 int (*fn)(int ifindex, const struct cidr *addr, void *arg), void *arg);

/**
 * struct route_opts - a unicast route
 * @dst:     destination; NULL = default route of @family
 * @family:  4 or 6
 * @gateway: NULL = on link
 * @src:     preferred source; NULL = none
 * @ifindex: output device
 * @table:   0 = main
 * @mtu:     RTAX_MTU; 0 = none
 * @onlink:  the gateway needs no route of its own (RTNH_F_ONLINK)
 */
struct route_opts {
	const struct cidr *dst;
	int family;
	const struct axo_addr *gateway;
	const struct axo_addr *src;
	int ifindex;
	uint32_t table;
	uint32_t mtu;
	bool onlink;
};

int route_add(struct netlink *nl, const struct route_opts *opts);
int route_del(struct netlink *nl, const struct route_opts *opts);

/**
 * struct route_info - a unicast route as the kernel lists it
 * @family:      4 or 6
 * @dst:         destination; length 0 = default route
 * @gateway:     valid if @has_gateway
 * @ifindex:     output device; 0 = several (multipath) or none
 * @table:       RT_TABLE_MAIN, ...
 */
struct route_info {
	int family;
	struct cidr dst;
	bool has_gateway;
	struct axo_addr gateway;
	int ifindex;
	uint32_t table;
};

/** route_list - call @fn for each unicast route of @family (4 or 6) in every table; negative stops */
int route_list(struct netlink *nl, int family, int (*fn)(const struct route_info *route, void *arg),
	       void *arg);

/** route_default_exists - is there a default route of @family (4 or 6) in the main table? 1, 0 or negative errno */
int route_default_exists(struct netlink *nl, int family);

/** rule_add, rule_del - `ip rule from ADDRESS lookup TABLE priority PRIO` */
int rule_add(struct netlink *nl, const struct axo_addr *from, uint32_t table, uint32_t priority);
int rule_del(struct netlink *nl, const struct axo_addr *from, uint32_t table, uint32_t priority);

#endif
