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
#include "loader/clock.h"
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

/** struct slice - one turn in one map */
struct slice {
	const struct agent *agent;
	enum datapath_map map;
	uint32_t now_s;
};

/*
 * Connections that are over, or never began, hold entries for FLOW_ORPHANS_IDLE_S only: thousands
 * a second must fit.  The entry is then missing to nobody but who goes on after both FINs, or
 * after a SYN-ACK that was not repeated in that time, and they are reset.
 */
static bool flow_holds(const struct slice *s, const struct axo_flow *flow)
{
	if (s->map != MAP_HTTP_FLOW || flow->state == AXO_FLOW_ESTABLISHED)
		return true;
	return s->now_s < flow->seen_s + FLOW_ORPHANS_IDLE_S;
}

static bool flow_lives(const struct slice *s, const struct axo_flow_key *key)
{
	const struct datapath *d = s->agent->datapath;
	struct axo_flow flow;

	if (bpf_map_lookup_elem(datapath_map_fd(d, MAP_FLOW), key, &flow) &&
	    bpf_map_lookup_elem(datapath_map_fd(d, MAP_FLOW_LRU), key, &flow))
		return false;
	return flow_holds(s, &flow);
}

/*
 * A key that vanished under the walk sends it back to the beginning (kernel/bpf/hashtab.c).
 * Returns how many were deleted.
 */
static unsigned int walk_slice(const struct slice *s, struct walk *w)
{
	int map = datapath_map_fd(s->agent->datapath, s->map);
	struct axo_flow_key key;
	unsigned int deleted = 0;

	for (int i = 0; i < FLOW_ORPHANS_SLICE; i++) {
		if (bpf_map_get_next_key(map, w->going ? &w->at : NULL, &key) < 0) {
			w->going = false;
			break;
		}
		/* What is deleted is no place to go on from. */
		if (flow_lives(s, &key)) {
			w->at = key;
			w->going = true;
		} else {
			bpf_map_delete_elem(map, &key);
			deleted++;
		}
	}
	return deleted;
}

static void period_fired(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval period = {.tv_sec = FLOW_ORPHANS_PERIOD_S};
	const struct timeval soon = {.tv_usec = FLOW_ORPHANS_SOON_US};
	struct flow_orphans *o = arg;
	unsigned int most = 0;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < ARRAY_SIZE(walked); i++) {
		const struct slice s = {.agent = o->agent,
					.map = walked[i],
					.now_s = (uint32_t)(clock_us() / 1000000)};
		unsigned int deleted = walk_slice(&s, &o->walks[i]);

		most = deleted > most ? deleted : most;
	}
	/* Many in a slice: there are more. */
	event_add(o->period, most > FLOW_ORPHANS_SLICE / 4 ? &soon : &period);
}

int flow_orphans_open(struct flow_orphans **out, struct agent *agent, struct error *e)
{
	struct timeval period = {.tv_sec = FLOW_ORPHANS_PERIOD_S};
	struct flow_orphans *o = calloc(1, sizeof(*o));

	if (!o)
		return error_set(e, ENOMEM, "no memory");
	o->agent = agent;
	o->period = event_new(agent->base, -1, 0, period_fired, o);
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
