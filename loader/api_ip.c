/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* GET, PUT and DELETE of /v1/ips (docs/api.md). */
#include "loader/api_ip.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/ipcache.h"
#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/api_attachment.h"
#include "loader/api_request.h"
#include "loader/endpoint.h"
#include "loader/host_address.h"
#include "loader/ip_feed.h"
#include "loader/json_list.h"
#include "loader/policy_engine.h"

/** struct list_answer - an array being written; @any: it has an element */
struct list_answer {
	struct evbuffer *out;
	bool any;
};

static void add_prefix(struct list_answer *a, const struct cidr *cidr, uint32_t identity,
		       const char *source)
{
	char text[CIDR_STR_MAX];

	json_list_add(a->out, &a->any,
		      json_pack("{s:s, s:I, s:s}", "cidr", cidr_to_str(cidr, text), "identity",
				(json_int_t)identity, "source", source));
}

static void add_address(struct list_answer *a, const struct axo_addr *addr, uint32_t identity,
			const char *source)
{
	struct cidr cidr = {.addr = *addr, .family = (uint8_t)addr_family(addr)};

	cidr.bits = cidr.family == 4 ? 32 : 128;
	if (!addr_is_zero(addr))
		add_prefix(a, &cidr, identity, source);
}

static void add_fed(const struct ip_item *item, void *arg)
{
	add_prefix(arg, &item->cidr, item->identity, item->source == IP_API ? "api" : "file");
}

static void add_policy(const struct cidr *cidr, uint32_t identity, void *arg)
{
	add_prefix(arg, cidr, identity, "policy");
}

void api_ips_get(struct agent *agent, struct api_request *req)
{
	struct list_answer a = {.out = evbuffer_new()};
	const struct endpoint *ep = NULL;
	const struct axo_addr *host;
	size_t count = 0;

	if (!a.out) {
		api_fail(req, API_TRY_LATER, "the agent has no memory for the answer");
		return;
	}
	json_list_begin(a.out);
	host = agent->host_addresses ? host_addresses_get(agent->host_addresses, &count) : NULL;
	for (size_t i = 0; i < count; i++)
		add_address(&a, &host[i], AXO_ID_HOST, "host");
	while ((ep = endpoint_next(agent->endpoints, ep))) {
		if (ep->state != ENDPOINT_READY)
			continue; /* not in the ipcache */
		add_address(&a, &ep->ipv4, ep->identity, "endpoint");
		add_address(&a, &ep->ipv6, ep->identity, "endpoint");
	}
	ip_feed_each(agent->ip_feed, add_fed, &a);
	policy_prefixes_each(agent->policy, add_policy, &a);
	json_list_end(a.out);
	api_send(req, a.out, API_JSON);
	evbuffer_free(a.out);
}

static enum api_code code_of(int r)
{
	switch (r) {
	case -EINVAL:
	case -E2BIG:
		return API_BAD_CONFIG;
	case -ENOENT:
		return API_NOT_FOUND;
	case -ENOSPC:
	case -EOVERFLOW:
		return API_EXHAUSTED;
	default:
		return API_DATABASE;
	}
}

/* An identity as text: its number, or its labels with commas between them; free. */
static char *who_of(const json_t *entry)
{
	const json_t *identity = json_object_get(entry, "identity");
	const json_t *labels = json_object_get(entry, "labels"), *label;
	char *text = NULL;
	size_t len, i;
	FILE *f;

	if (!identity == !labels || (identity && !json_is_integer(identity)) ||
	    (labels && !json_is_array(labels)))
		return NULL;
	f = open_memstream(&text, &len);
	if (!f)
		return NULL;
	if (identity)
		fprintf(f, "%lld", (long long)json_integer_value(identity));
	json_array_foreach(labels, i, label)
		fprintf(f, "%s%s", i ? "," : "", json_string_value(label) ?: "");
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int entry_parse(const json_t *entry, size_t i, struct ip_specs *specs, struct error *e)
{
	const char *cidr = json_string_value(json_object_get(entry, "cidr"));
	_cleanup_free_ char *who = who_of(entry);
	struct error why = {0};
	int r;

	if (!cidr || !who || json_object_size(entry) != 2)
		return error_set(e, EINVAL,
				 "entries[%zu]: expected cidr, and identity (a number) or labels "
				 "(texts)",
				 i);
	r = ip_specs_add(specs, cidr, who, &why);
	return r < 0 ? error_set(e, r, "entries[%zu]: %.200s", i, why.msg) : 0;
}

void api_ips_put(struct agent *agent, struct api_request *req)
{
	const json_t *entries = json_object_get(api_body(req), "entries"), *entry;
	struct ip_specs specs = {0};
	struct error e;
	size_t i;
	int r = 0;

	if (!api_keys_check(req, "entries", NULL))
		return;
	if (!json_is_array(entries))
		r = error_set(&e, EINVAL, "entries: expected an array");
	json_array_foreach(entries, i, entry) {
		r = entry_parse(entry, i, &specs, &e);
		if (r < 0)
			break;
	}
	if (r == 0)
		r = ip_feed_put(agent->ip_feed, &specs, &e);
	if (r < 0) {
		api_fail(req, code_of(r), "%s", e.msg);
	} else {
		log_info("prefixes added", "count", log_num((long long)specs.count));
		api_reply_committed(agent, req,
				    json_pack("{s:I}", "applied", (json_int_t)specs.count));
	}
	ip_specs_fini(&specs);
}

void api_ips_delete(struct agent *agent, struct api_request *req)
{
	const json_t *cidrs = json_object_get(api_body(req), "cidrs"), *cidr;
	size_t count = json_array_size(cidrs), i;
	_cleanup_free_ struct cidr *list = calloc(count + 1, sizeof(*list));
	struct error e;
	int r = 0;

	if (!api_keys_check(req, "cidrs", NULL))
		return;
	if (!json_is_array(cidrs) || !list)
		r = error_set(&e, EINVAL, "cidrs: expected an array of prefixes");
	json_array_foreach(cidrs, i, cidr) {
		if (r == 0)
			r = ip_cidr_parse(json_string_value(cidr) ?: "", &list[i], &e);
	}
	if (r == 0)
		r = ip_feed_delete(agent->ip_feed, list, count, &e);
	if (r < 0) {
		api_fail(req, code_of(r), "%s", e.msg);
		return;
	}
	log_info("prefixes deleted", "count", log_num((long long)count));
	api_reply_committed(agent, req, json_pack("{s:I}", "deleted", (json_int_t)count));
}

json_t *api_ip_status(const struct agent *agent)
{
	const char *why = ip_feed_file_error(agent->ip_feed);

	return json_pack("{s:I, s:I, s:s, s:s}", "api",
			 (json_int_t)ip_feed_count(agent->ip_feed, IP_API), "file",
			 (json_int_t)ip_feed_count(agent->ip_feed, IP_FILE), "fileName",
			 agent->opt.ip_file ?: "", "fileError", why ?: "");
}
