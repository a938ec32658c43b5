/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chaos in the agent: the experiments of all policies, from apply to expiry.
 *
 * An experiment is a port rule with chaos.  It begins when its policy is applied, whether it
 * selects a pod or not, and is over when its time is, when it is stopped, or when its guard says
 * so; the policy still allows what it allows.  It is over for good: a restart, and a file that
 * says the same as before, change nothing; to apply the policy again, or to change it, begins
 * anew.
 *
 * The agent renews a lease every second; without it programs make no faults (axoneme/chaos.h).
 *
 * A change of policies is in three parts, as in policy_engine.h: chaos_change() before anything is
 * compiled, then chaos_change_finish() or chaos_change_undo().
 */
#ifndef LOADER_CHAOS_H
#define LOADER_CHAOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "axoneme/chaos.h"
#include "lib/error.h"
#include "loader/chaos_store.h"
#include "policy/chaos.h"

struct agent;
struct chaos;
struct feature_kind;
struct policy;
struct policy_engine;

/** enum chaos_state - of an experiment; X(symbol, "json_name") */
#define CHAOS_STATES(X)           \
	X(SCHEDULED, "scheduled") \
	X(RUNNING, "running")     \
	X(EXPIRED, "expired")     \
	X(STOPPED, "stopped")     \
	X(ABORTED, "aborted")

enum chaos_state {
#define X(symbol, json) CHAOS_STATE_##symbol,
	CHAOS_STATES(X)
#undef X
		CHAOS_STATE_COUNT,
};

/**
 * struct experiment
 * @name:     reference of the port rule as text: default/p#ingress[0].toPorts[0]
 * @policy:   default/p
 * @row:      what is on disk; its texts are owned
 * @options:  of the policy
 * @value:    what is in the map
 * @users:    feature sets that name it
 * @current:  its policy is in force; else it waits for the last of @users
 * @running:  as the last tick saw it
 * @abort_why: what the guard saw, or ""
 */
struct experiment {
	char *name;
	char *policy;
	struct chaos_row row;
	struct chaos_options options;
	struct axo_chaos value;
	uint32_t users;
	bool current;
	bool running;
	char abort_why[96];
};

/** feature_kind_chaos - see loader/policy_feature.h */
extern const struct feature_kind feature_kind_chaos;

int chaos_open(struct chaos **c, struct agent *agent, struct error *e);

/** chaos_close - faults end with it: the lease is given back */
void chaos_close(struct chaos *c);

/** chaos_load - policies are read, nothing is compiled yet: experiments of all of them */
int chaos_load(struct policy_engine *p, struct error *e);

/**
 * struct chaos_changes - what goes and what comes: @gone of @count
 */
struct chaos_changes {
	const struct policy **policies;
	size_t count;
	size_t gone;
};

/** chaos_change_try - would chaos_change() refuse it for its blast radius? 0 or -EINVAL */
int chaos_change_try(struct policy_engine *p, const struct chaos_changes *changes, struct error *e);

int chaos_change(struct policy_engine *p, const struct chaos_changes *changes, struct error *e);
void chaos_change_undo(struct policy_engine *p);
void chaos_change_finish(struct policy_engine *p);

/** chaos_next - those in force, by (namespace, name, part): NULL starts, NULL ends */
struct experiment *chaos_next(const struct chaos *c, const struct experiment *prev);

/** chaos_by_number - NULL = none, or its policy is no longer in force */
struct experiment *chaos_by_number(const struct chaos *c, uint32_t number);

enum chaos_state chaos_state(const struct experiment *x);
const char *chaos_state_to_str(enum chaos_state s);

/**
 * chaos_stop - no new faults; what is held is let go as far as it can be
 * The caller waits for a grace period, and for the commit.
 */
int chaos_stop(struct chaos *c, struct experiment *x, struct error *e);

/** chaos_in_flight - packets of @x that are held */
uint64_t chaos_in_flight(const struct chaos *c, const struct experiment *x);

/** chaos_radius_check - does @policy select too many endpoints? 0 or -EINVAL with the numbers */
int chaos_radius_check(struct policy_engine *p, const struct policy *policy, struct error *e);

/** chaos_policy_has - does it hold experiments? */
bool chaos_policy_has(const struct policy *policy);

#endif
