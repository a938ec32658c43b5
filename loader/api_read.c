/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* GET of what the agent holds in tables: endpoints, identities, metrics. */
#include "loader/api_read.h"

#include <event2/buffer.h>

#include "axoneme/ipcache.h"
#include "loader/agent.h"
#include "loader/api_request.h"
#include "loader/endpoint.h"
#include "loader/identity.h"
#include "loader/json_list.h"
#include "loader/metrics.h"

/**
 * struct list_answer - an array being written
 * @any: it has an element
 */
struct list_answer {
	struct api_request *req;
	struct evbuffer *out;
	bool any;
};

/* false: the request was answered. */
static bool list_begin(struct list_answer *a, struct api_request *req)
{
	*a = (struct list_answer){.req = req, .out = evbuffer_new()};
	if (!a->out) {
		api_fail(req, API_TRY_LATER, "the agent has no memory for the answer");
		return false;
	}
	json_list_begin(a->out);
	return true;
}

static void list_end(struct list_answer *a)
{
	json_list_end(a->out);
	api_send(a->req, a->out, API_JSON);
	evbuffer_free(a->out);
}

void api_endpoints_get(struct agent *agent, struct api_request *req)
{
	const struct endpoint *ep = NULL;
	struct list_answer a;

	if (!list_begin(&a, req))
		return;
	while ((ep = endpoint_next(agent->endpoints, ep)))
		json_list_add(a.out, &a.any, api_endpoint_json(ep));
	list_end(&a);
}

void api_endpoint_get(struct agent *agent, struct api_request *req)
{
	const struct endpoint *ep = endpoint_by_id(agent->endpoints, api_id(req));

	if (!ep) {
		api_fail(req, API_NOT_FOUND, "no endpoint %u", api_id(req));
		return;
	}
	api_reply(req, api_endpoint_json(ep));
}

static json_t *identity_to_json(const struct identity *id)
{
	json_t *labels = json_array();

	for (size_t i = 0; i < id->label_count; i++)
		json_array_append_new(labels, json_string(id->labels[i]));
	/* The table itself refers to the reserved ones, so that they stay. */
	return json_pack("{s:I, s:o, s:I, s:I}", "id", (json_int_t)id->id, "labels", labels,
			 "endpoints",
			 id->id < AXO_ID_LOCAL_MIN ? 0 : (json_int_t)(id->refs - id->prefixes),
			 "prefixes", (json_int_t)id->prefixes);
}

void api_identities_get(struct agent *agent, struct api_request *req)
{
	const struct identity *id = NULL;
	struct list_answer a;

	if (!list_begin(&a, req))
		return;
	while ((id = identity_next(agent->identities, id)))
		json_list_add(a.out, &a.any, identity_to_json(id));
	list_end(&a);
}

void api_metrics_get(struct agent *agent, struct api_request *req)
{
	struct evbuffer *out = evbuffer_new();

	if (!out) {
		api_fail(req, API_TRY_LATER, "the agent has no memory for the answer");
		return;
	}
	metrics_write(agent, out);
	api_send(req, out, "text/plain; version=0.0.4; charset=utf-8");
	evbuffer_free(out);
}
