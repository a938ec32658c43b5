/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Judging a flow by one end's policy: its entries for the peer's identity, its toFQDNs, the count
 * of the rule that decided, and the event.  judge.h says which policies are asked.
 */
#ifndef BPF_LIB_JUDGE_POLICY_H
#define BPF_LIB_JUDGE_POLICY_H

#include "bpf/lib/event.h"
#include "bpf/lib/flow.h"
#include "bpf/lib/fqdn.h"
#include "bpf/lib/policy.h"

/** judge_audit - under audit nothing is enforced, so of @features chaos stays */
static __always_inline __u8 judge_audit(const struct axo_endpoint *ep, __u8 features)
{
	return ep->flags & AXO_ENDPOINT_AUDIT ? features & AXO_FEATURE_CHAOS : features;
}

/**
 * judge_policy - ask one policy of @ep; rule and features go into @f
 * @f:   its identities are right; its verdict is the one before
 * @dir: enum axo_dir: is @ep the originator or the responder?
 */
static __noinline int judge_policy(const struct packet *p, struct axo_flow *f,
				   const struct axo_endpoint *ep, bool dir)
{
	bool o = f->originator, peer = dir ? o : !o;
	struct policy_question q = {
		.peer = peer ? f->identity[1] : f->identity[0],
		.port = o ? p->key.port[0] : p->key.port[1],
		.proto = p->key.proto,
		.dir = dir,
	};
	struct policy_answer a;
	int rc;

	rc = policy_ask(&ep->policy, &q, &a);
	if (dir) {
		f->rule[1] = a.rule;
		f->set[1] = a.set;
	} else {
		f->rule[0] = a.rule;
		f->set[0] = a.set;
	}
	f->features |= judge_audit(ep, a.features);
	return rc;
}

/** judge_names - @rc, the egress policy's answer, with its toFQDNs where these can change it */
static __always_inline int judge_names(const struct packet *p, struct axo_flow *f,
				       const struct axo_endpoint *ep, int rc)
{
	__u32 peer = f->originator ? f->identity[0] : f->identity[1];

	if (rc == -AXO_DROP_POLICY_DENY || (!rc && !f->features) || !fqdn_may_have(peer))
		return rc;
	rc = fqdn_judge(p, f, ep, rc);
	f->features = judge_audit(ep, f->features);
	return rc;
}

/**
 * judge_by - ask, count, and tell: of a denial, of a new flow, and of one that is cut, or would be
 *
 * Under audit nothing is denied: what would be is told and counted.
 */
static __always_inline int judge_by(struct packet *p, struct axo_flow *f,
				    const struct axo_endpoint *ep, bool dir)
{
	__u32 rule;
	int rc;

	if (!ep || !(policy_flags(&ep->policy, dir) & AXO_POLICY_ENFORCED))
		return 0;
	rc = judge_policy(p, f, ep, dir);
	if (!dir)
		rc = judge_names(p, f, ep, rc);
	rule = dir ? f->rule[1] : f->rule[0];
	policy_hit(ep->policy.id, rule, dir);
	if (rc)
		p->denied = (struct denial){
			.policy = ep->policy.id, .rule = rule, .endpoint = ep->id, .dir = dir};
	if ((f->verdict == AXO_VERDICT_NONE || (rc && f->verdict == AXO_VERDICT_ALLOW)) &&
	    event_wanted(AXO_EVENT_VERDICT))
		event_verdict(p, f, ep, dir, -rc);
	if (!rc || !(ep->flags & AXO_ENDPOINT_AUDIT))
		return rc;
	count_add(AXO_COUNT_AUDIT);
	p->denied = (struct denial){};
	return 0;
}

#endif
