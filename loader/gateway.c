/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gateway pair; see gateway.h. */
#include "loader/gateway.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/names.h"
#include "lib/attachment.h"
#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/sysctl.h"

#define MTU_DEFAULT 1500

void gateway_mac(const char *node_name, uint8_t mac[static 6])
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (const char *p = node_name; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3ULL;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	memcpy(mac, &h, 6);
	mac[0] = (mac[0] & 0xfc) | 0x02;
}

static const struct cidr *pod_net(const struct options *opt, int family)
{
	for (size_t i = 0; i < opt->pod_cidr.count; i++) {
		if (opt->pod_cidr.items[i].family == family)
			return &opt->pod_cidr.items[i];
	}
	return NULL;
}

/* Devices of default routes, when the operator names none. */
struct device_search {
	struct netlink *nl;
	struct text_list *list;
};

static int device_add(const struct route_info *route, void *arg)
{
	struct device_search *s = arg;
	struct link link;

	if (route->dst.bits != 0 || route->table != RT_TABLE_MAIN || route->ifindex == 0 ||
	    s->list->count == OPTIONS_MAX_LIST || link_get(s->nl, NULL, route->ifindex, &link) < 0)
		return 0;
	for (size_t i = 0; i < s->list->count; i++) {
		if (!strcmp(s->list->items[i], link.name))
			return 0;
	}
	s->list->items[s->list->count] = strdup(link.name);
	s->list->count += s->list->items[s->list->count] != NULL;
	return 0;
}

static void find_devices(struct netlink *nl, struct options *opt)
{
	struct device_search s = {.list = &opt->device};

	/* A dump is under way on @nl while the callback asks for devices: a socket of its own. */
	if (opt->device.count || netlink_open(&s.nl) < 0)
		return;
	route_list(nl, 4, device_add, &s);
	route_list(nl, 6, device_add, &s);
	netlink_close(s.nl);
	opt->device_found = true;
	for (size_t i = 0; i < opt->device.count; i++)
		log_info("device of a default route is used", "device", opt->device.items[i]);
}

static int find_mtu(struct netlink *nl, const struct options *opt, uint32_t *mtu, struct error *e)
{
	struct link link;
	int r;

	*mtu = opt->mtu ? (uint32_t)opt->mtu : MTU_DEFAULT;
	for (size_t i = opt->device.count; i-- > 0;) {
		r = link_get(nl, opt->device.items[i], 0, &link);
		if (r < 0 && r != -ENODEV)
			return error_set(e, r, "device %s: %s", opt->device.items[i], strerror(-r));
		if (r == 0 && !opt->mtu)
			*mtu = link.mtu;
	}
	return 0;
}

static int pair_create(struct netlink *nl, const uint8_t mac[static 6], uint32_t mtu,
		       struct error *e)
{
	struct veth_opts opts = {
		.name = AXO_DEV_HOST,
		.peer_name = AXO_DEV_NET,
		.mtu = mtu,
		.peer_netns_fd = -1,
	};
	int r;

	memcpy(opts.mac, mac, 6);
	memcpy(opts.peer_mac, mac, 6);
	r = veth_add(nl, &opts);
	if (r < 0)
		return error_set(e, r, "cannot make the veth pair " AXO_DEV_HOST ": %s%s%s",
				 strerror(-r), *netlink_message(nl) ? ": " : "",
				 netlink_message(nl));
	log_info("gateway pair made", "device", AXO_DEV_HOST);
	return 0;
}

/* Both ends there, and ends of each other? A half or a foreign one is removed. */
static int pair_find(struct netlink *nl, struct link *host, struct link *net, struct error *e)
{
	int r = link_get(nl, AXO_DEV_HOST, 0, host);
	int r2 = link_get(nl, AXO_DEV_NET, 0, net);

	if (r == 0 && r2 == 0 && !strcmp(host->kind, "veth") &&
	    host->peer_ifindex == net->ifindex && net->peer_ifindex == host->ifindex)
		return 0;
	if (r == 0)
		link_del(nl, host->ifindex);
	if (link_get(nl, AXO_DEV_NET, 0, net) == 0)
		link_del(nl, net->ifindex);
	if ((r < 0 && r != -ENODEV) || (r2 < 0 && r2 != -ENODEV))
		return error_set(e, r, "cannot look for " AXO_DEV_HOST ": %s", strerror(-r));
	return -ENODEV;
}

/* Of a pod's device in use: what is left over from an ADD that failed is down. */
static int mac_of_pod(const struct link *link, void *arg)
{
	if (attachment_is_device(link->name) && !strcmp(link->kind, "veth") &&
	    (link->flags & IFF_UP))
		memcpy(arg, link->mac, 6);
	return 0;
}

