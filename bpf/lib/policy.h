/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Policy: one endpoint's compiled policy is asked about one flow, in at most three map accesses
 * (the contract: include/axoneme/policy.h).
 *
 * Accepted race: the agent replaces an endpoint while its policy reference is read.  The element
 * that was found stays as it was, unless the kernel gives its memory to the next update on that
 * CPU; then what is read may be of two endpoints.  The generation was read before, so the flow is
 * judged again with its next packet.
 */
#ifndef BPF_LIB_POLICY_H
#define BPF_LIB_POLICY_H

#include "bpf/lib/maps.h"

/**
 * struct policy_question - what a policy is asked
 * @peer:  identity of the other end
 * @port:  the responder's port, network order; ICMP: the type
 * @proto: IPPROTO_*
 * @dir:   enum axo_dir
 */
struct policy_question {
	__u32 peer;
	__be16 port;
	__u8 proto;
	__u8 dir;
};

/**
 * struct policy_answer - what it says
 * @rule:     reference of the rule that decided (enum axo_rule)
 * @set:      allowed: key of axo_feature; 0 = none
 * @features: allowed: enum axo_feature
 * @pad:      zero
 */
struct policy_answer {
	__u32 rule;
	__u16 set;
	__u8 features;
	__u8 pad;
};

/** policy_flags - enum axo_policy_flag of a direction; 0 without a policy */
static __always_inline __u8 policy_flags(const struct axo_policy_ref *ref, bool dir)
{
	if (!ref->id)
		return 0;
	return dir ? ref->flags[AXO_DIR_INGRESS] : ref->flags[AXO_DIR_EGRESS];
}

/** policy_class - step 2 of the contract */
static __always_inline __u32 policy_class(const struct axo_policy_ref *ref, __u32 peer, bool dir)
{
	struct axo_pol_peer_key key = {.policy = ref->id, .identity = peer};
	const struct axo_pol_peer *p = bpf_map_lookup_elem(&axo_pol_peer, &key);

	if (!p)
		return dir ? axo_policy_class(ref, peer, AXO_DIR_INGRESS)
			   : axo_policy_class(ref, peer, AXO_DIR_EGRESS);
	return dir ? p->class_[AXO_DIR_INGRESS] : p->class_[AXO_DIR_EGRESS];
}

/** policy_decide - steps 3 to 5: the entry that decides; NULL = default deny */
static __always_inline const struct axo_pol_entry *policy_decide(const struct axo_policy_ref *ref,
								 const struct policy_question *q)
{
	__u32 class_ = policy_class(ref, q->peer, q->dir);
	struct axo_pol_key key = {
		.prefixlen = AXO_POL_BITS_PORT,
		.policy = bpf_htonl(ref->id),
		.class_ = bpf_htonl(class_ & ~AXO_CLASS_COMPLETE),
		.dir = q->dir,
		.proto = q->proto,
		.port = q->port,
	};
	const struct axo_pol_entry *own = bpf_map_lookup_elem(&axo_pol_entry, &key);

	if ((own && own->verdict == AXO_POL_DENY) || !class_ || (class_ & AXO_CLASS_COMPLETE) ||
	    !(policy_flags(ref, q->dir) & AXO_POLICY_ANYBODY))
		return own;
	key.class_ = 0;
	return axo_policy_judge(own, bpf_map_lookup_elem(&axo_pol_entry, &key));
}

/** policy_ask_here - 0, -AXO_DROP_POLICY or -AXO_DROP_POLICY_DENY */
static __always_inline int policy_ask_here(const struct axo_policy_ref *ref,
					   const struct policy_question *q, struct policy_answer *a)
{
	const struct axo_pol_entry *e = policy_decide(ref, q);

	*a = (struct policy_answer){.rule = AXO_RULE_DEFAULT};
	if (!e)
		return -AXO_DROP_POLICY;
	a->rule = e->rule;
	if (e->verdict == AXO_POL_ALLOW) {
		a->set = e->set;
		a->features = e->features;
		return 0;
	}
	return e->verdict == AXO_POL_DENY ? -AXO_DROP_POLICY_DENY : -AXO_DROP_POLICY;
}

static __noinline int policy_ask(const struct axo_policy_ref *ref, const struct policy_question *q,
				 struct policy_answer *a)
{
	return policy_ask_here(ref, q, a);
}

/** policy_hit - count a judgement */
static __noinline void policy_hit(__u32 policy, __u32 rule, __u8 dir)
{
	struct axo_pol_hits_key key = {.policy = policy, .rule = rule, .dir = dir};
	struct axo_pol_hits *n = bpf_map_lookup_elem(&axo_pol_hits, &key);
	struct axo_pol_hits first = {};

	if (!n) {
		/* Another CPU may be first: its entry is as good as ours. */
		bpf_map_update_elem(&axo_pol_hits, &key, &first, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&axo_pol_hits, &key);
		if (!n)
			return;
	}
	__sync_fetch_and_add(&n->judged, 1);
}

/** policy_denied - is @rc a policy's no? */
static __always_inline bool policy_denied(int rc)
{
	return rc == -AXO_DROP_POLICY || rc == -AXO_DROP_POLICY_DENY;
}

#endif
