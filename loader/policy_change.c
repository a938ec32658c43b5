/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Changing the policies in force; see policy_engine.h for the order. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/chaos.h"
#include "loader/datapath.h"
#include "loader/db.h"
#include "loader/endpoint.h"
#include "loader/endpoint_map.h"
#include "loader/policy_host.h"
#include "loader/policy_internal.h"
#include "loader/policy_name.h"
#include "policy/touch.h"

/**
 * struct change - one that is being made
 * @policies: what went and what came; @count of them, the first @gone went
 * @renamed:  labels of namespaces are others, so those of peers are
 */
struct change {
	struct policy_engine *p;
	const struct policy **policies;
	size_t count;
	size_t gone;
	bool renamed;
};

/* Objects may move from one source to another: all of them go before the first one comes. */
static int set_change(struct policy_engine *p, struct policy_source *sources, size_t count,
		      size_t *bad, struct error *e)
{
	int r = 0;

	for (size_t i = 0; i < count; i++)
		policy_set_apply(p->set, sources[i].source, NULL, e);
	for (size_t i = 0; i < count; i++) {
		if (r == 0) {
			r = policy_set_apply(p->set, sources[i].source, sources[i].list, e);
			if (r < 0 && bad)
				*bad = i;
		}
		if (r < 0)
			policies_free(sources[i].list);
		sources[i].list = NULL;
	}
	return r;
}

/* What could not be compiled before is tried again. */
static bool is_touched(const struct change *c, const struct policy_subject *s)
{
	struct subject whom;
	struct error e;
	int r = policy_subject_whom(c->p, s, &whom, &e);

	for (size_t i = 0; i < c->count && r == 0; i++)
		if (policy_touches(c->policies[i], s->compiled, &whom))
			return true;
	return s->number && !s->compiled;
}

/* Only then the names of all policies are gathered: there may be thousands. */
static bool names_change(const struct change *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (policy_has_fqdns(c->policies[i]))
			return true;
	return false;
}

/* Peers and what they are called, as the set now says. */
static int peers_change(struct change *c, struct error *e)
{
	const struct policy_changes changes = {c->policies, c->count, c->gone};
	int r = 0;

	for (size_t i = 0; i < c->count && r == 0; i++) {
		const struct policy *policy = c->policies[i];

		if (policy->kind != POLICY_NAMESPACE)
			continue;
		c->renamed = true;
		r = policy_peers_namespace(c->p, policy->name, e);
	}
	if (r == 0 && names_change(c))
		r = policy_fqdns_want(c->p, e);
	return r < 0 ? r : policy_prefixes_want(c->p, &changes, e);
}

/* Nothing is written: how much it would be is added up instead. */
static int subjects_try(struct change *c, const struct policy_trial *trial, uint64_t *entries,
			struct error *e)
{
	struct policy_room room = {0};
	struct policy_subject *s;

	subject_each(c->p, item, s)
	{
		struct compiled *compiled = NULL;
		int r;

		if (!is_touched(c, s))
			continue;
		r = policy_subject_compile(c->p, s, &compiled, e);
		if (r == 0)
			r = policy_room_check(c->p, s->compiled, compiled, &room, e);
		if (r == 0)
			trial->subject(trial->arg, s, compiled);
		compiled_free(compiled);
		if (r < 0)
			return r;
	}
	*entries = c->p->entries_kept + room.entries_more;
	return 0;
}