/* A new pair gets the MAC that living pods know, so that they outlive a change of the node's name. */
static int pair_mac(struct netlink *nl, const struct options *opt, uint8_t mac[static 6],
		    struct error *e)
{
	int r;

	gateway_mac(opt->node_name, mac);
	r = link_list(nl, mac_of_pod, mac);
	return r < 0 ? error_set(e, r, "cannot list devices: %s", strerror(-r)) : 0;
}

static int pair_apply(struct netlink *nl, const struct options *opt, struct gateway *gw,
		      struct error *e)
{
	struct link_opts up = {.up = true, .no_ipv6_ll = true, .mtu = gw->mtu};
	struct link_opts up_host = {.up = true, .no_ipv6_ll = true, .noarp = true, .mtu = gw->mtu};
	struct link host, net;
	uint8_t mac[6];
	int r = pair_find(nl, &host, &net, e);

	if (r == -ENODEV) {
		r = pair_mac(nl, opt, mac, e);
		if (r == 0)
			r = pair_create(nl, mac, gw->mtu, e);
		if (r == 0)
			r = pair_find(nl, &host, &net, e);
	}
	if (r < 0)
		return r;
	memcpy(gw->config.mac, host.mac, 6);
	gw->config.ifindex_net = (uint32_t)net.ifindex;
	gw->config.ifindex_host = (uint32_t)host.ifindex;
	gw->config.fqdn_min_ttl_s = (uint32_t)(opt->fqdn_min_ttl_ms / 1000);
	up.mac = memcmp(net.mac, host.mac, 6) != 0 ? host.mac : NULL;
	r = link_set(nl, net.ifindex, &up);
	if (r == 0)
		r = link_set(nl, host.ifindex, &up_host);
	return r < 0 ? error_set(e, r, "cannot set up " AXO_DEV_HOST ": %s", strerror(-r)) : 0;
}

/* Addresses of axo_host that the configuration does not know (of an earlier pod CIDR). */
struct stray_search {
	const struct cidr *wanted;
	size_t wanted_count;
	struct cidr strays[16];
	size_t count;
};

static int stray_add(int ifindex, const struct cidr *addr, void *arg)
{
	struct stray_search *s = arg;

	(void)ifindex;
	for (size_t i = 0; i < s->wanted_count; i++) {
		if (addr_cmp(&addr->addr, &s->wanted[i].addr) == 0 &&
		    addr->bits == s->wanted[i].bits)
			return 0;
	}
	if (s->count < ARRAY_SIZE(s->strays))
		s->strays[s->count++] = *addr;
	return 0;
}

static int addresses_apply(struct netlink *nl, int ifindex, const struct cidr *wanted, size_t count,
			   struct error *e)
{
	struct stray_search s = {.wanted = wanted, .wanted_count = count};
	char text[CIDR_STR_MAX];
	int r = address_list(nl, ifindex, stray_add, &s);

	for (size_t i = 0; r == 0 && i < s.count; i++)
		r = address_del(nl, ifindex, &s.strays[i]);
	if (r < 0)
		return error_set(e, r, "cannot clear addresses of " AXO_DEV_HOST ": %s",
				 strerror(-r));
	for (size_t i = 0; i < count; i++) {
		r = address_add(nl, ifindex, &wanted[i]);
		if (r < 0 && r != -EEXIST)
			return error_set(e, r, "cannot add gateway address %s: %s",
					 cidr_to_str(&wanted[i], text), strerror(-r));
	}
	return 0;
}

static int sysctl_must(int family, const char *device, const char *key, const char *value,
		       struct error *e)
{
	int r = sysctl_set(family, device, key, value);

	return r < 0 ? error_set(e, r, "cannot set net.ipv%d.conf.%s.%s=%s: %s", family, device,
				 key, value, strerror(-r))
		     : 0;
}

/*
 * Reverse path checks are from_pod's: it lets out only a pod's own addresses.  The kernel takes the
 * larger of "all" and the device's, so loose is the least where "all" checks; where it does not, off
 * saves a lookup for every packet.
 */
static int sysctls_v4(struct error *e)
{
	const char *loose = sysctl_is(4, "all", "rp_filter", "0") == 1 ? "0" : "2";
	int r = sysctl_must(4, AXO_DEV_HOST, "forwarding", "1", e);

	if (r == 0)
		r = sysctl_must(4, AXO_DEV_HOST, "rp_filter", loose, e);
	return r;
}

