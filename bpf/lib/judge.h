/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Judging a flow: identities, verdict, and where each side's packets enter and leave.
 *
 * Each end of a flow is somewhere: a local pod, or behind the host's stack.  The originator is
 * where its packet came from; the responder is the pod that owns the address, else the stack.
 * Both sides follow from that, so replies leave the way the request came: what the stack sent
 * is answered to the stack, even if its source is a local pod's address (hairpin DNAT).
 *
 * It is always the originator's direction that is judged.  Replies need no judgement.
 */
#ifndef BPF_LIB_JUDGE_H
#define BPF_LIB_JUDGE_H

#include "bpf/lib/class.h"
#include "bpf/lib/endpoint.h"
#include "bpf/lib/flow.h"
#include "bpf/lib/identity.h"

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
 * judge_flow - decide for @f->originator's packets
 * @p:    for its key and generation
 * @orig: the pod that originates, NULL = the stack
 * @f:    identities, verdict, rule, generation and the sides' delivery are written
 */
static __noinline int judge_flow(const struct packet *p, const struct axo_endpoint *orig,
				 struct axo_flow *f)
{
	bool o = f->originator;
	const struct axo_addr *dst = o ? &p->key.addr[0] : &p->key.addr[1];
	__u8 family = addr_word(dst, 0) || (__u32)addr_word(dst, 1) != bpf_htonl(0xffff) ? 6 : 4;
	const struct axo_endpoint *resp = endpoint_of_address(dst);
	const struct axo_endpoint *end0 = o ? resp : orig, *end1 = o ? orig : resp;

	if (!resp && (!orig || (!judge_is_gateway(dst) && addr_is_pod(dst, family))))
		return -AXO_DROP_NO_POD;
	f->identity[0] = end0 ? end0->identity : identity_of_address(&p->key.addr[0]);
	f->identity[1] = end1 ? end1->identity : identity_of_address(&p->key.addr[1]);
	f->verdict = AXO_VERDICT_ALLOW;
	f->rule[0] = 0;
	f->rule[1] = 0;
	f->generation = p->generation;
	judge_set_side(&f->side[0], end0, end1);
	judge_set_side(&f->side[1], end1, end0);
	return 0;
}

/**
 * judge_again - refresh a flow of an older generation, whichever side sent @p
 *
 * Return: 0, or -AXO_DROP_x.  -AXO_DROP_NO_ENDPOINT: the pod that originated it is gone or has
 * become another, so the flow is no more; the packet is judged as new, in its own direction.
 */
static __noinline int judge_again(const struct packet *p, struct axo_flow *f)
{
	const struct axo_endpoint *orig;
	bool o = f->originator;
	__u32 ifindex = o ? f->side[1].ifindex_in : f->side[0].ifindex_in;

	if (ifindex == axo_cfg.ifindex_net)
		return judge_flow(p, NULL, f);
	orig = endpoint_of_device(ifindex);
	if (!orig || !endpoint_has_address(orig, o ? &p->key.addr[1] : &p->key.addr[0]))
		return -AXO_DROP_NO_ENDPOINT;
	return judge_flow(p, orig, f);
}

#endif
