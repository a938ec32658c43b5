/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Changing policies, or saying what would change: PUT and DELETE of /v1/policies, and its
 * dry-run (docs/api.md).
 *
 * The answer comes when the change is durable and no packet can see what was before.
 */
#include "loader/api_policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/db.h"
#include "loader/policy_internal.h"
#include "loader/policy_path.h"
#include "loader/policy_source.h"
#include "loader/policy_store.h"

/**
 * struct answer - one that waits for the commit and for the grace period
 * @waiting: for how many of both; the last one answers
 */
struct answer {
	struct api_request *req;
	json_t *body;
	int waiting;
	bool stopped;
	struct error e;
};

static void answer_part(struct answer *a)
{
	if (--a->waiting)
		return;
	/* At the end the server has answered by itself, and the request is no more. */
	if (a->stopped) {
		json_decref(a->body);
	} else if (a->e.code) {
		json_decref(a->body);
		api_fail(a->req, API_DATABASE, "%s", a->e.msg);
	} else {
		api_reply(a->req, a->body);
	}
	free(a);
}

static void answer_committed(void *arg, const struct error *e)
{
	struct answer *a = arg;

	if (e) {
		a->e = *e;
		if (!a->e.code)
			a->e.code = -EIO;
	}
	answer_part(a);
}

static void answer_settled(void *arg, bool settled)
{
	struct answer *a = arg;

	a->stopped |= !settled;
	answer_part(a);
}

/* Takes @body. */
static void answer_later(struct agent *agent, struct api_request *req, json_t *body)
{
	struct answer *a = calloc(1, sizeof(*a));
	struct error e = {.code = -ENOMEM, .msg = "no memory"};

	if (a) {
		*a = (struct answer){.req = req, .body = body, .waiting = 2};
		if (policy_settle(agent->policy, answer_settled, a) < 0) {
			free(a);
			a = NULL;
		}
	}
	if (a && db_wait(agent->db, answer_committed, a, &e) == 0)
		return;
	/* What is in force must not be committed without its answer. */
	db_spoil(agent->db, &e);
	if (a) {
		a->e = e;
		a->waiting = 1;
		return;
	}
	json_decref(body);
	api_fail(req, API_DATABASE, "%s", e.msg);
}

static enum api_code code_of(int r)
{
	switch (r) {
	case -EINVAL:
		return API_BAD_CONFIG;
	case -EEXIST:
		return API_EXISTS;
	case -EPERM:
		return API_DIFFERENT;
	case -ENOENT:
		return API_NOT_FOUND;
	case -ENOSPC:
	case -EOVERFLOW:
		return API_EXHAUSTED;
	case -EIO:
		return API_DATABASE;
	default:
		return API_KERNEL;
	}
}

static bool read_text(struct api_request *req, struct policy_text *t)
{
	if (!api_text(req, "file", false, &t->file) || !api_text(req, "text", true, &t->text))
		return false;
	if (!t->file || !*t->file)
		t->file = "-";
	if (strlen(t->file) > 255) {
		api_fail(req, API_BAD_CONFIG, "file: expected at most 255 bytes");
		return false;
	}
	t->len = strlen(t->text);
	return true;
}

/** struct text_change - what is done with the objects of a text, and how that is said */
struct text_change {
	int (*run)(struct policy_engine *p, const struct policy_text *t, struct policy_outcome *o,
		   struct error *e);
	const char *event;
	const char *key;
};

static const struct text_change text_put = {policy_source_put, "policies applied", "applied"};
static const struct text_change text_delete = {policy_source_delete_text, "policies deleted",
					       "deleted"};

static json_t *warnings_json(const struct report *report)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < report->count; i++) {
		const struct finding *f = &report->items[i];

		if (f->severity == SEVERITY_WARNING)
			json_array_append_new(list, json_pack("{s:i, s:i, s:s}", "line",
							      f->pos.line, "column", f->pos.column,
							      "message", f->text));
	}
	return list;
}

