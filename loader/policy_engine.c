/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The policy engine: its life, its endpoints, and what it forgets; see policy_engine.h. */
#include "loader/l7_table.h"
#include "loader/policy_engine.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/chaos.h"
#include "loader/datapath.h"
#include "loader/db.h"
#include "loader/endpoint.h"
#include "loader/grace.h"
#include "loader/identity.h"
#include "loader/policy_dir.h"
#include "loader/policy_host.h"
#include "loader/policy_internal.h"
#include "loader/policy_map.h"
#include "loader/policy_name.h"
#include "loader/policy_source.h"
#include "loader/policy_store.h"

/* --- what is forgotten after a grace period --- */

void policy_retire(struct policy_engine *p, const struct retired *r)
{
	struct retired *copy = malloc(sizeof(*copy));

	if (!copy)
		abort();
	*copy = *r;
	copy->next = p->retired;
	p->retired = copy;
}

static void identity_end(struct policy_engine *p, uint32_t identity)
{
	if (identity_by_id(p->agent->identities, identity))
		return;
	policy_subjects_remove_peer(p, identity);
	peers_remove(p->peers, identity);
}

static void retired_end(struct policy_engine *p, struct retired *r)
{
	if (r->compiled) {
		policy_map_delete(p->agent->datapath, r->number, r->compiled);
		policy_features_release(p, r->compiled);
		p->entries -= r->compiled->entry_count;
		p->peer_entries -= r->compiled->peer_count;
		compiled_free(r->compiled);
	}
	if (r->identity)
		identity_end(p, r->identity);
	if (r->prefix)
		policy_prefix_end(p, r->prefix);
	free(r);
}

static void retired_drop(struct retired *list)
{
	while (list) {
		struct retired *r = list;

		list = r->next;
		compiled_free(r->compiled);
		free(r);
	}
}

/** struct settling - what a grace period is waited for */
struct settling {
	struct policy_engine *p;
	struct retired *retired;
	uint32_t leftover;
	uint32_t epoch;
	bool features;
	policy_settled done;
	void *arg;
};

static void leftover_end(struct policy_engine *p, uint32_t last)
{
	uint32_t removed = policy_map_prune(p->agent->datapath, last);

	if (removed)
		log_info("policies of an earlier agent removed", "entries", log_num(removed));
}

static void settled(void *arg, bool over)
{
	struct settling *s = arg;

	/* After policy_load() everything of before is a leftover. */
	if (!over || s->epoch != s->p->epoch) {
		retired_drop(s->retired);
	} else {
		while (s->retired) {
			struct retired *r = s->retired;

			s->retired = r->next;
			retired_end(s->p, r);
		}
	}
	if (over && s->leftover)
		leftover_end(s->p, s->leftover);
	if (over && s->features && s->epoch == s->p->epoch)
		policy_features_settled(s->p);
	if (over)
		policy_newcomers_retry(s->p);
	if (s->done)
		s->done(s->arg, over);
	free(s);
}

int policy_settle(struct policy_engine *p, policy_settled done, void *arg)
{
	struct settling *s = malloc(sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = (struct settling){p, p->retired, p->leftover, p->epoch, p->features_fresh, done, arg};
	if (grace_wait(p->grace, settled, s) < 0) {
		free(s);
		return -ENOMEM;
	}
	p->retired = NULL;
	p->leftover = 0;
	p->features_fresh = false;
	return 0;
}

/* --- endpoints --- */

static int subject_ready(struct policy_engine *p, struct policy_subject *s, struct error *e)
{
	const struct peer_identity *who = peers_get(p->peers, s->identity);
	struct compiled *c = NULL;
	int r = 0;

	/* Its ports may be new to an identity that is known. */
	if (!who || s->port_count) {
		r = policy_peer_put(p, s->identity, e);
		if (r == 0)
			policy_subjects_add_peer(p, s->identity, e);
	}
	if (r == 0)
		r = policy_subject_compile(p, s, &c, e);
	if (r == 0)
		r = policy_subject_install(p, s, c, e);
	if (r == 0)
		policy_subject_switch(p, s);
	return r;
}

static void subject_forget(struct policy_engine *p, struct policy_subject *s)
{
	const struct retired old = {.number = s->number, .compiled = s->compiled};

	policy_subject_forget(p, s);
	if (old.compiled)
		policy_retire(p, &old);
	s->compiled = NULL;
	for (struct map_item *item = map_next(&p->subjects, NULL); item;
	     item = map_next(&p->subjects, item)) {
		if (item->value != s)
			continue;
		map_remove(&p->subjects, item->key, item->len);
		break;
	}
	policy_subject_free(s);
}

int policy_endpoint_add(struct policy_engine *p, struct endpoint *ep, struct error *e)
{
	struct policy_subject *s = policy_subject_of(p, ep);
	int r = s->refs ? 0 : subject_ready(p, s, e);

	if (r < 0) {
		subject_forget(p, s);
		return r;
	}
	s->refs++;
	ep->subject = s;
	ep->policy = s->ref;
	return 0;
}

void policy_endpoint_remove(struct policy_engine *p, struct endpoint *ep)
{
	struct policy_subject *s = ep->subject;

	ep->subject = NULL;
	if (!s || --s->refs)
		return;
	subject_forget(p, s);
	policy_settle(p, NULL, NULL);
}

void policy_identity_freed(struct policy_engine *p, uint32_t identity)
{
	const struct retired r = {.identity = identity};

	if (identity_by_id(p->agent->identities, identity))
		return;
	policy_retire(p, &r);
	policy_settle(p, NULL, NULL);
}

/* --- life --- */

static void memory_free(struct policy_engine *p)
{
	map_fini(&p->subjects, policy_subject_free);
	p->host = NULL;
	arena_fini(&p->host_arena);
	p->host_arena = (struct arena){0};
	map_fini(&p->prefixes, free);
	map_fini(&p->prefix_ids, NULL);
	peers_free(p->peers);
	policy_features_free(p->features);
	l7_tables_free(p->l7);
	policy_names_free(p->names);
	policy_set_free(p->set);
	retired_drop(p->retired);
	p->subjects = p->prefixes = p->prefix_ids = (struct map){0};
	free(p->touched);
	p->touched = NULL;
	p->touched_count = p->touched_size = 0;
	p->counted = false;
	p->features = NULL;
	p->l7 = NULL;
	p->names = NULL;
	p->peers = NULL;
	p->set = NULL;
	p->retired = NULL;
}

static uint64_t map_limit(const struct agent *agent, enum datapath_map map)
{
	struct datapath_map_info info;

	return datapath_map_info(agent->datapath, map, &info) == 0 ? info.max_entries : 0;
}

int policy_open(struct policy_engine **out, struct agent *agent, struct error *e)
{
	struct policy_engine *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return error_set(e, ENOMEM, "no memory");
	p->agent = agent;
	p->entries_limit = map_limit(agent, MAP_POL_ENTRY);
	if (agent->opt.policy_entry_max < p->entries_limit)
		p->entries_limit = agent->opt.policy_entry_max;
	p->peers_limit = map_limit(agent, MAP_POL_PEER);
	p->next_number = policy_map_highest(agent->datapath) + 1;
	r = db_begin(agent->db, e);
	if (r == 0)
		r = policy_store_open(db_handle(agent->db), &p->store, e);
	if (r == 0)
		r = grace_open(&p->grace, agent->base, e);
	if (r == 0)
		r = policy_dir_open(&p->dir, p, agent, e);
	if (r < 0) {
		policy_close(p);
		return r;
	}
	*out = p;
	return 0;
}

void policy_close(struct policy_engine *p)
{
	if (!p)
		return;
	policy_dir_close(p->dir);
	grace_close(p->grace);
	memory_free(p);
	policy_store_close(p->store);
	free(p);
}

/* All subjects first: what an identity's ports are depends on them. */
static void subjects_load(struct policy_engine *p)
{
	struct endpoint_table *t = p->agent->endpoints;

	policy_host_load(p);

	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep)) {
		struct policy_subject *s = policy_subject_of(p, ep);

		s->refs++;
		ep->subject = s;
	}
}

