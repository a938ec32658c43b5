/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * CHECK: is what ADD made still there?  The pod's side is compared with prevResult here, the
 * host's side and the maps by the agent.
 *
 * Only what is ours is compared, and only that it is there: plugins behind us in the chain may
 * have added addresses, routes and settings.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "cni/agent.h"
#include "cni/mac.h"
#include "cni/plugin.h"
#include "cni/podns.h"
#include "cni/previous.h"

static int device_check(const struct call *call, const struct podns *ns,
			const struct previous *want, struct link *link, struct failure *f)
{
	const char *mac = json_string_value(json_object_get(want->interface, "mac"));
	const char *name = call->env.ifname;
	int r = link_get(ns->nl, name, 0, link);
	char found[MAC_STR_MAX];

	if (r == -ENODEV)
		return failure_set(f, CNI_DIFFERENCE, "interface %s is missing in %.200s", name,
				   call->env.netns);
	if (r < 0)
		return kernel_failure(f, ns->nl, r, "cannot read interface %s", name);
	if (!(link->flags & IFF_UP))
		return failure_set(f, CNI_DIFFERENCE, "interface %s is down", name);
	mac_to_str(link->mac, found);
	if (mac && strcasecmp(mac, found))
		return failure_set(f, CNI_DIFFERENCE, "interface %s has MAC %s: expected %.32s",
				   name, found, mac);
	return 0;
}

struct address_seek {
	const struct cidr *want;
	bool found;
};

static int address_match(int ifindex, const struct cidr *addr, void *arg)
{
	struct address_seek *seek = arg;

	(void)ifindex;
	seek->found |= addr->bits == seek->want->bits && !addr_cmp(&addr->addr, &seek->want->addr);
	return 0;
}

static int addresses_check(const struct podns *ns, const struct previous *want,
			   const struct link *link, struct failure *f)
{
	char text[CIDR_STR_MAX];

	for (int i = 0; i < want->count; i++) {
		struct address_seek seek = {.want = &want->ips[i].address};
		int r = address_list(ns->nl, link->ifindex, address_match, &seek);

		if (r < 0)
			return kernel_failure(f, ns->nl, r, "cannot list the addresses of %s",
					      link->name);
		if (!seek.found)
			return failure_set(f, CNI_DIFFERENCE, "address %s is missing on %s",
					   cidr_to_str(seek.want, text), link->name);
	}
	return 0;
}

struct route_seek {
	struct route_info want;
	bool found;
};

static int route_match(const struct route_info *route, void *arg)
{
	struct route_seek *seek = arg;

	seek->found |= route->table == seek->want.table && route->ifindex == seek->want.ifindex &&
		       route->dst.bits == seek->want.dst.bits &&
		       !addr_cmp(&route->dst.addr, &seek->want.dst.addr) && route->has_gateway &&
		       !addr_cmp(&route->gateway, &seek->want.gateway);
	return 0;
}

static int route_check(const struct podns *ns, const struct previous *want, const struct link *link,
		       const json_t *route, struct failure *f)
{
	const char *dst = json_string_value(json_object_get(route, "dst"));
	const char *gw = json_string_value(json_object_get(route, "gw"));
	const json_t *table = json_object_get(route, "table");
	struct route_seek seek = {.want = {.ifindex = link->ifindex, .table = RT_TABLE_MAIN}};
	int r;

	if (!dst || !gw || cidr_parse(dst, &seek.want.dst, NULL) < 0 ||
	    addr_parse(gw, &seek.want.gateway, NULL) < 0 ||
	    !previous_is_gateway(want, &seek.want.gateway))
		return 0;
	if (json_integer_value(table))
		seek.want.table = (uint32_t)json_integer_value(table);
	r = route_list(ns->nl, seek.want.dst.family, route_match, &seek);
	if (r < 0)
		return kernel_failure(f, ns->nl, r, "cannot list the pod's routes");
	if (!seek.found)
		return failure_set(f, CNI_DIFFERENCE, "route %.64s via %.64s dev %s is missing",
				   dst, gw, link->name);
	return 0;
}

static int pod_check(const struct call *call, const struct previous *want, struct link *link,
		     struct failure *f)
{
	struct podns ns = PODNS_NONE;
	json_t *route;
	size_t i;
	int r = podns_enter(call->env.netns, &ns, f);

	if (r == 0)
		r = device_check(call, &ns, want, link, f);
	if (r == 0)
		r = addresses_check(&ns, want, link, f);
	json_array_foreach(json_object_get(call->conf.prev_result, "routes"), i, route) {
		if (r == 0)
			r = route_check(&ns, want, link, route, f);
	}
	podns_close(&ns);
	return r;
}

static int host_check(const struct call *call, const struct previous *want, const struct link *link,
		      struct failure *f)
{
	_cleanup_http_ struct http *http = NULL;
	json_t *body = attachment_json(&call->att), *ips = json_array();
	char mac[MAC_STR_MAX], text[CIDR_STR_MAX];
	int r = agent_open(call->conf.socket, AGENT_WAIT_DEL_MS, &http, f);

	for (int i = 0; i < want->count; i++)
		json_array_append_new(ips,
				      json_string(addr_to_str(&want->ips[i].address.addr, text)));
	json_object_set_new(body, "mac", json_string(mac_to_str(link->mac, mac)));
	json_object_set_new(body, "ips", ips);
	if (r < 0) {
		json_decref(body);
		return r;
	}
	return agent_call(http, "POST", "/v1/attachments/check", body, f);
}

int check_run(const struct call *call, struct failure *f)
{
	struct previous want = {.count = 0};
	struct link link = {.ifindex = 0};
	int r = previous_read(&call->conf, call->env.ifname, &want, f);

	if (r == 0)
		r = pod_check(call, &want, &link, f);
	if (r == 0)
		r = host_check(call, &want, &link, f);
	return r;
}
