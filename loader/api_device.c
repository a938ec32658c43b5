/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The host's devices in GET /v1/status: which are there, and what hangs on them. */
#include <net/if.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/api_read.h"
#include "loader/hook.h"

static json_t *hooks_json(const struct agent *agent, const char *name, unsigned int ifindex)
{
	static const struct {
		const char *prog;
		bool egress;
	} all[] = {{"from_netdev", false}, {"to_netdev", true}};
	json_t *list = json_array();

	for (size_t i = 0; ifindex && agent->hooks && i < ARRAY_SIZE(all); i++) {
		const struct hook_device d = {
			.ifindex = (int)ifindex,
			.egress = all[i].egress,
			.name = name,
			.prog = all[i].prog,
		};

		if (hook_device_attached(agent->hooks, &d))
			json_array_append_new(list, json_string(all[i].prog));
	}
	return list;
}

json_t *api_devices_status(const struct agent *agent)
{
	json_t *list = json_array();

	for (size_t i = 0; i < agent->opt.device.count; i++) {
		const char *name = agent->opt.device.items[i];
		unsigned int ifindex = if_nametoindex(name);

		json_array_append_new(list, json_pack("{s:s, s:b, s:o}", "device", name, "present",
						      ifindex != 0, "hooks",
						      hooks_json(agent, name, ifindex)));
	}
	return list;
}
