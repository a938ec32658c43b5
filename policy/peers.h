/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Peers: every identity that a packet can carry, with its labels, indexed so that "who matches
 * this selector" does not look at everybody.
 *
 * Selectors start from the shortest list of identities that have a label they require; prefixes
 * are a range of the sorted prefixes.  Plain prefixes, of which there may be many, are visited only
 * where a prefix is named; else the world's identities (always there) speak for them.  Slots are
 * stable while the identity is there.
 */
#ifndef POLICY_PEERS_H
#define POLICY_PEERS_H

#include "lib/error.h"
#include "policy/entity.h"
#include "policy/rule.h"
#include "policy/set.h"

/** struct named_port - a port of an endpoint that has a name; @name in lower case */
struct named_port {
	const char *name;
	uint16_t port;
	uint8_t proto;
};

/**
 * struct identity_view - an identity as its owner describes it
 * @labels: @label_count texts, "source:key=value"
 * @ports:  @port_count named ports of its endpoints, all of them together
 */
struct identity_view {
	uint32_t id;
	const char *const *labels;
	size_t label_count;
	const struct named_port *ports;
	size_t port_count;
};

/**
 * struct peer_identity - the same, parsed; labels of its namespace included
 * @plain: a prefix of the world and nothing else: rules that name no prefix treat it as the world
 * @fqdn:  it is a selector of toFQDNs (axoneme/fqdn.h), this name or pattern; only rules that say
 *         the same mean it.  Else NULL
 */
struct peer_identity {
	uint32_t id;
	bool plain;
	const char *fqdn;
	struct label_set labels;
	struct named_port *ports;
	size_t port_count;
	struct arena arena;
};

struct peers;

/** peers_new - @cluster: name of this cluster (copied), or NULL */
struct peers *peers_new(const char *cluster);
void peers_free(struct peers *p);

/** peers_put - add or replace an identity; @set gives the labels of namespaces */
int peers_put(struct peers *p, const struct policy_set *set, const struct identity_view *view,
	      struct error *e);

/** peers_remove - false: it was not there */
bool peers_remove(struct peers *p, uint32_t id);

const struct peer_identity *peers_get(const struct peers *p, uint32_t id);
const char *peers_cluster(const struct peers *p);

/** peers_next - iterate by slot: *slot 0 starts; NULL ends */
const struct peer_identity *peers_next(const struct peers *p, uint32_t *slot);

/** peers_slots - slots are below this number */
uint32_t peers_slots(const struct peers *p);

/** peers_id - number of the identity in a slot, 0 = none; dense, for loops over all slots */
uint32_t peers_id(const struct peers *p, uint32_t slot);

/** peers_slot - the identity in a slot, or NULL */
const struct peer_identity *peers_slot(const struct peers *p, uint32_t slot);

/**
 * struct match - one alternative of a rule's peers, groups of prefixes resolved
 * @type: PEER_SELECTOR, PEER_ENTITY, PEER_CIDR or PEER_FQDN
 */
struct match {
	uint8_t type;
	uint8_t entity;
	const struct selector *selector;
	const char *fqdn;
	struct cidr cidr;
	const struct list *except;
};

bool match_identity(const struct match *m, const struct peer_identity *who, const char *cluster);

typedef void (*peers_fn)(void *ctx, uint32_t slot);

/** match_is_specific - does it name prefixes, so that it tells plain ones apart? */
bool match_is_specific(const struct match *m);

/** peers_world - the slot of the world of @family, 4 or 6 */
uint32_t peers_world(const struct peers *p, int family);

/** peers_touch - call @fn for the slots of all prefixes inside those that @m names, excepts too */
void peers_touch(struct peers *p, const struct match *m, peers_fn fn, void *ctx);

/** peers_plain - call @fn for the slots of all plain prefixes of @family */
void peers_plain(const struct peers *p, int family, peers_fn fn, void *ctx);

/**
 * peers_match - call @fn for every slot that matches; one may come more than once
 * Plain prefixes come only if the match is specific.
 */
void peers_match(struct peers *p, const struct match *m, peers_fn fn, void *ctx);

#endif
