/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Policies of the API; see policy_source.h. */
#include "loader/policy_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/db.h"
#include "loader/policy_dir.h"
#include "loader/policy_dry_run.h"
#include "loader/policy_internal.h"
#include "loader/policy_store.h"
#include "loader/policy_warning.h"
#include "policy/parse.h"

#define SOURCE_API "the API: "
#define SOURCE_MAX 640

static void warnings_log(const struct report *report)
{
	for (uint32_t i = 0; i < report->count; i++) {
		const struct finding *f = &report->items[i];

		if (f->severity == SEVERITY_WARNING)
			log_warn("policy", "file", report->file, "line", log_num(f->pos.line),
				 "warning", f->text);
	}
}

static int text_parse(const struct policy_text *t, struct report *report, struct policy **list,
		      struct error *e)
{
	struct policy *head = NULL;
	int r = policy_parse(t->file, t->text, t->len, report, &head);

	if (r < 0) {
		report_error(report, e);
		return r;
	}
	*list = head;
	return 0;
}

int policy_text_parse(const struct policy_text *t, struct policy **list, struct error *e)
{
	struct report report;
	int r;

	report_init(&report, t->file);
	r = text_parse(t, &report, list, e);
	if (r == 0)
		warnings_log(&report);
	report_fini(&report);
	return r;
}

void policy_outcome_init(struct policy_outcome *o, const char *file, bool dry_run)
{
	*o = (struct policy_outcome){.dry_run = dry_run};
	report_init(&o->report, file);
}

void policy_outcome_fini(struct policy_outcome *o)
{
	report_fini(&o->report);
	json_decref(o->would);
}

/* struct plan - objects of one text, each with the name of its source */
struct plan {
	struct policy_source *sources;
	struct policy_name *names;
	size_t count;
};

static void plan_fini(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free((char *)plan->sources[i].source);
		free((char *)plan->names[i].namespace_);
		free((char *)plan->names[i].name);
		policies_free(plan->sources[i].list);
	}
	free(plan->sources);
	free(plan->names);
}

