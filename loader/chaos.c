/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chaos in the agent: its life, changes, the lease; see chaos.h. */
#include "loader/chaos.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/chaos_internal.h"
#include "loader/chaos_map.h"
#include "loader/clock.h"
#include "loader/db.h"
#include "loader/delay.h"
#include "loader/policy_internal.h"
#include "loader/policy_source.h"

/* --- the lease, and ends that come by themselves --- */

#define HOLDS                                                                           \
	(AXO_CHAOS_DELAY_REQUEST | AXO_CHAOS_DELAY_RESPONSE | AXO_CHAOS_CONNECT_DELAY | \
	 AXO_CHAOS_RATE)

static bool may_hold(const struct experiment *x)
{
	enum chaos_state s = chaos_state(x);

	return (s == CHAOS_STATE_RUNNING || s == CHAOS_STATE_SCHEDULED) &&
	       (x->value.actions & HOLDS) && !x->value.dry_run;
}

static void delay_update(struct chaos *c)
{
	bool wanted = false;
	struct error e;

	for (uint32_t n = 1; n < AXO_MAX_CHAOS; n++)
		wanted |= c->by_number[n] && c->by_number[n]->current && may_hold(c->by_number[n]);
	if (wanted == c->wanted)
		return;
	c->wanted = wanted;
	if (delay_want(c->agent->delay, wanted, &e) < 0)
		log_error("there is no delay line, nothing is delayed", "err", e.msg);
}

static void state_watch(struct chaos *c, struct experiment *x)
{
	enum chaos_state s = chaos_state(x);
	bool running = s == CHAOS_STATE_RUNNING;

	if (running == x->running)
		return;
	x->running = running;
	log_info(running ? "chaos begins" : "chaos is over", "experiment", x->name, "state",
		 chaos_state_to_str(s));
	if (!running)
		delay_hasten(c->agent->delay, x->row.number);
}

static void renew(struct chaos *c)
{
	int r = chaos_map_renew(c->agent->datapath, (uint64_t)chaos_now_ns());

	if (r < 0)
		log_err(r, "cannot renew the lease of chaos: faults stop");
}

void chaos_tick(struct chaos *c)
{
	bool any = false;

	for (uint32_t n = 1; n < AXO_MAX_CHAOS; n++) {
		struct experiment *x = c->by_number[n];

		if (!x || !x->current)
			continue;
		any = true;
		state_watch(c, x);
	}
	if (!any)
		return;
	renew(c);
	delay_update(c);
	chaos_guard_check(c);
}

static void tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	chaos_tick(arg);
}

/* --- changes --- */

static void pending_add(struct chaos *c, const struct pending *p)
{
	struct pending *copy = malloc(sizeof(*copy));

	if (!copy)
		abort();
	*copy = *p;
	copy->next = c->pending;
	c->pending = copy;
}

/** struct coming - policies that are new; @again: they were applied, not only read again */
struct coming {
	struct chaos *c;
	bool again;
	struct error *e;
};

/* The same text from a file that says more than that: it goes on. */
static int rule_come(const struct feature_rule *r, void *arg)
{
	struct coming *coming = arg;
	struct chaos *c = coming->c;
	struct pending p = {.old = experiment_find(c, r->policy, r->part)};
	int err;

	if (p.old && !coming->again && p.old->row.hash == r->policy->hash) {
		p.stays = true;
		p.old_ref = p.old->value.ref;
		p.old->value.ref = r->ref;
		pending_add(c, &p);
		return experiment_write(c, p.old, false, coming->e);
	}
	if (p.old)
		p.old->current = false;
	err = experiment_new(c, r, NULL, &p.fresh, coming->e);
	pending_add(c, &p);
	return err;
}

static int policy_come(struct policy_engine *p, const struct policy *policy, struct error *e)
{
	const char *source = policy_set_source(p->set, policy);
	struct coming coming = {p->agent->chaos, source && policy_source_is_api(source), e};
	int r = chaos_policy_has(policy) ? chaos_radius_check(p, policy, e) : 0;

	return r < 0 ? r
		     : chaos_rules_each(policy, policy_set_first_ref(p->set, policy), rule_come,
					&coming);
}

/* What is in force and of no policy that is left. */
static void olds_go(struct policy_engine *p)
{
	struct chaos *c = p->agent->chaos;

	for (uint32_t n = 1; n < AXO_MAX_CHAOS; n++) {
		struct experiment *x = c->by_number[n];
		const struct policy *policy;

		if (!x || !x->current)
			continue;
		policy = policy_set_find(p->set, (enum policy_kind)x->row.kind,
					 *x->row.namespace_ ? x->row.namespace_ : NULL,
					 x->row.name);
		if (policy && policy->hash == x->row.hash)
			continue;
		x->current = false;
		pending_add(c, &(struct pending){.old = x});
	}
}

