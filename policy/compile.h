/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Compile: all policies, all peers and one subject in; the entries of axoneme/policy.h out.
 *
 * The result holds the policies that it was made of, so it stays valid (and old) when they are
 * replaced.  Peers that come or go later are added and removed one by one, which costs their class
 * only.
 */
#ifndef POLICY_COMPILE_H
#define POLICY_COMPILE_H

#include "axoneme/policy.h"
#include "lib/error.h"
#include "policy/feature.h"
#include "policy/peers.h"
#include "policy/set.h"

/**
 * struct subject - whom a policy is compiled for
 * @labels: with those of its namespace (policy_set_derive)
 * @host:   it is the host itself: rules with a nodeSelector are asked, and no others
 * @ports:  @port_count named ports
 */
struct subject {
	struct label_set labels;
	bool host;
	const struct named_port *ports;
	size_t port_count;
};

/**
 * struct compile_options
 * @allow_host:    the host always reaches the subject, whatever is denied
 * @complete_max:  up to that many spans for anybody are copied into every class, which saves the
 *                 second entry lookup
 * @pod_class_min: from that many pods on, the most frequent class is the one that pods have
 *                 without an entry; 0 = never
 * @max_entries, @max_peers: of one policy; 0 = the limits of axoneme/policy.h
 */
struct compile_options {
	bool allow_host;
	uint32_t complete_max;
	uint32_t pod_class_min;
	uint32_t max_entries;
	uint32_t max_peers;
};

#define COMPILE_OPTIONS_DEFAULT \
	((struct compile_options){.allow_host = true, .complete_max = 8, .pod_class_min = 64})

/** struct compiled_peer - becomes an axo_pol_peer; @class_ with AXO_CLASS_COMPLETE */
struct compiled_peer {
	uint32_t identity;
	uint32_t class_[2];
};

/**
 * struct compiled_entry - becomes an axo_pol_entry; see struct prefix_entry
 * @class_: without flag
 * @set:    place in compiled.sets + 1; 0 = none
 */
struct compiled_entry {
	uint32_t class_;
	uint8_t dir;
	uint8_t bits;
	uint8_t proto;
	uint8_t verdict;
	uint16_t port;
	uint16_t set;
	uint8_t features;
	uint32_t rule;
};

/** struct packet - what is judged; @port in host order, or the ICMP type */
struct packet {
	enum axo_dir dir;
	uint8_t proto;
	uint16_t port;
};

/** COMPILED_JOINS_MAX - of one policy: pairs of feature sets that have one of both */
#define COMPILED_JOINS_MAX 256
/** COMPILED_JOINED_SETS - of one policy: sets that are there for joins only */
#define COMPILED_JOINED_SETS 64

/**
 * struct compiled_join - what two feature sets are together, where they meet at an address that
 * has names (toFQDNs)
 * @a, @b, @both: places in compiled.sets + 1
 */
struct compiled_join {
	uint16_t a;
	uint16_t b;
	uint16_t both;
};

struct compiler;

/**
 * struct compiled - a policy for a subject
 * @ref:     id is 0: the agent numbers policies
 * @peers:   @peer_count, no identity twice; not those that the default covers
 * @entries: @entry_count, no key twice
 * @sets:    feature sets that entries and joins name; they borrow from policies that are held
 * @joins:   @join_count, no pair twice, for which @joined_sets sets were made
 */
struct compiled {
	struct axo_policy_ref ref;
	struct compiled_peer *peers;
	size_t peer_count;
	struct compiled_entry *entries;
	size_t entry_count;
	struct feature_sets sets;
	struct compiled_join joins[COMPILED_JOINS_MAX];
	size_t join_count;
	size_t joined_sets;
	struct compiler *compiler;
};

/**
 * policy_compile - compile for @subject
 * Return: 0 and *@out (compiled_free); -ENOSPC with the numbers in @e: it needs more than fits;
 * -EINVAL with the rules in @e: two speak of the same traffic in different languages.
 */
int policy_compile(const struct policy_set *set, struct peers *peers, const struct subject *subject,
		   const struct compile_options *options, struct compiled **out, struct error *e);
void compiled_free(struct compiled *c);

/**
 * struct compiled_delta - what a new peer adds
 * @has_peer: @peer is to be written (else the default covers it)
 * @first_entry, @entry_count: new ones in compiled.entries
 * @first_set: those from here on in compiled.sets are new
 */
struct compiled_delta {
	bool has_peer;
	struct compiled_peer peer;
	size_t first_entry;
	size_t entry_count;
	size_t first_set;
};

/**
 * compiled_add_peer - an identity that came after the policy was compiled
 * Write the entries before the peer, and both before the ipcache names the identity.
 * Return: 0; -ENOSPC, -EINVAL as above: @delta says what is in @c all the same, and
 * compiled_deny_peer() is to be called.
 */
int compiled_add_peer(struct compiled *c, const struct peer_identity *who,
		      struct compiled_delta *delta, struct error *e);

/**
 * COMPILED_CLASS_NOBODY - a class without entries, and complete: all is denied where the direction
 * is enforced
 */
#define COMPILED_CLASS_NOBODY 0x7fffffffu

/**
 * compiled_deny_peer - right after compiled_add_peer(), whatever it returned: what it made is taken
 * back but for feature sets, and all is denied to the peer, which costs no entry
 * Return: 0 and @delta; -ENOSPC: not even that fits, and the peer is what the default says.
 */
int compiled_deny_peer(struct compiled *c, uint32_t identity, struct compiled_delta *delta,
		       struct error *e);

/** compiled_remove_peer - forget it; true if it had a struct compiled_peer */
bool compiled_remove_peer(struct compiled *c, uint32_t identity);

/** compiled_key, compiled_value - entry as the map holds it, in policy number @id */
struct axo_pol_key compiled_key(const struct compiled_entry *e, uint32_t id);
struct axo_pol_entry compiled_value(const struct compiled *c, const struct compiled_entry *e);

/** compiled_set - what an entry names; NULL = none */
const struct feature_set *compiled_set(const struct compiled *c, const struct compiled_entry *e);

/** compiled_join - of two places in compiled.sets + 1; 0 = they have none */
uint16_t compiled_join(const struct compiled *c, uint16_t a, uint16_t b);

/**
 * compiled_explain - every rule that speaks of a packet, in the order of references
 * @refs: array of @max numbers
 * @denies: of the same size: does it deny?
 * Return: how many there are, which may be more than @max.
 */
size_t compiled_explain(const struct compiled *c, const struct peer_identity *who,
			const struct packet *packet, uint32_t *refs, bool *denies, size_t max);

#endif
