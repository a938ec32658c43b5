/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Changes of the prefilter, one after another; see prefilter.h. */
#include "loader/prefilter.h"

#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/names.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/db.h"
#include "loader/file_watch.h"
#include "loader/prefilter_job.h"
#include "loader/prefilter_store.h"
#include "loader/xdp.h"

/**
 * struct task - a change that waits or is under way
 * @list:  prefixes of the API, owned
 * @drop:  they go
 * @file:  the file is to be read
 * @start: the agent has just started
 * @done:  NULL = nobody waits
 */
struct task {
	struct task *next;
	struct pf_rule *list;
	size_t count;
	bool drop;
	bool file;
	bool start;
	prefilter_done done;
	void *arg;
};

/**
 * struct prefilter
 * @tasks:  the first one is under way when @busy
 * @go:     begins the next task, from the loop
 * @saved:  groups whose names are on disk
 * @kept:   path of the copy of the file
 * @error:  owned; NULL = none
 */
struct prefilter {
	struct agent *agent;
	struct pf_store *store;
	struct pf_worker *worker;
	struct file_watch *watch;
	struct pf_groups groups;
	struct pf_rules api;
	struct pf_rules file;
	struct pf_job job;
	struct task *tasks;
	struct event *go;
	size_t saved;
	uint64_t bytes;
	char *kept;
	char *error;
	bool busy;
	bool started;
};

static void task_free(struct task *t)
{
	free(t->list);
	free(t);
}

static int task_add(struct prefilter *p, const struct task *task)
{
	struct task *t = malloc(sizeof(*t)), **link = &p->tasks;

	if (!t)
		return -ENOMEM;
	*t = *task;
	t->next = NULL;
	while (*link)
		link = &(*link)->next;
	*link = t;
	event_active(p->go, EV_TIMEOUT, 0);
	return 0;
}

static void task_end(struct prefilter *p, const struct error *e)
{
	struct task *t = p->tasks;

	p->tasks = t->next;
	p->busy = false;
	if (t->done)
		t->done(t->arg, e);
	task_free(t);
	if (p->tasks)
		event_active(p->go, EV_TIMEOUT, 0);
}

/* --- what the API names after a task --- */

static struct pf_rule *rule_find(const struct pf_rules *r, const struct pf_rule *rule)
{
	if (!r->count)
		return NULL;
	return bsearch(rule, r->items, r->count, sizeof(*rule), pf_rule_cmp);
}

static int rules_copy(const struct pf_rules *from, struct pf_rules *to)
{
	*to = (struct pf_rules){.items = calloc(from->count + 1, sizeof(*to->items)),
				.room = from->count,
				.count = from->count};
	if (!to->items)
		return -ENOMEM;
	if (from->count)
		memcpy(to->items, from->items, from->count * sizeof(*to->items));
	return 0;
}

static int rules_drop(struct pf_rules *r, const struct task *t, struct error *e)
{
	char text[CIDR_STR_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++) {
		struct pf_rule *found = rule_find(r, &t->list[i]);
		struct cidr c = pf_rule_cidr(&t->list[i]);

		if (!found)
			return error_set(e, ENOENT, "%s was not added", cidr_to_str(&c, text));
		found->group = UINT16_MAX;
	}
	for (size_t i = 0; i < r->count; i++)
		if (r->items[i].group != UINT16_MAX)
			r->items[kept++] = r->items[i];
	r->count = kept;
	return 0;
}

/* Sorted again: what is new is searched for among the old ones only. */
static int rules_put(struct pf_rules *r, const struct task *t, struct error *e)
{
	struct pf_rules fresh = {0};
	int rc = 0;

	for (size_t i = 0; i < t->count && rc == 0; i++) {
		struct pf_rule *found = rule_find(r, &t->list[i]);

		if (found)
			*found = t->list[i];
		else
			rc = pf_rules_add(&fresh, &t->list[i]);
	}
	for (size_t i = 0; i < fresh.count && rc == 0; i++)
		rc = pf_rules_add(r, &fresh.items[i]);
	free(fresh.items);
	return rc < 0 ? error_set(e, rc, "no memory") : pf_rules_sort(r, e);
}

