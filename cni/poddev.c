/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pod's device; see poddev.h. */
#include "cni/poddev.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"

#define LOOPBACK_IFINDEX 1 /* include/net/flow.h: the same in every namespace */

int poddev_exists(struct netlink *nl, const char *name, bool *exists, struct failure *f)
{
	struct link link;
	int r = link_get(nl, name, 0, &link);

	if (r < 0 && r != -ENODEV)
		return kernel_failure(f, nl, r, "cannot look for interface %s in the pod", name);
	*exists = r == 0;
	return 0;
}

int poddev_create(const struct podns *ns, const char *name, const uint8_t mac[6],
		  const struct reservation *r, struct failure *f)
{
	struct veth_opts opts = {
		.name = name,
		.mtu = r->mtu,
		.up = true,
		.peer_name = r->host_device,
		.peer_netns_fd = ns->home,
	};
	int err;

	memcpy(opts.mac, mac, sizeof(opts.mac));
	memcpy(opts.peer_mac, r->host_mac, sizeof(opts.peer_mac));
	err = veth_add(ns->nl, &opts);
	if (err == 0)
		return 0;
	kernel_failure(f, ns->nl, err, "cannot create interface %s with host side %s", name,
		       r->host_device);
	return err == -EEXIST ? -EEXIST : -ECANCELED;
}

/* Written only when it differs: some writes wait for the lock that device removals hold. */
static void sysctl_ensure(const char *name, const char *key, const char *value)
{
	_cleanup_free_ char *found = NULL;
	char path[128];
	int err;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", name, key);
	err = file_read(path, 64, &found, NULL);
	if (err == 0 && found[strcspn(found, "\n")] == '\n')
		found[strcspn(found, "\n")] = '\0';
	if (err == 0 && !strcmp(found, value))
		return;
	if (err == 0)
		err = file_write_text(path, value);
	/* Not fatal: /proc/sys may be read-only.  Where it matters the address will be refused. */
	if (err < 0)
		log_warn("cannot set a sysctl of the pod", "path", path, "value", value, "err",
			 strerror(-err));
}

static bool has_family(const struct reservation *r, int family)
{
	for (int i = 0; i < r->count; i++)
		if (r->addrs[i].address.family == family)
			return true;
	return false;
}

struct others {
	int own;
	bool found;
};

static int other_address(int ifindex, const struct cidr *addr, void *arg)
{
	struct others *others = arg;
	bool link_local = addr->family == 6 && addr->addr.b[0] == 0xfe &&
			  (addr->addr.b[1] & 0xc0) == 0x80;

	if (ifindex != LOOPBACK_IFINDEX && ifindex != others->own && !link_local)
		others->found = true;
	return 0;
}

static int device_read(struct netlink *nl, const char *name, uint32_t mtu, struct poddev *dev,
		       struct failure *f)
{
	struct others others = {.own = 0};
	struct poddev got = {.mtu = mtu};
	int r = link_identify(nl, name, &got.ifindex, got.mac);

	if (r < 0)
		return kernel_failure(f, nl, r, "cannot read interface %s back", name);
	others.own = got.ifindex;
	r = address_list(nl, 0, other_address, &others);
	if (r < 0)
		return kernel_failure(f, nl, r, "cannot list the pod's addresses");
	if (others.found)
		got.table = POD_TABLE + (uint32_t)got.ifindex;
	*dev = got;
	return 0;
}

static struct cidr host_cidr(const struct axo_addr *addr)
{
	uint8_t family = (uint8_t)addr_family(addr);

	return (struct cidr){.addr = *addr, .family = family, .bits = family == 4 ? 32 : 128};
}

/*
 * The gateway's host route, and the default route through it.
 *
 * In a table of its own the default route finds the gateway's there.  In the main table the
 * gateway may be that of another interface of ours already; "onlink" then says which way.  It
 * would not do for the own table: IPv6 checks an onlink gateway against the main one.
 */
static int routes_add(struct netlink *nl, const struct pod_address *a, int ifindex, uint32_t table)
{
	struct cidr gateway = host_cidr(&a->gateway);
	struct route_opts link = {
		.dst = &gateway, .family = gateway.family, .ifindex = ifindex, .table = table};
	struct route_opts through = {
		.family = gateway.family,
		.gateway = &a->gateway,
		.ifindex = ifindex,
		.table = table,
		.onlink = table == RT_TABLE_MAIN,
	};
	int r = route_add(nl, &link);

	return r < 0 && r != -EEXIST ? r : route_add(nl, &through);
}

static int further_add(struct netlink *nl, const struct pod_address *a, const struct poddev *dev)
{
	int r = routes_add(nl, a, dev->ifindex, dev->table);

	if (r == 0)
		r = rule_add(nl, &a->address.addr, dev->table, POD_RULE_PRIORITY);
	return r == -EEXIST ? 0 : r;
}

static int address_configure(struct netlink *nl, const struct pod_address *a, struct poddev *dev,
			     bool *is_default, struct failure *f)
{
	char text[CIDR_STR_MAX];
	int r = address_add(nl, dev->ifindex, &a->address);

	cidr_to_str(&a->address, text);
	if (r < 0)
		return kernel_failure(f, nl, r, "cannot add address %s to the pod", text);
	r = route_default_exists(nl, a->address.family);
	if (r < 0)
		return kernel_failure(f, nl, r, "cannot list the pod's routes");
	*is_default = r == 0;
	r = *is_default ? routes_add(nl, a, dev->ifindex, RT_TABLE_MAIN) : 0;
	if (r == 0 && dev->table)
		r = further_add(nl, a, dev);
	if (r < 0)
		return kernel_failure(f, nl, r, "cannot add routes for %s to the pod", text);
	return 0;
}

int poddev_configure(const struct podns *ns, const char *name, const struct reservation *r,
		     struct poddev *dev, struct failure *f)
{
	int err = device_read(ns->nl, name, r->mtu, dev, f);

	if (err == 0 && has_family(r, 6)) {
		sysctl_ensure(name, "disable_ipv6", "0");
		sysctl_ensure(name, "accept_ra", "0");
	}
	for (int i = 0; err == 0 && i < r->count; i++)
		err = address_configure(ns->nl, &r->addrs[i], dev, &dev->is_default[i], f);
	return err;
}

void poddev_delete(struct netlink *nl, const char *name)
{
	struct link link;
	int r = link_get(nl, name, 0, &link);

	if (r == 0)
		r = link_del(nl, link.ifindex);
	if (r < 0 && r != -ENODEV)
		log_warn("cannot delete the interface again", "name", name, "err", strerror(-r));
}

struct forgetting {
	struct axo_addr addrs[16];
	int count;
};

static int address_remember(int ifindex, const struct cidr *addr, void *arg)
{
	struct forgetting *all = arg;

	(void)ifindex;
	if (all->count < (int)ARRAY_SIZE(all->addrs))
		all->addrs[all->count++] = addr->addr;
	return 0;
}

void poddev_forget_rules(struct netlink *nl, const char *name)
{
	struct forgetting all = {.count = 0};
	struct link link;

	if (link_get(nl, name, 0, &link) < 0 ||
	    address_list(nl, link.ifindex, address_remember, &all) < 0)
		return;
	for (int i = 0; i < all.count; i++)
		rule_del(nl, &all.addrs[i], POD_TABLE + (uint32_t)link.ifindex, POD_RULE_PRIORITY);
}