int chaos_change_try(struct policy_engine *p, const struct chaos_changes *changes, struct error *e)
{
	int r = 0;

	for (size_t i = changes->gone; i < changes->count && r == 0; i++)
		if (chaos_policy_has(changes->policies[i]))
			r = chaos_radius_check(p, changes->policies[i], e);
	return r;
}

int chaos_change(struct policy_engine *p, const struct chaos_changes *changes, struct error *e)
{
	int r = 0;

	for (size_t i = changes->gone; i < changes->count && r == 0; i++)
		r = policy_come(p, changes->policies[i], e);
	if (r == 0 && changes->count)
		olds_go(p);
	return r;
}

static struct pending *pending_take(struct chaos *c)
{
	struct pending *p = c->pending;

	if (p)
		c->pending = p->next;
	return p;
}

void chaos_drop_unused(struct chaos *c, struct experiment *x)
{
	if (!x->users && !x->current)
		experiment_drop(c, x);
}

void chaos_change_undo(struct policy_engine *p)
{
	struct chaos *c = p->agent->chaos;
	struct pending *x;
	struct error e;

	while ((x = pending_take(c))) {
		if (x->fresh) {
			x->fresh->current = false;
			chaos_drop_unused(c, x->fresh);
		}
		if (x->old)
			x->old->current = true;
		if (x->stays) {
			x->old->value.ref = x->old_ref;
			experiment_write(c, x->old, false, &e);
		}
		free(x);
	}
}

static int pending_save(struct chaos *c, const struct pending *x, struct error *e)
{
	sqlite3 *db = db_handle(c->agent->db);

	if (x->fresh)
		return chaos_store_put(db, &x->fresh->row, e);
	return x->stays ? 0 : chaos_store_delete(db, &x->old->row, e);
}

void chaos_change_finish(struct policy_engine *p)
{
	struct chaos *c = p->agent->chaos;
	bool any = c->pending != NULL;
	struct pending *x;
	struct error e;

	while ((x = pending_take(c))) {
		if (pending_save(c, x, &e) < 0)
			db_spoil(c->agent->db, &e);
		if (x->old && !x->stays) {
			delay_hasten(c->agent->delay, x->old->row.number);
			chaos_drop_unused(c, x->old);
		}
		free(x);
	}
	if (!any)
		return;
	experiments_rank(c);
	delay_update(c);
	chaos_tick(c);
}

int chaos_stop(struct chaos *c, struct experiment *x, struct error *e)
{
	int r;

	if (x->row.ended || chaos_now_ns() >= x->row.end_ns)
		return 0;
	x->row.ended = CHAOS_STOPPED;
	x->row.end_ns = chaos_now_ns();
	x->row.end_wall_us = (int64_t)clock_wall_us();
	r = experiment_write(c, x, false, e);
	if (r == 0)
		r = db_begin(c->agent->db, e);
	if (r == 0)
		r = chaos_store_put(db_handle(c->agent->db), &x->row, e);
	if (r < 0)
		return r;
	chaos_tick(c);
	return 0;
}

uint64_t chaos_in_flight(const struct chaos *c, const struct experiment *x)
{
	return delay_in_flight(c->agent->delay, x->row.number);
}

/* --- life --- */

static int boot_id_read(struct chaos *c, struct error *e)
{
	_cleanup_free_ char *text = NULL;
	int r = file_read("/proc/sys/kernel/random/boot_id", 4096, &text, NULL);

	if (r < 0)
		return error_set(e, r, "cannot read the boot id: %s", strerror(-r));
	text[strcspn(text, "\n")] = '\0';
	snprintf(c->boot_id, sizeof(c->boot_id), "%s", text);
	return 0;
}

int chaos_open(struct chaos **out, struct agent *agent, struct error *e)
{
	static const struct timeval second = {.tv_sec = 1};
	struct chaos *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return error_set(e, ENOMEM, "no memory");
	c->agent = agent;
	r = boot_id_read(c, e);
	if (r == 0)
		r = db_begin(agent->db, e);
	if (r == 0)
		r = chaos_store_open(db_handle(agent->db), e);
	if (r == 0) {
		c->tick = event_new(agent->base, -1, EV_PERSIST, tick, c);
		if (!c->tick || event_add(c->tick, &second) < 0)
			r = error_set(e, ENOMEM, "no memory");
	}
	if (r < 0) {
		chaos_close(c);
		return r;
	}
	*out = c;
	return 0;
}

void chaos_forget(struct chaos *c)
{
	struct pending *p;

	while ((p = pending_take(c)))
		free(p);
	for (uint32_t n = 1; n < AXO_MAX_CHAOS; n++) {
		experiment_free(c->by_number[n]);
		c->by_number[n] = NULL;
	}
	chaos_filters_fini(&c->filters);
}

void chaos_close(struct chaos *c)
{
	if (!c)
		return;
	chaos_map_renew(c->agent->datapath, 0);
	if (c->tick)
		event_free(c->tick);
	chaos_forget(c);
	free(c);
}
