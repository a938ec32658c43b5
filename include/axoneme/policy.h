/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Policy maps: the contract between policy/ (which makes the entries), loader/ (which writes
 * them) and the programs (which look up).
 *
 * A compiled policy has a number.  Endpoints with the same labels and named ports share one; each
 * holds a struct axo_policy_ref.  In a policy every peer identity has a class per direction: peers
 * that no rule tells apart are one class and share its entries.
 *
 * Lookup of (identity, direction, protocol, port), at most three map accesses:
 *
 *   1. ref.id 0, or no AXO_POLICY_ENFORCED in ref.flags[dir]: allowed, rule AXO_RULE_DEFAULT.
 *   2. axo_pol_peer[id, identity] gives the class.  A miss means what axo_policy_class() says:
 *      by the kind of identity the class that most pods have, or that of the world, or class 0.
 *   3. axo_pol_entry[id, class, dir, proto, port], longest prefix.  Deny ends it.
 *   4. Unless the class is 0 or has AXO_CLASS_COMPLETE, or ref.flags[dir] has no
 *      AXO_POLICY_ANYBODY: axo_pol_entry[id, 0, dir, proto, port]: what holds for anybody.  Deny
 *      ends it.
 *   5. Either entry allows: allowed.  No entry allows: denied, rule AXO_RULE_DEFAULT.
 *
 * axo_policy_judge() is step 5 as code.  Within one class the compiler has resolved deny before
 * allow, so step 3 needs one access.
 *
 * Step 2 trusts that an identity is known to the policy before a packet can carry it: the agent
 * writes axo_pol_peer for a new identity before it names the identity in axo_ipcache, and does not
 * reuse a number while anything may hold it.  An identity that comes from elsewhere (a tunnel)
 * must be one that the agent knows.
 *
 * The agent is the only writer; read-only to programs.  A policy is written whole under a new
 * number, then the endpoints' refs are switched, then the generation is bumped (state.h), and the
 * old number's entries are deleted after a grace period.
 */
#ifndef AXONEME_POLICY_H
#define AXONEME_POLICY_H

#include <linux/types.h>

#include "axoneme/ipcache.h"

/** enum axo_rule - rule references that are no rule; those of policies start at AXO_RULE_FIRST */
enum axo_rule {
	AXO_RULE_DEFAULT = 0, /* no rule speaks of it: default deny, or no policy */
	AXO_RULE_HOST = 1,    /* the host may always reach its pods (kubelet's probes) */
	AXO_RULE_FIRST = 16,
};

/** enum axo_policy_flag - in axo_policy_ref.flags, per direction */
enum axo_policy_flag {
	AXO_POLICY_ENFORCED = 1, /* there are entries, or everything is denied */
	AXO_POLICY_ANYBODY = 2,	 /* class 0 has entries */
};

/* Identities of prefixes that policies name: numbers tell their family. */
#define AXO_ID_PREFIX4_MIN 0x01000000u
#define AXO_ID_PREFIX6_MIN 0x01800000u
#define AXO_ID_PREFIX_MAX 0x01ffffffu

/**
 * enum axo_peer_kind - peers that a policy need not list one by one, by their number
 * @AXO_PEER_POD:     AXO_ID_LOCAL_MIN to AXO_ID_LOCAL_MAX
 * @AXO_PEER_PREFIX4: AXO_ID_PREFIX4_MIN to AXO_ID_PREFIX6_MIN - 1
 * @AXO_PEER_PREFIX6: AXO_ID_PREFIX6_MIN to AXO_ID_PREFIX_MAX
 * @AXO_PEER_OTHER:   all others; those that are not listed are class 0
 */
enum axo_peer_kind {
	AXO_PEER_POD = 0,
	AXO_PEER_PREFIX4 = 1,
	AXO_PEER_PREFIX6 = 2,
	AXO_PEER_OTHER = 3,
};

/** axo_peer_kind - kind of @identity */
static inline enum axo_peer_kind axo_peer_kind(__u32 identity)
{
	if (identity >= AXO_ID_LOCAL_MIN && identity <= AXO_ID_LOCAL_MAX)
		return AXO_PEER_POD;
	if (identity < AXO_ID_PREFIX4_MIN || identity > AXO_ID_PREFIX_MAX)
		return AXO_PEER_OTHER;
	return identity < AXO_ID_PREFIX6_MIN ? AXO_PEER_PREFIX4 : AXO_PEER_PREFIX6;
}

/**
 * struct axo_policy_ref - what an endpoint knows of its policy
 * @id:            number of the compiled policy; 0 = none
 * @default_class: by enum axo_dir and enum axo_peer_kind: class of peers not in axo_pol_peer
 * @flags:         by enum axo_dir: enum axo_policy_flag
 * @pad:           zero
 */
struct axo_policy_ref {
	__u32 id;
	__u32 default_class[2][AXO_PEER_OTHER];
	__u8 flags[2];
	__u8 pad[2];
};
_Static_assert(sizeof(struct axo_policy_ref) == 32, "policy reference has padding");

