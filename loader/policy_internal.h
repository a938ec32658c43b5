/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the policy engine share.  Private to loader/policy_*.c and loader/api_policy*.c.
 */
#ifndef LOADER_POLICY_INTERNAL_H
#define LOADER_POLICY_INTERNAL_H

#include "axoneme/policy.h"
#include "loader/policy_engine.h"
#include "loader/policy_room.h"
#include "loader/policy_feature.h"
#include "policy/compile.h"
#include "policy/map.h"
#include "policy/set.h"

struct grace;
struct policy_dir;
struct policy_store;

/**
 * struct policy_subject - endpoints with one identity and the same named ports, or the host
 * @host:     it is the host itself (policy_host.c); it has no endpoint and no ports
 * @ports:    @port_count, names in lower case, owned
 * @refs:     how many endpoints
 * @number:   of the policy in the maps; 0 = none is needed
 * @compiled: NULL when @number is 0
 * @ref:      what its endpoints get
 * @unfit:    identities that are denied for want of room (policy_newcomer.c)
 * @next:     while a change is made: what takes the place
 */
struct policy_subject {
	uint32_t identity;
	bool host;
	struct named_port *ports;
	size_t port_count;
	uint32_t refs;
	uint32_t number;
	struct compiled *compiled;
	struct axo_policy_ref ref;
	struct map unfit;
	struct compiled *next;
	uint32_t next_number;
	bool touched;
};

/**
 * struct prefix - that a policy names
 * @id:      identity; 0 = has none yet
 * @retired: how many struct retired refer to it
 * @uses:    how often policies name it
 * @wanted:  some policy names it, and the ipcache it
 * @touched: it is in policy_engine.touched
 * @fresh, @dropped: by the change that is being made
 */
struct prefix {
	struct cidr cidr;
	uint32_t id;
	uint32_t retired;
	uint32_t uses;
	bool wanted;
	bool touched;
	bool fresh;
	bool dropped;
};

/** struct policy_changes - of a change: @policies that went, @gone of them, and that came */
struct policy_changes {
	const struct policy **policies;
	size_t count;
	size_t gone;
};

/** struct retired - a policy that waits for a grace period; @identity: or an identity, or a prefix */
struct retired {
	struct retired *next;
	uint32_t number;
	struct compiled *compiled;
	uint32_t identity;
	struct prefix *prefix;
};

/**
 * struct policy_engine
 * @subjects:   struct policy_subject, owned; @host is one of them, or NULL
 * @host_arena, @host_labels: what a nodeSelector asks
 * @prefixes:   by struct cidr: struct prefix, owned
 * @prefix_ids: by number: the same
 * @touched:    prefixes that the change under way is about; @counted: their uses, too
 * @features:   sets of the host (policy_feature.h)
 * @names:      tables of names, selectors of toFQDNs (policy_name.h); NULL = none yet
 * @leftover:   numbers up to this one are of a dead agent
 * @l7:         tables of HTTP rules (l7_table.h)
 * @features_fresh: policy_features_start() was called, and policy_features_settled() not yet
 * @epoch:      counts policy_load()
 * @retired:    since the last policy_settle()
 * @entries, @peer_entries: in the maps, retired ones too
 * @entries_kept, @peers_kept: ... when the change under way is made, without retired ones; at most
 *              half of the limits, so that any change has room for its second copy
 * @compiled_total: how often something was compiled
 * @loading:    policy_load() collects what there is; changes only change the set
 */
struct policy_engine {
	struct agent *agent;
	struct policy_set *set;
	struct peers *peers;
	struct policy_store *store;
	struct grace *grace;
	struct policy_dir *dir;
	struct map subjects;
	struct policy_subject *host;
	struct arena host_arena;
	struct label_set host_labels;
	struct map prefixes;
	struct map prefix_ids;
	struct prefix **touched;
	size_t touched_count, touched_size;
	bool counted;
	struct policy_features *features;
	struct l7_tables *l7;
	struct policy_names *names;
	uint32_t next_number;
	uint32_t next_prefix[2];
	uint32_t leftover;
	uint32_t epoch;
	struct retired *retired;
	uint64_t entries;
	uint64_t peer_entries;
	uint64_t entries_kept;
	uint64_t peers_kept;
	uint64_t entries_limit;
	uint64_t peers_limit;
	uint64_t compiled_total;
	bool features_fresh;
	bool loading;
};

/* policy_subject.c: whom policies are compiled for */

/** policy_subject_of - of @ep, made if there is none; not compiled yet then */
struct policy_subject *policy_subject_of(struct policy_engine *p, const struct endpoint *ep);
void policy_subject_free(void *subject);

/** policy_subject_whom - what a compiler has to know of @s, borrowed; -EINVAL: identity unknown */
int policy_subject_whom(const struct policy_engine *p, const struct policy_subject *s,
			struct subject *out, struct error *e);

