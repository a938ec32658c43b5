/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Removal of chaos flows; see chaos_flow_gc.h. */
#include "loader/chaos_flow_gc.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>

#include "axoneme/flow.h"
#include "loader/agent.h"
#include "loader/datapath.h"

/**
 * struct chaos_flow_gc
 * @at: where the walk stands, if @going
 */
struct chaos_flow_gc {
	struct agent *agent;
	struct event *period;
	struct axo_flow_key at;
	bool going;
};

static bool flow_lives(const struct agent *agent, const struct axo_flow_key *key)
{
	struct axo_flow flow;

	return bpf_map_lookup_elem(datapath_map_fd(agent->datapath, MAP_FLOW), key, &flow) == 0 ||
	       bpf_map_lookup_elem(datapath_map_fd(agent->datapath, MAP_FLOW_LRU), key, &flow) == 0;
}

/* A key that vanished under the walk sends it back to the beginning (kernel/bpf/hashtab.c). */
static void slice_fired(evutil_socket_t fd, short what, void *arg)
{
	struct chaos_flow_gc *gc = arg;
	int map = datapath_map_fd(gc->agent->datapath, MAP_CHAOS_FLOW);
	struct axo_flow_key key;

	(void)fd;
	(void)what;
	for (int i = 0; i < CHAOS_FLOW_GC_SLICE; i++) {
		if (bpf_map_get_next_key(map, gc->going ? &gc->at : NULL, &key) < 0) {
			gc->going = false;
			return;
		}
		/* What is deleted is no place to go on from. */
		if (flow_lives(gc->agent, &key)) {
			gc->at = key;
			gc->going = true;
		} else {
			bpf_map_delete_elem(map, &key);
		}
	}
}

int chaos_flow_gc_open(struct chaos_flow_gc **out, struct agent *agent, struct error *e)
{
	struct timeval period = {.tv_sec = CHAOS_FLOW_GC_PERIOD_S};
	struct chaos_flow_gc *gc = calloc(1, sizeof(*gc));

	if (!gc)
		return error_set(e, ENOMEM, "no memory");
	gc->agent = agent;
	gc->period = event_new(agent->base, -1, EV_PERSIST, slice_fired, gc);
	if (!gc->period || event_add(gc->period, &period) < 0) {
		chaos_flow_gc_close(gc);
		return error_set(e, ENOMEM, "no memory");
	}
	*out = gc;
	return 0;
}

void chaos_flow_gc_close(struct chaos_flow_gc *gc)
{
	if (!gc)
		return;
	if (gc->period)
		event_free(gc->period);
	free(gc);
}
