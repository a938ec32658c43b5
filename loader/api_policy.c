/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Changing policies: PUT and DELETE of /v1/policies (docs/api.md).
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
	if (!api_keys_check(req, "file", "text", NULL) || !api_text(req, "file", false, &t->file) ||
	    !api_text(req, "text", true, &t->text))
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
	int (*run)(struct policy_engine *p, const struct policy_text *t, size_t *count,
		   struct error *e);
	const char *event;
	const char *key;
};

static void change_by_text(struct agent *agent, struct api_request *req,
			   const struct text_change *change)
{
	struct policy_text t = {0};
	struct error e;
	size_t count = 0;
	int r;

	if (!read_text(req, &t))
		return;
	r = change->run(agent->policy, &t, &count, &e);
	if (r < 0) {
		api_fail(req, code_of(r), "%s", e.msg);
		return;
	}
	log_info(change->event, "file", t.file, "objects", log_num((long long)count));
	answer_later(agent, req, json_pack("{s:I}", change->key, (json_int_t)count));
}

void api_policies_put(struct agent *agent, struct api_request *req)
{
	static const struct text_change put = {policy_source_put, "policies applied", "applied"};

	change_by_text(agent, req, &put);
}

void api_policies_delete(struct agent *agent, struct api_request *req)
{
	static const struct text_change delete = {policy_source_delete_text, "policies deleted",
						  "deleted"};

	change_by_text(agent, req, &delete);
}

void api_policy_delete(struct agent *agent, struct api_request *req)
{
	const struct policy *policy;
	struct policy_path path;
	struct error e;
	int r = policy_path_parse(api_path(req), &path);

	if (r == 0)
		r = policy_source_find(agent->policy, api_query(req, "kind"),
				       *path.namespace_ ? path.namespace_ : NULL, path.name,
				       &policy, &e);
	else
		error_set(&e, r, "path: expected NAMESPACE/NAME or NAME");
	if (r == 0)
		r = policy_source_delete(agent->policy, policy, &e);
	if (r < 0) {
		api_fail(req, code_of(r), "%s", e.msg);
		return;
	}
	log_info("policy deleted", "namespace", path.namespace_, "name", path.name);
	answer_later(agent, req, json_pack("{s:i}", "deleted", 1));
}
