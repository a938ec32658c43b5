/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Entries of connections that are no more; see name_flow_gc.h. */
#include "loader/name_flow_gc.h"

#include <bpf/bpf.h>
#include <stdbool.h>

#include "axoneme/flow.h"
#include "loader/agent.h"
#include "loader/datapath.h"

static bool has_flow(const struct agent *agent, const struct axo_flow_key *key)
{
	struct axo_flow f;

	return !bpf_map_lookup_elem(datapath_map_fd(agent->datapath, MAP_FLOW), key, &f) ||
	       !bpf_map_lookup_elem(datapath_map_fd(agent->datapath, MAP_FLOW_LRU), key, &f) ||
	       !bpf_map_lookup_elem(datapath_map_fd(agent->datapath, MAP_FLOW), key, &f);
}

/* A flow that moves between the maps is looked for twice. */
static void sweep(const struct agent *agent, enum datapath_map map)
{
	int fd = datapath_map_fd(agent->datapath, map);
	struct axo_flow_key key, next;
	int r = bpf_map_get_next_key(fd, NULL, &key);

	while (r == 0) {
		r = bpf_map_get_next_key(fd, &key, &next);
		if (!has_flow(agent, &key))
			bpf_map_delete_elem(fd, &key);
		key = next;
	}
}

void name_flow_gc(const struct agent *agent)
{
	sweep(agent, MAP_DNS_FLOW);
	sweep(agent, MAP_SNI_FLOW);
}
