/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* GET, PUT and DELETE of /v1/prefilter (docs/api.md). */
#include "loader/api_prefilter.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/api_attachment.h"
#include "loader/api_request.h"
#include "loader/json_list.h"
#include "loader/prefilter.h"
#include "loader/xdp.h"

/** struct group_sum - what a group names */
struct group_sum {
	json_int_t deny;
	json_int_t except;
};

static void sum_rules(const struct pf_rules *r, struct group_sum *sums, struct group_sum *all)
{
	for (size_t i = 0; r && i < r->count; i++) {
		bool except = r->items[i].flags & PF_EXCEPT;

		sums[r->items[i].group % AXO_PF_GROUPS_MAX].deny += !except;
		sums[r->items[i].group % AXO_PF_GROUPS_MAX].except += except;
		all->deny += !except;
		all->except += except;
	}
}

static json_t *groups_json(const struct agent *agent, const struct prefilter_view *v,
			   struct group_sum *all)
{
	_cleanup_free_ struct group_sum *sums = calloc(AXO_PF_GROUPS_MAX, sizeof(*sums));
	_cleanup_free_ struct axo_pf_count *counts = calloc(AXO_PF_GROUPS_MAX, sizeof(*counts));
	json_t *list = json_array();

	if (!sums || !counts || prefilter_counts(agent, counts, v->group_count) < 0)
		return list;
	sum_rules(v->api, sums, all);
	sum_rules(v->file, sums, all);
	for (size_t i = 0; i < v->group_count; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:I, s:I, s:I, s:I}", "name", v->groups[i],
						"deny", sums[i].deny, "except", sums[i].except,
						"packets", (json_int_t)counts[i].packets, "bytes",
						(json_int_t)counts[i].bytes));
	return list;
}

void api_prefilter_get(struct agent *agent, struct api_request *req)
{
	struct prefilter_view v;
	struct group_sum all = {0};
	json_t *groups;

	prefilter_look(agent->prefilter, &v);
	groups = groups_json(agent, &v, &all);
	api_reply(req, json_pack("{s:I, s:I, s:I, s:b, s:s, s:s, s:o}", "deny", all.deny, "except",
				 all.except, "bytes", (json_int_t)v.bytes, "loading", v.loading,
				 "fileName", agent->opt.prefilter_file ?: "", "error",
				 v.error ?: "", "groups", groups));
}

/* --- entries --- */

/* Names of groups are plain letters: nothing has to be escaped. */
static void entry_write(struct evbuffer *out, bool *any, const struct prefilter_view *v,
			const struct pf_rule *rule)
{
	struct cidr c = pf_rule_cidr(rule);
	char text[CIDR_STR_MAX];

	json_list_next(out, any);
	evbuffer_add_printf(
		out, "{\"cidr\":\"%s\",\"action\":\"%s\",\"group\":\"%s\",\"source\":\"%s\"}",
		cidr_to_str(&c, text), rule->flags & PF_EXCEPT ? "except" : "deny",
		rule->group < v->group_count ? v->groups[rule->group] : "",
		rule->line ? "file" : "api");
}

/* The longest; of the same length the API's. */
static const struct pf_rule *decides(const struct prefilter_view *v, const struct axo_addr *addr)
{
	const struct pf_rule *api = pf_rules_find(v->api, addr);
	const struct pf_rule *file = pf_rules_find(v->file, addr);

	if (!api || !file)
		return api ? api : file;
	return file->bits > api->bits ? file : api;
}

void api_pf_entries_get(struct agent *agent, struct api_request *req)
{
	const char *address = api_query(req, "address");
	struct evbuffer *out = evbuffer_new();
	struct prefilter_view v;
	struct axo_addr addr;
	struct error e;
	bool any = false;

	prefilter_look(agent->prefilter, &v);
	if (address && addr_parse(address, &addr, &e) < 0) {
		api_fail(req, API_BAD_CONFIG, "address: %s", e.msg);
	} else if (!out) {
		api_fail(req, API_TRY_LATER, "the agent has no memory for the answer");
	} else {
		const struct pf_rule *one = address ? decides(&v, &addr) : NULL;

		json_list_begin(out);
		if (one)
			entry_write(out, &any, &v, one);
		for (size_t i = 0; !address && i < v.api->count; i++)
			entry_write(out, &any, &v, &v.api->items[i]);
		for (size_t i = 0; !address && i < v.file->count; i++)
			entry_write(out, &any, &v, &v.file->items[i]);
		json_list_end(out);
		api_send(req, out, API_JSON);
	}
	if (out)
		evbuffer_free(out);
}

/* --- changes --- */

static enum api_code code_of(int r)
{
	switch (r) {
	case -EINVAL:
		return API_BAD_CONFIG;
	case -ENOENT:
		return API_NOT_FOUND;
	case -ENOSPC:
	case -E2BIG:
		return API_EXHAUSTED;
	case -EIO:
		return API_DATABASE;
	default:
		return API_KERNEL;
	}
}

/** struct change - an answer that waits until the change is in force */
struct change {
	struct agent *agent;
	struct api_request *req;
	const char *done;
	size_t count;
};

