/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * GET /v1/events: a stream of events, one line each.
 *
 * Lines gather in a buffer while the connection is busy with the last piece.  When the buffer is
 * full, events are lost and counted, and a line says so as soon as the client reads on.  The same
 * line says how many the programs could not put into a full ring.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "axoneme/drop.h"
#include "axoneme/feature.h"
#include "axoneme/http.h"
#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/api_read.h"
#include "loader/api_stream.h"
#include "loader/clock.h"
#include "loader/count.h"
#include "loader/datapath.h"
#include "loader/event_json.h"
#include "loader/event_l7_json.h"
#include "loader/events.h"
#include "loader/l7_table.h"
#include "loader/metrics.h"
#include "loader/policy_rule_json.h"

#define BACKLOG_MAX (256 * 1024)

/**
 * struct event_answer
 * @wake:  tells the stream, after the ring's turn, that lines are there
 * @lines: not sent so far
 * @lost:  events that found @lines full, since the last line about that
 * @ring_lost: what the programs had counted as lost then
 * @skew_us: CLOCK_REALTIME - CLOCK_MONOTONIC; taken anew for each piece, clocks are set
 */
struct event_answer {
	struct agent *agent;
	struct events_listener *listener;
	struct api_stream *stream;
	struct event *wake;
	struct evbuffer *lines;
	uint64_t lost;
	uint64_t ring_lost;
	uint64_t skew_us;
};

static uint64_t ring_lost(const struct agent *agent)
{
	return count_sum(datapath_map_fd(agent->datapath, MAP_COUNTS), AXO_COUNT_EVENT_LOST);
}

/** http_table_of - number of the HTTP table that the policy of @dir has for the flow; 0 = none */
static uint32_t http_table_of(const struct agent *agent, const struct axo_event_l7 *l7,
			      enum axo_dir dir)
{
	struct axo_feature_set features;
	uint32_t set = l7->set[dir];

	if (!set ||
	    bpf_map_lookup_elem(datapath_map_fd(agent->datapath, MAP_FEATURE), &set, &features))
		return 0;
	return features.http;
}

/*
 * Members that name the port rule and, in it, the HTTP rule that allowed: the client's policy
 * before the server's; of a denied request the one that found no rule.
 */
static char *l7_rule_members(const struct agent *agent, const struct axo_event_l7 *l7)
{
	uint32_t egress = http_table_of(agent, l7, AXO_DIR_EGRESS);
	uint32_t ingress = http_table_of(agent, l7, AXO_DIR_INGRESS);
	bool denied = l7->verdict != AXO_POL_ALLOW;
	enum axo_dir dir = egress ? AXO_DIR_EGRESS : AXO_DIR_INGRESS;
	_cleanup_free_ char *rule = NULL;
	char name[HTTP_RULE_STR_MAX];
	char *both;

	if (denied && egress && ingress && l7->http_rule[AXO_DIR_EGRESS] != AXO_HTTP_NO_RULE)
		dir = AXO_DIR_INGRESS;
	rule = policy_rule_members(agent->policy, l7->rule[dir]);
	l7_table_rule_name(agent->policy, egress && dir == AXO_DIR_EGRESS ? egress : ingress,
			   l7->http_rule[dir], name);
	if (denied || !rule || !*rule || !*name)
		return TAKE_PTR(rule);
	return asprintf(&both, "%s,\"httpRule\":\"%s\"", rule, name) < 0 ? NULL : both;
}

static void write_event(struct event_answer *a, const void *data)
{
	const struct axo_event_drop *drop = data;
	const struct axo_event_verdict *verdict = data;
	const struct axo_event_chaos *chaos = data;
	const struct axo_event_l7 *l7 = data;
	_cleanup_free_ char *rule = NULL;

	if (drop->type == AXO_EVENT_DROP) {
		if (drop->policy)
			rule = policy_rule_members(a->agent->policy, drop->rule);
		event_drop_to_json(drop, drop->time_ns / 1000 + a->skew_us, rule, a->lines);
	} else if (verdict->type == AXO_EVENT_VERDICT) {
		rule = policy_rule_members(a->agent->policy, verdict->rule);
		event_verdict_to_json(verdict, verdict->time_ns / 1000 + a->skew_us, rule,
				      a->lines);
	} else if (chaos->type == AXO_EVENT_CHAOS) {
		rule = policy_rule_members(a->agent->policy, chaos->ref);
		event_chaos_to_json(chaos, chaos->time_ns / 1000 + a->skew_us, rule, a->lines);
	} else if (l7->type == AXO_EVENT_L7) {
		rule = l7_rule_members(a->agent, l7);
		event_l7_to_json(l7, l7->time_ns / 1000 + a->skew_us, rule, a->lines);
	}
}

static void on_event(const void *data, size_t size, void *arg)
{
	struct event_answer *a = arg;

	(void)size;
	if (evbuffer_get_length(a->lines) >= BACKLOG_MAX) {
		a->lost++;
		metrics_add(a->agent->metrics, METRIC_EVENTS_LOST, 1);
		return;
	}
	if (!evbuffer_get_length(a->lines))
		a->skew_us = clock_wall_us() - clock_us();
	write_event(a, data);
	event_active(a->wake, 0, 0);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct event_answer *a = arg;

	(void)fd;
	(void)what;
	api_stream_wake(a->stream);
}

static bool event_more(void *arg, struct evbuffer *out)
{
	struct event_answer *a = arg;
	uint64_t in_ring = ring_lost(a->agent);

	evbuffer_add_buffer(out, a->lines);
	a->lost += in_ring - a->ring_lost;
	a->ring_lost = in_ring;
	if (a->lost)
		evbuffer_add_printf(out, "{\"type\":\"lost\",\"count\":%llu}\n",
				    (unsigned long long)a->lost);
	a->lost = 0;
	return true;
}

static void event_close(void *arg)
{
	struct event_answer *a = arg;

	if (a->listener)
		events_unlisten(a->agent->events, a->listener);
	if (a->wake)
		event_free(a->wake);
	if (a->lines)
		evbuffer_free(a->lines);
	free(a);
}

static struct event_answer *event_open(struct agent *agent, struct api_request *req)
{
	static const struct api_source source = {event_more, event_close};
	struct event_answer *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->agent = agent;
	a->ring_lost = ring_lost(agent);
	a->lines = evbuffer_new();
	a->wake = event_new(agent->base, -1, 0, on_wake, a);
	if (a->lines && a->wake)
		a->stream = api_stream_new(req, &source, a);
	if (!a->stream) {
		event_close(a);
		return NULL;
	}
	return a;
}

void api_events_get(struct agent *agent, struct api_request *req)
{
	const char *type = api_query(req, "type");
	uint32_t mask = events_type_from_str(type ? type : "all");
	struct event_answer *a;
	struct error e;
	int r;

	if (!mask) {
		api_fail(req, API_INVALID_NAME,
			 "event type '%.32s': expected drop, policy-verdict, chaos, l7 or all",
			 type);
		return;
	}
	a = event_open(agent, req);
	if (!a) {
		api_fail(req, API_TRY_LATER, "the agent has no memory for the answer");
		return;
	}
	r = events_listen(agent->events, mask, on_event, a, &a->listener, &e);
	if (r) {
		api_stream_free(a->stream);
		event_close(a);
		api_fail(req, API_KERNEL, "%s", e.msg);
		return;
	}
	api_stream_start(a->stream, "application/x-ndjson");
}
