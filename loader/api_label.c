/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* PATCH /v1/endpoints/ID/labels (docs/api.md). */
#include <errno.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/api.h"
#include "loader/api_attachment.h"
#include "loader/db.h"
#include "loader/endpoint.h"
#include "loader/endpoint_map.h"
#include "loader/identity.h"
#include "loader/labels.h"
#include "loader/policy_engine.h"
#include "loader/store.h"

static int apply_add(struct label_set *set, const json_t *add, struct error *e)
{
	const char *key;
	json_t *value;
	int r = 0;

	if (add && !json_is_object(add))
		return error_set(e, EINVAL, "add: expected an object of keys and values");
	json_object_foreach((json_t *)add, key, value) {
		if (!json_is_string(value))
			return error_set(e, EINVAL, "add.%.80s: expected a string", key);
		r = label_set_put(set, key, json_string_value(value), e);
		if (r < 0)
			break;
	}
	return r;
}

/* A key that is not there is as removed as can be. */
static int apply_remove(struct label_set *set, const json_t *remove, struct error *e)
{
	if (remove && !json_is_array(remove))
		return error_set(e, EINVAL, "remove: expected an array of keys");
	for (size_t i = 0; i < json_array_size(remove); i++) {
		const char *key = json_string_value(json_array_get(remove, i));
		int r = key ? label_set_drop(set, key, e)
			    : error_set(e, EINVAL, "remove[%zu]: expected a key", i);

		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

/* Publish before the old identity is let go: its number is not another's while packets carry it. */
static int relabel(struct agent *agent, struct endpoint *ep, struct label_set *set, struct error *e)
{
	struct endpoint before = *ep;
	uint32_t old = ep->identity;
	int r = identity_ref(agent->identities, set->items, set->count, &ep->identity, e);

	if (r == 0)
		r = policy_endpoint_add(agent->policy, ep, e);
	if (r < 0)
		return r;
	if (ep->state == ENDPOINT_READY && ep->identity != old) {
		r = endpoint_publish(agent->datapath, ep, e);
		if (r < 0)
			return r;
	}
	policy_endpoint_remove(agent->policy, &before);
	identity_unref(agent->identities, old);
	policy_identity_freed(agent->policy, old);
	labels_free(ep->labels, ep->label_count);
	ep->labels = set->items;
	ep->label_count = set->count;
	*set = (struct label_set){0};
	return store_put_endpoint(agent->store, agent, ep, e);
}

static void patch(struct agent *agent, struct api_request *req, struct endpoint *ep,
		  struct label_set *set)
{
	const json_t *body = api_body(req);
	struct error e;
	int r;

	if (labels_copy(ep->labels, ep->label_count, &set->items) < 0) {
		api_fail(req, API_TRY_LATER, "no memory");
		return;
	}
	set->count = ep->label_count;
	if (apply_remove(set, json_object_get(body, "remove"), &e) < 0 ||
	    apply_add(set, json_object_get(body, "add"), &e) < 0) {
		api_fail(req, API_BAD_CONFIG, "%s", e.msg);
		return;
	}
	r = db_begin(agent->db, &e);
	if (r < 0) {
		api_fail(req, API_DATABASE, "%s", e.msg);
		return;
	}
	/* Half done in memory or in the maps: the failing commit loads and reconciles. */
	if (relabel(agent, ep, set, &e) < 0)
		db_spoil(agent->db, &e);
	else
		log_info("labels changed", "id", log_num(ep->id), "identity",
			 log_num(ep->identity));
	api_reply_committed(agent, req, api_endpoint_json(ep));
}

void api_label_patch(struct agent *agent, struct api_request *req)
{
	struct endpoint *ep;
	struct label_set set = {0};

	if (!api_keys_check(req, "add", "remove", NULL))
		return;
	ep = endpoint_by_id(agent->endpoints, api_id(req));
	if (!ep)
		api_fail(req, API_NOT_FOUND, "there is no endpoint %u", api_id(req));
	else
		patch(agent, req, ep, &set);
	label_set_fini(&set);
}
