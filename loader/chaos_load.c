/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Experiments when the agent starts: those of the disk whose policy says the same go on, or stay
 * over; the others are new, or gone.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/chaos_internal.h"
#include "loader/db.h"
#include "loader/policy_internal.h"

static int row_keep(const struct chaos_row *row, void *arg)
{
	struct chaos *c = arg;
	struct experiment *x;

	c->stored = reallocarray(c->stored, c->stored_count + 1, sizeof(*c->stored));
	if (!c->stored)
		abort();
	x = &c->stored[c->stored_count++];
	*x = (struct experiment){.row = *row};
	x->row.namespace_ = strdup(row->namespace_);
	x->row.name = strdup(row->name);
	x->row.boot_id = strdup(row->boot_id);
	if (!x->row.namespace_ || !x->row.name || !x->row.boot_id)
		abort();
	return 0;
}

static void stored_free(struct chaos *c)
{
	for (size_t i = 0; i < c->stored_count; i++) {
		free((char *)c->stored[i].row.namespace_);
		free((char *)c->stored[i].row.name);
		free((char *)c->stored[i].row.boot_id);
	}
	free(c->stored);
	c->stored = NULL;
	c->stored_count = 0;
}

static struct experiment *stored_find(struct chaos *c, const struct feature_rule *r)
{
	const struct policy *p = r->policy;

	for (size_t i = 0; i < c->stored_count; i++) {
		struct experiment *x = &c->stored[i];

		if (x->row.kind == p->kind && x->row.part == r->part && x->row.hash == p->hash &&
		    !strcmp(x->row.name, p->name) && x->row.number < AXO_MAX_CHAOS &&
		    !c->by_number[x->row.number] &&
		    !strcmp(x->row.namespace_, p->namespace_ ? p->namespace_ : ""))
			return x;
	}
	return NULL;
}

/** struct loading - for chaos_rules_each() */
struct loading {
	struct chaos *c;
	struct error *e;
};

static int rule_load(const struct feature_rule *r, void *arg)
{
	struct loading *loading = arg;
	struct chaos *c = loading->c;
	struct experiment *stored = stored_find(c, r), *x = NULL;
	int err = experiment_new(c, r, stored ? &stored->row : NULL, &x, loading->e);

	return err < 0 ? err : chaos_store_put(db_handle(c->agent->db), &x->row, loading->e);
}

static int policies_load(struct policy_engine *p, struct chaos *c, struct error *e)
{
	_cleanup_free_ const struct policy **all = NULL;
	size_t count = policy_set_all(p->set, &all);
	struct loading loading = {.c = c, .e = e};
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = chaos_rules_each(all[i], policy_set_first_ref(p->set, all[i]), rule_load,
				     &loading);
	/* Of those that changed while no agent ran, the new row is there already. */
	for (size_t i = 0; i < c->stored_count && r == 0; i++) {
		const struct chaos_row *row = &c->stored[i].row;
		const struct policy *policy =
			policy_set_find(p->set, (enum policy_kind)row->kind,
					*row->namespace_ ? row->namespace_ : NULL, row->name);

		if (!policy || !experiment_find(c, policy, row->part))
			r = chaos_store_delete(db_handle(c->agent->db), row, e);
	}
	return r;
}

int chaos_load(struct policy_engine *p, struct error *e)
{
	struct chaos *c = p->agent->chaos;
	int r = chaos_store_each(db_handle(p->agent->db), row_keep, c, e);

	/* Numbers of the disk first: a new experiment must not take one that goes on. */
	for (size_t i = 0; i < c->stored_count; i++)
		if (c->stored[i].row.number < AXO_MAX_CHAOS)
			c->leftover[c->stored[i].row.number] = true;
	if (r == 0)
		r = policies_load(p, c, e);
	stored_free(c);
	if (r < 0)
		return r;
	experiments_rank(c);
	chaos_tick(c);
	return 0;
}