static void change_done(void *arg, const struct error *e)
{
	struct change *c = arg;

	if (e)
		api_fail(c->req, code_of(e->code), "%s", e->msg);
	else
		api_reply_committed(c->agent, c->req,
				    json_pack("{s:I}", c->done, (json_int_t)c->count));
	free(c);
}

static int rules_parse(const json_t *cidrs, int group, struct pf_rules *out, struct error *e)
{
	const json_t *text;
	size_t i;

	if (!json_is_array(cidrs))
		return error_set(e, EINVAL, "cidrs: expected an array of prefixes");
	json_array_foreach(cidrs, i, text) {
		struct pf_rule rule;
		int r = pf_rule_parse(json_string_value(text) ?: "", &rule, e);

		if (r < 0)
			return r;
		rule.group = (uint16_t)group;
		if (pf_rules_add(out, &rule) < 0)
			return error_set(e, ENOMEM, "no memory");
	}
	return pf_rules_sort(out, e);
}

static void change(struct agent *agent, struct api_request *req, int group, bool drop)
{
	struct change *c = malloc(sizeof(*c));
	struct pf_rules rules = {0};
	struct error e;
	int r = rules_parse(json_object_get(api_body(req), "cidrs"), group, &rules, &e);

	if (r == 0 && c) {
		*c = (struct change){agent, req, drop ? "deleted" : "applied", rules.count};
		r = prefilter_change(agent->prefilter, rules.items, rules.count, drop, change_done,
				     c);
	}
	if (r < 0 || !c) {
		free(c);
		api_fail(req, r < 0 ? code_of(r) : API_TRY_LATER, "%s",
			 r < 0 ? e.msg : "no memory");
	}
	free(rules.items);
}

void api_prefilter_put(struct agent *agent, struct api_request *req)
{
	const char *name;
	struct error e;
	int group;

	if (!api_keys_check(req, "cidrs", "group", NULL) || !api_text(req, "group", false, &name))
		return;
	group = prefilter_group(agent->prefilter, name ?: PF_GROUP_DEFAULT, &e);
	if (group < 0)
		api_fail(req, code_of(group), "%s", e.msg);
	else
		change(agent, req, group, false);
}

void api_prefilter_delete(struct agent *agent, struct api_request *req)
{
	if (api_keys_check(req, "cidrs", NULL))
		change(agent, req, 0, true);
}

/* --- status and metrics --- */

json_t *api_prefilter_status(const struct agent *agent)
{
	struct prefilter_view v;

	prefilter_look(agent->prefilter, &v);
	return json_pack("{s:I, s:I, s:b, s:s}", "prefixes",
			 (json_int_t)(v.api ? v.api->count + v.file->count : 0), "bytes",
			 (json_int_t)v.bytes, "loading", v.loading, "error", v.error ?: "");
}

json_t *api_xdp_status(const struct agent *agent)
{
	json_t *list = json_array();
	const struct xdp_device *d = NULL;

	while ((d = xdp_next(agent->xdp, d)))
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "device", d->name, "mode",
						      xdp_mode_name(d->mode), "error",
						      d->why.code ? d->why.msg : ""));
	return list;
}

int prefilter_drops(const struct agent *agent, struct axo_drop_count *sum)
{
	_cleanup_free_ struct axo_pf_count *counts = calloc(AXO_PF_GROUPS_MAX, sizeof(*counts));
	struct prefilter_view v;
	int r;

	*sum = (struct axo_drop_count){0};
	prefilter_look(agent->prefilter, &v);
	r = counts ? prefilter_counts(agent, counts, v.group_count) : -ENOMEM;
	for (size_t i = 0; r == 0 && i < v.group_count; i++) {
		sum->packets += counts[i].packets;
		sum->bytes += counts[i].bytes;
	}
	return r;
}

void prefilter_metrics(const struct agent *agent, struct evbuffer *out)
{
	_cleanup_free_ struct axo_pf_count *counts = calloc(AXO_PF_GROUPS_MAX, sizeof(*counts));
	struct prefilter_view v;

	prefilter_look(agent->prefilter, &v);
	if (!v.api || !counts || prefilter_counts(agent, counts, v.group_count) < 0)
		return;
	evbuffer_add_printf(
		out,
		"# HELP axoneme_prefilter_prefixes Prefixes of the prefilter.\n"
		"# TYPE axoneme_prefilter_prefixes gauge\n"
		"axoneme_prefilter_prefixes %zu\n"
		"# HELP axoneme_prefilter_bytes Kernel memory of its table.\n"
		"# TYPE axoneme_prefilter_bytes gauge\n"
		"axoneme_prefilter_bytes %llu\n"
		"# HELP axoneme_prefilter_drop_packets_total Packets dropped, by group.\n"
		"# TYPE axoneme_prefilter_drop_packets_total counter\n",
		v.api->count + v.file->count, (unsigned long long)v.bytes);
	for (size_t i = 0; i < v.group_count; i++)
		evbuffer_add_printf(out,
				    "axoneme_prefilter_drop_packets_total{group=\"%s\"} %llu\n",
				    v.groups[i], (unsigned long long)counts[i].packets);
}