/* The answer to what is done already, or (of a dry run) will not be. */
static void outcome_answer(struct agent *agent, struct api_request *req, const char *key,
			   const struct policy_outcome *o)
{
	json_t *body = json_pack("{s:I, s:o}", key, (json_int_t)o->count, "warnings",
				 warnings_json(&o->report));

	if (!o->dry_run) {
		answer_later(agent, req, body);
		return;
	}
	json_object_set_new(body, "dryRun", json_true());
	json_object_update(body, o->would);
	api_reply(req, body);
}

static void change_by_text(struct agent *agent, struct api_request *req,
			   const struct policy_text *t, const struct text_change *change,
			   bool dry_run)
{
	struct policy_outcome o;
	struct error e;
	int r;

	policy_outcome_init(&o, t->file, dry_run);
	r = change->run(agent->policy, t, &o, &e);
	if (r < 0) {
		api_fail(req, code_of(r), "%s", e.msg);
	} else {
		if (!dry_run)
			log_info(change->event, "file", t->file, "objects",
				 log_num((long long)o.count));
		outcome_answer(agent, req, change->key, &o);
	}
	policy_outcome_fini(&o);
}

void api_policies_put(struct agent *agent, struct api_request *req)
{
	struct policy_text t = {0};

	if (api_keys_check(req, "file", "text", NULL) && read_text(req, &t))
		change_by_text(agent, req, &t, &text_put, false);
}

void api_policies_delete(struct agent *agent, struct api_request *req)
{
	struct policy_text t = {0};

	if (api_keys_check(req, "file", "text", NULL) && read_text(req, &t))
		change_by_text(agent, req, &t, &text_delete, false);
}

static bool read_delete(struct api_request *req, bool *out)
{
	const json_t *value = json_object_get(api_body(req), "delete");

	*out = json_is_true(value);
	if (!value || json_is_boolean(value))
		return true;
	api_fail(req, API_BAD_CONFIG, "delete: expected true or false");
	return false;
}

/** struct wanted - a policy by its name; @kind NULL: any */
struct wanted {
	struct policy_path path;
	const char *kind;
	bool dry_run;
};

static void delete_by_name(struct agent *agent, struct api_request *req, const struct wanted *w)
{
	const char *ns = *w->path.namespace_ ? w->path.namespace_ : NULL;
	const struct policy *policy;
	struct policy_outcome o;
	struct error e;
	int r = policy_source_find(agent->policy, w->kind, ns, w->path.name, &policy, &e);

	policy_outcome_init(&o, w->path.name, w->dry_run);
	if (r == 0)
		r = policy_source_delete(agent->policy, policy, &o, &e);
	if (r < 0) {
		api_fail(req, code_of(r), "%s", e.msg);
	} else {
		if (!w->dry_run)
			log_info("policy deleted", "namespace", w->path.namespace_, "name",
				 w->path.name);
		outcome_answer(agent, req, "deleted", &o);
	}
	policy_outcome_fini(&o);
}

static void try_by_name(struct agent *agent, struct api_request *req)
{
	struct wanted w = {.dry_run = true};
	const char *name;

	if (!api_keys_check(req, "policy", "kind", NULL) || !api_text(req, "policy", true, &name) ||
	    !api_text(req, "kind", false, &w.kind))
		return;
	if (policy_name_parse(name, &w.path) < 0)
		api_fail(req, API_BAD_CONFIG, "policy: expected NAMESPACE/NAME or NAME");
	else
		delete_by_name(agent, req, &w);
}

void api_policies_dry_run(struct agent *agent, struct api_request *req)
{
	struct policy_text t = {0};
	bool delete;

	if (json_object_get(api_body(req), "policy"))
		try_by_name(agent, req);
	else if (api_keys_check(req, "file", "text", "delete", NULL) && read_text(req, &t) &&
		 read_delete(req, &delete))
		change_by_text(agent, req, &t, delete ? &text_delete : &text_put, true);
}

void api_policy_delete(struct agent *agent, struct api_request *req)
{
	struct wanted w = {.kind = api_query(req, "kind")};

	if (policy_path_parse(api_path(req), &w.path) < 0)
		api_fail(req, API_BAD_CONFIG, "path: expected NAMESPACE/NAME or NAME");
	else
		delete_by_name(agent, req, &w);
}
