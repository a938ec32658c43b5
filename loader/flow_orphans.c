/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Orphans of flows; see flow_orphans.h. */
#include "loader/flow_orphans.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>

#include "axoneme/flow.h"
#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/datapath.h"

/* Keyed by struct axo_flow_key, as axo_flow is. */
static const enum datapath_map walked[] = {MAP_CHAOS_FLOW, MAP_HTTP_FLOW};

/**
 * struct walk - through one map
 * @at: where it stands, if @going
 */
struct walk {
	struct axo_flow_key at;
	bool going;
};

struct flow_orphans {
	struct agent *agent;
	struct event *period;
	struct walk walks[ARRAY_SIZE(walked)];
};

static bool flow_lives(const struct agent *agent, const struct axo_flow_key *key)
{
	struct axo_flow flow;

	return bpf_map_lookup_elem(datapath_map_fd(agent->datapath, MAP_FLOW), key, &flow) == 0 ||
	       bpf_map_lookup_elem(datapath_map_fd(agent->datapath, MAP_FLOW_LRU), key, &flow) == 0;
}

/* A key that vanished under the walk sends it back to the beginning (kernel/bpf/hashtab.c). */
static void walk_slice(const struct agent *agent, int map, struct walk *w)
{
	struct axo_flow_key key;

	for (int i = 0; i < FLOW_ORPHANS_SLICE; i++) {
		if (bpf_map_get_next_key(map, w->going ? &w->at : NULL, &key) < 0) {
			w->going = false;
			return;
		}
		/* What is deleted is no place to go on from. */
		if (flow_lives(agent, &key)) {
			w->at = key;
			w->going = true;
		} else {
			bpf_map_delete_elem(map, &key);
		}
	}
}

static void period_fired(evutil_socket_t fd, short what, void *arg)
{
	struct flow_orphans *o = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < ARRAY_SIZE(walked); i++)
		walk_slice(o->agent, datapath_map_fd(o->agent->datapath, walked[i]), &o->walks[i]);
}

int flow_orphans_open(struct flow_orphans **out, struct agent *agent, struct error *e)
{
	struct timeval period = {.tv_sec = FLOW_ORPHANS_PERIOD_S};
	struct flow_orphans *o = calloc(1, sizeof(*o));

	if (!o)
		return error_set(e, ENOMEM, "no memory");
	o->agent = agent;
	o->period = event_new(agent->base, -1, EV_PERSIST, period_fired, o);
	if (!o->period || event_add(o->period, &period) < 0) {
		flow_orphans_close(o);
		return error_set(e, ENOMEM, "no memory");
	}
	*out = o;
	return 0;
}

void flow_orphans_close(struct flow_orphans *o)
{
	if (!o)
		return;
	if (o->period)
		event_free(o->period);
	free(o);
}
