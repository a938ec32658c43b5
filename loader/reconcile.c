/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Desired state against the kernel's; see reconcile.h. */
#include "loader/reconcile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ipam/ipam.h"
#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/netlink.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/endpoint.h"
#include "loader/endpoint_map.h"
#include "loader/hook.h"
#include "loader/host_address.h"
#include "loader/ip_feed.h"
#include "loader/netdev.h"
#include "loader/policy_engine.h"
#include "loader/reaper.h"

/** struct device - a device named like a pod's; @known: somebody accounts for it */
struct device {
	char name[IFNAMSIZ];
	int ifindex;
	bool known;
};

/** struct device_list - sorted by name once it is whole */
struct device_list {
	struct device *items;
	size_t count;
	size_t room;
};

static int device_collect(const struct link *link, void *arg)
{
	struct device_list *l = arg;

	if (!attachment_is_device(link->name) || strcmp(link->kind, "veth") != 0)
		return 0;
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct device *bigger = realloc(l->items, room * sizeof(struct device));

		if (!bigger)
			return -ENOMEM;
		l->items = bigger;
		l->room = room;
	}
	l->items[l->count] = (struct device){.ifindex = link->ifindex};
	memcpy(l->items[l->count++].name, link->name, IFNAMSIZ);
	return 0;
}

static int device_compare(const void *a, const void *b)
{
	return strcmp(((const struct device *)a)->name, ((const struct device *)b)->name);
}

static struct device *device_find(const struct device_list *l, const char *name)
{
	struct device key = {0};

	snprintf(key.name, sizeof(key.name), "%s", name);
	return l->count ? bsearch(&key, l->items, l->count, sizeof(key), device_compare) : NULL;
}

static void find_devices(struct agent *agent, struct device_list *l,
			 struct reconcile_report *report)
{
	struct endpoint_table *t = agent->endpoints;

	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep)) {
		struct device *d = device_find(l, ep->device);

		endpoint_set_ifindex(t, ep, d ? d->ifindex : 0);
		ep->state = d ? ENDPOINT_READY : ENDPOINT_LOST;
		report->ready += d != NULL;
		report->lost += d == NULL;
	}
}

/* What may stand in the ipcache: addresses of READY endpoints and of the host, and prefixes. */
struct wanted {
	const struct agent *agent;
	struct axo_addr *items;
	size_t count;
};

static int wanted_compare(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

static void wanted_add(struct wanted *w, const struct axo_addr *addr)
{
	if (!addr_is_zero(addr))
		w->items[w->count++] = *addr;
}

static int wanted_fill(struct wanted *w, const struct agent *agent)
{
	const struct endpoint_table *t = agent->endpoints;
	size_t host_count;
	const struct axo_addr *host = host_addresses_get(agent->host_addresses, &host_count);

	w->items = calloc(2 * endpoint_count(t) + host_count + 1, sizeof(struct axo_addr));
	if (!w->items)
		return -ENOMEM;
	for (size_t i = 0; i < host_count; i++)
		wanted_add(w, &host[i]);
	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep)) {
		if (ep->state != ENDPOINT_READY)
			continue;
		wanted_add(w, &ep->ipv4);
		wanted_add(w, &ep->ipv6);
	}
	qsort(w->items, w->count, sizeof(struct axo_addr), wanted_compare);
	return 0;
}

static bool is_wanted(const struct axo_addr *addr, uint32_t bits, void *arg)
{
	const struct wanted *w = arg;

	return ipcache_is_world(addr, bits) ||
	       (bits == 128 && bsearch(addr, w->items, w->count, sizeof(*addr), wanted_compare)) ||
	       ip_feed_has(w->agent->ip_feed, addr, bits) ||
	       policy_has_prefix(w->agent->policy, addr, bits);
}

static int maps_write(struct agent *agent, struct reconcile_report *report, struct error *e)
{
	struct endpoint_table *t = agent->endpoints;
	int r = ipcache_put_world(agent->datapath);

	if (r < 0)
		return error_set(e, r, "cannot write " AXO_MAP_IPCACHE ": %s", strerror(-r));
	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep)) {
		if (ep->state != ENDPOINT_READY ||
		    endpoint_map_check(agent->datapath, ep, NULL) == 0)
			continue;
		r = endpoint_publish(agent->datapath, ep, e);
		if (r < 0)
			return r;
		report->written++;
	}
	return 0;
}

static int maps_prune(struct agent *agent, struct reconcile_report *report, struct error *e)
{
	struct wanted w = {.agent = agent};

	if (wanted_fill(&w, agent) < 0)
		return error_set(e, ENOMEM, "no memory");
	report->pruned = endpoint_maps_prune(agent->datapath, agent->endpoints);
	report->pruned += ipcache_prune(agent->datapath, is_wanted, &w);
	free(w.items);
	if (report->pruned)
		datapath_bump(agent->datapath);
	return 0;
}

static int attach_host(struct agent *agent, struct error *e)
{
	const struct hook_device d = {
		.ifindex = (int)agent->config.ifindex_net,
		.name = AXO_DEV_NET,
		.prog = "from_host",
		.prog_fd = datapath_prog_fd(agent->datapath, "from_host"),
	};
	int r = hook_attach_device(agent->hooks, &d, e);

	return r < 0 ? r : netdev_apply(agent, e);
}

/* A device that goes at this moment is lost; any other refusal would be one for all of them. */
static int attach_pods(struct agent *agent, struct error *e)
{
	struct endpoint_table *t = agent->endpoints;
	int prog = datapath_prog_fd(agent->datapath, "from_pod");

	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep)) {
		int r;

		if (ep->state != ENDPOINT_READY)
			continue;
		r = hook_attach_pod(agent->hooks, ep->ifindex, prog, 0, e);
		if (r == -ENODEV) {
			endpoint_withdraw(agent->datapath, ep);
			endpoint_set_ifindex(t, ep, 0);
			ep->state = ENDPOINT_LOST;
		} else if (r < 0) {
			return r;
		}
	}
	return 0;
}

static void orphans_remove(struct agent *agent, struct device_list *l,
			   struct reconcile_report *report)
{
	const struct ipam_lease *lease = NULL;

	while ((lease = ipam_next(agent->ipam, lease))) {
		char name[IFNAMSIZ];
		struct device *d;

		attachment_device(&lease->owner, name);
		d = device_find(l, name);
		if (d)
			d->known = true;
	}
	for (size_t i = 0; i < l->count; i++) {
		if (l->items[i].known)
			continue;
		log_warn("device belongs to no attachment and is removed", "device",
			 l->items[i].name);
		report->orphans += reaper_add(agent->reaper, l->items[i].name, NULL) == 0;
	}
}

int reconcile_run(struct agent *agent, struct reconcile_report *report, struct error *e)
{
	struct device_list l = {0};
	int r = link_list(agent->nl, device_collect, &l);

	*report = (struct reconcile_report){0};
	if (r < 0) {
		free(l.items);
		return error_set(e, r, "cannot list devices: %s", strerror(-r));
	}
	if (l.count)
		qsort(l.items, l.count, sizeof(struct device), device_compare);
	find_devices(agent, &l, report);
	r = maps_write(agent, report, e);
	if (r == 0)
		r = maps_prune(agent, report, e);
	if (r == 0)
		r = attach_host(agent, e);
	if (r == 0)
		r = attach_pods(agent, e);
	if (r == 0)
		orphans_remove(agent, &l, report);
	free(l.items);
	return r;
}
