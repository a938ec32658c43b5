/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Judging a flow: identities, verdict, and where each side's packets enter and leave.
 *
 * Each end of a flow is somewhere: a local pod, or behind the host's stack.  The originator is
 * where its packet came from; the responder is the pod that owns the address, else the stack.
 * Both sides follow from that, so replies leave the way the request came: what the stack sent
 * is answered to the stack, even if its source is a local pod's address (hairpin DNAT).
 *
 * It is always the originator's direction that is judged: by the egress policy of the pod that
 * originates and the ingress policy of the pod that responds, in this order; both must allow.
 * Replies need no judgement.
 */
#ifndef BPF_LIB_JUDGE_H
#define BPF_LIB_JUDGE_H

#include "bpf/lib/class.h"
#include "bpf/lib/endpoint.h"
#include "bpf/lib/event.h"
#include "bpf/lib/flow.h"
#include "bpf/lib/identity.h"
#include "bpf/lib/policy.h"

/** judge_set_side - packets from @from to @to; NULL = behind the host's stack */
static __always_inline void judge_set_side(struct axo_flow_side *s, const struct axo_endpoint *from,
					   const struct axo_endpoint *to)
{
	if (from) {
		s->ifindex_in = from->ifindex;
		mac_copy(s->smac, from->mac);
	} else {
		s->ifindex_in = axo_cfg.ifindex_net;
		mac_copy(s->smac, mac_own());
	}
	if (to) {
		s->deliver = AXO_DELIVER_POD;
		s->ifindex_out = to->ifindex;
		s->mtu = to->mtu > 65535 ? 0 : to->mtu;
		mac_copy(s->dmac, to->mac);
	} else {
		s->deliver = AXO_DELIVER_STACK;
		s->ifindex_out = 0;
		s->mtu = 0;
		__builtin_memset(s->dmac, 0, sizeof(s->dmac));
	}
}

static __always_inline bool judge_is_gateway(const struct axo_addr *a)
{
	return addr_is_cfg(a, &axo_cfg.gateway4) || addr_is_cfg(a, &axo_cfg.gateway6);
}

/**
 * judge_policy - ask one policy of @ep; rule and features go into @f, a denial into @p
 * @f:   its identities are right; its verdict is the one before
 * @dir: enum axo_dir: is @ep the originator or the responder?
 */
static __noinline int judge_policy(struct packet *p, struct axo_flow *f,
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
	f->features |= a.features;
	policy_hit(ep->policy.id, a.rule, dir);
	if (rc)
		p->denied = (struct denial){
			.policy = ep->policy.id, .rule = a.rule, .endpoint = ep->id, .dir = dir};
	return rc;
}

/** judge_by - judge_policy(), and tell of it: of a new flow, and of one that is cut */
static __always_inline int judge_by(struct packet *p, struct axo_flow *f,
				    const struct axo_endpoint *ep, bool dir)
{
	int rc;

	if (!ep || !(policy_flags(&ep->policy, dir) & AXO_POLICY_ENFORCED))
		return 0;
	rc = judge_policy(p, f, ep, dir);
	if ((f->verdict == AXO_VERDICT_NONE || (rc && f->verdict == AXO_VERDICT_ALLOW)) &&
	    event_wanted(AXO_EVENT_VERDICT))
		event_verdict(p, f, ep, dir, -rc);
	return rc;
}

/** judge_originator - the pod that the flow comes from; NULL = it is gone or has become another */
static __always_inline const struct axo_endpoint *judge_originator(const struct axo_flow_side *s,
								   const struct axo_addr *src)
{
	const struct axo_endpoint *ep = endpoint_of_device(s->ifindex_in);

	return ep && endpoint_has_address(ep, src) ? ep : NULL;
}

/**
 * judge_flow - decide for the originator's packets, whichever side sent @p
 * @p: for its key and generation; a denial is written
 * @f: the originator, and the device that its packets enter by, are right.  Identities, rules,
 *     features, generation, delivery and, if it is allowed, the verdict are written
 *
 * Return: 0, or -AXO_DROP_x.  -AXO_DROP_NO_ENDPOINT: the pod that originated it is gone or has
 * become another, so the flow is no more; the packet is judged as new, in its own direction.
 */
VERIFIED_ONCE int judge_flow(struct packet *p, struct axo_flow *f)
{
	const struct axo_endpoint *orig = NULL, *resp, *end0, *end1;
	struct axo_addr dst; /* of its own: 6.1 takes no part of @p for a map's key */
	bool o;
	int rc;

	if (!p || !f)
		return -AXO_DROP_BAD_HEADER;
	o = f->originator;
	dst = o ? p->key.addr[0] : p->key.addr[1];
	if ((o ? f->side[1].ifindex_in : f->side[0].ifindex_in) != axo_cfg.ifindex_net) {
		orig = judge_originator(o ? &f->side[1] : &f->side[0],
					o ? &p->key.addr[1] : &p->key.addr[0]);
		if (!orig)
			return -AXO_DROP_NO_ENDPOINT;
	}
	resp = endpoint_of_address(&dst);
	if (!resp && (!orig || (!judge_is_gateway(&dst) && addr_is_pod(&dst, addr_family(&dst)))))
		return -AXO_DROP_NO_POD;
	end0 = o ? resp : orig;
	end1 = o ? orig : resp;
	f->identity[0] = end0 ? end0->identity : identity_of_address(&p->key.addr[0]);
	f->identity[1] = end1 ? end1->identity : identity_of_address(&p->key.addr[1]);
	f->rule[0] = AXO_RULE_DEFAULT;
	f->rule[1] = AXO_RULE_DEFAULT;
	f->features = 0;
	f->set[0] = 0;
	f->set[1] = 0;
	f->generation = p->generation;
	judge_set_side(&f->side[0], end0, end1);
	judge_set_side(&f->side[1], end1, end0);
	rc = judge_by(p, f, orig, AXO_DIR_EGRESS);
	if (!rc)
		rc = judge_by(p, f, resp, AXO_DIR_INGRESS);
	if (!rc)
		f->verdict = AXO_VERDICT_ALLOW;
	return rc;
}

#endif
