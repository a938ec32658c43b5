/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading policies: GET of /v1/policies, and their part of the status (docs/api.md). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/l7.h"
#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/api_policy.h"
#include "loader/endpoint.h"
#include "loader/l7_table.h"
#include "loader/policy_dir.h"
#include "loader/policy_host.h"
#include "loader/policy_internal.h"
#include "loader/policy_path.h"
#include "loader/policy_source.h"
#include "policy/touch.h"

static int by_name(const void *a, const void *b)
{
	const struct policy *x = *(const struct policy *const *)a;
	const struct policy *y = *(const struct policy *const *)b;
	int order = strcmp(x->namespace_ ? x->namespace_ : "", y->namespace_ ? y->namespace_ : "");

	if (!order)
		order = strcmp(x->name, y->name);
	return order ? order : (int)x->kind - (int)y->kind;
}

/* Endpoints of this host that it selects; the host is none. */
static json_int_t endpoints_of(const struct policy_engine *p, const struct policy *policy)
{
	struct policy_subject *s;
	json_int_t count = 0;

	subject_each(p, item, s)
	{
		const struct peer_identity *who = peers_get(p->peers, s->identity);

		if (who && !s->host && policy_selects(policy, &who->labels))
			count += s->refs;
	}
	return count;
}

static json_t *policy_json(const struct policy_engine *p, const struct policy *policy)
{
	const char *source = policy_set_source(p->set, policy);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "kind",
			 policy_kind_to_str((enum policy_kind)policy->kind), "namespace",
			 policy->namespace_ ? policy->namespace_ : "", "name", policy->name,
			 "source", policy_source_is_api(source) ? "api" : "file", "file",
			 policy->file, "line", (json_int_t)policy->pos.line, "rules",
			 (json_int_t)policy->refs, "endpoints", endpoints_of(p, policy));
}

void api_policies_get(struct agent *agent, struct api_request *req)
{
	const struct policy_engine *p = agent->policy;
	_cleanup_free_ const struct policy **all = NULL;
	size_t n = policy_set_all(p->set, &all);
	json_t *list = json_array();

	qsort(all, n, sizeof(*all), by_name);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, policy_json(p, all[i]));
	api_reply(req, list);
}

void api_policy_get(struct agent *agent, struct api_request *req)
{
	_cleanup_free_ char *text = NULL;
	const struct policy *policy;
	struct policy_path path;
	struct error e = {.msg = "path: expected NAMESPACE/NAME or NAME"};
	json_t *body;

	if (policy_path_parse(api_path(req), &path) < 0 ||
	    policy_source_find(agent->policy, api_query(req, "kind"),
			       *path.namespace_ ? path.namespace_ : NULL, path.name, &policy,
			       &e) < 0) {
		api_fail(req, e.code == -EEXIST ? API_DIFFERENT : API_NOT_FOUND, "%s", e.msg);
		return;
	}
	text = policy_source_text(agent->policy, policy);
	body = policy_json(agent->policy, policy);
	json_object_set_new(body, "text", json_string(text ? text : ""));
	api_reply(req, body);
}

static json_t *broken_json(const struct policy_engine *p)
{
	json_t *list = json_array();
	const char *why, *file = p && p->dir ? policy_dir_next(p->dir, NULL, &why) : NULL;

	for (; file; file = policy_dir_next(p->dir, file, &why))
		json_array_append_new(list, json_pack("{s:s, s:s}", "file", file, "error", why));
	return list;
}

json_t *api_policy_status(const struct agent *agent)
{
	uint32_t tables = 0, words = 0;
	struct policy_numbers n;

	policy_numbers(agent->policy, &n);
	if (agent->policy)
		l7_tables_usage(agent->policy, &tables, &words);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:b, "
			 "s:b, s:b}",
			 "httpTables", (json_int_t)tables, "httpBytes",
			 (json_int_t)words * (json_int_t)sizeof(uint32_t), "httpBytesLimit",
			 (json_int_t)AXO_L7_POOL_WORDS * (json_int_t)sizeof(uint32_t), "count",
			 (json_int_t)n.policies, "compiled", (json_int_t)n.subjects,
			 "prefixIdentities", (json_int_t)n.prefixes, "entries",
			 (json_int_t)n.entries, "entriesLimit", (json_int_t)n.entries_limit,
			 "peers", (json_int_t)n.peers, "peersLimit", (json_int_t)n.peers_limit,
			 "peersDenied", (json_int_t)n.peers_denied, "subjectsDenied",
			 (json_int_t)n.subjects_denied, "brokenFiles", broken_json(agent->policy),
			 "hostIngress", policy_host_enforces(agent->policy, AXO_DIR_INGRESS),
			 "hostEgress", policy_host_enforces(agent->policy, AXO_DIR_EGRESS), "audit",
			 (int)agent->opt.policy_audit);
}
