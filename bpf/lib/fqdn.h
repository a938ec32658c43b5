/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * toFQDNs in the judgement: what the sender's policy says of the selectors that an address has
 * (include/axoneme/fqdn.h), where what it says of the address itself does not deny.
 *
 * Several that allow are one answer.  If one of them has no features, nothing is enforced, as for
 * rules of one class; chaos stays.  Two with features of their own have a set of both in
 * axo_set_join.  Where there is no room for that, or they speak different languages, the first
 * one holds: the address's own, then the order of the slots.  That denies more, and never less.  So
 * does a plain rule that is one answer with a rule of chaos: that it is plain cannot be seen here,
 * and neither can it where all is allowed by default.
 * Selectors that no rule of the policy names are not asked: what holds for anybody was said.
 */
#ifndef BPF_LIB_FQDN_H
#define BPF_LIB_FQDN_H

#include "bpf/lib/flow.h"
#include "bpf/lib/fqdn_maps.h"
#include "bpf/lib/policy.h"

#define FQDN_ENFORCES (AXO_FEATURE_HTTP | AXO_FEATURE_DNS | AXO_FEATURE_SNI)

/**
 * struct fqdn_ask - what one selector is asked
 * @ref: a copy: 6.1 gives no function of its own what lies in a read-only map
 * @q:   about the selector
 * @a:   the answer
 * @all: what the answers so far amount to
 * @key: of the address
 * @allowed: by one of them
 * @plain: by one of them, and without features
 */
struct fqdn_ask {
	struct axo_policy_ref ref;
	struct policy_question q;
	struct policy_answer a;
	struct policy_answer all;
	struct axo_fqdn_key key;
	__u8 allowed;
	__u8 plain;
	__u8 pad[6];
};

/* Room for it: with it on the stack, 512 bytes are not enough. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fqdn_ask);
} axo_fqdn_ask SEC(".maps") __weak;

/** fqdn_may_have - identities of addresses that may have selectors: those of the world */
static __always_inline bool fqdn_may_have(__u32 identity)
{
	return identity == AXO_ID_WORLD_IPV4 || identity == AXO_ID_WORLD_IPV6 ||
	       (identity >= AXO_ID_PREFIX4_MIN && identity <= AXO_ID_PREFIX_MAX);
}

static __always_inline bool fqdn_in_use(const struct axo_fqdn_key *key)
{
	const __u32 *until_s = bpf_map_lookup_elem(&axo_fqdn_use, key);

	return until_s && (__s32)(*until_s - flow_now_s()) > 0;
}

/** fqdn_is_plain - a rule allows, without features; that none denies is no rule */
static __always_inline bool fqdn_is_plain(const struct policy_answer *a)
{
	return !a->features && a->rule != AXO_RULE_DEFAULT;
}

/** fqdn_join - @b allows, too; @a: what allowed before */
static __always_inline void fqdn_join(struct policy_answer *a, const struct policy_answer *b)
{
	struct axo_set_join key = {a->set, b->set};
	const __u32 *both;

	if (!a->features) {
		a->set = b->set;
		a->features = b->features;
	} else if (b->features && a->set != b->set) {
		both = bpf_map_lookup_elem(&axo_set_join, &key);
		if (!both)
			return;
		a->set = *both;
		a->features |= b->features;
	}
}

/**
 * fqdn_ask_one - ask about one selector, without one more function on the stack, and join
 * Return: 0; nobody asks.  (A function of its own is verified once, not for every slot.)
 */
VERIFIED_ONCE int fqdn_ask_one(struct fqdn_ask *k)
{
	if (!k || !(policy_class(&k->ref, k->q.peer, AXO_DIR_EGRESS) & ~AXO_CLASS_COMPLETE) ||
	    policy_ask_here(&k->ref, &k->q, &k->a))
		return 0;
	k->plain |= fqdn_is_plain(&k->a);
	if (k->allowed)
		fqdn_join(&k->all, &k->a);
	else
		k->all = k->a;
	k->allowed = 1;
	return 0;
}

/**
 * fqdn_ask - ask about the selectors of the address in @k
 * @rc:  what the policy says of the address itself, @k->all in full; that gets the new answer
 * @was: the flow was allowed before: what has run out still counts
 * Return: 0, or @rc.
 */
static __always_inline int fqdn_ask(struct fqdn_ask *k, int rc, bool was)
{
	const struct axo_fqdn *e = bpf_map_lookup_elem(&axo_fqdn, &k->key);
	__u32 now_s = flow_now_s();

	if (!e)
		return rc;
	k->allowed = !rc;
	k->plain = !rc && fqdn_is_plain(&k->all);
	was = was || fqdn_in_use(&k->key);
	for (int i = 0; i < AXO_FQDN_SLOTS; i++) {
		__u64 v = e->slot[i];

		if (!v || (!was && (__s32)(AXO_FQDN_EXPIRES_S(v) - now_s) <= 0))
			continue;
		k->q.peer = AXO_FQDN_SELECTOR(v);
		fqdn_ask_one(k);
	}
	if (k->plain)
		k->all.features &= ~FQDN_ENFORCES;
	return k->allowed ? 0 : rc;
}

/**
 * fqdn_judge - what the policy's toFQDNs make of its answer about the peer itself
 * @f:  has that answer's rule, features and set for AXO_DIR_EGRESS, and no other's; they may change
 * @rc: that answer
 *
 * judge_flow() calls it beside judge_policy(), not below it: the stack of both is more than 6.1
 * gives where an ICMP error has the flow judged.
 */
static __noinline int fqdn_judge(const struct packet *p, struct axo_flow *f,
				 const struct axo_endpoint *ep, int rc)
{
	bool o = f->originator;
	struct fqdn_ask *k;
	__u32 zero = 0;

	k = bpf_map_lookup_elem(&axo_fqdn_ask, &zero);
	if (!k)
		return rc;
	k->ref = ep->policy;
	k->q.port = o ? p->key.port[0] : p->key.port[1];
	k->q.proto = p->key.proto;
	k->q.dir = AXO_DIR_EGRESS;
	k->key.addr = o ? p->key.addr[0] : p->key.addr[1];
	k->key.endpoint = ep->id;
	k->key.mac = axo_fqdn_mac(ep->mac);
	k->all.rule = f->rule[AXO_DIR_EGRESS];
	k->all.set = f->set[AXO_DIR_EGRESS];
	k->all.features = f->features;
	rc = fqdn_ask(k, rc, f->verdict == AXO_VERDICT_ALLOW);
	f->rule[AXO_DIR_EGRESS] = k->all.rule;
	f->set[AXO_DIR_EGRESS] = k->all.set;
	f->features = k->all.features;
	return rc;
}

#endif
