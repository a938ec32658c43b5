/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The host's devices and native routes; see netdev.h.
 *
 *      1. Masquerading is on: native are cluster-cidr and no-masquerade-cidr; the rest of the world
 *         is the stack's, which translates it.
 *      2. Masquerading is off: the world is native.
 *      3. service-cidr is the stack's in any case: something there translates it.
 *      4. Pods of this host are no matter of routes, nor are the host's own addresses.
 */
#include "loader/netdev.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/ipcache.h"
#include "axoneme/route.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/netlink.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/gateway.h"
#include "loader/hook.h"
#include "loader/policy_host.h"

typedef int (*route_fn)(const struct cidr *prefix, bool native, void *arg);

static int each(const struct cidr_list *l, bool native, route_fn fn, void *arg)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < l->count; i++)
		r = fn(&l->items[i], native, arg);
	return r;
}

/* Call @fn for every prefix of axo_route as @opt wants it; a negative stops. */
static int each_route(const struct options *opt, route_fn fn, void *arg)
{
	static const struct cidr world[] = {
		{.addr = {{[10] = 0xff, [11] = 0xff}}, .family = 4},
		{.family = 6},
	};
	int r = 0;

	if (!options_native(opt))
		return 0;
	/* Of both families in any case: an IPv6 prefix may hold the mapped addresses. */
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(world); i++)
		r = fn(&world[i], !opt->masquerade, arg);
	if (r >= 0)
		r = each(&opt->cluster_cidr, true, fn, arg);
	if (r >= 0)
		r = each(&opt->no_masquerade_cidr, true, fn, arg);
	return r < 0 ? r : each(&opt->service_cidr, false, fn, arg);
}

static struct axo_ipcache_key route_key(const struct cidr *c)
{
	struct axo_ipcache_key key = {
		.prefixlen = c->bits + (c->family == 4 ? AXO_V4_PREFIX_BITS : 0u),
	};

	memcpy(key.addr, c->addr.b, sizeof(key.addr));
	return key;
}

static int route_write(const struct cidr *prefix, bool native, void *arg)
{
	struct axo_ipcache_key key = route_key(prefix);
	struct axo_route value = {.via = native ? AXO_ROUTE_NATIVE : AXO_ROUTE_STACK};

	return bpf_map_update_elem(*(const int *)arg, &key, &value, BPF_ANY) < 0 ? -errno : 0;
}

/** struct route_search - is @key among the wanted ones? */
struct route_search {
	struct axo_ipcache_key key;
	bool found;
};

static int route_compare(const struct cidr *prefix, bool native, void *arg)
{
	struct route_search *s = arg;
	struct axo_ipcache_key key = route_key(prefix);

	(void)native;
	s->found |= !memcmp(&key, &s->key, sizeof(key));
	return 0;
}

/* The next key is taken before one goes; a trie that changes meanwhile begins again, which ends. */
static void routes_prune(const struct options *opt, int map)
{
	struct axo_ipcache_key key, next;
	bool more = bpf_map_get_next_key(map, NULL, &next) == 0;

	while (more) {
		struct route_search s = {.key = next};

		key = next;
		more = bpf_map_get_next_key(map, &key, &next) == 0;
		each_route(opt, route_compare, &s);
		if (!s.found)
			bpf_map_delete_elem(map, &key);
	}
}

static int hook_apply(struct agent *agent, const struct hook_device *d, bool wanted,
		      struct error *e)
{
	if (wanted)
		return hook_attach_device(agent->hooks, d, e);
	hook_detach_device(agent->hooks, d);
	return 0;
}

/* Both hooks, as far as somebody needs them: to_netdev is for host policy only. */
static int hooks_apply(struct agent *agent, const char *name, int ifindex, struct error *e)
{
	struct hook_device in = {
		.ifindex = ifindex,
		.name = name,
		.prog = "from_netdev",
		.prog_fd = datapath_prog_fd(agent->datapath, "from_netdev"),
	};
	struct hook_device out = {
		.ifindex = ifindex,
		.egress = true,
		.name = name,
		.prog = "to_netdev",
		.prog_fd = datapath_prog_fd(agent->datapath, "to_netdev"),
	};
	bool host = policy_host_enforced(agent->policy);
	int r = hook_apply(agent, &in, host || options_native(&agent->opt), e);

	return r < 0 ? r : hook_apply(agent, &out, host, e);
}

static int device_attach(struct agent *agent, const char *name, struct error *e)
{
	struct link link;
	int r = link_get(agent->nl, name, 0, &link);

	if (r == -ENODEV) {
		log_warn("device is not there; it is used when it comes", "device", name);
		return 0;
	}
	if (r < 0)
		return error_set(e, r, "device %s: %s", name, strerror(-r));
	r = gateway_device(&agent->opt, name, e);
	if (r < 0)
		return r;
	return hooks_apply(agent, name, link.ifindex, e);
}

static bool is_configured(const struct agent *agent, const char *name)
{
	for (size_t i = 0; i < agent->opt.device.count; i++)
		if (!strcmp(agent->opt.device.items[i], name))
			return true;
	return false;
}

int netdev_attach(struct agent *agent, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < agent->opt.device.count; i++)
		r = device_attach(agent, agent->opt.device.items[i], e);
	return r;
}

int netdev_apply(struct agent *agent, struct error *e)
{
	int map = datapath_map_fd(agent->datapath, MAP_ROUTE);
	int r = each_route(&agent->opt, route_write, &map);

	if (r < 0)
		return error_set(e, r, "cannot write " AXO_MAP_ROUTE ": %s", strerror(-r));
	routes_prune(&agent->opt, map);
	r = netdev_attach(agent, e);
	datapath_bump(agent->datapath);
	return r;
}

void netdev_came(struct agent *agent, int ifindex)
{
	char name[IF_NAMESIZE];
	struct error e;

	if (ifindex &&
	    (!if_indextoname((unsigned int)ifindex, name) || !is_configured(agent, name)))
		return;
	if (netdev_attach(agent, &e) < 0)
		log_error("cannot attach to a device", "err", e.msg);
}