static int subjects_compile(struct change *c, struct error *e)
{
	struct policy_subject *s;

	subject_each(c->p, item, s)
	{
		struct compiled *compiled = NULL;
		int r;

		if (!is_touched(c, s))
			continue;
		r = policy_subject_compile(c->p, s, &compiled, e);
		if (r == 0)
			r = policy_subject_install(c->p, s, compiled, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Also those that are about to be replaced: the ipcache names the prefix before that. */
static int prefixes_enter(struct change *c, struct error *e)
{
	for (size_t i = 0; i < c->p->touched_count; i++) {
		const struct prefix *x = c->p->touched[i];
		int r = x->fresh ? policy_subjects_add_peer(c->p, x->id, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int change_prepare(struct change *c, struct error *e)
{
	const struct chaos_changes changes = {c->policies, c->count, c->gone};
	int r = peers_change(c, e);

	if (r == 0)
		r = chaos_change(c->p, &changes, e);
	if (r == 0)
		r = subjects_compile(c, e);
	return r < 0 ? r : prefixes_enter(c, e);
}

static void change_undo(struct change *c)
{
	struct policy_subject *s;
	struct error e;

	subject_each(c->p, item, s)
	{
		if (s->touched)
			policy_subject_discard(c->p, s);
	}
	chaos_change_undo(c->p);
	policy_prefixes_undo(c->p, &(struct policy_changes){c->policies, c->count, c->gone});
	policy_set_rollback(c->p->set);
	policy_fqdns_undo(c->p);
	/* The names of the namespaces outlive the rollback: the set that comes back has them. */
	if (c->renamed)
		policy_peers_all(c->p, &e);
	policy_settle(c->p, NULL, NULL);
}

void policy_endpoints_switch(struct policy_engine *p)
{
	struct endpoint_table *t = p->agent->endpoints;

	policy_host_switch(p);
	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep)) {
		struct policy_subject *s = ep->subject;
		struct error e;

		if (!s || !memcmp(&ep->policy, &s->ref, sizeof(s->ref)))
			continue;
		ep->policy = s->ref;
		if (ep->state == ENDPOINT_READY && endpoint_map_update(p->agent->datapath, ep, &e))
			log_error("cannot switch the policy of an endpoint", "id", log_num(ep->id),
				  "err", e.msg);
	}
}

static void change_finish(struct change *c)
{
	struct policy_subject *s;

	chaos_change_finish(c->p);
	policy_prefixes_publish(c->p);
	policy_fqdns_publish(c->p);
	subject_each(c->p, item, s)
	{
		if (s->touched)
			policy_subject_switch(c->p, s);
	}
	policy_endpoints_switch(c->p);
	policy_prefixes_withdraw(c->p);
	policy_set_commit(c->p->set);
	datapath_bump(c->p->agent->datapath);
}

int policy_change(struct policy_engine *p, struct policy_source *sources, size_t count, size_t *bad,
		  struct error *e)
{
	struct change c = {.p = p};
	int r;

	policy_set_begin(p->set);
	r = set_change(p, sources, count, bad, e);
	if (r < 0) {
		policy_set_rollback(p->set);
		return r;
	}
	if (p->loading) {
		policy_set_commit(p->set);
		return 0;
	}
	c.count = policy_set_changed(p->set, &c.policies, &c.gone);
	r = change_prepare(&c, e);
	if (r == 0) {
		r = policy_prefixes_save(p, e);
		if (r == 0)
			r = policy_fqdns_save(p, e);
		if (r < 0)
			db_spoil(p->agent->db, e);
	}
	if (r < 0)
		change_undo(&c);
	else
		change_finish(&c);
	free(c.policies);
	return r;
}

int policy_try(struct policy_engine *p, struct policy_source *sources, size_t count,
	       const struct policy_trial *trial, struct error *e)
{
	struct change c = {.p = p};
	uint64_t entries = 0;
	int r;

	policy_set_begin(p->set);
	r = set_change(p, sources, count, NULL, e);
	if (r < 0) {
		policy_set_rollback(p->set);
		return r;
	}
	c.count = policy_set_changed(p->set, &c.policies, &c.gone);
	r = peers_change(&c, e);
	if (r == 0)
		r = chaos_change_try(p, &(struct chaos_changes){c.policies, c.count, c.gone}, e);
	if (r == 0)
		r = subjects_try(&c, trial, &entries, e);
	if (r == 0 && trial->fits)
		trial->fits(trial->arg, entries);
	change_undo(&c);
	free(c.policies);
	return r;
}