static void subjects_compile(struct policy_engine *p)
{
	struct endpoint_table *t = p->agent->endpoints;
	struct policy_subject *s;

	subject_each(p, item, s)
	{
		struct compiled *c = NULL;
		struct error e;
		int r = policy_subject_compile(p, s, &c, &e);

		if (r == 0)
			r = policy_subject_install(p, s, c, &e);
		if (r == 0) {
			policy_subject_switch(p, s);
			continue;
		}
		/* Nobody is there to repair a host that is cut off. */
		if (s->host) {
			log_error("host policy is not put in force", "err", e.msg);
			continue;
		}
		log_error("policy cannot be put in force: all is denied", "identity",
			  log_num(s->identity), "err", e.msg);
		policy_subject_deny(p, s);
	}
	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep))
		ep->policy = ep->subject->ref;
}

int policy_load(struct policy_engine *p, struct error *e)
{
	int r;

	memory_free(p);
	p->epoch++;
	p->leftover = p->next_number - 1;
	p->features_fresh = true;
	p->entries = p->peer_entries = 0;
	p->entries_kept = p->peers_kept = 0;
	p->set = policy_set_new();
	p->peers = peers_new(NULL);
	p->loading = true;
	r = policy_features_start(p, e);
	if (r == 0)
		r = policy_prefixes_load(p, e);
	if (r == 0)
		r = policy_fqdns_load(p, e);
	if (r == 0)
		r = policy_sources_load(p, e);
	if (r == 0)
		r = policy_dir_load(p->dir, e);
	p->loading = false;
	if (r == 0)
		r = chaos_load(p, e);
	if (r < 0)
		return r;
	subjects_load(p);
	r = policy_peers_load(p, e);
	if (r == 0)
		r = policy_fqdns_want(p, e);
	if (r == 0)
		r = policy_prefixes_save(p, e);
	if (r == 0)
		r = policy_fqdns_save(p, e);
	if (r == 0)
		subjects_compile(p);
	return r;
}

void policy_loaded(struct policy_engine *p)
{
	struct prefix *x;

	prefix_each(p, item, x)
	{
		if (x->wanted && !x->dropped)
			policy_prefix_publish(p, x);
	}
	policy_prefixes_publish(p);
	policy_fqdns_publish(p);
	policy_prefixes_withdraw(p);
	policy_host_switch(p);
	datapath_bump(p->agent->datapath);
	policy_settle(p, NULL, NULL);
	/* Texts, trees and tables of the start lie between what stays: give their pages back. */
	malloc_trim(0);
}

void policy_numbers(const struct policy_engine *p, struct policy_numbers *out)
{
	*out = (struct policy_numbers){0};
	if (!p || !p->set)
		return;
	*out = (struct policy_numbers){
		.policies = policy_set_count(p->set),
		.prefixes = p->prefixes.count,
		.subjects = p->subjects.count - (p->host != NULL),
		.broken_files = policy_dir_broken(p->dir),
		.entries = p->entries,
		.entries_limit = p->entries_limit,
		.peers = p->peer_entries,
		.peers_limit = p->peers_limit,
		.compiled_total = p->compiled_total,
	};
	policy_newcomers_count(p, &out->peers_denied, &out->subjects_denied);
}
