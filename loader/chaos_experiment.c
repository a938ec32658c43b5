/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Experiments one by one: made, found, ordered, dropped; see chaos_internal.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/chaos_internal.h"
#include "loader/chaos_map.h"
#include "loader/chaos_time.h"
#include "loader/clock.h"
#include "policy/chaos_compile.h"
#include "policy/ref.h"

int64_t chaos_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static char *copy_of(const char *text)
{
	char *copy = strdup(text ? text : "");

	if (!copy)
		abort();
	return copy;
}

void experiment_free(struct experiment *x)
{
	if (!x)
		return;
	free(x->name);
	free(x->policy);
	free((char *)x->row.namespace_);
	free((char *)x->row.name);
	free((char *)x->row.boot_id);
	free(x);
}

static uint32_t number_free(struct chaos *c)
{
	for (uint32_t i = 1; i < AXO_MAX_CHAOS; i++) {
		uint32_t n = (c->last + i) % AXO_MAX_CHAOS;

		if (n && !c->by_number[n] && !c->leftover[n])
			return n;
	}
	return 0;
}

static int row_fill(struct chaos *c, struct experiment *x, const struct feature_rule *r,
		    const struct chaos_row *stored, struct error *e)
{
	const struct chaos_moment now = {(int64_t)clock_wall_us(), chaos_now_ns(), c->boot_id};
	const struct policy *p = r->policy;
	struct chaos_row *row = &x->row;

	*row = stored ? *stored : (struct chaos_row){.part = r->part, .hash = p->hash};
	if (stored)
		chaos_times_move(row, &now);
	row->kind = p->kind;
	row->namespace_ = copy_of(p->namespace_);
	row->name = copy_of(p->name);
	row->boot_id = copy_of(c->boot_id);
	if (stored)
		return 0;
	row->seed = p->chaos.seed;
	if (!p->chaos.has_seed &&
	    getrandom(&row->seed, sizeof(row->seed), 0) != (ssize_t)sizeof(row->seed))
		return error_set(e, errno, "cannot draw a seed: %s", strerror(errno));
	chaos_times_set(row, &p->chaos, &now);
	row->number = number_free(c);
	if (!row->number)
		return error_set(e, ENOSPC, "all %d experiments of a host are in use",
				 AXO_MAX_CHAOS - 1);
	return 0;
}

static uint64_t not_negative(int64_t ns)
{
	return ns > 0 ? (uint64_t)ns : 0;
}

int experiment_write(struct chaos *c, struct experiment *x, bool fresh, struct error *e)
{
	x->value.start_ns = not_negative(x->row.start_ns);
	x->value.end_ns = not_negative(x->row.end_ns);
	return chaos_map_write(c->agent->datapath, x->row.number, &x->value, fresh, e);
}

static void names_fill(struct experiment *x, const struct feature_rule *r)
{
	const struct policy *p = r->policy;
	char text[REF_STR_MAX];
	struct ref ref;

	if (ref_find(p, r->part, &ref))
		abort();
	x->name = copy_of(ref_to_str(&ref, text));
	text[strcspn(text, "#")] = '\0';
	x->policy = copy_of(text);
}

/* Filters first: their numbers are part of what is written. */
static int value_write(struct chaos *c, struct experiment *x, const struct feature_rule *r,
		       bool fresh, struct error *e)
{
	struct axo_chaos before = {0};
	int err;

	if (!fresh)
		chaos_map_read(c->agent->datapath, x->row.number, &before);
	err = chaos_filters_take(c, r->rule, &before, &x->value, e);
	if (err < 0)
		return err;
	err = experiment_write(c, x, fresh, e);
	if (err < 0)
		chaos_filters_release(c, &x->value);
	return err;
}

int experiment_new(struct chaos *c, const struct feature_rule *r, const struct chaos_row *stored,
		   struct experiment **out, struct error *e)
{
	struct experiment *x = calloc(1, sizeof(*x));
	int err;

	if (!x)
		abort();
	names_fill(x, r);
	x->options = r->policy->chaos;
	err = row_fill(c, x, r, stored, e);
	if (err == 0) {
		chaos_compile(r->rule, &x->options, chaos_key(x->row.seed, x->name), &x->value);
		x->value.ref = r->ref;
		/* Its place comes with all the others': until then it is the last. */
		x->value.rank = UINT32_MAX;
		err = value_write(c, x, r, !stored, e);
	}
	if (err < 0) {
		experiment_free(x);
		return err;
	}
	c->by_number[x->row.number] = x;
	c->leftover[x->row.number] = false;
	c->last = x->row.number;
	x->current = true;
	*out = x;
	return 0;
}

