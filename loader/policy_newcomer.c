/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Newcomers: identities that come after policies were compiled.
 *
 *   1. One that fits becomes a peer.
 *   2. For one that does not (entries of the policy, of all policies, memory of the kernel) the
 *      policy stays as it is, and all is denied to the newcomer.
 *   3. If not even that can be written, all is denied to everybody by that policy.
 *   4. When room may have appeared, that is when what was replaced is gone, 2 and 3 are tried
 *      again; so are they with every change that touches the policy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/policy_feature.h"
#include "loader/policy_internal.h"
#include "loader/policy_map.h"

/* Numbers of the engine follow what @c has now. */
static void count_again(struct policy_engine *p, const struct compiled *c, size_t entries,
			size_t peers)
{
	p->entries = p->entries - entries + c->entry_count;
	p->entries_kept = p->entries_kept - entries + c->entry_count;
	p->peer_entries = p->peer_entries - peers + c->peer_count;
	p->peers_kept = p->peers_kept - peers + c->peer_count;
}

static int room_check(const struct policy_engine *p, const struct compiled_delta *d, size_t had,
		      struct error *e)
{
	/* As for every policy: half of the maps is for second copies. */
	unsigned long long limit = p->entries_limit / 2, peers_limit = p->peers_limit / 2;

	if (p->entries_kept + d->entry_count > limit)
		return error_set(e, ENOSPC, "a new peer needs %zu entries, %llu of %llu are free",
				 d->entry_count,
				 limit > p->entries_kept ? limit - p->entries_kept : 0, limit);
	if (p->peers_kept - had + d->has_peer > peers_limit)
		return error_set(e, ENOSPC, "all %llu peers are in use", peers_limit);
	return 0;
}

/* Rule 1; @had: it was a peer before. */
static int peer_add(struct policy_engine *p, struct policy_subject *s,
		    const struct peer_identity *who, bool had, struct error *e)
{
	struct datapath *dp = p->agent->datapath;
	struct compiled *c = s->compiled;
	struct compiled_delta delta;
	struct error why;
	int r = compiled_add_peer(c, who, &delta, e);
	int features = policy_features_take(p, c, delta.first_set, &why);

	if (r == 0 && features < 0)
		r = error_set(e, why.code, "%s", why.msg);
	if (r == 0)
		r = room_check(p, &delta, had, e);
	if (r == 0) {
		r = policy_map_write_delta(dp, s->number, c, &delta, e);
		if (r < 0)
			policy_map_delete_delta(dp, s->number, c, &delta);
	}
	if (r == 0 && had && !delta.has_peer)
		policy_map_delete_peer(dp, s->number, who->id);
	return r;
}

/* Rule 3. */
static void subject_deny(struct policy_engine *p, struct policy_subject *s, const struct error *e)
{
	log_error("a peer cannot even be denied: all is denied", "identity", log_num(s->identity),
		  "err", e->msg);
	policy_subject_deny(p, s);
	policy_endpoints_switch(p);
	datapath_bump(p->agent->datapath);
}

/* Rule 2. */
static int peer_deny(struct policy_engine *p, struct policy_subject *s, uint32_t identity,
		     struct error *e)
{
	struct compiled_delta delta;
	int r = compiled_deny_peer(s->compiled, identity, &delta, e);

	if (r == 0)
		r = policy_map_write_delta(p->agent->datapath, s->number, s->compiled, &delta, e);
	if (r == 0)
		*map_slot(&s->unfit, &identity, sizeof(identity)) = s;
	return r;
}

static int newcomer(struct policy_engine *p, struct policy_subject *s,
		    const struct peer_identity *who, struct error *e)
{
	const struct compiled *c = s->compiled;
	size_t entries = c->entry_count, peers = c->peer_count;
	bool had = compiled_remove_peer(s->compiled, who->id);
	bool known = map_get(&s->unfit, &who->id, sizeof(who->id));
	struct error why;
	int denied = 0, r = peer_add(p, s, who, had, e);

	if (r == 0)
		map_remove(&s->unfit, &who->id, sizeof(who->id));
	else
		denied = peer_deny(p, s, who->id, &why);
	count_again(p, c, entries, peers);
	if (r < 0 && !known)
		log_error("a peer does not fit into a policy: all is denied to it", "policyOf",
			  log_num(s->identity), "peer", log_num(who->id), "err", e->msg);
	if (denied < 0)
		subject_deny(p, s, &why);
	return r;
}

int policy_subjects_add_peer(struct policy_engine *p, uint32_t identity, struct error *e)
{
	const struct peer_identity *who = peers_get(p->peers, identity);
	struct policy_subject *s;
	int worst = 0;

	subject_each(p, item, s)
	{
		struct error why;
		int r = who && s->compiled ? newcomer(p, s, who, &why) : 0;

		if (r < 0 && worst == 0)
			worst = error_set(e, why.code, "%s", why.msg);
	}
	return worst;
}

void policy_subjects_remove_peer(struct policy_engine *p, uint32_t identity)
{
	struct policy_subject *s;

	subject_each(p, item, s)
	{
		map_remove(&s->unfit, &identity, sizeof(identity));
		if (!s->compiled || !compiled_remove_peer(s->compiled, identity))
			continue;
		policy_map_delete_peer(p->agent->datapath, s->number, identity);
		p->peer_entries--;
		p->peers_kept--;
	}
}

/* --- rule 4 --- */

static bool unfit_retry(struct policy_engine *p, struct policy_subject *s)
{
	_cleanup_free_ uint32_t *list = calloc(s->unfit.count + 1, sizeof(*list));
	size_t n = 0, before = s->unfit.count;
	struct error e;

	if (!list)
		abort();
	for (struct map_item *i = map_next(&s->unfit, NULL); i; i = map_next(&s->unfit, i))
		memcpy(&list[n++], i->key, sizeof(*list));
	for (size_t i = 0; i < n && s->compiled; i++) {
		const struct peer_identity *who = peers_get(p->peers, list[i]);

		if (who)
			newcomer(p, s, who, &e);
	}
	return s->compiled && s->unfit.count < before;
}

static bool denied_retry(struct policy_engine *p, struct policy_subject *s)
{
	struct compiled *c = NULL;
	struct error e;
	int r = policy_subject_compile(p, s, &c, &e);

	if (r == 0)
		r = policy_subject_install(p, s, c, &e);
	if (r < 0)
		return false;
	policy_subject_switch(p, s);
	return true;
}

void policy_newcomers_retry(struct policy_engine *p)
{
	struct policy_subject *s;
	bool better = false;

	subject_each(p, item, s)
	{
		if (s->unfit.count)
			better |= unfit_retry(p, s);
		else if (s->number && !s->compiled)
			better |= denied_retry(p, s);
	}
	if (!better)
		return;
	log_info("room for policies appeared: what did not fit before does now");
	policy_endpoints_switch(p);
	datapath_bump(p->agent->datapath);
	policy_settle(p, NULL, NULL);
}

void policy_newcomers_count(const struct policy_engine *p, uint64_t *peers, uint64_t *subjects)
{
	struct policy_subject *s;

	*peers = *subjects = 0;
	subject_each(p, item, s)
	{
		*peers += s->unfit.count;
		*subjects += s->number && !s->compiled;
	}
}
