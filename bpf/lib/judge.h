/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Judging a flow: identities, verdict, and where each side's packets enter and leave.
 *
 * Each end of a flow is somewhere: a local pod, behind the host's stack, or in the network, which
 * packets reach and leave past the stack (route.h).  The originator is where its packet came from;
 * the responder is the pod that owns the address, else the network if a route says so, else the
 * stack.
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
#include "bpf/lib/flow.h"
#include "bpf/lib/identity.h"
#include "bpf/lib/judge_policy.h"
#include "bpf/lib/route.h"

/**
 * struct judge_end - where an end of a flow is
 * @pod:     NULL = outside: behind the host's stack, or in the network
 * @network: outside, and packets from and to it may pass the stack by
 */
struct judge_end {
	const struct axo_endpoint *pod;
	bool network;
};

static __always_inline void judge_set_source(struct axo_flow_side *s, const struct judge_end *from)
{
	if (from->pod) {
		s->ifindex_in = from->pod->ifindex;
		mac_copy(s->smac, from->pod->mac);
	} else {
		s->ifindex_in = from->network ? AXO_IFINDEX_NETWORK : axo_cfg.ifindex_net;
		mac_copy(s->smac, mac_own());
	}
}

/** judge_set_side - packets from @from to @to */
static __always_inline void judge_set_side(struct axo_flow_side *s, const struct judge_end *from,
					   const struct judge_end *to)
{
	judge_set_source(s, from);
	if (to->pod) {
		s->deliver = AXO_DELIVER_POD;
		s->ifindex_out = to->pod->ifindex;
		s->mtu = to->pod->mtu > 65535 ? 0 : to->pod->mtu;
		mac_copy(s->dmac, to->pod->mac);
	} else {
		s->deliver = to->network ? AXO_DELIVER_NETWORK : AXO_DELIVER_STACK;
		s->ifindex_out = 0;
		s->mtu = 0;
		__builtin_memset(s->dmac, 0, sizeof(s->dmac));
	}
}

static __always_inline bool judge_is_gateway(const struct axo_addr *a)
{
	return addr_is_cfg(a, &axo_cfg.gateway4) || addr_is_cfg(a, &axo_cfg.gateway6);
}

/** judge_originator - the pod that the flow comes from; NULL = it is gone or has become another */
static __always_inline const struct axo_endpoint *judge_originator(const struct axo_flow_side *s,
								   const struct axo_addr *src)
{
	const struct axo_endpoint *ep = endpoint_of_device(s->ifindex_in);

	return ep && endpoint_has_address(ep, src) ? ep : NULL;
}

/** judge_find_originator - from where its packets enter.  0 or -AXO_DROP_x */
static __always_inline int judge_find_originator(struct judge_end *orig,
						 const struct axo_flow_side *s,
						 const struct axo_addr *src)
{
	if (s->ifindex_in == axo_cfg.ifindex_net)
		return 0;
	if (s->ifindex_in == AXO_IFINDEX_NETWORK) {
		orig->network = true;
		return addr_is_pod(src, addr_family(src)) ? -AXO_DROP_MARTIAN : 0;
	}
	orig->pod = judge_originator(s, src);
	return orig->pod ? 0 : -AXO_DROP_NO_ENDPOINT;
}

/** judge_find_responder - who has @dst.  0, or -AXO_DROP_NO_POD: nobody there @orig could talk to */
static __always_inline int judge_find_responder(struct judge_end *resp,
						const struct judge_end *orig,
						const struct axo_addr *dst)
{
	resp->pod = endpoint_of_address(dst);
	if (resp->pod)
		return 0;
	if (!orig->pod || (!judge_is_gateway(dst) && addr_is_pod(dst, addr_family(dst))))
		return -AXO_DROP_NO_POD;
	return 0;
}

/** judge_network - the host itself sends nothing through the network, and is not reached there */
static __always_inline int judge_network(struct judge_end *resp, const struct judge_end *orig,
					 const struct axo_flow *f, const struct axo_addr *dst)
{
	bool o = f->originator;

	if (!axo_cfg.native)
		return 0;
	if (orig->network && (o ? f->identity[1] : f->identity[0]) == AXO_ID_HOST)
		return -AXO_DROP_MARTIAN;
	resp->network = !resp->pod && (o ? f->identity[0] : f->identity[1]) != AXO_ID_HOST &&
			!judge_is_gateway(dst) && route_is_native(dst);
	return 0;
}

static __always_inline void judge_forget(struct axo_flow *f)
{
	f->rule[0] = AXO_RULE_DEFAULT;
	f->rule[1] = AXO_RULE_DEFAULT;
	f->features = 0;
	f->set[0] = 0;
	f->set[1] = 0;
}

static __always_inline __u32 judge_identity(const struct judge_end *end, const struct axo_addr *a)
{
	return end->pod ? end->pod->identity : identity_of_address(a);
}

/**
 * judge_flow - decide for the originator's packets, whichever side sent @p
 * @p: for its key and generation; a denial is written
 * @f: the originator, and where its packets enter, are right.  Identities, rules, features,
 *     generation, delivery and, if it is allowed, the verdict are written
 *
 * Return: 0, or -AXO_DROP_x.  -AXO_DROP_NO_ENDPOINT: the pod that originated it is gone or has
 * become another, so the flow is no more; the packet is judged as new, in its own direction.
 */
VERIFIED_ONCE int judge_flow(struct packet *p, struct axo_flow *f)
{
	struct judge_end orig = {}, resp = {};
	struct axo_addr dst; /* of its own: 6.1 takes no part of @p for a map's key */
	bool o;
	int rc;

	if (!p || !f)
		return -AXO_DROP_BAD_HEADER;
	o = f->originator;
	dst = o ? p->key.addr[0] : p->key.addr[1];
	rc = judge_find_originator(&orig, o ? &f->side[1] : &f->side[0],
				   o ? &p->key.addr[1] : &p->key.addr[0]);
	if (!rc)
		rc = judge_find_responder(&resp, &orig, &dst);
	if (rc)
		return rc;
	f->identity[0] = judge_identity(o ? &resp : &orig, &p->key.addr[0]);
	f->identity[1] = judge_identity(o ? &orig : &resp, &p->key.addr[1]);
	rc = judge_network(&resp, &orig, f, &dst);
	if (rc)
		return rc;
	judge_forget(f);
	f->generation = p->generation;
	judge_set_side(&f->side[0], o ? &resp : &orig, o ? &orig : &resp);
	judge_set_side(&f->side[1], o ? &orig : &resp, o ? &resp : &orig);
	rc = judge_by(p, f, orig.pod, AXO_DIR_EGRESS);
	if (!rc)
		rc = judge_by(p, f, resp.pod, AXO_DIR_INGRESS);
	if (!rc)
		f->verdict = AXO_VERDICT_ALLOW;
	return rc;
}

#endif