void experiment_drop(struct chaos *c, struct experiment *x)
{
	chaos_map_delete(c->agent->datapath, x->row.number);
	c->by_number[x->row.number] = NULL;
	chaos_filters_release(c, &x->value);
	experiment_free(x);
}

struct experiment *experiment_find(const struct chaos *c, const struct policy *p, uint32_t part)
{
	for (uint32_t n = 1; n < AXO_MAX_CHAOS; n++) {
		struct experiment *x = c->by_number[n];

		if (x && x->current && x->row.part == part && x->row.kind == p->kind &&
		    !strcmp(x->row.name, p->name) &&
		    !strcmp(x->row.namespace_, p->namespace_ ? p->namespace_ : ""))
			return x;
	}
	return NULL;
}

int experiment_order(const struct experiment *a, const struct experiment *b)
{
	int d = strcmp(a->row.namespace_, b->row.namespace_);

	d = d ? d : strcmp(a->row.name, b->row.name);
	d = d ? d : a->row.kind - b->row.kind;
	return d ? d : (a->row.part > b->row.part) - (a->row.part < b->row.part);
}

struct experiment *chaos_next(const struct chaos *c, const struct experiment *prev)
{
	struct experiment *next = NULL;

	for (uint32_t n = 1; c && n < AXO_MAX_CHAOS; n++) {
		struct experiment *x = c->by_number[n];

		if (!x || !x->current || (prev && experiment_order(x, prev) <= 0))
			continue;
		if (!next || experiment_order(x, next) < 0)
			next = x;
	}
	return next;
}

void experiments_rank(struct chaos *c)
{
	uint32_t rank = 0;
	struct error e;

	for (struct experiment *x = chaos_next(c, NULL); x; x = chaos_next(c, x), rank++) {
		if (x->value.rank == rank)
			continue;
		x->value.rank = rank;
		experiment_write(c, x, false, &e);
	}
}

struct experiment *chaos_by_number(const struct chaos *c, uint32_t number)
{
	struct experiment *x = c && number < AXO_MAX_CHAOS ? c->by_number[number] : NULL;

	return x && x->current ? x : NULL;
}

/** struct walk - over the parts of a policy; @r: the next one */
struct walk {
	struct feature_rule r;
	int (*fn)(const struct feature_rule *r, void *arg);
	void *arg;
};

static int item_walk(struct walk *w, const struct rule_item *item)
{
	uint32_t first = w->r.part;
	int err = 0;

	list_each(struct port_rule, port, &item->ports) {
		struct feature_rule r = w->r;

		r.rule = port;
		r.features = port_rule_feature(port);
		r.part += (uint32_t)(port - (const struct port_rule *)item->ports.items);
		r.ref += r.part;
		if (!err && r.features == AXO_FEATURE_CHAOS)
			err = w->fn(&r, w->arg);
	}
	w->r.part = first + ref_parts(item);
	return err;
}

int chaos_rules_each(const struct policy *p, uint32_t first_ref,
		     int (*fn)(const struct feature_rule *r, void *arg), void *arg)
{
	struct walk w = {.r = {.policy = p, .ref = first_ref}, .fn = fn, .arg = arg};
	int err = 0;

	list_each(struct rule, r, &p->rules) {
		for (int s = 0; s < SECTION_COUNT; s++)
			list_each(struct rule_item, item, &r->sections[s]) {
				if (!err)
					err = item_walk(&w, item);
			}
	}
	return err;
}

static int found(const struct feature_rule *r, void *arg)
{
	(void)r;
	(void)arg;
	return -EEXIST;
}

bool chaos_policy_has(const struct policy *policy)
{
	return chaos_rules_each(policy, 0, found, NULL) < 0;
}

static const char *const state_names[] = {
#define X(symbol, json) json,
	CHAOS_STATES(X)
#undef X
};

const char *chaos_state_to_str(enum chaos_state s)
{
	return state_names[s];
}

enum chaos_state chaos_state(const struct experiment *x)
{
	int64_t now = chaos_now_ns();

	if (x->row.ended == CHAOS_STOPPED)
		return CHAOS_STATE_STOPPED;
	if (x->row.ended == CHAOS_ABORTED)
		return CHAOS_STATE_ABORTED;
	if (now >= x->row.end_ns)
		return CHAOS_STATE_EXPIRED;
	return now < x->row.start_ns ? CHAOS_STATE_SCHEDULED : CHAOS_STATE_RUNNING;
}