static int sysctls_v6(struct error *e)
{
	int r = sysctl_must(6, AXO_DEV_HOST, "accept_ra", "0", e);

	/* As IPv4 does: down and up again must not lose the address. */
	if (r == 0)
		r = sysctl_must(6, AXO_DEV_HOST, "keep_addr_on_down", "1", e);
	return r == 0 ? sysctl_must(6, "all", "forwarding", "1", e) : r;
}

int gateway_device(const struct options *opt, const char *device, struct error *e)
{
	int r = pod_net(opt, 4) ? sysctl_must(4, device, "forwarding", "1", e) : 0;

	if (r == 0 && pod_net(opt, 6) && sysctl_is(6, device, "accept_ra", "1") == 1)
		r = sysctl_must(6, device, "accept_ra", "2", e);
	return r == -ENOENT ? 0 : r;
}

static int devices_apply(const struct options *opt, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < opt->device.count; i++)
		r = gateway_device(opt, opt->device.items[i], e);
	return r;
}

/** struct present - which of the wanted addresses a device has, one bit each */
struct present {
	const struct cidr *wanted;
	size_t count;
	unsigned int found;
};

static int present_note(int ifindex, const struct cidr *addr, void *arg)
{
	struct present *p = arg;

	(void)ifindex;
	for (size_t i = 0; i < p->count; i++) {
		if (addr_cmp(&addr->addr, &p->wanted[i].addr) == 0 &&
		    addr->bits == p->wanted[i].bits)
			p->found |= 1u << i;
	}
	return 0;
}

int gateway_restore(struct netlink *nl, const struct axo_config *config)
{
	struct cidr wanted[2];
	struct present p = {.wanted = wanted};
	char text[CIDR_STR_MAX];
	struct link net;
	int r = link_get(nl, NULL, (int)config->ifindex_net, &net);

	if (r < 0)
		return r;
	if (config->ipv4)
		wanted[p.count++] = (struct cidr){config->gateway4, 4, (uint8_t)config->pod_bits4};
	if (config->ipv6)
		wanted[p.count++] = (struct cidr){config->gateway6, 6, (uint8_t)config->pod_bits6};
	r = address_list(nl, net.peer_ifindex, present_note, &p);
	for (size_t i = 0; r == 0 && i < p.count; i++) {
		if (p.found & 1u << i)
			continue;
		log_warn("gateway address was removed and is added again", "address",
			 cidr_to_str(&wanted[i], text));
		r = address_add(nl, net.peer_ifindex, &wanted[i]);
	}
	return r;
}

static struct axo_addr family_config(const struct cidr *net, struct cidr *addresses, size_t *count)
{
	struct cidr *a = &addresses[(*count)++];

	*a = *net;
	a->addr = addr_add(&net->addr, 1);
	return a->addr;
}

int gateway_apply(struct netlink *nl, struct options *opt, struct gateway *out, struct error *e)
{
	const struct cidr *v4 = pod_net(opt, 4), *v6 = pod_net(opt, 6);
	struct gateway gw = {0};
	struct cidr addresses[2];
	size_t count = 0;
	int r;

	if (v4) {
		gw.config.ipv4 = 1;
		gw.config.pod_net4 = v4->addr;
		gw.config.pod_bits4 = v4->bits;
		gw.config.gateway4 = family_config(v4, addresses, &count);
	}
	if (v6) {
		gw.config.ipv6 = 1;
		gw.config.pod_net6 = v6->addr;
		gw.config.pod_bits6 = v6->bits;
		gw.config.gateway6 = family_config(v6, addresses, &count);
	}
	find_devices(nl, opt);
	r = find_mtu(nl, opt, &gw.mtu, e);
	if (r == 0)
		r = pair_apply(nl, opt, &gw, e);
	if (r == 0 && v6)
		r = sysctl_must(6, AXO_DEV_HOST, "disable_ipv6", "0", e);
	if (r == 0)
		r = addresses_apply(nl, (int)gw.config.ifindex_host, addresses, count, e);
	if (r == 0 && v4)
		r = sysctls_v4(e);
	/* Before IPv6 forwards, or it forgets what it learned from router advertisements. */
	if (r == 0)
		r = devices_apply(opt, e);
	if (r == 0 && v6)
		r = sysctls_v6(e);
	if (r == 0)
		*out = gw;
	return r;
}

int gateway_remove(struct netlink *nl)
{
	struct link link;
	int r = link_get(nl, AXO_DEV_HOST, 0, &link);

	if (r == 0)
		r = link_del(nl, link.ifindex);
	return r == -ENODEV ? 0 : r;
}