static char *text_copy(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

static char *source_of(const struct policy *p)
{
	char source[SOURCE_MAX];

	snprintf(source, sizeof(source), SOURCE_API "%s %s%s%s",
		 policy_kind_to_str((enum policy_kind)p->kind), p->namespace_ ? p->namespace_ : "",
		 p->namespace_ ? "/" : "", p->name);
	return text_copy(source);
}

bool policy_source_is_api(const char *source)
{
	return !strncmp(source, SOURCE_API, strlen(SOURCE_API));
}

/* Takes @list apart. */
static void plan_make(struct plan *plan, struct policy *list)
{
	*plan = (struct plan){0};
	for (struct policy *p = list; p; p = p->next)
		plan->count++;
	plan->sources = calloc(plan->count + 1, sizeof(*plan->sources));
	plan->names = calloc(plan->count + 1, sizeof(*plan->names));
	if (!plan->sources || !plan->names)
		abort();
	for (size_t i = 0; i < plan->count; i++) {
		struct policy *p = list;

		list = p->next;
		p->next = NULL;
		plan->sources[i] = (struct policy_source){.source = source_of(p), .list = p};
		plan->names[i] = (struct policy_name){
			.kind = p->kind,
			.namespace_ = text_copy(p->namespace_ ? p->namespace_ : ""),
			.name = text_copy(p->name),
		};
	}
}

/* Into @document, or (0) it goes; the document that it leaves goes with its last object. */
static int object_save(struct policy_store *s, const struct policy_name *name, int64_t document,
		       struct error *e)
{
	int64_t before = policy_store_document(s, name);
	int r = document ? policy_store_put_object(s, name, document, e)
			 : policy_store_delete_object(s, name, e);

	return r < 0 || !before ? r : policy_store_tidy(s, before, e);
}

static int plan_save(struct policy_engine *p, const struct plan *plan, const struct policy_text *t,
		     struct error *e)
{
	int64_t id = 0;
	int r = t ? policy_store_put_document(p->store, t, &id, e) : 0;

	for (size_t i = 0; i < plan->count && r == 0; i++)
		r = object_save(p->store, &plan->names[i], t ? id : 0, e);
	/* A text without objects leaves nothing behind. */
	if (r == 0)
		r = policy_store_tidy(p->store, id, e);
	/* In force and not on the disk: the failing commit loads what is on the disk. */
	if (r < 0)
		db_spoil(p->agent->db, e);
	return r;
}

/* @t NULL: they go. */
static int plan_apply(struct policy_engine *p, struct plan *plan, const struct policy_text *t,
		      struct error *e)
{
	int r = db_begin(p->agent->db, e);

	if (r == 0)
		r = policy_change(p, plan->sources, plan->count, NULL, e);
	if (r < 0)
		return r;
	policy_dir_again(p->dir);
	return plan_save(p, plan, t, e);
}

/** struct vain - what is said in vain, by objects that are there or would be */
struct vain {
	const struct policy_engine *p;
	const struct plan *plan;
	struct report *report;
};

static void vain_warn(const struct vain *v)
{
	for (size_t i = 0; i < v->plan->count; i++) {
		const struct policy_name *n = &v->plan->names[i];
		const struct policy *policy = policy_set_find(v->p->set, (enum policy_kind)n->kind,
							      *n->namespace_ ? n->namespace_ : NULL,
							      n->name);

		if (policy)
			policy_warn(v->p, policy, v->report);
	}
}

/* Of a dry run: also how many entries there would be. */
static void vain_would(void *arg, uint64_t entries)
{
	const struct vain *v = arg;

	vain_warn(v);
	policy_warn_budget(v->p, entries, v->report);
}

static int plan_run(struct policy_engine *p, struct plan *plan, const struct policy_text *t,
		    struct policy_outcome *o, struct error *e)
{
	struct vain vain = {p, plan, &o->report};
	const struct dry_run_ask ask = {plan->sources, plan->count, vain_would, &vain};
	int r;

	o->count = plan->count;
	if (o->dry_run)
		return policy_dry_run(p, &ask, &o->would, e);
	r = plan_apply(p, plan, t, e);
	if (r == 0)
		vain_warn(&vain);
	if (r == 0)
		policy_warn_budget(p, p->entries_kept, &o->report);
	return r;
}

int policy_source_put(struct policy_engine *p, const struct policy_text *t,
		      struct policy_outcome *o, struct error *e)
{
	struct policy *list = NULL;
	struct plan plan;
	int r = text_parse(t, &o->report, &list, e);

	if (r < 0)
		return r;
	plan_make(&plan, list);
	r = plan_run(p, &plan, t, o, e);
	plan_fini(&plan);
	if (r == 0 && !o->dry_run)
		warnings_log(&o->report);
	return r;
}

static int deletable(const struct policy_engine *p, const struct plan *plan, size_t i,
		     struct error *e)
{
	const struct policy_name *n = &plan->names[i];
	const struct policy *found = policy_set_find(
		p->set, (enum policy_kind)n->kind, *n->namespace_ ? n->namespace_ : NULL, n->name);
	const char *source = found ? policy_set_source(p->set, found) : NULL;
	const char *kind = policy_kind_to_str((enum policy_kind)n->kind);

	if (!source)
		return error_set(e, ENOENT, "there is no %s %s%s%s", kind, n->namespace_,
				 *n->namespace_ ? "/" : "", n->name);
	if (!policy_source_is_api(source))
		return error_set(e, EPERM, "%s %s%s%s is of the file %s: remove it there", kind,
				 n->namespace_, *n->namespace_ ? "/" : "", n->name, source);
	return 0;
}

static int plan_delete(struct policy_engine *p, struct plan *plan, struct policy_outcome *o,
		       struct error *e)
{
	for (size_t i = 0; i < plan->count; i++) {
		int r = deletable(p, plan, i, e);

		if (r < 0)
			return r;
		policies_free(plan->sources[i].list);
		plan->sources[i].list = NULL;
	}
	return plan_run(p, plan, NULL, o, e);
}

int policy_source_delete_text(struct policy_engine *p, const struct policy_text *t,
			      struct policy_outcome *o, struct error *e)
{
	struct policy *list = NULL;
	struct plan plan;
	struct report unused;
	int r;

	report_init(&unused, t->file);
	r = text_parse(t, &unused, &list, e);
	report_fini(&unused);
	if (r < 0)
		return r;
	plan_make(&plan, list);
	r = plan_delete(p, &plan, o, e);
	plan_fini(&plan);
	return r;
}

int policy_source_delete(struct policy_engine *p, const struct policy *policy,
			 struct policy_outcome *o, struct error *e)
{
	struct policy_name name = {
		.kind = policy->kind,
		.namespace_ = text_copy(policy->namespace_ ? policy->namespace_ : ""),
		.name = text_copy(policy->name),
	};
	struct policy_source source = {.source = source_of(policy)};
	struct plan plan = {.sources = &source, .names = &name, .count = 1};
	int r = plan_delete(p, &plan, o, e);

	free((char *)source.source);
	free((char *)name.namespace_);
	free((char *)name.name);
	return r;
}

/* Only objects that no later document brought. */
static int document_load(const struct policy_text *t, void *arg)
{
	struct policy_engine *p = arg;
	struct policy *list = NULL;
	struct plan plan;
	struct error e;

	if (policy_text_parse(t, &list, &e) < 0) {
		log_error("stored policy is not valid any more", "err", e.msg);
		return 0;
	}
	plan_make(&plan, list);
	for (size_t i = 0; i < plan.count; i++) {
		if (policy_store_document(p->store, &plan.names[i]) != t->id)
			continue;
		if (policy_set_apply(p->set, plan.sources[i].source, plan.sources[i].list, &e) < 0)
			log_error("stored policy cannot be put in force", "err", e.msg);
		else
			plan.sources[i].list = NULL;
	}
	plan_fini(&plan);
	return 0;
}

int policy_sources_load(struct policy_engine *p, struct error *e)
{
	return policy_store_each_document(p->store, document_load, p, e);
}

int policy_source_find(const struct policy_engine *p, const char *kind, const char *namespace_,
		       const char *name, const struct policy **out, struct error *e)
{
	const struct policy *found = NULL;
	const char *slash = namespace_ ? "/" : "", *ns = namespace_ ? namespace_ : "";

	for (int k = POLICY_CNP; k <= POLICY_CIDR_GROUP; k++) {
		const struct policy *one =
			policy_set_find(p->set, (enum policy_kind)k, namespace_, name);

		if (!one || (kind && strcmp(kind, policy_kind_to_str((enum policy_kind)k)) != 0))
			continue;
		if (found)
			return error_set(e, EEXIST, "%s%s%s is a %s and a %s: name the kind", ns,
					 slash, name,
					 policy_kind_to_str((enum policy_kind)found->kind),
					 policy_kind_to_str((enum policy_kind)k));
		found = one;
	}
	if (!found)
		return error_set(e, ENOENT, "there is no policy %s%s%s%s%.64s", ns, slash, name,
				 kind ? " of kind " : "", kind ? kind : "");
	*out = found;
	return 0;
}

static bool is_separator(const char *line)
{
	return !strncmp(line, "---", 3) && strchr(" \t\r\n", line[3]);
}

/* The YAML document in @text that line @line is in. */
static char *document_at(const char *text, uint32_t line)
{
	const char *begin = text, *at = text;

	for (uint32_t n = 1; *at; n++) {
		const char *next = at + strcspn(at, "\n");

		next += *next == '\n';
		if (is_separator(at)) {
			if (n > line)
				break;
			begin = next;
		}
		at = next;
	}
	return strndup(begin, (size_t)(at - begin));
}

char *policy_source_text(struct policy_engine *p, const struct policy *policy)
{
	const char *source = policy_set_source(p->set, policy);
	const struct policy_name name = {policy->kind, policy->namespace_, policy->name};
	_cleanup_free_ char *text = NULL;

	if (!source)
		return NULL;
	text = policy_source_is_api(source)
		       ? policy_store_text(p->store, policy_store_document(p->store, &name), NULL)
		       : policy_store_text(p->store, 0, source);
	return text ? document_at(text, policy->pos.line) : NULL;
}
