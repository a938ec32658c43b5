/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Removal of flows; see flow_gc.h.  Also DELETE /v1/flows (docs/api.md). */
#include "loader/flow_gc.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/flow.h"
#include "lib/cidr.h"
#include "lib/log.h"
#include "lib/number.h"
#include "loader/agent.h"
#include "loader/api.h"
#include "loader/clock.h"
#include "loader/datapath.h"
#include "loader/endpoint.h"
#include "loader/flow_list.h"
#include "loader/fqdn_gc.h"
#include "loader/name_flow_gc.h"

struct sweep;

typedef bool (*sweep_match)(const struct sweep *s, const struct axo_flow_key *key,
			    const struct axo_flow *flow);
typedef void (*sweep_done)(struct sweep *s);

/**
 * struct sweep - one walk over the flows that removes those that @match says
 * @next:  when the next slice is due
 * @gap:   between slices
 * @chain: in struct flow_gc's list of sweeps that were asked for
 * @left:  flows of each map that stay
 * @fqdns: what they use of what was learned, or NULL
 */
struct sweep {
	struct flow_gc *gc;
	struct sweep *chain;
	struct flow_list *walk;
	struct event *next;
	struct timeval gap;
	sweep_match match;
	sweep_done done;
	unsigned int removed;
	uint64_t left[2];
	struct fqdn_gc *fqdns;
	uint32_t now_s;
	struct axo_addr addr[2];
	struct api_request *req;
};

/**
 * struct flow_gc
 * @period: begins a walk
 * @timeouts: the walk under way, or NULL
 * @asked:  walks that requests wait for
 * @left:   what the last walk for timeouts left, by map
 */
struct flow_gc {
	struct agent *agent;
	struct event *period;
	struct sweep *timeouts;
	struct sweep *asked;
	uint64_t left[2];
};

static void sweep_free(struct sweep *s)
{
	if (!s)
		return;
	flow_list_free(s->walk);
	fqdn_gc_free(s->fqdns);
	if (s->next)
		event_free(s->next);
	free(s);
}

/* It stands in one of the two maps, or moves: both are asked. */
static bool flow_remove(const struct agent *agent, const struct axo_flow_key *key)
{
	bool plain = bpf_map_delete_elem(datapath_map_fd(agent->datapath, MAP_FLOW), key) == 0;
	bool lru = bpf_map_delete_elem(datapath_map_fd(agent->datapath, MAP_FLOW_LRU), key) == 0;

	return plain || lru;
}

static void sweep_turn(evutil_socket_t fd, short what, void *arg)
{
	struct sweep *s = arg;
	struct flow_slice slice;
	int r = flow_list_next(s->walk, &slice);

	(void)fd;
	(void)what;
	if (r <= 0) {
		if (r < 0)
			log_err(r, "cannot read the flow table");
		s->done(s);
		return;
	}
	s->now_s = (uint32_t)(clock_us() / 1000000);
	for (size_t i = 0; i < slice.count; i++) {
		if (s->match(s, &slice.keys[i], &slice.flows[i])) {
			s->removed += flow_remove(s->gc->agent, &slice.keys[i]);
			continue;
		}
		s->left[slice.map]++;
		if (s->fqdns)
			fqdn_gc_see(s->fqdns, &slice.keys[i], &slice.flows[i]);
	}
	event_add(s->next, &s->gap);
}

static struct sweep *sweep_new(struct flow_gc *gc, sweep_match match, sweep_done done, int gap_ms)
{
	const int fds[2] = {datapath_map_fd(gc->agent->datapath, MAP_FLOW),
			    datapath_map_fd(gc->agent->datapath, MAP_FLOW_LRU)};
	struct sweep *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	*s = (struct sweep){.gc = gc, .match = match, .done = done, .gap.tv_usec = gap_ms * 1000};
	s->walk = flow_list_new(fds);
	s->next = event_new(gc->agent->base, -1, 0, sweep_turn, s);
	if (!s->walk || !s->next) {
		sweep_free(s);
		return NULL;
	}
	event_active(s->next, EV_TIMEOUT, 0);
	return s;
}

/* The clock of programs is coarse and may be a tick behind or ahead: no unsigned wrap. */
static bool match_timeout(const struct sweep *s, const struct axo_flow_key *key,
			  const struct axo_flow *flow)
{
	return s->now_s > flow->seen_s &&
	       s->now_s - flow->seen_s > axo_flow_timeout_s(key->proto, flow->state);
}

