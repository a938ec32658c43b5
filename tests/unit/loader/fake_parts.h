/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What takes the place of the agent's other parts in tests of the API server (fake_agent.h): the
 * linker takes these functions before those of the archive.
 *
 *      POST /v1/attachments    network "hold" is answered never, others at once
 *      PUT /v1/attachments     fails with code 103 and a message that is no UTF-8
 *      DELETE /v1/flows        removes 3 flows, or 1 of an endpoint
 *      others that change      answer with the body that they got
 */
#ifndef TESTS_UNIT_LOADER_FAKE_PARTS_H
#define TESTS_UNIT_LOADER_FAKE_PARTS_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/cidr.h"
#include "loader/agent.h"
#include "loader/api.h"
#include "loader/api_chaos.h"
#include "loader/api_ip.h"
#include "loader/api_policy.h"
#include "loader/api_read.h"
#include "loader/chaos_json.h"
#include "loader/api_prefilter.h"
#include "loader/datapath.h"
#include "loader/delay.h"
#include "loader/flow_gc.h"
#include "loader/hook.h"
#include "loader/metrics_state.h"
#include "loader/policy_engine.h"
#include "loader/host_address.h"
#include "loader/queue.h"
#include "loader/reaper.h"

#define FAKE_GENERATION 7

struct datapath {
	int fd[MAP_COUNT];
	struct axo_state state;
};

int datapath_map_fd(const struct datapath *dp, enum datapath_map map)
{
	return dp->fd[map];
}

int datapath_map_info(const struct datapath *dp, enum datapath_map map,
		      struct datapath_map_info *out)
{
	if (map > MAP_ADDRESS)
		return -ENOENT;
	(void)dp;
	*out = (struct datapath_map_info){.type = "hash", .max_entries = 10, .bytes = 4096};
	snprintf(out->name, sizeof(out->name), "axo_map%d", map);
	return 0;
}

const struct axo_state *datapath_state(const struct datapath *dp)
{
	return &dp->state;
}

void datapath_set_events(struct datapath *dp, uint32_t mask)
{
	dp->state.events = mask;
}

const char *hooks_host_mode(const struct hooks *h)
{
	(void)h;
	return "tcx";
}

void delay_read_status(const struct delay *d, struct delay_status *out)
{
	(void)d;
	*out = (struct delay_status){.mode = "tap", .device = "axo_delay", .line = {.held = 8}};
}

const struct axo_addr *host_addresses_get(const struct host_addresses *h, size_t *count)
{
	static struct axo_addr gateway;

	(void)h;
	addr_parse("10.0.0.1", &gateway, NULL);
	*count = 1;
	return &gateway;
}

uint64_t queue_drained(const struct queue *q)
{
	(void)q;
	return 5;
}

size_t reaper_pending(const struct reaper *r)
{
	(void)r;
	return 6;
}

uint64_t flow_gc_count(const struct flow_gc *gc, unsigned int map)
{
	(void)gc;
	return map + 100;
}

void api_attachment_post(struct agent *agent, struct api_request *req)
{
	const char *network;

	(void)agent;
	if (api_keys_check(req, "network", "containerId", "ifname", "ips", NULL) &&
	    api_text(req, "network", true, &network) && strcmp(network, "hold"))
		api_reply(req, json_pack("{s:s}", "network", network));
}

void api_attachment_put(struct agent *agent, struct api_request *req)
{
	(void)agent;
	api_fail(req, API_EXISTS, "it exists \xff already");
}

#define FAKE_HANDLER(name)                                      \
	void name(struct agent *agent, struct api_request *req) \
	{                                                       \
		(void)agent;                                    \
		api_reply(req, json_incref(api_body(req)));     \
	}
FAKE_HANDLER(api_attachment_delete)
FAKE_HANDLER(api_attachment_flush)
FAKE_HANDLER(api_attachment_check)
FAKE_HANDLER(api_attachment_gc)
FAKE_HANDLER(api_audit_patch)
FAKE_HANDLER(api_label_patch)
FAKE_HANDLER(api_policies_get)
FAKE_HANDLER(api_policies_put)
FAKE_HANDLER(api_policies_delete)
FAKE_HANDLER(api_policies_dry_run)
FAKE_HANDLER(api_policy_get)
FAKE_HANDLER(api_policy_delete)
FAKE_HANDLER(api_policy_trace)
FAKE_HANDLER(api_endpoint_policy_get)
FAKE_HANDLER(api_host_policy_get)
FAKE_HANDLER(api_chaos_get)
FAKE_HANDLER(api_chaos_stop)

void policy_numbers(const struct policy_engine *p, struct policy_numbers *out)
{
	(void)p;
	*out = (struct policy_numbers){.policies = 1};
}

json_t *api_policy_status(const struct agent *agent)
{
	(void)agent;
	return json_object();
}

json_t *chaos_status_json(const struct agent *agent)
{
	(void)agent;
	return json_pack("{s:i, s:i, s:[]}", "experiments", 2, "running", 1, "wide");
}

void chaos_metrics_write(const struct agent *agent, struct evbuffer *out)
{
	(void)agent;
	(void)out;
}

void api_ips_get(struct agent *agent, struct api_request *req)
{
	(void)agent;
	api_reply(req, json_pack("[{s:s, s:i, s:s}, {s:s, s:i, s:s}]", "cidr", "10.0.0.1/32",
				 "identity", 1, "source", "host", "cidr", "fd00::2/128", "identity",
				 256, "source", "endpoint"));
}

void api_ips_put(struct agent *agent, struct api_request *req)
{
	size_t count = json_array_size(json_object_get(api_body(req), "entries"));

	(void)agent;
	api_reply(req, json_pack("{s:i}", "applied", (int)count));
}

void api_ips_delete(struct agent *agent, struct api_request *req)
{
	size_t count = json_array_size(json_object_get(api_body(req), "cidrs"));

	(void)agent;
	api_reply(req, json_pack("{s:i}", "deleted", (int)count));
}

FAKE_HANDLER(api_prefilter_get)
FAKE_HANDLER(api_prefilter_put)
FAKE_HANDLER(api_prefilter_delete)
FAKE_HANDLER(api_pf_entries_get)

json_t *api_prefilter_status(const struct agent *agent)
{
	(void)agent;
	return json_object();
}

#define FAKE_LIST(name)                         \
	json_t *name(const struct agent *agent) \
	{                                       \
		(void)agent;                    \
		return json_array();            \
	}
FAKE_LIST(api_devices_status)
FAKE_LIST(api_xdp_status)

int prefilter_drops(const struct agent *agent, struct axo_drop_count *sum)
{
	(void)agent;
	*sum = (struct axo_drop_count){.packets = 12, .bytes = 720};
	return 0;
}

void prefilter_metrics(const struct agent *agent, struct evbuffer *out)
{
	(void)agent;
	(void)out;
}

json_t *api_ip_status(const struct agent *agent)
{
	(void)agent;
	return json_object();
}

void api_attachment_status(struct agent *agent, struct api_request *req)
{
	(void)agent;
	api_fail(req, API_NOT_AVAILABLE, "not now");
}

void api_flows_delete(struct agent *agent, struct api_request *req)
{
	(void)agent;
	api_reply(req, json_pack("{s:i}", "removed", api_query(req, "endpoint") ? 1 : 3));
}

#endif
