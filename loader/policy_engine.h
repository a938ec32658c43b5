/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Policy in the agent: what holds (policy/set.h), for whom it is compiled, and what is in the
 * maps.
 *
 * Endpoints with the same identity and named ports are one subject and share a compiled policy.
 * A change is made in this order, so that at no moment a packet meets half of it:
 *
 *      1. the set is changed, and every subject that the change touches compiled, under a new
 *         number; what does not fit, or is not valid, ends here and everything is as before
 *      2. new prefixes become peers of the old policies, too; then the ipcache names them
 *      3. the endpoints' references are switched; prefixes that nobody names leave the ipcache
 *      4. the generation is bumped
 *      5. after a grace period (policy_settle()) the old numbers are deleted
 *
 * A new identity becomes a peer of every policy before the endpoint that has it is published.
 *
 * At the start everything is compiled under numbers that the maps do not hold yet; endpoints are
 * judged by what a dead agent left until they are switched.
 */
#ifndef LOADER_POLICY_ENGINE_H
#define LOADER_POLICY_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "axoneme/address.h"
#include "lib/cidr.h"
#include "lib/error.h"

struct agent;
struct endpoint;
struct policy;
struct policy_engine;

/** policy_open - tables in agent->db (a transaction is open); agent->base is there */
int policy_open(struct policy_engine **p, struct agent *agent, struct error *e);
void policy_close(struct policy_engine *p);

/**
 * policy_load - what the disk and the directory say, for the agent's endpoints and identities;
 * forgets what was in memory.  Gives every endpoint its reference; reconcile_run() publishes it
 */
int policy_load(struct policy_engine *p, struct error *e);

/** policy_loaded - endpoints are published: the ipcache, and delete what nobody refers to */
void policy_loaded(struct policy_engine *p);

/**
 * policy_endpoint_add - compile for @ep, whose identity is set; its peers and policy are in the
 * maps afterwards, and @ep->policy is what to publish
 */
int policy_endpoint_add(struct policy_engine *p, struct endpoint *ep, struct error *e);

/** policy_endpoint_remove - @ep is withdrawn, or published with another policy */
void policy_endpoint_remove(struct policy_engine *p, struct endpoint *ep);

/** policy_identity_freed - identity_unref() was called: if it was the last, forget it */
void policy_identity_freed(struct policy_engine *p, uint32_t identity);

/** policy_prefixes_each - prefixes that the ipcache has from policies; @p may be NULL */
void policy_prefixes_each(const struct policy_engine *p,
			  void (*fn)(const struct cidr *cidr, uint32_t identity, void *arg),
			  void *arg);

/** policy_prefix_freed - who had @addr/@bits (of the mapped form) in the ipcache has it no more;
 * true: a policy names that prefix, and so does the ipcache now.  Does not bump */
bool policy_prefix_freed(struct policy_engine *p, const struct axo_addr *addr, uint32_t bits);

/** policy_address_freed - a pod or the host has it no more: who else names that one address may */
void policy_address_freed(struct policy_engine *p, const struct axo_addr *addr);

/** policy_host_changed - the host's addresses are others: is it the API server? @p may be NULL */
void policy_host_changed(struct policy_engine *p);

/** policy_has_prefix - is it right that the ipcache names this prefix? @bits: of the mapped form */
bool policy_has_prefix(const struct policy_engine *p, const struct axo_addr *addr, uint32_t bits);

/** struct policy_source - @list takes the place of what @source had; NULL = nothing */
struct policy_source {
	const char *source;
	struct policy *list;
};

/**
 * policy_change - all of @sources at once, or nothing
 * @sources: the lists are taken, whatever is returned
 * @bad:     index of the source that is in the way, when -EEXIST; or NULL
 * Return: 0, or negative errno with @e.  Of the disk only the numbers of prefixes are written: a
 * transaction is open.
 */
int policy_change(struct policy_engine *p, struct policy_source *sources, size_t count, size_t *bad,
		  struct error *e);

struct compiled;
struct policy_subject;

/**
 * struct policy_trial - what is told of a change that is only tried
 * @subject: one that is touched would get @after, which is freed behind the call
 * @fits:    all would fit, with so many entries in force; NULL: not wanted
 *
 * In both calls the set and the peers are as they would be.
 */
struct policy_trial {
	void (*subject)(void *arg, const struct policy_subject *s, const struct compiled *after);
	void (*fits)(void *arg, uint64_t entries);
	void *arg;
};

/**
 * policy_try - policy_change() without its effect: everything is as before afterwards
 * Return: what policy_change() would return, -EEXIST and -ENOSPC with the same words.
 */
int policy_try(struct policy_engine *p, struct policy_source *sources, size_t count,
	       const struct policy_trial *trial, struct error *e);

typedef void (*policy_settled)(void *arg, bool settled);

/** policy_settle - call @done (or NULL) when no packet can see what was replaced so far */
int policy_settle(struct policy_engine *p, policy_settled done, void *arg);

/** struct policy_numbers - for status and metrics */
struct policy_numbers {
	size_t policies;
	size_t prefixes;
	size_t subjects;
	size_t broken_files;
	uint64_t entries;
	uint64_t entries_limit;
	uint64_t peers;
	uint64_t peers_limit;
	uint64_t compiled_total;
	uint64_t peers_denied;
	uint64_t subjects_denied;
};

void policy_numbers(const struct policy_engine *p, struct policy_numbers *out);

#endif
