/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* GET /v1/endpoints/ID/policy, /v1/host/policy: what is in the maps for an endpoint or the host. */
#include "loader/agent.h"
#include "loader/api_policy.h"
#include "loader/endpoint.h"
#include "loader/event_json.h"
#include "loader/policy_internal.h"
#include "loader/policy_map.h"
#include "loader/policy_rule_json.h"
#include "loader/proto.h"

/* How many identities of a class are shown. */
#define PEERS_SHOWN 32

static json_t *peers_json(const struct compiled *c, uint32_t class_, int dir, json_int_t *total)
{
	static const char *const kinds[] = {
		[AXO_PEER_POD] = "other pods",
		[AXO_PEER_PREFIX4] = "other IPv4 prefixes",
		[AXO_PEER_PREFIX6] = "other IPv6 prefixes",
	};
	json_t *list = json_array();

	*total = 0;
	if (!class_) {
		json_array_append_new(list, json_string("anybody"));
		return list;
	}
	for (int k = 0; k < AXO_PEER_OTHER; k++) {
		if ((c->ref.default_class[dir][k] & ~AXO_CLASS_COMPLETE) == class_)
			json_array_append_new(list, json_string(kinds[k]));
	}
	for (size_t i = 0; i < c->peer_count; i++) {
		if ((c->peers[i].class_[dir] & ~AXO_CLASS_COMPLETE) != class_)
			continue;
		if (++*total <= PEERS_SHOWN)
			json_array_append_new(list, json_integer(c->peers[i].identity));
	}
	return list;
}

static json_t *port_json(const struct compiled_entry *e)
{
	unsigned int span = 1U << (AXO_POL_BITS_PORT - e->bits);

	if (e->bits <= AXO_POL_BITS_PROTO)
		return json_string("any");
	if (span == 1)
		return json_sprintf("%u", e->port);
	return json_sprintf("%u-%u", e->port, e->port + span - 1);
}

static json_t *entry_json(const struct policy_engine *p, const struct policy_subject *s,
			  const struct compiled_entry *e)
{
	json_t *entry = policy_rule_json(p, e->rule);
	char proto[PROTO_STR_MAX];
	json_int_t total;
	json_t *peers = peers_json(s->compiled, e->class_, e->dir, &total);

	json_object_set_new(entry, "direction", json_string(drop_dir_name(e->dir)));
	json_object_set_new(entry, "peers", peers);
	json_object_set_new(entry, "peerCount", json_integer(total));
	json_object_set_new(
		entry, "protocol",
		json_string(e->bits < AXO_POL_BITS_PROTO ? "any" : proto_to_str(e->proto, proto)));
	json_object_set_new(entry, "port", port_json(e));
	json_object_set_new(entry, "verdict",
			    json_string(e->verdict == AXO_POL_DENY ? "deny" : "allow"));
	json_object_set_new(entry, "features", policy_features_json(e->features));
	json_object_set_new(entry, "hits",
			    json_integer((json_int_t)policy_map_hits(p->agent->datapath, s->number,
								     e->rule, e->dir)));
	return entry;
}

static const char *mode_of(const struct axo_policy_ref *ref, enum axo_dir dir)
{
	return ref->flags[dir] & AXO_POLICY_ENFORCED ? "enforced" : "open";
}

static json_int_t denied(const struct policy_engine *p, const struct policy_subject *s, int dir)
{
	return s->number ? (json_int_t)policy_map_hits(p->agent->datapath, s->number,
						       AXO_RULE_DEFAULT, dir)
			 : 0;
}

/* @endpoint: its number; 0 = the host */
static void subject_answer(const struct policy_engine *p, const struct policy_subject *s,
			   uint32_t endpoint, struct api_request *req)
{
	json_t *entries = json_array();

	for (size_t i = 0; s->compiled && i < s->compiled->entry_count; i++)
		json_array_append_new(entries, entry_json(p, s, &s->compiled->entries[i]));
	api_reply(req,
		  json_pack("{s:I, s:I, s:I, s:s, s:s, s:I, s:I, s:o}", "endpoint",
			    (json_int_t)endpoint, "identity", (json_int_t)s->identity, "number",
			    (json_int_t)s->number, "ingress", mode_of(&s->ref, AXO_DIR_INGRESS),
			    "egress", mode_of(&s->ref, AXO_DIR_EGRESS), "ingressDefaultDenied",
			    denied(p, s, AXO_DIR_INGRESS), "egressDefaultDenied",
			    denied(p, s, AXO_DIR_EGRESS), "entries", entries));
}

void api_endpoint_policy_get(struct agent *agent, struct api_request *req)
{
	const struct endpoint *ep = endpoint_by_id(agent->endpoints, api_id(req));

	if (ep && ep->subject)
		subject_answer(agent->policy, ep->subject, ep->id, req);
	else
		api_fail(req, API_NOT_FOUND, "there is no endpoint %u", api_id(req));
}

void api_host_policy_get(struct agent *agent, struct api_request *req)
{
	subject_answer(agent->policy, agent->policy->host, 0, req);
}
