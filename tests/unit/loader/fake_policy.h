/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * In place of the policy engine: changes of the set only, which are refused when a test says so.
 */
#ifndef TESTS_UNIT_LOADER_FAKE_POLICY_H
#define TESTS_UNIT_LOADER_FAKE_POLICY_H

#include <errno.h>

#include "loader/policy_internal.h"
#include "loader/policy_source.h"
#include "loader/policy_store.h"
#include "policy/parse.h"
#include "policy/set.h"

/**
 * fake_policy
 * @full:    so many files at once do not fit; 0 = all do
 * @settled: how often policy_settle() was called
 */
static struct {
	size_t full;
	size_t settled;
} fake_policy;

int policy_change(struct policy_engine *p, struct policy_source *sources, size_t count, size_t *bad,
		  struct error *e)
{
	int r = 0;

	if (fake_policy.full && count >= fake_policy.full) {
		for (size_t i = 0; i < count; i++) {
			policies_free(sources[i].list);
			sources[i].list = NULL;
		}
		return error_set(e, ENOSPC, "it does not fit");
	}
	policy_set_begin(p->set);
	for (size_t i = 0; i < count; i++)
		policy_set_apply(p->set, sources[i].source, NULL, e);
	for (size_t i = 0; i < count; i++) {
		if (r == 0 &&
		    (r = policy_set_apply(p->set, sources[i].source, sources[i].list, e)) < 0)
			*bad = i;
		if (r < 0)
			policies_free(sources[i].list);
		sources[i].list = NULL;
	}
	if (r < 0)
		policy_set_rollback(p->set);
	else
		policy_set_commit(p->set);
	return r;
}

int policy_settle(struct policy_engine *p, policy_settled done, void *arg)
{
	(void)p;
	(void)done;
	(void)arg;
	fake_policy.settled++;
	return 0;
}

int policy_text_parse(const struct policy_text *t, struct policy **list, struct error *e)
{
	struct report r;
	int err;

	report_init(&r, t->file);
	err = policy_parse(t->file, t->text, t->len, &r, list);
	if (err)
		err = report_error(&r, e);
	report_fini(&r);
	return err;
}

#endif
