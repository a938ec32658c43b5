/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * toFQDNs in the judgement: what the sender's policy says of the selectors that an address has
 * (include/axoneme/fqdn.h), where what it says of the address itself does not deny.
 *
 * Several that allow are one answer.  If one of them has no enforcement, there is none, as for
 * rules of one class.  Chaos stays.  Two with enforcement, or with chaos, of their own cannot be
 * joined here: the address's own comes first, then the order of the slots.
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
 */
struct fqdn_ask {
	struct axo_policy_ref ref;
	struct policy_question q;
	struct policy_answer a;
	struct policy_answer all;
	struct axo_fqdn_key key;
};

/* Room for it: with it on the stack, 512 bytes are not enough. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fqdn_ask);
} axo_fqdn_ask SEC(".maps") __weak;

/** fqdn_ask_one - policy_ask(), without one more function on the stack */
VERIFIED_ONCE int fqdn_ask_one(struct fqdn_ask *k)
{
	if (!k)
		return -AXO_DROP_POLICY;
	return policy_ask_here(&k->ref, &k->q, &k->a);
}

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

/** fqdn_join - @b allows, too; @a: what allowed before */
static __always_inline void fqdn_join(struct policy_answer *a, const struct policy_answer *b)
{
	__u8 plain = FQDN_ENFORCES;

	if ((a->features & FQDN_ENFORCES) && (b->features & FQDN_ENFORCES))
		plain = 0;
	if (!(a->features & ~plain))
		a->set = b->set;
	a->features = (a->features & ~plain) | (b->features & AXO_FEATURE_CHAOS);
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
	was = was || fqdn_in_use(&k->key);
	for (int i = 0; i < AXO_FQDN_SLOTS; i++) {
		__u64 v = e->slot[i];

		if (!v || (!was && (__s32)(AXO_FQDN_EXPIRES_S(v) - now_s) <= 0))
			continue;
		k->q.peer = AXO_FQDN_SELECTOR(v);
		if (fqdn_ask_one(k))
			continue;
		if (rc)
			k->all = k->a;
		else
			fqdn_join(&k->all, &k->a);
		rc = 0;
	}
	return rc;
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