/** axo_policy_class - class of an @identity that is not in axo_pol_peer; @dir: enum axo_dir */
static inline __u32 axo_policy_class(const struct axo_policy_ref *ref, __u32 identity, int dir)
{
	enum axo_peer_kind kind = axo_peer_kind(identity);

	return kind == AXO_PEER_OTHER ? 0 : ref->default_class[dir][kind];
}

/**
 * struct axo_pol_peer_key - key of axo_pol_peer (hash)
 * @policy:   number of the compiled policy, host order
 * @identity: security identity of the peer, host order
 */
struct axo_pol_peer_key {
	__u32 policy;
	__u32 identity;
};
_Static_assert(sizeof(struct axo_pol_peer_key) == 8, "map key has padding");

/** AXO_CLASS_COMPLETE - bit of a class: its entries include what holds for anybody */
#define AXO_CLASS_COMPLETE 0x80000000u

/** struct axo_pol_peer - value of axo_pol_peer; @class_: by enum axo_dir */
struct axo_pol_peer {
	__u32 class_[2];
};

/**
 * struct axo_pol_key - key of axo_pol_entry (LPM trie)
 * @prefixlen: AXO_POL_BITS_ALL, AXO_POL_BITS_PROTO, or that plus 1 to 16 bits of @port
 * @policy:    number of the compiled policy, network order
 * @class_:    class of the peer without AXO_CLASS_COMPLETE, network order
 * @dir:       enum axo_dir
 * @proto:     IPPROTO_*
 * @port:      destination port, network order; ICMP and ICMPv6: the type; other protocols: 0
 */
struct axo_pol_key {
	__u32 prefixlen;
	__be32 policy;
	__be32 class_;
	__u8 dir;
	__u8 proto;
	__be16 port;
};
_Static_assert(sizeof(struct axo_pol_key) == 16, "map key has padding");

#define AXO_POL_BITS_ALL 72   /* policy, class, direction */
#define AXO_POL_BITS_PROTO 80 /* and protocol */
#define AXO_POL_BITS_PORT 96  /* and the whole port: what a program looks up with */

/** enum axo_pol_verdict - never renumber */
enum axo_pol_verdict {
	AXO_POL_NONE = 0, /* in no entry: what a lookup that found nothing means */
	AXO_POL_ALLOW = 1,
	AXO_POL_DENY = 2,
	AXO_POL_AUDIT = 3, /* in events only: it denies, and does not drop (AXO_ENDPOINT_AUDIT) */
};

/**
 * struct axo_pol_entry - value of axo_pol_entry
 * @rule:    reference of the rule that decided (enum axo_rule)
 * @verdict: enum axo_pol_verdict
 * @features: allowed: enum axo_feature, what is done with the flow (feature.h)
 * @set:     key of axo_feature; 0 = none
 *
 * An entry of class 0 has features only if every other class has AXO_CLASS_COMPLETE in that
 * direction: of two entries only one would be heard.
 */
struct axo_pol_entry {
	__u32 rule;
	__u8 verdict;
	__u8 features;
	__u16 set;
};
_Static_assert(sizeof(struct axo_pol_entry) == 8, "policy entry has padding");

/**
 * axo_policy_judge - one of two entries, or none of them: step 5
 * @own:     of the peer's class, or NULL
 * @anybody: of class 0, or NULL
 * Return: the entry that decides; NULL = default deny.
 */
static inline const struct axo_pol_entry *axo_policy_judge(const struct axo_pol_entry *own,
							   const struct axo_pol_entry *anybody)
{
	if (own && own->verdict == AXO_POL_DENY)
		return own;
	if (anybody && (!own || anybody->verdict == AXO_POL_DENY))
		return anybody;
	return own;
}

/**
 * struct axo_pol_hits_key - key of axo_pol_hits (LRU hash; written by programs, read by the agent)
 * @policy: number of the compiled policy, host order
 * @rule:   as in struct axo_pol_entry; AXO_RULE_DEFAULT: what default deny refused
 * @dir:    enum axo_dir
 * @pad:    zero
 */
struct axo_pol_hits_key {
	__u32 policy;
	__u32 rule;
	__u8 dir;
	__u8 pad[3];
};
_Static_assert(sizeof(struct axo_pol_hits_key) == 12, "map key has padding");

/**
 * struct axo_pol_hits - value of axo_pol_hits
 * @judged: how often it decided.  An allowed flow is judged once per generation, whatever it
 *          carries; of a denied one every packet is.  Atomic
 *
 * A count that was not used for long makes room for others and starts again at 0.
 */
struct axo_pol_hits {
	__u64 judged;
};

/* Sizes: a million entries in force, and as much room for the second copy while one changes. */
#define AXO_MAX_POL_ENTRIES 2097152 /* axo_pol_entry */
#define AXO_MAX_POL_PEERS 2097152   /* axo_pol_peer */
#define AXO_MAX_POL_HITS 32768	    /* axo_pol_hits */

#endif
