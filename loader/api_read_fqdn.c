/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* GET /v1/fqdns: what answers have taught, by endpoint and name. */
#include <bpf/bpf.h>
#include <event2/buffer.h>

#include "axoneme/fqdn.h"
#include "lib/cidr.h"
#include "loader/agent.h"
#include "loader/api_read.h"
#include "loader/api_request.h"
#include "loader/clock.h"
#include "loader/datapath.h"
#include "loader/endpoint.h"
#include "loader/json_list.h"
#include "loader/policy_name.h"

/** struct fqdn_answer - an array being written; @now_s: CLOCK_MONOTONIC */
struct fqdn_answer {
	struct agent *agent;
	uint32_t now_s;
	bool any;
};

/* Names and patterns of the policies in force that the address has. */
static json_t *selectors_json(const struct fqdn_answer *a, const struct axo_fqdn_key *key)
{
	json_t *list = json_array();
	struct axo_fqdn v;

	if (bpf_map_lookup_elem(datapath_map_fd(a->agent->datapath, MAP_FQDN), key, &v) < 0)
		return list;
	for (int i = 0; i < AXO_FQDN_SLOTS; i++) {
		const char *text = policy_fqdn_text(a->agent->policy, AXO_FQDN_SELECTOR(v.slot[i]));

		if (text)
			json_array_append_new(list, json_string(text));
	}
	return list;
}

static bool in_use(const struct fqdn_answer *a, const struct axo_fqdn_key *key)
{
	uint32_t until_s = 0;

	bpf_map_lookup_elem(datapath_map_fd(a->agent->datapath, MAP_FQDN_USE), key, &until_s);
	return until_s > a->now_s;
}

static json_t *address_json(const struct fqdn_answer *a, const struct axo_fqdn_name_key *name,
			    const struct axo_fqdn_address *at)
{
	struct axo_fqdn_key key = {.addr = at->addr, .endpoint = name->endpoint, .mac = name->mac};
	char text[CIDR_STR_MAX];

	return json_pack("{s:s, s:i, s:b, s:o}", "address", addr_to_str(&at->addr, text),
			 "expiresSeconds",
			 at->expires_s > a->now_s ? (int)(at->expires_s - a->now_s) : 0, "inUse",
			 in_use(a, &key), "selectors", selectors_json(a, &key));
}

static json_t *name_json(const struct fqdn_answer *a, const struct axo_fqdn_name_key *key,
			 const struct axo_fqdn_name *v)
{
	const struct endpoint *ep = endpoint_by_id(a->agent->endpoints, key->endpoint);
	json_t *addresses;

	if (!ep || axo_fqdn_mac(ep->mac) != key->mac)
		return NULL;
	addresses = json_array();
	for (int i = 0; i < AXO_FQDN_ADDRESSES; i++)
		if (v->address[i].expires_s)
			json_array_append_new(addresses, address_json(a, key, &v->address[i]));
	return json_pack("{s:i, s:s%, s:o}", "endpoint", key->endpoint, "name", key->name,
			 strnlen(key->name, sizeof(key->name)), "addresses", addresses);
}

void api_fqdns_get(struct agent *agent, struct api_request *req)
{
	struct fqdn_answer a = {.agent = agent, .now_s = (uint32_t)(clock_us() / 1000000)};
	int fd = datapath_map_fd(agent->datapath, MAP_FQDN_NAME);
	struct axo_fqdn_name_key key, *prev = NULL;
	struct evbuffer *out = evbuffer_new();
	struct axo_fqdn_name v;

	if (!out) {
		api_fail(req, API_TRY_LATER, "the agent has no memory for the answer");
		return;
	}
	json_list_begin(out);
	for (; bpf_map_get_next_key(fd, prev, &key) == 0; prev = &key)
		if (bpf_map_lookup_elem(fd, &key, &v) == 0)
			json_list_add(out, &a.any, name_json(&a, &key, &v));
	json_list_end(out);
	api_send(req, out, API_JSON);
	evbuffer_free(out);
}
