/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* GET /v1/flows: a stream of slices of the flow tables. */
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "lib/cidr.h"
#include "lib/log.h"
#include "lib/number.h"
#include "loader/agent.h"
#include "loader/api_read.h"
#include "loader/api_stream.h"
#include "loader/clock.h"
#include "loader/datapath.h"
#include "loader/endpoint.h"
#include "loader/flow_json.h"
#include "loader/flow_list.h"
#include "loader/json_list.h"

#define SLICES_PER_TURN 8

/**
 * struct flow_answer
 * @filter: only flows that have @ipv4 or @ipv6 at one end (all zero = none)
 * @begun:  the opening bracket is written
 * @any:    a flow is written
 */
struct flow_answer {
	struct agent *agent;
	struct flow_list *list;
	struct axo_addr ipv4;
	struct axo_addr ipv6;
	bool filter;
	bool begun;
	bool any;
};

static bool has_end(const struct axo_flow_key *key, const struct axo_addr *addr)
{
	return !addr_is_zero(addr) &&
	       (!addr_cmp(&key->addr[0], addr) || !addr_cmp(&key->addr[1], addr));
}

static void write_slice(struct flow_answer *a, const struct flow_slice *slice, struct evbuffer *out)
{
	uint32_t generation = datapath_state(a->agent->datapath)->generation;
	uint32_t now_s = clock_us() / 1000000;

	for (size_t i = 0; i < slice->count; i++) {
		const struct axo_flow_key *key = &slice->keys[i];

		if (a->filter && !has_end(key, &a->ipv4) && !has_end(key, &a->ipv6))
			continue;
		json_list_next(out, &a->any);
		flow_to_json(key, &slice->flows[i], now_s, generation, out);
	}
}

/*
 * A piece must not be empty, or nobody asks for the next one.  When no flow of SLICES_PER_TURN
 * slices passes the filter, a space is the piece: between elements of an array that is JSON.
 */
static bool flow_more(void *arg, struct evbuffer *out)
{
	struct flow_answer *a = arg;
	struct flow_slice slice;
	int r = 1;

	if (!a->begun)
		json_list_begin(out);
	a->begun = true;
	for (int i = 0; i < SLICES_PER_TURN && r > 0 && evbuffer_get_length(out) <= 1; i++) {
		r = flow_list_next(a->list, &slice);
		if (r > 0)
			write_slice(a, &slice, out);
	}
	if (r < 0)
		log_err(r, "cannot read the flow tables");
	if (r <= 0)
		json_list_end(out);
	else if (!evbuffer_get_length(out))
		evbuffer_add(out, " ", 1);
	return r > 0;
}

static void flow_close(void *arg)
{
	struct flow_answer *a = arg;

	flow_list_free(a->list);
	free(a);
}

/* false: the request was answered. */
static bool set_filter(struct flow_answer *a, struct api_request *req)
{
	const char *text = api_query(req, "endpoint");
	const struct endpoint *ep;
	uint64_t id;

	if (!text)
		return true;
	if (number_parse(text, 1, UINT32_MAX, &id)) {
		api_fail(req, API_INVALID_NAME, "endpoint '%.32s': expected its number", text);
		return false;
	}
	ep = endpoint_by_id(a->agent->endpoints, id);
	if (!ep) {
		api_fail(req, API_NOT_FOUND, "no endpoint %u", (uint32_t)id);
		return false;
	}
	a->filter = true;
	a->ipv4 = ep->ipv4;
	a->ipv6 = ep->ipv6;
	return true;
}

void api_flows_get(struct agent *agent, struct api_request *req)
{
	static const struct api_source source = {flow_more, flow_close};
	const int fds[2] = {datapath_map_fd(agent->datapath, MAP_FLOW),
			    datapath_map_fd(agent->datapath, MAP_FLOW_LRU)};
	struct flow_answer *a = calloc(1, sizeof(*a));
	struct api_stream *stream = NULL;

	if (a) {
		a->agent = agent;
		a->list = flow_list_new(fds);
		if (!set_filter(a, req)) {
			flow_close(a);
			return;
		}
		if (a->list)
			stream = api_stream_new(req, &source, a);
	}
	if (!stream) {
		if (a)
			flow_close(a);
		api_fail(req, API_TRY_LATER, "the agent has no memory for the answer");
		return;
	}
	api_stream_start(stream, API_JSON);
}