static void timeouts_done(struct sweep *s)
{
	if (s->removed)
		log_debug("flows timed out", "removed", log_num(s->removed));
	memcpy(s->gc->left, s->left, sizeof(s->gc->left));
	name_flow_gc(s->gc->agent);
	if (s->fqdns)
		fqdn_gc_end(s->fqdns);
	s->fqdns = NULL;
	s->gc->timeouts = NULL;
	sweep_free(s);
}

uint64_t flow_gc_count(const struct flow_gc *gc, unsigned int map)
{
	return gc->left[map];
}

static void period_fired(evutil_socket_t fd, short what, void *arg)
{
	struct flow_gc *gc = arg;

	(void)fd;
	(void)what;
	if (gc->timeouts)
		return;
	gc->timeouts = sweep_new(gc, match_timeout, timeouts_done, FLOW_GC_SLICE_MS);
	if (gc->timeouts)
		gc->timeouts->fqdns = fqdn_gc_begin(gc->agent);
}

int flow_gc_open(struct flow_gc **out, struct agent *agent, struct error *e)
{
	struct timeval period = {.tv_sec = FLOW_GC_PERIOD_S};
	struct flow_gc *gc = calloc(1, sizeof(*gc));

	if (!gc)
		return error_set(e, ENOMEM, "no memory");
	gc->agent = agent;
	gc->period = event_new(agent->base, -1, EV_PERSIST, period_fired, gc);
	if (!gc->period || event_add(gc->period, &period) < 0) {
		flow_gc_close(gc);
		return error_set(e, ENOMEM, "no memory");
	}
	*out = gc;
	return 0;
}

void flow_gc_close(struct flow_gc *gc)
{
	if (!gc)
		return;
	while (gc->asked) {
		struct sweep *s = gc->asked;

		gc->asked = s->chain;
		sweep_free(s);
	}
	sweep_free(gc->timeouts);
	if (gc->period)
		event_free(gc->period);
	free(gc);
}

static bool match_any(const struct sweep *s, const struct axo_flow_key *key,
		      const struct axo_flow *flow)
{
	(void)s;
	(void)key;
	(void)flow;
	return true;
}

static bool match_endpoint(const struct sweep *s, const struct axo_flow_key *key,
			   const struct axo_flow *flow)
{
	(void)flow;
	for (int i = 0; i < 2; i++) {
		if (!addr_is_zero(&s->addr[i]) && (addr_cmp(&s->addr[i], &key->addr[0]) == 0 ||
						   addr_cmp(&s->addr[i], &key->addr[1]) == 0))
			return true;
	}
	return false;
}

static void asked_done(struct sweep *s)
{
	struct sweep **link = &s->gc->asked;

	while (*link != s)
		link = &(*link)->chain;
	*link = s->chain;
	api_reply(s->req, json_pack("{s:i}", "removed", s->removed));
	sweep_free(s);
}

/* "?endpoint=ID", or none of it (NULL); false = the request was answered */
static bool query_endpoint(struct agent *agent, struct api_request *req, const struct endpoint **ep)
{
	const char *text = api_query(req, "endpoint");
	uint64_t id;

	*ep = NULL;
	if (!text)
		return true;
	if (number_parse(text, 1, UINT32_MAX, &id) < 0) {
		api_fail(req, API_BAD_CONFIG, "endpoint=%.40s: expected an endpoint's id", text);
		return false;
	}
	*ep = endpoint_by_id(agent->endpoints, (uint32_t)id);
	if (!*ep)
		api_fail(req, API_NOT_FOUND, "there is no endpoint %s", text);
	return *ep != NULL;
}

void api_flows_delete(struct agent *agent, struct api_request *req)
{
	const struct endpoint *ep;
	struct sweep *s;

	if (!query_endpoint(agent, req, &ep))
		return;
	s = sweep_new(agent->flow_gc, ep ? match_endpoint : match_any, asked_done, 0);
	if (!s) {
		api_fail(req, API_TRY_LATER, "no memory");
		return;
	}
	if (ep) {
		s->addr[0] = ep->ipv4;
		s->addr[1] = ep->ipv6;
	}
	s->req = req;
	s->chain = agent->flow_gc->asked;
	agent->flow_gc->asked = s;
}