/* --- jobs --- */

static int job_begin(struct prefilter *p, const struct task *t, struct error *e)
{
	struct pf_job *job = &p->job;
	int r;

	*job = (struct pf_job){
		.maps = {datapath_map_fd(p->agent->datapath, MAP_PREFILTER),
			 datapath_map_fd(p->agent->datapath, MAP_PF_HEAD)},
		.groups = &p->groups,
		.path = t->file ? p->agent->opt.prefilter_file : NULL,
		.kept = p->kept,
		.start = t->start,
	};
	r = rules_copy(&p->api, &job->api);
	if (r == 0 && t->count)
		r = t->drop ? rules_drop(&job->api, t, e) : rules_put(&job->api, t, e);
	/* Without a file there is nothing of one. */
	if (r == 0 && p->agent->opt.prefilter_file)
		r = rules_copy(&p->file, &job->file);
	if (r == 0)
		r = pf_worker_run(p->worker, job);
	if (r < 0) {
		free(job->api.items);
		free(job->file.items);
		if (!e->code)
			error_set(e, r, "the prefilter cannot be changed: %s", strerror(-r));
	}
	return r;
}

static int groups_save(struct prefilter *p, struct error *e)
{
	size_t count = pf_groups_count(&p->groups);
	int r = 0;

	for (; r == 0 && p->saved < count; p->saved++)
		r = pf_store_put_group(p->store, p->saved, p->groups.names[p->saved], e);
	return r;
}

static int task_save(struct prefilter *p, const struct task *t, struct error *e)
{
	int r = db_begin(p->agent->db, e);

	if (r == 0)
		r = groups_save(p, e);
	for (size_t i = 0; i < t->count && r == 0; i++)
		r = t->drop ? pf_store_delete(p->store, &t->list[i], e)
			    : pf_store_put(p->store, &t->list[i], e);
	/* In force and not on the disk: the failing commit loads what is on the disk. */
	if (r < 0)
		db_spoil(p->agent->db, e);
	return r;
}

static void error_keep(struct prefilter *p, const struct error *e)
{
	free(p->error);
	p->error = e && e->code ? strdup(e->msg) : NULL;
	if (p->error)
		log_error("the prefilter is not what it should be; what was in force stays", "err",
			  p->error);
}

static void job_take(struct prefilter *p, struct pf_job *job)
{
	free(p->api.items);
	free(p->file.items);
	p->api = job->api;
	p->file = job->file;
	p->bytes = job->bytes;
	log_info("prefilter is in force", "prefixes",
		 log_num((long long)(p->api.count + p->file.count)), "bytes",
		 log_num((long long)p->bytes));
}

static void job_done(void *arg, struct pf_job *job)
{
	struct prefilter *p = arg;
	struct task *t = p->tasks;
	struct error e = {0};

	if (job->result < 0) {
		e = job->e;
		free(job->api.items);
		free(job->file.items);
	} else {
		job_take(p, job);
		task_save(p, t, &e);
	}
	if (t->file)
		error_keep(p, job->result < 0 ? &job->e : &job->file_e);
	malloc_trim(0);
	xdp_apply(p->agent->xdp);
	task_end(p, e.code ? &e : NULL);
}

static void go_fired(evutil_socket_t fd, short what, void *arg)
{
	struct prefilter *p = arg;
	struct error e = {0};

	(void)fd;
	(void)what;
	if (p->busy || !p->tasks)
		return;
	p->busy = true;
	if (job_begin(p, p->tasks, &e) < 0)
		task_end(p, &e);
}

/* --- life --- */

static void file_changed(void *arg)
{
	struct prefilter *p = arg;
	const struct task t = {.file = true, .start = !p->started};

	p->started = true;
	if (task_add(p, &t) < 0)
		log_error("no memory to read the prefilter's file");
}

