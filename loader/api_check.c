/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* POST /v1/attachments/check (docs/api.md): is the attachment what its ADD made? */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "ipam/ipam.h"
#include "lib/cidr.h"
#include "lib/netlink.h"
#include "loader/agent.h"
#include "loader/api.h"
#include "loader/api_attachment.h"
#include "loader/datapath.h"
#include "loader/endpoint.h"
#include "loader/endpoint_map.h"
#include "loader/endpoint_text.h"
#include "loader/hook.h"

static int check_device(struct agent *agent, const struct endpoint *ep, struct error *e)
{
	struct link link;
	int r = ep->state == ENDPOINT_READY ? link_get(agent->nl, ep->device, 0, &link) : -ENODEV;

	if (r < 0)
		return error_set(e, r, "host device %s: %s", ep->device, strerror(-r));
	if (!(link.flags & IFF_UP))
		return error_set(e, ENETDOWN, "host device %s is down: expected up", ep->device);
	if (hook_pod_attached(agent->hooks, link.ifindex) != 1)
		return error_set(e, ENOENT, "host device %s has no program on its ingress",
				 ep->device);
	return 0;
}

static int check_mac(struct api_request *req, const struct endpoint *ep, struct error *e)
{
	const char *text = json_string_value(json_object_get(api_body(req), "mac"));
	char expected[MAC_STR_MAX];
	uint8_t mac[6];

	if (!text)
		return 0;
	if (mac_from_str(text, mac) < 0 || memcmp(mac, ep->mac, 6) != 0)
		return error_set(e, EINVAL, "mac %.40s: expected %s", text,
				 mac_to_str(ep->mac, expected));
	return 0;
}

/* Addresses of the result must be the endpoint's; a chained plugin may have added none of ours. */
static int check_ips(struct api_request *req, const struct endpoint *ep, struct error *e)
{
	const json_t *ips = json_object_get(api_body(req), "ips");

	for (size_t i = 0; i < json_array_size(ips); i++) {
		const char *text = json_string_value(json_array_get(ips, i));
		struct axo_addr addr;

		if (!text || addr_parse(text, &addr, e) < 0)
			return error_set(e, EINVAL, "ips[%zu]: expected an address", i);
		if (addr_cmp(&addr, &ep->ipv4) != 0 && addr_cmp(&addr, &ep->ipv6) != 0)
			return error_set(e, EINVAL, "address %s is not endpoint %u's", text,
					 ep->id);
	}
	return 0;
}

static int check_lease(const struct agent *agent, const struct endpoint *ep, struct error *e)
{
	const struct ipam_lease *lease = ipam_find(agent->ipam, &ep->attachment);

	if (!lease || lease->releasing || addr_cmp(&lease->v4, &ep->ipv4) != 0 ||
	    addr_cmp(&lease->v6, &ep->ipv6) != 0)
		return error_set(e, ENOENT, "endpoint %u's addresses are not reserved for it",
				 ep->id);
	return 0;
}

void api_attachment_check(struct agent *agent, struct api_request *req)
{
	const struct endpoint *ep;
	struct attachment a;
	struct error e;

	if (!api_keys_check(req, "network", "containerId", "ifname", "mac", "ips", NULL) ||
	    !api_attachment_names(req, &a))
		return;
	ep = endpoint_by_attachment(agent->endpoints, &a);
	if (!ep)
		api_fail(req, API_NOT_FOUND, "there is no attachment %s/%s", a.container_id,
			 a.ifname);
	else if (check_mac(req, ep, &e) < 0 || check_ips(req, ep, &e) < 0 ||
		 check_lease(agent, ep, &e) < 0 || check_device(agent, ep, &e) < 0 ||
		 endpoint_map_check(agent->datapath, ep, &e) < 0)
		api_fail(req, API_DIFFERENT, "%s", e.msg);
	else
		api_reply(req, NULL);
}
