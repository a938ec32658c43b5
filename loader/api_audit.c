/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* PATCH /v1/endpoints/ID/audit (docs/api.md). */
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/api.h"
#include "loader/api_attachment.h"
#include "loader/datapath.h"
#include "loader/db.h"
#include "loader/endpoint.h"
#include "loader/endpoint_map.h"
#include "loader/store.h"

/* Half done in memory or in the maps: the failing commit loads and reconciles. */
static int apply(struct agent *agent, struct endpoint *ep, bool audit, struct error *e)
{
	int r = 0;

	ep->audit = audit;
	if (ep->state == ENDPOINT_READY)
		r = endpoint_map_update(agent->datapath, ep, e);
	if (r < 0)
		return r;
	datapath_bump(agent->datapath);
	return store_put_endpoint(agent->store, agent, ep, e);
}

static void patch(struct agent *agent, struct api_request *req, struct endpoint *ep, bool audit)
{
	struct error e;

	if (db_begin(agent->db, &e) < 0) {
		api_fail(req, API_DATABASE, "%s", e.msg);
		return;
	}
	if (apply(agent, ep, audit, &e) < 0)
		db_spoil(agent->db, &e);
	else
		log_info("audit of an endpoint changed", "id", log_num(ep->id), "audit",
			 audit ? "on" : "off");
	api_reply_committed(agent, req, api_endpoint_json(ep));
}

void api_audit_patch(struct agent *agent, struct api_request *req)
{
	const json_t *audit;
	struct endpoint *ep;

	if (!api_keys_check(req, "audit", NULL))
		return;
	audit = json_object_get(api_body(req), "audit");
	ep = endpoint_by_id(agent->endpoints, api_id(req));
	if (!json_is_boolean(audit))
		api_fail(req, API_BAD_CONFIG, "audit: expected true or false");
	else if (!ep)
		api_fail(req, API_NOT_FOUND, "there is no endpoint %u", api_id(req));
	else
		patch(agent, req, ep, json_is_true(audit));
}