static int parts_open(struct prefilter *p, struct error *e)
{
	const struct options *opt = &p->agent->opt;
	int r = pf_store_open(db_handle(p->agent->db), &p->store, e);

	p->go = event_new(p->agent->base, -1, 0, go_fired, p);
	if (!p->go || asprintf(&p->kept, "%s/" AXO_PREFILTER_KEPT, opt->state_dir) < 0)
		return error_set(e, ENOMEM, "no memory");
	if (r == 0)
		r = pf_worker_open(&p->worker, p->agent->base, job_done, p, e);
	if (r == 0 && opt->prefilter_file)
		r = file_watch_open(&p->watch, p->agent->base, opt->prefilter_file, file_changed, p,
				    e);
	return r;
}

int prefilter_open(struct prefilter **out, struct agent *agent, struct error *e)
{
	struct prefilter *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return error_set(e, ENOMEM, "no memory");
	p->agent = agent;
	pf_groups_init(&p->groups);
	r = parts_open(p, e);
	if (r < 0) {
		prefilter_close(p);
		return r;
	}
	*out = p;
	return 0;
}

void prefilter_close(struct prefilter *p)
{
	if (!p)
		return;
	file_watch_close(p->watch);
	pf_worker_close(p->worker);
	if (p->busy) {
		free(p->job.api.items);
		free(p->job.file.items);
	}
	while (p->tasks) {
		struct task *t = p->tasks;

		p->tasks = t->next;
		task_free(t);
	}
	if (p->go)
		event_free(p->go);
	pf_store_close(p->store);
	pf_groups_fini(&p->groups);
	free(p->api.items);
	free(p->file.items);
	free(p->kept);
	free(p->error);
	free(p);
}

int prefilter_load(struct prefilter *p, struct error *e)
{
	const struct task again = {.start = true};
	struct pf_rules rules = {0};
	int r = pf_store_load(p->store, &rules, &p->groups, e);

	if (r == 0)
		r = pf_rules_sort(&rules, e);
	if (r < 0) {
		free(rules.items);
		return r;
	}
	free(p->api.items);
	p->api = rules;
	/* After a rollback, groups that were not committed are written again with the next change. */
	p->saved = 0;
	/* With a file its first reading is the first task. */
	if (p->agent->opt.prefilter_file && !p->started)
		return 0;
	return task_add(p, &again) < 0 ? error_set(e, ENOMEM, "no memory") : 0;
}

int prefilter_change(struct prefilter *p, const struct pf_rule *list, size_t count, bool drop,
		     prefilter_done done, void *arg)
{
	struct task t = {.count = count, .drop = drop, .done = done, .arg = arg};
	int r;

	t.list = calloc(count + 1, sizeof(*t.list));
	if (!t.list)
		return -ENOMEM;
	if (count)
		memcpy(t.list, list, count * sizeof(*t.list));
	r = task_add(p, &t);
	if (r < 0)
		free(t.list);
	return r;
}

int prefilter_group(struct prefilter *p, const char *name, struct error *e)
{
	return pf_groups_number(&p->groups, name, e);
}

bool prefilter_is_used(const struct prefilter *p)
{
	return p && p->api.count + p->file.count > 0;
}

void prefilter_look(struct prefilter *p, struct prefilter_view *out)
{
	*out = (struct prefilter_view){0};
	if (!p)
		return;
	*out = (struct prefilter_view){
		.api = &p->api,
		.file = &p->file,
		.groups = p->groups.names,
		.group_count = pf_groups_count(&p->groups),
		.bytes = p->bytes,
		.loading = p->tasks != NULL,
		.error = p->error,
	};
}

int prefilter_counts(const struct agent *agent, struct axo_pf_count *out, size_t groups)
{
	return pf_map_counts(datapath_map_fd(agent->datapath, MAP_PF_COUNT), out, groups);
}
