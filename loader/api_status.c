/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * GET /v1/status and /v1/version.  Both are served while the agent starts, when parts of it are
 * not there yet: what is not there is shown empty.
 */
#include <sys/utsname.h>
#include <unistd.h>

#include "axoneme/ipcache.h"
#include "ipam/ipam.h"
#include "lib/cidr.h"
#include "loader/agent.h"
#include "loader/api_ip.h"
#include "loader/api_policy.h"
#include "loader/api_prefilter.h"
#include "loader/api_read.h"
#include "loader/boottime.h"
#include "loader/clock.h"
#include "loader/datapath.h"
#include "loader/chaos_json.h"
#include "loader/delay.h"
#include "loader/endpoint.h"
#include "loader/hook.h"
#include "loader/identity.h"
#include "loader/metrics.h"
#include "loader/reaper.h"

#define API_VERSION 1

void api_version_get(struct agent *agent, struct api_request *req)
{
	(void)agent;
	api_reply(req, json_pack("{s:s, s:i}", "version", AXO_VERSION, "api", API_VERSION));
}

/* JSON numbers of jansson are signed; a /64 has more addresses than that. */
static json_int_t number(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (json_int_t)n;
}

static json_t *pool_to_json(const struct pool_stats *s)
{
	char cidr[CIDR_STR_MAX];
	char gateway[CIDR_STR_MAX];

	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "cidr",
			 cidr_to_str(&s->cidr, cidr), "gateway", addr_to_str(&s->gateway, gateway),
			 "size", number(s->size), "used", number(s->used), "releasing",
			 number(s->releasing), "cooling", number(s->cooling), "reusedEarly",
			 number(s->reused_early), "exhausted", number(s->exhausted));
}

static json_t *pools_to_json(const struct agent *agent)
{
	json_t *pools = json_array();
	struct pool_stats stats;

	if (!agent->ipam)
		return pools;
	for (int family = 4; family <= 6; family += 2)
		if (ipam_stats(agent->ipam, family, boottime_ms(), &stats))
			json_array_append_new(pools, pool_to_json(&stats));
	return pools;
}

static json_t *maps_to_json(const struct agent *agent, uint64_t *bytes)
{
	json_t *maps = json_array();
	struct datapath_map_info info;

	*bytes = 0;
	for (int i = 0; agent->datapath && i < MAP_COUNT; i++) {
		if (datapath_map_info(agent->datapath, i, &info))
			continue;
		*bytes += info.bytes;
		json_array_append_new(maps, json_pack("{s:s, s:s, s:I, s:I}", "name", info.name,
						      "type", info.type, "maxEntries",
						      (json_int_t)info.max_entries, "bytes",
						      number(info.bytes)));
	}
	return maps;
}

static json_int_t pod_identities(const struct agent *agent)
{
	const struct identity *id = NULL;
	json_int_t n = 0;

	if (!agent->identities)
		return 0;
	while ((id = identity_next(agent->identities, id)))
		n += id->id >= AXO_ID_LOCAL_MIN;
	return n;
}

static void put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static void put_process(json_t *status, const struct agent *agent)
{
	struct utsname kernel = {.release = ""};

	uname(&kernel);
	put(status, "version", json_string(AXO_VERSION));
	put(status, "nodeName", json_string(agent->opt.node_name ? agent->opt.node_name : ""));
	put(status, "state", json_string(agent->ready ? "ready" : "starting"));
	put(status, "uptimeSeconds", json_integer((clock_us() / 1000 - agent->started_ms) / 1000));
	put(status, "pid", json_integer(getpid()));
	put(status, "kernel", json_string(kernel.release));
}

static json_t *delay_to_json(const struct agent *agent)
{
	struct delay_status d = {.asked = "", .mode = "none", .device = ""};

	if (agent->delay)
		delay_read_status(agent->delay, &d);
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "by", d.mode,
			 "asked", d.asked, "device", d.device, "in", number(d.line.in), "out",
			 number(d.line.out), "early", number(d.line.early), "failed",
			 number(d.line.failed), "held", number(d.line.held), "bytes",
			 number(d.line.bytes), "bytesMax", number(d.line.bytes_max));
}

static json_int_t generation_of(const struct agent *agent)
{
	const struct axo_state *state = agent->datapath ? datapath_state(agent->datapath) : NULL;

	return state ? __atomic_load_n(&state->generation, __ATOMIC_RELAXED) : 0;
}

void api_status_get(struct agent *agent, struct api_request *req)
{
	json_t *status = json_object();
	uint64_t maps_bytes;
	json_t *maps = maps_to_json(agent, &maps_bytes);

	put_process(status, agent);
	put(status, "generation", json_integer(generation_of(agent)));
	put(status, "hooks",
	    json_pack("{s:s, s:s}", "pod", "clsact", "host",
		      agent->hooks ? hooks_host_mode(agent->hooks) : "none"));
	put(status, "pools", pools_to_json(agent));
	put(status, "endpoints",
	    json_integer(agent->endpoints ? endpoint_count(agent->endpoints) : 0));
	put(status, "identities", json_integer(pod_identities(agent)));
	put(status, "removalsPending",
	    json_integer(agent->reaper ? reaper_pending(agent->reaper) : 0));
	put(status, "memory",
	    json_pack("{s:I, s:I}", "mapsBytes", number(maps_bytes), "rssBytes",
		      number(metrics_rss_bytes())));
	put(status, "policies", api_policy_status(agent));
	put(status, "ips", api_ip_status(agent));
	put(status, "prefilter", api_prefilter_status(agent));
	put(status, "xdp", api_xdp_status(agent));
	put(status, "routing", json_string(agent->opt.routing ? agent->opt.routing : ""));
	put(status, "devices", api_devices_status(agent));
	put(status, "masquerade", json_string(agent->opt.masquerade ? "on" : "off"));
	put(status, "chaos", chaos_status_json(agent));
	put(status, "delayLine", delay_to_json(agent));
	put(status, "maps", maps);
	api_reply(req, status);
}