/** policy_subject_compile - a fresh one from the set and the peers as they are; for the host also
 *  -EACCES, as policy_host_check() */
int policy_subject_compile(struct policy_engine *p, const struct policy_subject *s,
			   struct compiled **out, struct error *e);

/** policy_subject_install - @c (taken) into the maps under a new number: s->next */
int policy_subject_install(struct policy_engine *p, struct policy_subject *s, struct compiled *c,
			   struct error *e);

/** policy_subject_switch - s->next becomes what @s has; the old one is retired */
void policy_subject_switch(struct policy_engine *p, struct policy_subject *s);

/** policy_subject_discard - s->next goes, from the maps too */
void policy_subject_discard(struct policy_engine *p, struct policy_subject *s);

/** policy_subject_forget - nobody refers to @s: what it has does not count as in force any more */
void policy_subject_forget(struct policy_engine *p, const struct policy_subject *s);

/** policy_subject_deny - what cannot be compiled lets nothing pass; but nobody is there to repair
 *  a host that is cut off, so a host policy is not in force then */
void policy_subject_deny(struct policy_engine *p, struct policy_subject *s);

/** policy_retire - after the next grace period; takes what @r points to */
void policy_retire(struct policy_engine *p, const struct retired *r);

#define subject_each(p, item, s)                                     \
	for (struct map_item *item = map_next(&(p)->subjects, NULL); \
	     item && ((s) = item->value, true); item = map_next(&(p)->subjects, item))

/* policy_newcomer.c: identities that come later */

/**
 * policy_subjects_add_peer - a new or changed identity, in all policies that are in the maps
 * Return: 0; what a policy said that had no room: all is denied to the peer there
 */
int policy_subjects_add_peer(struct policy_engine *p, uint32_t identity, struct error *e);
void policy_subjects_remove_peer(struct policy_engine *p, uint32_t identity);

/** policy_newcomers_retry - room may have appeared */
void policy_newcomers_retry(struct policy_engine *p);

/** policy_newcomers_count - @peers: denied ones, once per policy; @subjects: that deny everything */
void policy_newcomers_count(const struct policy_engine *p, uint64_t *peers, uint64_t *subjects);

/* policy_change.c */

/** policy_endpoints_switch - publish the references of endpoints that have another one now */
void policy_endpoints_switch(struct policy_engine *p);

/* policy_peer.c: identities that policies know */

/** policy_peer_put - an identity of agent->identities, with the ports of its endpoints */
int policy_peer_put(struct policy_engine *p, uint32_t identity, struct error *e);

/** policy_prefixes_load - numbers of prefixes from the disk */
int policy_prefixes_load(struct policy_engine *p, struct error *e);

/** policy_peers_load - all identities and prefixes */
int policy_peers_load(struct policy_engine *p, struct error *e);

/** policy_peers_all - all identities again, as the set says */
int policy_peers_all(struct policy_engine *p, struct error *e);

/** policy_peers_namespace - the labels of namespace @name have changed */
int policy_peers_namespace(struct policy_engine *p, const char *name, struct error *e);

/**
 * policy_prefixes_want - what the changed policies name: new prefixes are peers afterwards, and
 * ->fresh; those that nobody names any more are ->dropped.  Costs what the change names
 */
int policy_prefixes_want(struct policy_engine *p, const struct policy_changes *c, struct error *e);
void policy_prefixes_undo(struct policy_engine *p, const struct policy_changes *c);

/** policy_prefixes_save - fresh ones onto the disk, dropped ones off it */
int policy_prefixes_save(struct policy_engine *p, struct error *e);

/** policy_prefixes_publish - fresh ones into the ipcache */
void policy_prefixes_publish(struct policy_engine *p);

/** policy_prefixes_withdraw - dropped ones out of it, and retired; ends the change */
void policy_prefixes_withdraw(struct policy_engine *p);

/** policy_prefix_end - after the grace period: unless it is wanted again, @x is freed */
void policy_prefix_end(struct policy_engine *p, struct prefix *x);

/** policy_prefix_of - by its identity, or NULL */
const struct prefix *policy_prefix_of(const struct policy_engine *p, uint32_t id);

/** policy_prefix_around - the longest that policies name around @c, fresh ones if @fresh; or NULL */
const struct prefix *policy_prefix_around(const struct policy_engine *p, const struct cidr *c,
					  bool fresh);

/** policy_prefix_covering - the longest that policies name for @addr, fresh ones too; NULL: none */
const struct prefix *policy_prefix_covering(const struct policy_engine *p,
					    const struct axo_addr *addr);

/** policy_prefix_publish - one into the ipcache, unless a pod or the host has its only address */
void policy_prefix_publish(struct policy_engine *p, const struct prefix *x);

#define prefix_each(p, item, x)                                      \
	for (struct map_item *item = map_next(&(p)->prefixes, NULL); \
	     item && ((x) = item->value, true); item = map_next(&(p)->prefixes, item))

#endif
