/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * PUT /v1/attachments (docs/api.md): the pod's device is there; make it an endpoint.
 *
 * The kernel first, then the tables and the database: what the kernel refuses leaves no trace,
 * and a failed commit is put right by loading and reconciling (loader/db.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipam/ipam.h"
#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/netlink.h"
#include "loader/agent.h"
#include "loader/api.h"
#include "loader/api_attachment.h"
#include "loader/datapath.h"
#include "loader/db.h"
#include "loader/endpoint.h"
#include "loader/endpoint_map.h"
#include "loader/endpoint_text.h"
#include "loader/hook.h"
#include "loader/identity.h"
#include "loader/policy_engine.h"
#include "loader/reaper.h"
#include "loader/store.h"

#define TEXT_MAX 4096

static bool read_text(struct api_request *req, const char *key, const char *otherwise, char **out)
{
	const char *text;

	if (!api_text(req, key, false, &text))
		return false;
	if (text && strlen(text) > TEXT_MAX) {
		api_fail(req, API_BAD_CONFIG, "%s: longer than %d bytes", key, TEXT_MAX);
		return false;
	}
	*out = strdup(text && *text ? text : otherwise);
	if (!*out)
		api_fail(req, API_TRY_LATER, "no memory");
	return *out != NULL;
}

static bool read_device(struct api_request *req, struct endpoint *ep)
{
	const json_t *mtu = json_object_get(api_body(req), "mtu");
	const char *mac;

	if (!api_text(req, "mac", true, &mac))
		return false;
	if (mac_from_str(mac, ep->mac) < 0 || (ep->mac[0] & 1)) {
		api_fail(req, API_BAD_CONFIG,
			 "mac \"%.40s\": expected a unicast address like 0a:00:00:00:00:01", mac);
		return false;
	}
	if (!json_is_integer(mtu) || json_integer_value(mtu) < 68 ||
	    json_integer_value(mtu) > 65535) {
		api_fail(req, API_BAD_CONFIG, "mtu: expected a number from 68 to 65535");
		return false;
	}
	ep->mtu = (uint32_t)json_integer_value(mtu);
	return true;
}

/* Everything that the body says; false = the request was answered. */
static bool read_body(struct api_request *req, struct endpoint *ep)
{
	const json_t *body = api_body(req);
	struct error e;

	if (!api_attachment_names(req, &ep->attachment) || !read_device(req, ep) ||
	    !read_text(req, "netns", "", &ep->netns) ||
	    !read_text(req, "namespace", "default", &ep->namespace_) ||
	    !read_text(req, "name", ep->attachment.container_id, &ep->name))
		return false;
	if (endpoint_labels_from_json(ep, json_object_get(body, "labels"), &e) < 0 ||
	    endpoint_ports_from_json(ep, json_object_get(body, "ports"), &e) < 0) {
		api_fail(req, API_BAD_CONFIG, "%s", e.msg);
		return false;
	}
	return true;
}

/* The lease says the addresses; there must be one, and no endpoint yet. */
static bool read_lease(struct agent *agent, struct api_request *req, struct endpoint *ep)
{
	const struct ipam_lease *lease = ipam_find(agent->ipam, &ep->attachment);

	if (!lease || lease->releasing) {
		api_fail(req, API_NOT_FOUND,
			 "attachment %s/%s has no addresses: expected POST before PUT",
			 ep->attachment.container_id, ep->attachment.ifname);
		return false;
	}
	if (endpoint_by_attachment(agent->endpoints, &ep->attachment)) {
		api_fail(req, API_EXISTS, "attachment %s/%s exists already",
			 ep->attachment.container_id, ep->attachment.ifname);
		return false;
	}
	ep->ipv4 = lease->v4;
	ep->ipv6 = lease->v6;
	return true;
}

/* Find the host-side device, and see that it is what the plugin was told to make. */
static int find_device(struct agent *agent, struct endpoint *ep, struct error *e)
{
	char found[MAC_STR_MAX], expected[MAC_STR_MAX];
	struct link link;
	int r;

	attachment_device(&ep->attachment, ep->device);
	r = link_get(agent->nl, ep->device, 0, &link);
	if (r < 0)
		return error_set(e, r, "host device %s: %s", ep->device, strerror(-r));
	if (strcmp(link.kind, "veth") != 0)
		return error_set(e, EINVAL, "host device %s is a \"%s\": expected a veth",
				 ep->device, link.kind);
	if (memcmp(link.mac, agent->config.mac, 6) != 0)
		return error_set(e, EINVAL, "host device %s has MAC %s: expected %s", ep->device,
				 mac_to_str(link.mac, found),
				 mac_to_str(agent->config.mac, expected));
	ep->ifindex = link.ifindex;
	return 0;
}

static int attach(struct agent *agent, struct endpoint *ep, struct error *e)
{
	int prog = datapath_prog_fd(agent->datapath, "from_pod");
	int r = find_device(agent, ep, e);

	if (r == 0)
		r = hook_attach_pod(agent->hooks, ep->ifindex, prog, ep->mtu, e);
	return r < 0 ? r : endpoint_publish(agent->datapath, ep, e);
}

/* Into the tables; @ep is the table's afterwards, and still the caller's on failure. */
static int enter(struct agent *agent, struct endpoint *ep, struct error *e)
{
	int r;

	ep->id = endpoint_free_id(agent->endpoints);
	if (ep->id == 0)
		return error_set(e, ENOSPC, "all endpoint ids are in use");
	r = identity_ref(agent->identities, ep->labels, ep->label_count, &ep->identity, e);
	if (r < 0)
		return r;
	r = policy_endpoint_add(agent->policy, ep, e);
	if (r == 0)
		r = attach(agent, ep, e);
	if (r == 0) {
		r = endpoint_insert(agent->endpoints, ep);
		if (r < 0) {
			endpoint_withdraw(agent->datapath, ep);
			error_set(e, r, "cannot enter endpoint %u: %s", ep->id, strerror(-r));
		}
	}
	if (r < 0) {
		policy_endpoint_remove(agent->policy, ep);
		identity_unref(agent->identities, ep->identity);
		policy_identity_freed(agent->policy, ep->identity);
	}
	return r;
}

static void log_endpoint(const struct endpoint *ep)
{
	char v4[CIDR_STR_MAX] = "", v6[CIDR_STR_MAX] = "";

	if (!addr_is_zero(&ep->ipv4))
		addr_to_str(&ep->ipv4, v4);
	if (!addr_is_zero(&ep->ipv6))
		addr_to_str(&ep->ipv6, v6);
	log_info("endpoint added", "id", log_num(ep->id), "namespace", ep->namespace_, "name",
		 ep->name, "container", ep->attachment.container_id, "ifname",
		 ep->attachment.ifname, "device", ep->device, "ipv4", v4, "ipv6", v6, "identity",
		 log_num(ep->identity));
}

void api_attachment_put(struct agent *agent, struct api_request *req)
{
	_cleanup_endpoint_ struct endpoint *ep = calloc(1, sizeof(*ep));
	struct endpoint *entered;
	struct error e;

	if (!ep) {
		api_fail(req, API_TRY_LATER, "no memory");
		return;
	}
	if (!api_keys_check(req, "network", "containerId", "ifname", "mac", "mtu", "netns",
			    "namespace", "name", "labels", "ports", NULL) ||
	    !read_body(req, ep) || !read_lease(agent, req, ep))
		return;
	reaper_add_seen(agent->reaper);
	if (db_begin(agent->db, &e) < 0) {
		api_fail(req, API_DATABASE, "%s", e.msg);
		return;
	}
	if (enter(agent, ep, &e) < 0) {
		api_fail(req, API_KERNEL, "%s", e.msg);
		return;
	}
	entered = TAKE_PTR(ep);
	log_endpoint(entered);
	/* A failure here spoils the commit, and the answer says so. */
	store_put_endpoint(agent->store, agent, entered, &e);
	api_reply_committed(agent, req, api_endpoint_json(entered));
}
